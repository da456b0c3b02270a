"""What the whole lab says of its parts, and what it writes."""

import json
from dataclasses import replace

import pytest
import typer

from demo.lab.bars import BARS
from demo.lab.bench import Whole, judge
from demo.lab.healthy.days import Days
from demo.lab.outcome import Outcome
from demo.lab.parts import Part, faithful_figures, healthy_part
from demo.lab.results import Results
from exporters.benching import figure
from slo.replay.firing import Firing
from tests.demo.lab.test_figures import outcome, page

WATCHED = replace(outcome(), begins_seconds=-1800.0, ends_seconds=1800.0)


def days(*false: str) -> Days:
    """Return healthy days of five seeds, with false pages of some cells."""
    pages = [Firing("ErrorBudgetBurn", {"cell": each}, 1.0, 1.0, None) for each in false]
    return Days(5, 28, 20, pages, pages)


def test_false_pages_are_those_of_days_and_of_whole_clusters():
    """Of very different lengths of time, and so two figures."""
    paged: Outcome = replace(WATCHED, alerts=[page(10.0, None)])

    found = healthy_part([days("a"), days()], [WATCHED, paged])

    assert [
        ("lab.false_pages", 1.0),
        ("lab.healthy_days", 280.0),
        ("lab.false_pages_of_clusters", 1.0),
        ("lab.healthy_cause_hours", 2.0),
    ] == [(each["name"], each["value"]) for each in found.figures]
    heading, said, table = found.blocks
    assert "## Healthy days" == heading
    assert said.startswith("10 seeds, 28 days each: 280 days of 40 cells together")
    assert "Whole clusters for 2.0 hours, which are 0.1 days" in said
    assert "| ErrorBudgetBurn | cell=a |" == table.splitlines()[2]


def test_no_false_page_leaves_no_table():
    """Nothing is a short story."""
    assert 2 == len(healthy_part([days()], [WATCHED]).blocks)


def test_all_random_scenarios_are_one_figure():
    """However many processes judged them."""
    assert [3] == [each["value"] for each in faithful_figures([(1, 40), (2, 60)]).figures]


def test_tables_page_and_data_are_written(tmp_path):
    """With what was measured beside the scenarios, and figures before all."""
    whole = Whole(
        outcomes=[outcome()],
        healthy=[outcome(scenario="healthy")],
        parts=[Part([], ["## Burns", "All fire."])],
        figures=[figure("lab.minutes", 12.0, "min")],
    )
    whole.write(Results(tmp_path / "lab"))

    text = (tmp_path / "lab/RESULTS.md").read_text()
    assert text.index("\n| lab.minutes | 12 min | at most 20 | kept |\n") < text.index("## Scen")
    assert "\n## Burns\n\nAll fire.\n" in text
    page = (tmp_path / "lab/index.html").read_text()
    assert "<h2>Burns</h2>" in page
    assert '<td class="good short">kept</td>' in page
    data = json.loads((tmp_path / "lab/results.json").read_text())
    assert ["gpu-lost", "healthy"] == [each["scenario"] for each in data]


def test_the_lab_ends_with_1_if_a_bar_is_broken(capsys):
    """And says which, on stderr."""
    kept = [figure(each.name, each.bar, "units") for each in BARS]
    judge(kept)
    with pytest.raises(typer.Exit) as ended:
        judge([*kept[1:], figure("lab.faults_missed", 1.0, "plays")])

    assert 1 == ended.value.exit_code
    assert "lab.faults_missed: broken: 1 plays, expected at most 0\n" == capsys.readouterr().err
