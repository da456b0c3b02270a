"""``demo/lab/RESULTS.md`` is of the scenarios and alerts that there are."""

from collections.abc import Iterator
from pathlib import Path

from alerts.runbooks import runbook_names
from demo.lab.bars import BARS, BROKEN
from demo.lab.matrix import MISSED, MUST_NOT
from demo.scenario import find_scenario, read_scenario, scenario_names

RESULTS = Path(__file__).parents[3] / "demo/lab/RESULTS.md"

OF_THE_MACHINE = ("lab.minutes",)
"""Figures that depend on how busy it is; all others are of virtual time."""


def rows(heading: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of the table under a heading, its head first."""
    _, _, section = RESULTS.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    for line in section.partition("\n## ")[0].splitlines():
        if line.startswith("| "):
            yield [each.strip() for each in line.strip("|").split("|")]


def test_every_scenario_of_the_simulator_was_played():
    """And none that there is no more: `make lab` makes the file anew."""
    played = {row[0] for row in list(rows("Scenarios"))[1:]}
    scenarios = [read_scenario(find_scenario(each)) for each in scenario_names()]

    assert {each.name for each in scenarios if each.is_simulated} == played


def test_no_alert_was_missed_and_none_was_that_must_not():
    """Whoever commits the file with one has a fault to mend first."""
    head, *alerts = rows("Alerts")
    bad = [head.index(MISSED), head.index(MUST_NOT)]

    assert [] == [(row[0], row[column]) for row in alerts for column in bad if row[column]]


def test_all_bars_are_kept():
    """Of figures that were all measured; a machine's time is told, whatever it came to."""
    found = {row[0]: row[1:] for row in list(rows("Figures"))[1:]}

    for bar in BARS:
        value, said, verdict = found[bar.name]
        is_kept = bar.is_kept(float(value.split()[0]))
        assert (bar.said, "kept" if is_kept else BROKEN) == (said, verdict)
        assert is_kept or bar.name in OF_THE_MACHINE


def test_live_runs_agree_with_the_lab():
    """Three of them at least, everything that happened in each."""
    head, *happened = rows("Live runs")

    assert 3 <= len({row[0] for row in happened})
    assert {"yes"} == {row[head.index("agrees")] for row in happened}


def test_every_alert_of_the_matrix_is_one_of_ours():
    """What was renamed or removed is not in the tables any more."""
    _, *alerts = rows("Alerts")

    assert {row[0] for row in alerts} <= set(runbook_names())


def test_all_that_was_measured_beside_scenarios_is_there():
    """A part that failed would be missing."""
    text = RESULTS.read_text(encoding="utf-8")

    for heading in (
        "Boards", "Burns", "A region of 125,000 GPUs goes dark", "Healthy days", "Faithfulness",
        "Live runs",
    ):  # fmt: skip
        assert f"\n## {heading}\n" in text
