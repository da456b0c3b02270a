"""``alerts/never-fires``."""

from __future__ import annotations

from collections.abc import Iterator

import promql_parser

from alerts.lint.finding import At, finding, in_expr
from alerts.lint.labels import name_of
from alerts.lint.rules import Rules
from alerts.lint.stretches import longest_seconds
from alerts.lint.values import Reason
from exporters.durations import format_duration
from exporters.problems import Problem
from slo import conventions
from slo.promql import nodes, selectors_in
from slo.rule_reading.rules import Rule


def check_never_fires(rule: Rule, rules: Rules) -> Iterator[Problem]:
    """Yield why an alert can never fire; of rules that record, why a tier never burns."""
    tree = rule.parsed.tree
    if tree is None:
        return
    if not rule.is_alert:
        yield from _check_tiers(rule, rules, tree)
        return
    why: list[Reason] = []
    if rules.values.of(tree, why) is None:
        yield _never(rule, why[0])
    longest = longest_seconds(tree)
    if longest == 0 and not why:
        said = "no moment of the calendar satisfies its condition"
        yield _never(rule, Reason(said, tree))
    elif 0 < longest <= rule.for_seconds:
        yield finding(
            rule,
            "alerts/never-fires",
            f"waits for {format_duration(rule.for_seconds)}, and its condition holds for at most "
            f"{format_duration(longest)} at a stretch",
            "wait for less, or leave for out",
            At(("for",)),
        )


def _check_tiers(rule: Rule, rules: Rules, tree: promql_parser.Expr) -> Iterator[Problem]:
    """Yield thresholds of burn rates that no outage reaches."""
    for node in nodes(tree):
        if not isinstance(node, promql_parser.BinaryExpr):
            continue
        names = {name_of(each) for each in selectors_in(node.lhs)}
        why: list[Reason] = []
        if names == {conventions.BURN_RATE} and rules.values.of(node, why) is None:
            yield _never(rule, why[0])


def _never(rule: Rule, why: Reason) -> Problem:
    names = [name_of(each) for each in selectors_in(why.part)]
    name = next((each for each in names if each is not None), None)
    fix = "correct the expression: this is never seen, whatever happens"
    return finding(rule, "alerts/never-fires", why.said, fix, in_expr(rule, name))
