"""Queries: what a board asks, ready to be sent."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import promql_parser
import pytest

from dashboards.asking import EVERYTHING, PanelQuery, panel_queries
from dashboards.build import all_boards
from dashboards.queries import alerts, cells
from dashboards.queries.objectives import burn_threshold
from exporters import catalog
from slo.burn import Tier

BOARD = {
    "uid": "board",
    "panels": [
        {"title": "About", "type": "text"},
        {
            "title": "Row",
            "type": "row",
            "panels": [
                {
                    "title": "Inside",
                    "targets": [{"refId": "A", "expr": 'up{region=~"$region|"}[$__rate_interval]'}],
                }
            ],
        },
        {"title": "Alerts", "targets": [{"refId": "B", "expr": alerts.alert_ages().expr}]},
    ],
}


def test_panel_queries_put_the_variables_in_and_keep_the_order_of_the_board():
    """Panels within a row count, panels without queries do not."""
    variables = {"region": "eu", "slo": ".*", "model": ".*", "__rate_interval": "1m"}
    first, second = panel_queries(BOARD, variables)
    expected = PanelQuery("board", "Inside", "A", 'up{region=~"eu|"}[1m]', may_be_empty=False)
    assert expected == first
    assert ("Alerts", "B", True) == (second.panel, second.ref, second.may_be_empty)


def test_no_rank_over_a_range_joins_series_of_two_names(boards):
    """What changes its name within the range is two series, alike once a function drops the names.

    Prometheus refuses such a query.
    """
    asked = [each for board in boards for each in panel_queries(board, EVERYTHING)]
    ranges = [
        (each.panel, found)
        for each in asked
        for found in nodes_of(promql_parser.parse(each.expr), promql_parser.SubqueryExpr)
    ]
    joined = [
        (panel, names)
        for panel, found in ranges
        for union in nodes_of(found.expr, promql_parser.BinaryExpr)
        if str(union.op) == "or" and len(names := kept_names(union)) > 1
    ]
    assert len(ranges) > 50
    assert [] == joined
    two = promql_parser.parse("(a < b) or (b and a)")
    assert {"a", "b"} == kept_names(two)
    assert set() == kept_names(promql_parser.parse("max by (x) (a) or b + 0"))


def nodes_of(tree: Any, kind: type) -> Iterator[Any]:
    """Yield the nodes of a kind in a tree of PromQL, itself included."""
    if isinstance(tree, kind):
        yield tree
    for name in ("expr", "lhs", "rhs", "param", "vector_selector"):
        if (inner := getattr(tree, name, None)) is not None:
            yield from nodes_of(inner, kind)
    for argument in getattr(tree, "args", ()):
        yield from nodes_of(argument, kind)


def kept_names(tree: Any) -> set[str]:
    """Return the names of series that an expression's result still has."""
    if isinstance(tree, promql_parser.VectorSelector):
        return {tree.name}
    if isinstance(tree, promql_parser.ParenExpr):
        return kept_names(tree.expr)
    if not isinstance(tree, promql_parser.BinaryExpr):
        return set()
    if str(tree.op) == "or":
        return kept_names(tree.lhs) | kept_names(tree.rhs)
    keeps = str(tree.op) in ("and", "unless", "<", ">", "<=", ">=", "==", "!=")
    return kept_names(tree.lhs) if keeps else set()


def test_a_variable_that_is_not_given_is_refused_by_name():
    """A query with a hole in it would be sent and give nothing."""
    with pytest.raises(KeyError, match="region"):
        panel_queries(BOARD, {"slo": ".*"})


MAY_BE_EMPTY: dict[str, set[str]] = {
    "shardwatch-fleet": {
        "Alerts firing",
        "Which groups are not up",
        "GPUs with a fault",
        "Sources that do not answer",
        "Exporters with a fault",
    },
    "shardwatch-group": {"Alerts firing", "KV cache over time", "Speed to peers"},
    "shardwatch-gpu": {
        "GPUs with a fault, and what to do",
        "XIDs within a day",
        "Last XIDs",
        "Memory at risk",
        "Hosts with too few GPUs",
        "Memory errors",
        "NVLink traffic",
        "Slowed down by heat or power",
    },
    "shardwatch-itself": {
        "Alerts firing",
        "Exporters with a fault",
        "Targets without a place",
        "Values folded",
        "Sources that do not answer",
        "Silent sources by reason",
        "Time of notifications, p99",
    },
    "shardwatch-latency": {"Budgets left"},
    "shardwatch-queue": {
        "Budgets left",
        "Drain, by cell",
        "Longest queues of groups",
        "Rejected by engines",
    },
    "shardwatch-cache": {
        "Below the usual",
        "Budgets left",
        "Fullest host tiers",
        "Youngest evictions",
    },
    "shardwatch-tools": {
        "Budgets left",
        "MCP failures by method",
        "MCP requests by method",
        "OpenTelemetry dropped",
        "Slower than before",
    },
    "shardwatch-rollout": {
        "Budgets left",
        "Failing, revision against all others",
        "Failure domains of several drivers",
        "How sure it is",
        "Late first tokens, revision against all others",
        "Longest load of weights",
        "Out of service on purpose",
        "Revisions",
        "Time of a load",
    },
    "shardwatch-tenants": {"Budgets left"},
    "shardwatch-regions": {
        "Budgets left",
        "Groups down, by cell",
        "Served outside home",
        "Served outside home, by tier",
    },
    "shardwatch-metering": {
        "Billed over served",
        "Billed, by cell",
        "Billed, highest",
        "Billed, lowest",
        "Budgets left",
        "Groups that disagree now",
        "Groups that do not answer probes",
        "Passed unread, by cell",
        "Prompts that drift",
    },
    "shardwatch-slo": {"Alerts firing"},
    "shardwatch-slo-detail": {
        "Alerts firing",
        "Causes with their evidence",
        "Bad events while a cause is at work",
        "Budget gone in",
    },
}
"""Panels that rightly show nothing in a healthy cluster, by board."""


@pytest.mark.parametrize("at", range(len(all_boards())))
def test_only_what_is_said_here_may_be_empty(boards, at: int):
    """Everything else has data in a healthy cluster: a number that is 0, a state that is up."""
    found = {each.panel for each in panel_queries(boards[at], EVERYTHING) if each.may_be_empty}
    assert MAY_BE_EMPTY.get(boards[at]["uid"], set()) == found


def test_states_rank_by_their_precedence():
    """The worst state of a cell is the highest number, and up is 0."""
    ranks = sorted(cells.STATE_RANKS, key=cells.STATE_RANKS.__getitem__, reverse=True)
    assert list(catalog.GROUP_STATES) == ranks
    assert cells.STATE_RANKS["up"] == 0


def test_a_burn_threshold_is_the_tiers_factor_computed_from_the_objectives_own_period():
    """max(1, share x period / long window), and never a number that somebody typed."""
    tier = Tier("page", 3600, 300, Decimal("0.02"))
    expected = 'max(clamp_min(0.02 * slo:period:seconds{slo=~"$slo"} / 3600, 1))'
    assert expected == burn_threshold(tier).expr


def test_a_factor_that_is_the_same_for_every_period_is_a_flat_line():
    """As that of the workbook's slowest tier."""
    tier = Tier("ticket", 3 * 86400, 21600, factor=Decimal(1))
    assert "vector(1)" == burn_threshold(tier).expr
