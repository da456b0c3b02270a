"""Figures of plays."""

from dataclasses import replace

import pytest

from demo.lab.figures import cause_leads, figures_of
from demo.lab.outcome import ALLOWED, EXPECTED, STANDING, AlertOutcome, Outcome
from demo.lab.snowballs import snowball_blocks
from tests.demo.lab.outcomes import shown

FIRST_FAULTS = {"gpu-lost": "lost-gpu", "two-gpus-lost": "lost-gpu", "memory-error": "ecc-error"}


def alert(name: str, fired: float, **more: object) -> AlertOutcome:
    """Return a ticket that was expected."""
    return AlertOutcome(**{"alert": name, "labels": {"severity": "ticket"}, "role": EXPECTED,
                           "firing": [(fired, None)], **more})  # fmt: skip


def page(fired: float, cause: str | None, lead: float | None = None) -> AlertOutcome:
    """Return a page that was expected."""
    return alert("ErrorBudgetBurn", fired, labels={"severity": "page"}, paged_seconds=fired + 30,
                 cause=cause, cause_lead_evaluations=lead)  # fmt: skip


def outcome(*alerts: AlertOutcome, scenario: str = "gpu-lost", **more: object) -> Outcome:
    """Return a play that went as expected."""
    return Outcome(**{"scenario": scenario, "strength": None, "rules": "shardwatch",
                      "is_judged": True, "expected": ["GpuLost"], "failures": [], "alerts": alerts,
                      "place": {}, "recovered_seconds": None, "ends_seconds": 900.0,
                      "begins_seconds": -10.0, **more})  # fmt: skip


def values(*outcomes: Outcome) -> dict[str, float | None]:
    """Return figures by name."""
    return {each["name"]: each["value"] for each in figures_of(outcomes, FIRST_FAULTS)}


def test_a_play_that_is_not_as_expected_is_a_missed_fault():
    """Each strength is one; what peers' rules do is not ours."""
    missed = outcome(failures=["GpuLost did not fire"])
    peer = outcome(failures=["?"], is_judged=False)

    assert 2 == values(missed, outcome(), missed, peer)["lab.faults_missed"]


def test_pages_are_counted_for_each_fault_and_unexpected_ones_all_together():
    """The most of any play, and the sum of all; what peers' rules do is not ours."""
    two_faults = outcome(pages=6, faults=2, unexpected_pages=1)
    one_fault = outcome(pages=4, unexpected_pages=2)
    found = values(two_faults, one_fault, outcome(pages=9, unexpected_pages=9, is_judged=False))

    assert 4 == found["lab.pages_per_fault"]
    assert 3 == found["lab.unexpected_pages"]


def test_no_play_is_no_proof():
    """Of nothing nothing was missed, which says nothing."""
    assert {None} == set(values().values())


def test_a_lost_gpu_is_timed_without_the_delay_of_its_telemetry():
    """The latest of all scenarios that begin with one, whatever else tells of it sooner."""
    first = outcome(alert("GpuLost", 35.0), alert("ShardGroupDead", 160.0))
    later = outcome(alert("HostLost", 20.0), alert("GpuLost", 400.0, role=ALLOWED),
                    scenario="two-gpus-lost")  # fmt: skip
    other = outcome(alert("GpuLost", 900.0), scenario="memory-error")

    assert 30.0 == values(outcome(alert("GpuLost", 20.0)), first, other)["lab.lost_gpu_seconds"]
    assert 395.0 == values(first, later, other)["lab.lost_gpu_seconds"]
    assert 30.0 == values(first, replace(later, expected=[]))["lab.lost_gpu_seconds"]


def test_a_lost_gpu_that_one_play_did_not_see_leaves_nothing_measured():
    """An alert of another place, or of before the fault, is none of it."""
    unseen = outcome(
        alert("GpuLost", 10.0, labels={"group": "b"}),
        alert("GpuLost", -900.0, labels={"group": "a"}, role=STANDING),
        scenario="two-gpus-lost", place={"group": "a"},
    )  # fmt: skip
    (found,) = (
        each
        for each in figures_of([outcome(alert("GpuLost", 20.0)), unseen], FIRST_FAULTS)
        if each["name"] == "lab.lost_gpu_seconds"
    )

    assert found["value"] is None
    assert "GpuLost did not fire in two-gpus-lost" == found["reason"]


