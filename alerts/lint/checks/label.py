"""``promql/label``, ``promql/excluded``, ``promql/renamed-label``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import islice

import promql_parser

from alerts.lint.families import renamed_label
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.label_sets import NAME, LabelSet, either
from alerts.lint.labels import alternatives, name_of, narrowed, text_of
from alerts.lint.mistyped import meant
from alerts.lint.rules import Rules
from alerts.lint.unknown_values import leaves_out_none, nearest_value, unknown_values
from exporters.problems import Problem
from slo.checks.labels import matches
from slo.promql import nodes, selectors_in

LISTED_VALUES = 30
"""Of a label, in a message."""
LISTED_BESIDE_NEAREST = 12
"""Likewise, where the message names one to take instead."""
TOLD_VALUES = 10
"""Of one matcher: a regular expression may have thousands."""


def check_label(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield labels, and values of them, that series are selected or grouped by and never have."""
    if asking.parsed.tree is None:
        return
    for node in nodes(asking.parsed.tree):
        match node:
            case promql_parser.VectorSelector():
                yield from _check_selector(asking, rules, node)
                yield from _check_renamed(asking, node, [each.name for each in _matchers(node)])
            case promql_parser.AggregateExpr():
                yield from _check_grouping(asking, rules, node)
                if node.modifier is not None:
                    yield from _check_renamed(asking, node.expr, node.modifier.labels)
            case promql_parser.BinaryExpr():
                yield from _check_included(asking, rules, node)


def listed(labels: LabelSet) -> str:
    """Return what labels there are, for a message."""
    if labels.may.is_open:
        return "any but " + ", ".join(sorted(labels.may.listed - {NAME}))
    return ", ".join(sorted(labels.may.listed)) or "none"


def _check_selector(
    asking: Asking, rules: Rules, selector: promql_parser.VectorSelector
) -> Iterator[Problem]:
    name = name_of(selector)
    kinds = [] if name is None else list(rules.labels.series_labels(name))
    whole = reduce(either, kinds, None)
    if whole is None:
        return
    yield from _check_values(asking, selector, whole)
    if any(narrowed(kind, matchers) for kind in kinds for matchers in alternatives(selector)):
        yield from _check_mistyped(asking, rules, selector)
        return
    for matcher in _matchers(selector):
        if matcher.name not in whole.may and not matches(matcher, ""):
            message = (
                f"selects {name} by {matcher.name}, which it does not have; its labels are "
                f"{listed(whole)}"
            )
            yield _at(asking, matcher.name, message, "correct the label, or leave it out")
            return
        values = {each.constant(matcher.name) for each in kinds}
        if None not in values and not any(matches(matcher, each) for each in values if each):
            said = ", ".join(sorted(each for each in values if each))
            message = (
                f"selects {name} by {matcher.name}={matcher.value!r}, and rules record it with "
                f"{said} only"
            )
            yield _at(asking, matcher.name, message, "correct the value, or record it as well")
            return


def _check_values(
    asking: Asking, selector: promql_parser.VectorSelector, whole: LabelSet
) -> Iterator[Problem]:
    """Yield values that the catalogue says a label never has."""
    asked = {(each.name, str(each.op), each.value): each for each in _matchers(selector)}
    for matcher in asked.values():
        known = whole.values(matcher.name) or frozenset()
        for value in islice(unknown_values(matcher, known), TOLD_VALUES) if known else ():
            near = nearest_value(value, known)
            message = (
                f"selects {name_of(selector)} by {matcher.name} {value!r}, which it never has: "
                f"{_listed_values(known, near)}"
            )
            fix = "take one of them" if near is None else f"take {near}"
            yield _at(asking, _word(asking, matcher), message, fix)
        if known and leaves_out_none(matcher, known):
            near = nearest_value(matcher.value, known)
            message = (
                f"leaves out of {name_of(selector)} {matcher.name} {matcher.value!r}, which it "
                f"never has: {_listed_values(known, near)}"
            )
            fix = "leave out one of them, or none" if near is None else f"leave out {near}"
            at = in_expr(asking, _word(asking, matcher))
            yield finding(asking, "promql/excluded", message, fix, at)


