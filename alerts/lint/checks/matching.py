"""``promql/matching``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.checks.label import listed
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.label_sets import LabelSet, disagreement
from alerts.lint.labels import compared_labels, has_fill
from alerts.lint.rules import Rules
from exporters.problems import Problem
from slo.promql import nodes
from slo.sloth.cells import is_number


def check_matching(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield operators whose two sides can never match."""
    if asking.parsed.tree is None:
        return
    for node in nodes(asking.parsed.tree):
        if not isinstance(node, promql_parser.BinaryExpr) or str(node.op) == "or":
            continue
        if is_number(node.lhs) or is_number(node.rhs) or has_fill(node):
            continue
        left, right = rules.labels_of(node.lhs), rules.labels_of(node.rhs)
        if left is None or right is None:
            continue
        label = disagreement(left, right, compared_labels(node.modifier))
        if label is not None:
            what = _difference(label, left, right)
            is_named = node.modifier is not None and node.modifier.matching is not None
            yield finding(
                asking,
                "promql/matching",
                f"the sides of {node.op} never match: {what}",
                "match on labels that both sides have, with on or ignoring",
                in_expr(asking, label if is_named else None),
            )


def _difference(label: str, left: LabelSet, right: LabelSet) -> str:
    for side, without, other in (("left", left, "right"), ("right", right, "left")):
        if label not in without.may:
            return f"{label} is on the {other} side only; the {side} one has {listed(without)}"
    values = f"{left.constant(label)!r} on the left side, {right.constant(label)!r} on the right"
    return f"{label} is {values}"
