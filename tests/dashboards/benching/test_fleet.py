"""What boards are measured on: all that they read, labelled as rules and exporters label it."""

import json
from collections import Counter

import numpy as np
import promql_parser
import pytest

from dashboards.asking import EVERYTHING
from dashboards.benching import fleet
from dashboards.benching.fleet import CELLS, END, fill, finds, firing_alerts, recorded_of_objectives
from dashboards.benching.grafana import asked_of, round_interval
from dashboards.benching.queries import ask_for, fleet_queries
from dashboards.build import build_boards
from dashboards.preview.times import Range
from exporters import catalog
from slo import conventions
from slo.benching.server import empty_server
from slo.objectives import LIBRARY, read_objective_paths
from slo.promql import selectors_in

MISSING_ON_PURPOSE = {
    catalog.GPU_REASON.name, catalog.GROUP_REASON.name, catalog.SOURCE_REASON.name,
    catalog.EXPORTER_RELOAD_SUCCESS.name, catalog.EXPORTER_COLLECTION_SUCCESS.name,
}  # fmt: skip
"""Of what is wrong with GPUs, groups, sources and exporters: nothing is."""
FEW_SECONDS = 600
SHORT = Range(END - FEW_SECONDS, END)


async def test_every_query_of_the_fleet_finds_what_it_reads(monkeypatch):
    """A query without data would be answered too soon; ten minutes tell that as a day does."""
    monkeypatch.setattr(fleet, "DAY_SECONDS", FEW_SECONDS)
    monkeypatch.setattr(fleet, "GROUPS", 2 * fleet.GROUPS_OF_CELL)
    queries = fleet_queries(SHORT)
    async with empty_server() as client:
        await fill(client, [each.expr for each in queries])
        told = await ask_for(client, queries)
        trees = [promql_parser.parse(each.expr) for each in queries]
        wanted = {str(one): one.name for tree in trees for one in selectors_in(tree)}
        empty = {name for text, name in wanted.items() if not await client.query(text, END)}
        cells = await client.query(f"count({conventions.CELL_CAPACITY})", END)
    assert MISSING_ON_PURPOSE >= empty
    assert [CELLS] == [each.value for each in cells]
    # A sample of each cell at each step of ten minutes, both ends included.
    (in_flight,) = [each for each in told if each.asked.title == "Requests in flight"]
    steps = round(FEW_SECONDS / in_flight.asked.step_seconds) + 1
    # The rank's, at the end, is counted as often: its window has one step, or both ends of one.
    assert in_flight.cost.samples in (2 * CELLS * steps, 3 * CELLS * steps)


def test_objectives_have_every_cell_and_every_class_of_customer():
    """As the library groups them."""
    budgets = Counter(
        each.labels[conventions.SLO]
        for each in recorded_of_objectives()
        if each.labels["__name__"] == conventions.BUDGET_REMAINING
    )
    every = read_objective_paths([LIBRARY])
    # A cell of the bench serves too few tokens for a half hour of these to count.
    few = {each.name for each in every if each.slices and each.slices.fewest_events}
    assert {"tokens-unbilled", "tokens-overbilled"} == few
    assert {each.name for each in every} - few == set(budgets)
    assert (CELLS, CELLS * len(catalog.TIERS)) == (
        budgets["chat-availability"], budgets["throttled-paid"]
    )  # fmt: skip


def test_an_alert_of_each_cell_fires():
    """Half of them are pages."""
    severities = Counter(
        each.labels["severity"]
        for each in firing_alerts()
        if each.labels["__name__"] == "ALERTS" and each.values[-1] == 1
    )
    assert {"page": CELLS / 2, "ticket": CELLS / 2} == severities


@pytest.mark.parametrize(
    ("selector", "is_found"),
    [
        ('x{window="1h"}', True),
        ('x{window!="1h"}', False),
        ('x{window=~"5m|1h"}', True),
        ('x{window!~"5m|1h"}', False),
        ('x{window=~"1"}', False),
        ('x{region=~"eu|"}', True),
        ('{__name__="x"}', True),
        ("y", False),
    ],
)
def test_a_selector_finds_a_series_as_prometheus_would(selector, is_found):
    """Patterns are of the whole value, and a label that is missing is empty."""
    tree = promql_parser.parse(selector)
    assert is_found == finds(tree, {"__name__": "x", "window": "1h"})


@pytest.mark.parametrize(
    ("seconds", "rounded"),
    [(1.4, 1), (12, 10), (13, 15), (33.75, 30), (44, 30), (45, 60), (180, 120), (216, 300),
     (700, 600), (90_000, 86_400)],
)  # fmt: skip
def test_intervals_are_rounded_as_grafana_rounds_them(seconds, rounded):
    """Up and down."""
    assert rounded == round_interval(seconds)


def test_a_board_is_asked_for_as_grafana_would():
    """By the width of each panel, no finer than a scrape, at multiples of the step."""
    target = {"expr": "rate(x[$__rate_interval])", "refId": "A"}
    panel = {"title": "p", "gridPos": {"w": 8}, "targets": [target]}
    table = {**panel, "title": "t", "targets": [{**target, "instant": True}]}
    mark = {"name": "m", "enable": True, "target": {"expr": "y"}}
    board = {
        "annotations": {"list": [mark, {**mark, "enable": False}, {"name": "built in"}]},
        "panels": [panel, {**panel, "maxDataPoints": 480}, table],
    }
    range_ = Range(1_000_000.0 - 21_600, 1_000_000.0)
    marked, wide, few, instant = asked_of(board, range_, EVERYTHING, 15.0)
    assert ("y", 300.0) == (marked.expr, marked.step_seconds)
    assert ("rate(x[1m])", 30.0) == (wide.expr, wide.step_seconds)
    assert ("rate(x[75s])", 60.0) == (few.expr, few.step_seconds)
    assert [0, 0] == [wide.start % 30, wide.end % 30]
    assert (range_.end, range_.end) == (instant.start, instant.end)


def test_the_fleet_is_looked_at_over_its_own_range():
    """Six hours, and every query of its panels is among those that are asked."""
    queries = fleet_queries()
    board = json.loads(build_boards()["fleet.json"])
    targets = sum(len(each.get("targets", ())) for each in board["panels"])
    assert targets + 2 == len(queries)  # pages and rollouts are marked
    spans = [each.end - each.start for each in queries if each.end > each.start]
    assert np.allclose(spans, 21_600, atol=300)