def burn(fired: float, gone: float | None, cause: str = "QueueSnowball: ...") -> AlertOutcome:
    """Return the page of an objective whose budget lasted for so long."""
    labels = {"severity": "page", "slo": "a"}
    return replace(page(fired, cause), labels=labels, budget_gone_seconds=gone)


def test_the_warning_of_a_snowball_is_ahead_of_the_first_page_whatever_that_names():
    """Of a storm that builds up, whatever its scenario is called."""
    storm = outcome(alert("QueueSnowball", 100.0), burn(200.0, 190.0, "ShardGroupDegraded: ..."),
                    burn(260.0, 240.0), page(110.0, None))  # fmt: skip

    assert 100.0 == values(storm)["lab.snowball_lead_seconds"]


@pytest.mark.parametrize(
    ("gone", "builds_up"), {"at once": (179.0, False), "builds up": (180.0, True)}.values()
)
def test_a_storm_builds_up_if_its_budget_lasts_three_minutes(gone, builds_up):
    """By what was really spent, of the cell's first objective to go."""
    storm = outcome(alert("QueueSnowball", 100.0), burn(200.0, gone), burn(250.0, 900.0),
                    scenario="creeping-snowball")  # fmt: skip

    found = values(storm)
    assert (100.0 if builds_up else None) == found["lab.snowball_lead_seconds"]
    assert 100.0 == found["lab.snowball_least_lead_seconds"]


def test_the_least_lead_of_any_snowball_is_told_beside_it():
    """Of one that is there at once too; only its own cell's page counts."""
    storm = outcome(alert("QueueSnowball", 100.0), burn(260.0, 200.0), scenario="slow")
    sudden = outcome(alert("QueueSnowball", 50.0, role=ALLOWED), burn(40.0, 30.0))
    elsewhere = alert("QueueSnowball", 90.0, labels={"region": "eu"})
    other = outcome(elsewhere, burn(20.0, 10.0))

    found = values(storm, sudden, other)
    assert -10.0 == found["lab.snowball_least_lead_seconds"]
    assert 160.0 == found["lab.snowball_lead_seconds"]
    (_, _, written) = snowball_blocks([storm, sudden, other])
    assert ["gpu-lost", "slow"] == [row.split("|")[1].strip() for row in written.splitlines()[2:]]


def test_the_page_of_probes_is_what_counts_in_a_quiet_cell():
    """Whatever else pages sooner; and only where all went as it should."""
    probes = {"slo": "probe-success", "region": "us-gov", "severity": "page"}
    told = alert("ErrorBudgetBurn", 170.0, labels=probes, paged_seconds=180.0)
    region = alert("RegionDown", 80.0, labels={"severity": "page"}, paged_seconds=90.0)

    def seconds(*alerts: AlertOutcome, **more: object) -> float | None:
        of_cell = outcome(*alerts, scenario="quiet-cell", **more)
        return values(of_cell)["lab.quiet_cell_seconds"]

    assert 180.0 == seconds(region, told)
    assert seconds(region) is None
    assert seconds(told, failures=["GpuLost fired"]) is None


def test_the_least_lead_of_a_cause_counts_and_one_unheard_of_is_none():
    """Only of pages that name one."""
    pages = outcome(
        page(100.0, "GpuLost: GPU-1", 4.0), page(100.0, "ShardGroupDead: g", None),
        page(100.0, "unknown: nothing", None), page(100.0, None),
        alert("ErrorBudgetBurn", 1.0, role=ALLOWED, labels={"severity": "page"}),
    )  # fmt: skip

    assert [4.0, 0.0] == list(cause_leads([pages]))
    assert pytest.approx(0.0) == values(pages)["lab.cause_lead_evaluations"]


def test_what_no_scenario_tells_is_not_measured():
    """Instead of a value that looks well."""
    assert values(outcome())["lab.stalled_group_seconds"] is None


def test_what_boards_did_not_show_is_counted_over_all_plays():
    """Each panel is one; a board that shows nothing tells nobody of its scenario."""
    half = outcome(boards=[shown(15.0), shown(None, "no such series")])
    blind = outcome(boards=[shown(None, "0 at the most")], scenario="memory-error")
    found = values(half, blind)

    assert 2 == found["dashboards.faults_not_shown"]
    assert 0.5 == found["lab.scenarios_shown_ratio"]


def test_boards_that_nobody_asked_leave_nothing_measured():
    """Rather than a count of 0, which looks well."""
    found = values(outcome())

    assert found["dashboards.faults_not_shown"] is None
    assert 0 == found["lab.scenarios_shown_ratio"]
