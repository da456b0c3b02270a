"""Tables say what was expected, what came, and what must not have come."""

from demo.lab.beside import false_ones
from demo.lab.matrix import results_text
from demo.lab.outcome import Outcome
from demo.lab.waking import first_page
from tests.demo.lab.outcomes import CELL, alert, outcome, shown

PAGE = {**CELL, "severity": "page"}


def row(text: str, heading: str, key: str) -> list[str]:
    """Return the cells of a table's row."""
    table = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    (found,) = (line for line in table.splitlines() if line.startswith(f"| {key} "))
    return [each.strip() for each in found.strip("|").split("|")]


def alert_row(name: str, *outcomes: Outcome) -> dict[str, str]:
    """Return the cells of an alert's row, by their heads."""
    text = results_text(outcomes)
    return dict(zip(row(text, "Alerts", "alert"), row(text, "Alerts", name), strict=True))


def test_an_expected_alert_that_came_is_a_yes_with_its_time() -> None:
    """The first of its labels counts."""
    found = alert_row("GpuLost", outcome(alert("GpuLost", "expected", 21.4)))
    assert "gpu-lost 21 s" == found["yes"]
    assert "" == found["MISSED"]


def test_an_expected_alert_that_did_not_come_is_missed() -> None:
    """Though no row of alerts names it."""
    assert "gpu-lost" == alert_row("GpuLost", outcome())["MISSED"]


def test_a_forbidden_alert_must_not_even_where_another_of_its_name_was_expected() -> None:
    """The worst of a play is what it shows."""
    played = outcome(alert("GpuLost", "expected", 20), alert("GpuLost", "forbidden", 30))
    found = alert_row("GpuLost", played)
    assert ("gpu-lost 20 s", "") == (found["MUST NOT"], found["yes"])


def test_an_alert_that_merely_may_come_stands_with_its_times_in_all_plays() -> None:
    """Side by side."""
    found = alert_row(
        "ShardGroupDead",
        outcome(alert("ShardGroupDead", "allowed", 140)),
        outcome(alert("ShardGroupDead", "allowed", 60), scenario="host-lost"),
    )
    assert "gpu-lost 140 s, host-lost 60 s" == found["may"]


def test_what_fired_before_the_scenario_is_no_work_of_it() -> None:
    """It has a table of its own."""
    text = results_text([outcome(alert("EventsBlind", "standing", -900))])

    assert "EventsBlind" not in text.partition("## Alerts")[2].partition("##")[0]
    assert ["EventsBlind chat eu", "gpu-lost"] == row(
        text, "Firing before any fault", "EventsBlind chat eu"
    )


def test_an_expected_page_counts_before_an_earlier_one_that_was_not() -> None:
    """What the scenario waits for is what is scored."""
    found = first_page(
        outcome(
            alert("A", "allowed", 5, paged_seconds=10.0, labels=PAGE),
            alert("B", "expected", 50, paged_seconds=60.0, labels=PAGE),
        )
    )
    assert found is not None
    assert "B" == found.alert


def test_a_ticket_is_no_page() -> None:
    """Though PagerDuty gets it."""
    ticket = {**CELL, "severity": "ticket"}
    told = alert("A", "allowed", 5, paged_seconds=10.0, labels=ticket)
    assert first_page(outcome(told)) is None


def test_alerts_before_the_fault_and_forbidden_ones_are_false() -> None:
    """What was expected is not."""
    played = outcome(
        alert("A", "allowed", -5),
        alert("B", "forbidden", 5),
        alert("C", "expected", 5),
        alert("D", "standing", -500),
    )
    assert 3 == false_ones(played)


def test_peers_stand_beside_ours_and_are_not_judged() -> None:
    """Side by side in one table, and in no other."""
    sloth = outcome(
        alert("Other", "allowed", 200, paged_seconds=230.0, pages=1,
              labels={"sloth_severity": "page"}),
        rules="sloth", is_judged=False, samples_read=1234,
    )  # fmt: skip
    ours = outcome(alert("GpuLost", "expected", 21.4), samples_read=99)
    text = results_text([sloth, ours])

    assert 1 == text.partition("## Scenarios")[2].partition("## Alerts")[0].count("| gpu-lost |")
    peers = text.partition("## Beside others' rules")[2]
    assert "| gpu-lost | sloth | 200 s | 230 s | 1 | never | 0 | 1,234 |" in peers
    assert "| gpu-lost | shardwatch | 21 s |  | 0 |  | 0 | 99 |" in peers


