"""The figures of a whole demo: named, in their units, from the report."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from demo.bench import (
    MEASURED,
    PLAYED,
    budget_error,
    figures,
    figures_of,
    main,
    panels_without_data,
)
from demo.scenario import find_scenario, read_scenario
from tests.bench import figures_of as figures_printed

REPORT = {
    "first_data_seconds": 20.0,
    "detected_seconds": 7.0,
    "paged_seconds": 130.0,
    "theory_seconds": 97.0,
    "budgets": [
        {"slo": "a", "truth": 10.0, "measured": 5.0},
        {"slo": "b", "truth": 1000.0, "measured": 990.0},
    ],
    "resources": {"pss_bytes": 512 * 1024 * 1024, "cpu_ratio": 0.05},
}


def test_figures_come_from_the_report():
    """The budget's error is that of the cell that was hit."""
    assert {each["name"]: (each["value"], each["unit"]) for each in figures(REPORT)} == {
        "demo.first_data_seconds": (20.0, "s"),
        "demo.lost_gpu_seconds": (7.0, "s"),
        "demo.page_over_theory_seconds": (33.0, "s"),
        "demo.budget_error": (0.01, "ratio"),
        "demo.pss_mib": (512.0, "MiB"),
        "demo.cpu_ratio_at_rest": (0.05, "cores"),
    }


def test_the_error_of_budgets_is_the_worst_that_can_be_seen():
    """Of all cells of all reports; cells that nobody sees or whose budget is unknown left out."""

    def report(*budgets: tuple[float | None, bool]) -> dict:
        return {"budgets": [{"budget_error_ratio": ratio, "seen": seen} for ratio, seen in budgets]}

    reports = [report((0.0001, True), (None, True)), report((0.002, True), (0.5, False))]
    assert budget_error(reports) == {
        "name": "sim.budget_error",
        "value": 0.002,
        "unit": "ratio of the period's budget",
        "baseline": 0.005,
    }


def test_a_demo_itself_is_measured_where_its_scenario_is_played():
    """Budgets everywhere, the worst of all."""

    def report(ratio: float) -> dict:
        budget = {"slo": "a", "truth": 10.0, "measured": 5.0, "seen": True}
        return {**REPORT, "budgets": [{**budget, "budget_error_ratio": ratio}]}

    both = figures_of({MEASURED: report(0.001), "calm": report(0.003)})
    assert [each["name"] for each in both[:-1]] == [each["name"] for each in figures(REPORT)]
    assert (both[-1]["name"], both[-1]["value"]) == ("sim.budget_error", 0.003)
    (alone,) = figures_of({"calm": report(0.002)})
    assert (alone["name"], alone["value"]) == ("sim.budget_error", 0.002)


class _Demo:
    """A demo that ends at once, with a code and a report."""

    code = 0
    empty: ClassVar[list[str]] = []
    started: ClassVar[list[str]] = []

    def __init__(self, command: list[str], **_: object) -> None:
        name, out = (command[command.index(each) + 1] for each in ("--scenario", "--out"))
        self.started.append(name)
        budget = {"budget_error_ratio": len(self.started) / 1000, "seen": True}
        Path(out).mkdir()
        report = {"budgets": [budget], "panels_without_data": self.empty}
        (Path(out) / "report.json").write_text(json.dumps(report))

    def wait(self) -> int:
        """Return the code."""
        return self.code


@pytest.fixture
def demos(monkeypatch):
    """Demos that are started without waiting; the pauses between them."""
    pauses: list[float] = []
    monkeypatch.setattr("subprocess.Popen", _Demo)
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(_Demo, "started", [])
    return pauses


def printed(out: str) -> list[dict]:
    """Return all figures that were printed, in one piece or several."""
    return list(figures_printed("demo", out.splitlines(keepends=True)))


def test_scenarios_are_chosen_and_started_one_after_the_other(demos, monkeypatch, capsys):
    """Each once, 45 s apart; the worst of all is the figure."""
    monkeypatch.setattr("sys.argv", ["bench", "--scenarios", "calm", "region-loss", "calm"])
    main()
    empty, figure = printed(capsys.readouterr().out)
    assert (_Demo.started, demos) == (["calm", "region-loss"], [45.0])
    assert (empty["name"], empty["value"]) == ("dashboards.panels_without_data", 0)
    assert (figure["name"], figure["value"]) == ("sim.budget_error", 0.002)


def test_a_demo_that_does_not_end_well_is_named_and_tells_of_its_panels_alone(
    demos, monkeypatch, capsys
):
    """With its exit code; a panel without data may be why, and is counted."""
    monkeypatch.setattr("sys.argv", ["bench", "--scenarios", "calm"])
    monkeypatch.setattr(_Demo, "code", 2)
    monkeypatch.setattr(_Demo, "empty", ["Fleet, Queue: q"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    (figure,) = printed(said.out)
    assert (figure["name"], figure["value"]) == ("dashboards.panels_without_data", 1)
    assert said.err == "not played as expected: calm\n"


def test_panels_without_data_are_those_of_the_worst_demo():
    """Every one asks all of them while its cluster is healthy."""
    reports = [{"panels_without_data": each} for each in ([], ["a", "b"], ["c"])]
    assert panels_without_data(reports) == {
        "name": "dashboards.panels_without_data",
        "value": 2,
        "unit": "queries",
        "baseline": 0,
    }


def test_what_is_played_is_there_and_for_the_simulator():
    """The one that is measured among it."""
    assert MEASURED in PLAYED
    assert {"sim"} == {read_scenario(find_scenario(name)).engine for name in PLAYED}
