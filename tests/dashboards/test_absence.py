"""No board calls absence of data good news: not by a text, nor by a 0 that nobody counted."""

from string import Template
from typing import Any

import promql_parser
import pytest

from dashboards.asking import EVERYTHING, panel_queries
from tests.dashboards.recording import hold
from tests.dashboards.test_boards import by_title, by_uid, panels_with_data

LITERALS = (promql_parser.NumberLiteral, promql_parser.StringLiteral)
BAD_NEWS = {("shardwatch-itself", "Watchdog fires")}
"""Where 0 is red: of an alert that always fires, nothing is as bad as 0."""
ONLY_LIMITS = "vector("
"""How a dashed line begins that is the same whatever there is."""


def gives_of_nothing(node: promql_parser.Expr) -> bool:
    """Tell whether an expression gives anything where there are no series at all."""
    match node:
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.AggregateExpr():
            return gives_of_nothing(node.expr)
        case promql_parser.BinaryExpr():
            sides = [gives_of_nothing(each) for each in (node.lhs, node.rhs)]
            return any(sides) if str(node.op) == "or" else all(sides)
        case promql_parser.Call():
            if node.func.name in ("vector", "absent", "time", "scalar"):
                return True
            return all(gives_of_nothing(each) for each in node.args)
        case promql_parser.SubqueryExpr():
            return gives_of_nothing(node.expr)
        case _:
            return isinstance(node, LITERALS)


@pytest.mark.parametrize(
    ("expr", "expected"),
    {
        "a series": ("sum(a)", False),
        "0 of nothing": ("count(a > 0) or vector(0)", True),
        "named 0 of nothing": (
            'a or on () label_replace(vector(0), "cause", "none", "", "")',
            True,
        ),
        "0 while somebody counts": ("count(a > 0) or 0 * group(b)", False),
        "how long it is not there": ("time() - max(a)", False),
        "a limit": ("vector(3)", True),
        "what a subquery gives": ("max_over_time((a or vector(0))[1h:1m])", True),
    }.values(),
)
def test_what_gives_something_of_nothing_is_seen(expr: str, *, expected: bool):
    """The test below is not green for nothing."""
    assert expected == gives_of_nothing(promql_parser.parse(expr))


def test_no_query_gives_anything_where_there_is_nothing(boards):
    """Else a Prometheus without a series is told to be healthy: no page, no cause, no source."""
    found = {
        (board["uid"], each.panel)
        for board in boards
        for each in panel_queries(board, EVERYTHING)
        if not each.expr.startswith(ONLY_LIMITS)
        if gives_of_nothing(promql_parser.parse(each.expr))
    }
    assert found == BAD_NEWS


def reassuring(said: str, *, may_be_empty: bool) -> bool:
    """Tell whether what stands in the place of nothing is true only where all is well.

    A panel that a healthy cluster leaves empty says both: "None, or no exporter".
    """
    return said.startswith(("All ", "Every ")) or (may_be_empty and ", or " not in said)


@pytest.mark.parametrize(
    ("said", "may_be_empty", "expected"),
    [
        ("All groups are up", True, True),
        ("Nothing fires", True, True),
        ("None, or no groups exporter", True, False),
        ("No groups exporter", False, False),
    ],
)
def test_a_bare_reassurance_is_seen(said: str, *, may_be_empty: bool, expected: bool):
    """As a board had them."""
    assert expected == reassuring(said, may_be_empty=may_be_empty)


def test_what_stands_in_the_place_of_nothing_is_true_without_any_data(boards):
    """Grafana and the preview show it in both cases alike."""
    found = []
    for board in boards:
        empty = {each.panel for each in panel_queries(board, EVERYTHING) if each.may_be_empty}
        empty -= {each.panel for each in panel_queries(board, EVERYTHING) if not each.may_be_empty}
        for panel in panels_with_data(board):
            said = panel["fieldConfig"]["defaults"]["noValue"]
            if reassuring(said, may_be_empty=panel["title"] in empty):
                found.append((board["uid"], panel["title"], said))
    assert [] == found


def expr_of(boards: list[dict[str, Any]], board: str, title: str) -> str:
    """Return a panel's first query, for everything there is."""
    panel = by_title(by_uid(boards, board), title)
    return Template(panel["targets"][0]["expr"]).substitute(EVERYTHING)


@pytest.mark.parametrize("title", ["Pages firing", "Tickets firing"])
def test_no_page_is_0_while_rules_are_evaluated_and_nothing_while_none_is(boards, title, tmp_path):
    """By what rules of objectives record all the time."""
    expr = expr_of(boards, "fleet", title)
    hold(tmp_path, [], {"up": "1x20"}, {expr: {}}, at="60s")
    known = {'slo:objective:ratio{slo="a"}': "0.99x20", 'slo:objective:ratio{slo="b"}': "0.9x20"}
    hold(tmp_path, [], known, {expr: {"{}": 0}}, at="60s")