def test_alerts_of_a_peer_that_are_false_are_named_under_the_table() -> None:
    """Of each rules, once for all its plays; with what the column counts."""
    theirs = outcome(
        alert("Stood", "standing", -500),
        alert("Stood", "standing", -500, labels=PAGE),
        alert("Early", "allowed", -5),
        alert("Other", "allowed", 200),
        alert("Bad", "forbidden", 9),
        rules="sloth", is_judged=False,
    )  # fmt: skip
    text = results_text([theirs, outcome(alert("GpuLost", "expected", 21.4))])
    peers = text.partition("## Beside others' rules")[2]

    assert "`false` counts" in peers
    assert "Of sloth fired before the fault Early, Stood; though forbidden Bad." in peers
    assert "Of shardwatch" not in peers
    assert "`false` counts" not in results_text([outcome(alert("GpuLost", "expected", 21.4))])


def test_a_peer_of_our_name_is_no_outcome_of_ours() -> None:
    """Who is judged is ours, whatever the others are called."""
    theirs = outcome(alert("Other", "allowed", 200), is_judged=False)
    ours = outcome(alert("GpuLost", "expected", 21.4))
    text = results_text([theirs, ours])

    assert 1 == text.partition("## Scenarios")[2].partition("## Alerts")[0].count("| gpu-lost |")
    assert "Other" not in text.partition("## Beside others' rules")[0]
    assert 2 == text.partition("## Beside others' rules")[2].count("| gpu-lost | shardwatch |")


def test_a_sweep_says_at_which_strength_a_fault_is_still_seen() -> None:
    """Beside the strengths that the scenario promises."""
    strong = outcome(alert("GpuLost", "expected", 21.4), strength=1.0)
    weak = outcome(strength=0.5)
    text = results_text([strong], [weak]).partition("## Strengths")[2]

    assert "| gpu-lost | 1 | GpuLost | 21 s |  |" in text
    assert "| gpu-lost | 0.5 | GpuLost | not |  |" in text


def test_boards_say_after_how_many_seconds_they_showed_a_fault_or_what_they_had() -> None:
    """In the order in which they were asked."""
    played = outcome(boards=[shown(15.0), shown(None, "0 at the most", panel="Degraded")])
    text = results_text([played])

    assert ["gpu-lost", "gpu", "Lost or hung", "at least 1", "15 s"] == row(
        text, "Boards", "gpu-lost | gpu | Lost"
    )
    assert "NOT SHOWN: 0 at the most" == row(text, "Boards", "gpu-lost | gpu | Degraded")[-1]
    assert "no board is asked" not in text


def test_a_scenario_of_which_no_board_is_asked_is_named() -> None:
    """But not where that is so at another strength only, nor one of peers' rules."""
    told = [outcome(boards=[shown(15.0)], strength=1.0), outcome(strength=0.5)]
    peer = outcome(scenario="other", is_judged=False)
    text = results_text([*told, outcome(scenario="untold"), peer])

    assert " Of untold no board is asked." in text


def test_a_table_of_boards_that_nobody_asked_is_none() -> None:
    """Others' rules feed no boards of ours."""
    assert "## Boards" not in results_text([outcome()])


def test_pages_stand_by_play_the_most_for_one_fault_first() -> None:
    """Where nobody was woken there is no row."""
    text = results_text(
        [
            outcome(scenario="a", pages=3, faults=2),
            outcome(scenario="b", pages=2, unexpected_pages=1),
            outcome(scenario="c"),
        ]
    )

    assert (
        "| scenario | faults | pages | pages a fault | neither expected nor allowed |\n"
        "|---|---|---|---|---|\n"
        "| b | 1 | 2 | 2 | 1 |\n"
        "| a | 2 | 3 | 1.5 |  |\n"
    ) in text


def test_tables_are_the_same_in_whatever_order_plays_end() -> None:
    """Several run at once."""
    one, other = outcome(scenario="a"), outcome(scenario="b")
    assert results_text([one, other]) == results_text([other, one])
