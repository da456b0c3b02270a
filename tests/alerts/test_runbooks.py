"""Every alert has a runbook, and what stands in it exists."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from alerts.burn import ERROR_BUDGET_BURN
from alerts.lint import Setting, read_rule_files
from alerts.lint.checks.label import check_label
from alerts.lint.rules import Rules
from alerts.quiet import BURN_SUPPRESSED
from alerts.runbooks import FOLDER, read_runbook, runbook_names, runbook_url
from alerts.zero_tolerance import ZERO_TOLERANCE_BROKEN
from exporters.documents import Place
from slo.objectives import LIBRARY
from slo.promql import known_series, selectors
from slo.rule_reading.expressions import Parsed, parse_expression
from slo.rule_reading.source import Position

SECTIONS = ["Meaning", "Impact", "Confirm", "Mitigate", "Repair", "False positives", "Escalate"]
RUNBOOKS = sorted(FOLDER.glob("*.md"))

runbooks = pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.stem)


@dataclass(frozen=True)
class Pasted:
    """A query of a runbook, as the lint looks at what asks for series."""

    file: str
    name: str
    expr: str

    @cached_property
    def parsed(self) -> Parsed:
        """Its tree."""
        return parse_expression(self.expr)

    def position(self, field: Place, word: str = "", offset: int = 0) -> Position:
        """Return nothing: the query itself is in the message."""
        return 0, 0


def queries_of(runbook: Path) -> list[str]:
    """Return the queries to paste of a runbook."""
    return re.findall(r"^ *```promql\n(.*?)\n *```", runbook.read_text(), re.M | re.S)


@pytest.fixture(scope="module")
def rules(built_folder: Path) -> Rules:
    """What records the series that runbooks ask for, where scrapes attach no more labels."""
    read = read_rule_files(sorted(built_folder.glob("rules/*.yaml")))
    return Rules(read, Setting(target_labels=frozenset()))


def wrong_labels(rules: Rules, query: str) -> list[str]:
    """Return what is wrong with the labels that a query selects or groups by."""
    named = query.replace('"SLO"', '"chat-availability"').replace('"TIER"', '"pro"')
    return [each.message for each in check_label(Pasted("", "", named), rules)]


def test_each_alert_has_a_runbook_and_each_runbook_an_alert(alerts: list[dict[str, Any]]):
    """By the alert's name. Two are only of objectives that ask for them."""
    asked_for = {BURN_SUPPRESSED, ZERO_TOLERANCE_BROKEN}

    assert sorted({alert["alert"] for alert in alerts} | asked_for) == runbook_names()


@runbooks
def test_a_runbook_has_every_section_in_order(runbook: Path):
    """Whoever was woken finds things where they always are."""
    lines = runbook.read_text().splitlines()

    assert f"# {runbook.stem}" == lines[0]
    assert SECTIONS == [line.removeprefix("## ") for line in lines if line.startswith("## ")]


@runbooks
def test_queries_to_paste_are_promql_about_series_that_exist(runbook: Path):
    """Each runbook has some."""
    queries = queries_of(runbook)

    assert queries
    for query in queries:
        assert {each.name for each in selectors(query)} <= known_series(), query


@pytest.mark.parametrize("of", ["shardwatch_router_", "shardwatch_tool_", "shardwatch_probe_"])
def test_whoever_a_burn_wakes_finds_what_its_objective_counts(of: str):
    """The library has objectives of users' requests, of tool calls and of probes."""
    (burn,) = (each for each in RUNBOOKS if each.stem == ERROR_BUDGET_BURN)
    counted = {each for text in LIBRARY.glob("*.yaml") for each in re.findall(
        rf"{of}\w+_total", text.read_text())}  # fmt: skip

    assert counted
    assert any(each in query for query in queries_of(burn) for each in counted)


@runbooks
def test_queries_to_paste_select_and_group_by_labels_that_there_are(runbook: Path, rules: Rules):
    """One that asks for a label that its series lack shows nothing, to somebody who was woken."""
    found = {query: said for query in queries_of(runbook) if (said := wrong_labels(rules, query))}

    assert {} == found


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ('shardwatch_group_up{tier="pro"}', "tier"),
        ('shardwatch:queue_drain:seconds{group="GROUP"}', "group"),
        ("sum by (host) (shardwatch:queue_drain:seconds)", "host"),
        ('slo:burn_rate:ratio{burn_tier="1h"}', "burn_tier"),
    ],
)
def test_a_label_that_a_series_does_not_have_is_found(rules: Rules, query: str, label: str):
    """So that nothing being found says something."""
    (said,) = wrong_labels(rules, query)

    assert label in said


@runbooks
def test_series_and_alerts_named_in_prose_exist(runbook: Path):
    """Between backticks, beside the queries: ``shardwatch_...``, ``slo:...``, ``AlertName``."""
    prose = re.sub(r"^ *```.*?\n *```", "", runbook.read_text(), flags=re.M | re.S)
    known = known_series()
    for code in re.findall(r"`([^`]+)`", prose):
        series = re.findall(r"\b(?:shardwatch_\w+|(?:shardwatch|slo):[\w:]+)", code)
        assert set(series) <= known, code
        if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", code):
            assert code in runbook_names(), code


@runbooks
def test_links_lead_to_runbooks_that_exist(runbook: Path):
    """Relative ones, so that they work wherever the folder is served."""
    for target in re.findall(r"\]\(([^)]*)\)", runbook.read_text()):
        assert (FOLDER / target).is_file(), target


def test_a_runbook_is_read_by_the_name_of_its_alert_and_by_no_path():
    """The stand-in serves them to anybody."""
    assert str(read_runbook("GpuLost")).startswith("# GpuLost\n")
    assert read_runbook("NoSuchAlert") is None
    assert read_runbook("../runbooks/GpuLost") is None


def test_a_slash_at_the_end_of_the_base_makes_no_difference():
    """People write it both ways."""
    expected = "http://x/runbooks/GpuLost.md"

    assert expected == runbook_url("http://x/runbooks", "GpuLost")
    assert expected == runbook_url("http://x/runbooks/", "GpuLost")
