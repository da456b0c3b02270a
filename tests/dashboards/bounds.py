"""Whether a query gives so few series that a panel can show them, however large the fleet.

Of our own boards more is asked than of anybody's by ``panels/unbounded``: what rules record of
cells is ranked as well, for a fleet has hundreds of them, and no rank is longer than a panel.
"""

import re

import promql_parser

from dashboards.queries import SHOWN_LINES, SHOWN_ROWS
from slo import conventions

RANKS = {"topk", "bottomk"}
FEW_VALUES = frozenset((
    "action", "attempt", "cache_tier", "cause", "direction", "event", "exporter", "finish_reason",
    "job", "kind", "le", "outcome", "phase", "reason", "result", "severity", "signal", "slo",
    "stage", "state", "tier", "token_source", "verdict", "window", "code", "rule_group",
    "region", "model", "cluster", "revision", "tool", "interval", "dialect",
))  # fmt: skip
"""Labels with so few values that a panel can show one line for each; at most three together, and
of cells not all three: a fleet has hundreds."""
CONSTANTS = {conventions.OBJECTIVE, conventions.PERIOD}
"""One for each objective."""
CHOSEN_ONE = re.compile(r'(group|host)=~"\$\1"')
"""Of one group or one host, which the board's top chooses."""


def is_bounded(template: str, expr: str) -> bool:
    """Tell whether a query has a bound.

    Args:
        template: with Grafana's variables, as a board has it.
        expr: the same with values put in, as Prometheus takes it.
    """
    selectors = re.findall(r"[a-z_:]+\{[^}]*\}", template)
    if selectors and all(CHOSEN_ONE.search(each) for each in selectors):
        return True
    return _bounded(promql_parser.parse(expr))


def _bounded(node: promql_parser.Expr) -> bool:
    if isinstance(node, promql_parser.ParenExpr | promql_parser.UnaryExpr):
        return _bounded(node.expr)
    if isinstance(node, promql_parser.AggregateExpr):
        return _aggregated(node)
    if isinstance(node, promql_parser.BinaryExpr):
        sides = (_bounded(node.lhs), _bounded(node.rhs))
        return all(sides) if str(node.op) == "or" else any(sides)
    if isinstance(node, promql_parser.Call):
        return all(_bounded(each) for each in node.args if not isinstance(each, LITERALS))
    return isinstance(node, promql_parser.VectorSelector) and node.name in CONSTANTS


LITERALS = (promql_parser.NumberLiteral, promql_parser.StringLiteral)


def _aggregated(node: promql_parser.AggregateExpr) -> bool:
    if str(node.op) in RANKS:
        assert isinstance(node.param, promql_parser.NumberLiteral)
        return node.param.val in (SHOWN_LINES, SHOWN_ROWS) or node.param.val < SHOWN_LINES
    labels = set(node.modifier.labels) if node.modifier else set()
    is_by = node.modifier is None or node.modifier.type == promql_parser.AggModifierType.By
    cell = {"cluster", "region", "model"}
    return is_by and labels <= FEW_VALUES and len(labels) <= 3 and not cell <= labels