def _word(asking: Asking, matcher: promql_parser.Matcher) -> str:
    """Return where to point: the matcher's value, if the expression has it as it is."""
    return matcher.value if in_expr(asking, matcher.value).word else matcher.name


def _listed_values(known: frozenset[str], near: str | None) -> str:
    if near is not None and len(known) > LISTED_BESIDE_NEAREST:
        return f"it has {len(known)} others, {near} among them"
    more = len(known) - LISTED_VALUES
    listed = ", ".join(sorted(known)[:LISTED_VALUES])
    return f"its values are {listed}" + (f" and {more} more" if more > 0 else "")


def _matchers(selector: promql_parser.VectorSelector) -> list[promql_parser.Matcher]:
    return [each for matchers in alternatives(selector) for each in matchers]


def _check_mistyped(
    asking: Asking, rules: Rules, selector: promql_parser.VectorSelector
) -> Iterator[Problem]:
    """Yield labels that a selector asks for, and that look like one that its series have."""
    bare = promql_parser.parse(name_of(selector) or "vector(1)")
    for matcher in _matchers(selector):
        near = None if matches(matcher, "") else meant(matcher.name, bare, rules)
        if near is not None:
            message = f"selects {name_of(selector)} by {matcher.name}, which may be {near} mistyped"
            yield _at(asking, matcher.name, message, mistyped_fix(near))


def mistyped_fix(near: str) -> str:
    """Return what to do about a label that looks like another."""
    return f"take {near}, or say with --target-label that scrapes attach it"


def _check_grouping(
    asking: Asking, rules: Rules, node: promql_parser.AggregateExpr
) -> Iterator[Problem]:
    if node.modifier is None or node.modifier.type != promql_parser.AggModifierType.By:
        return
    inside = rules.labels_of(node.expr)
    own = text_of(node.param) if str(node.op) == "count_values" else None
    for label in node.modifier.labels:
        if label == own:
            continue
        if inside is not None and label != NAME and label not in inside.may:
            message = f"groups by {label}, which is on no element; their labels are "
            yield _at(
                asking, label, message + listed(inside), "correct the label, or keep it within"
            )
        elif (near := meant(label, node.expr, rules)) is not None:
            message = f"groups by {label}, which may be {near} mistyped"
            yield _at(asking, label, message, mistyped_fix(near))


def _check_renamed(
    asking: Asking, tree: promql_parser.Expr, labels: Iterable[str]
) -> Iterator[Problem]:
    """Yield labels that newer versions of what serves the series call otherwise."""
    names = [name for each in selectors_in(tree) if (name := name_of(each)) is not None]
    for label in dict.fromkeys(labels):
        now = next((now for each in names if (now := renamed_label(each, label))), None)
        if now is not None:
            message = f"asks for {label}, which newer versions of dcgm-exporter call {now}"
            fix = "ask for the one that yours write"
            yield finding(asking, "promql/renamed-label", message, fix, in_expr(asking, label))


def _check_included(
    asking: Asking, rules: Rules, node: promql_parser.BinaryExpr
) -> Iterator[Problem]:
    labels = [] if node.modifier is None else node.modifier.group_labels or []
    if not labels or node.modifier is None:
        return
    is_right = node.modifier.card == promql_parser.VectorMatchCardinality.OneToMany
    one = rules.labels_of(node.lhs if is_right else node.rhs)
    for label in labels:
        if one is not None and label != NAME and label not in one.may:
            message = f"takes {label} from a side that never has it; its labels are {listed(one)}"
            yield _at(asking, label, message, "correct the label, or keep it on that side")


def _at(asking: Asking, word: str, message: str, fix: str) -> Problem:
    return finding(asking, "promql/label", message, fix, in_expr(asking, word))
