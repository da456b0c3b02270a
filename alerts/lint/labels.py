"""Which labels the result of an expression has: for sure, perhaps, never.

Follows selectors of known families, recorded series (whose rules are followed in turn),
aggregations, matching, and the functions that change labels, as Prometheus's engine does:
https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching. What is not known
may have any label. So "never" and "for sure" can be relied upon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import promql_parser

from alerts.lint.label_sets import (
    ANYTHING,
    NAME,
    NO_LABELS,
    LabelSet,
    agreeing,
    either,
    made,
)
from alerts.lint.names import Names
from slo.checks.labels import matches
from slo.promql import bare
from slo.sloth.cells import is_number

SeriesLabels = Callable[[str], Sequence[LabelSet]]
"""Returns the labels of the series of a name, one set for each kind of them; none if there are no
such series."""

CHOOSING = ("topk", "bottomk", "limitk", "limit_ratio")
"""Aggregations that keep elements as they are."""
_OF_ONE_SIDE = {"VectorMatchCardinality.ManyToOne": False, "VectorMatchCardinality.OneToMany": True}
"""Cardinalities, and whether the elements are the right side's."""
_MATCHING_ALL = frozenset({"(.*)", ".*", "(.+)?", "(?s:.*)"})
_REFERENCE = re.compile(r"\$(?:\{\w*\}|\w+)")


class LabelFlow:
    """Labels of expressions, given those of series."""

    def __init__(self, series_labels: SeriesLabels) -> None:
        """Make one.

        Args:
            series_labels: by name.
        """
        self.series_labels = series_labels
        """Labels of the series of a name."""
        self._by_type: Mapping[type, Callable[[Any], LabelSet | None]] = {
            promql_parser.VectorSelector: self._selected,
            promql_parser.MatrixSelector: lambda tree: self._selected(tree.vector_selector),
            promql_parser.ParenExpr: lambda tree: self.of(tree.expr),
            promql_parser.UnaryExpr: lambda tree: self.of(tree.expr),
            promql_parser.SubqueryExpr: lambda tree: self.of(tree.expr),
            promql_parser.AggregateExpr: self._aggregated,
            promql_parser.BinaryExpr: self._joined,
            promql_parser.Call: self._called,
        }

    def of(self, tree: promql_parser.Expr) -> LabelSet | None:
        """Return the labels of an expression's elements; None if it can have no element."""
        labels_of = self._by_type.get(type(tree))
        return NO_LABELS if labels_of is None else labels_of(tree)

    def _selected(self, selector: promql_parser.VectorSelector) -> LabelSet | None:
        name = name_of(selector)
        kinds = [ANYTHING] if name is None else self.series_labels(name)
        return reduce(
            either,
            (
                narrowed(kind, alternative)
                for kind in kinds
                for alternative in alternatives(selector)
            ),
            None,
        )

    def _aggregated(self, tree: promql_parser.AggregateExpr) -> LabelSet | None:
        inside = self.of(tree.expr)
        if inside is None or str(tree.op) in CHOOSING:
            return inside
        left = inside.kept(kept_by(tree.modifier))
        if str(tree.op) != "count_values":
            return left
        label = text_of(tree.param)
        return ANYTHING if label is None else left.with_label(label, is_sure=True)

    def _joined(self, tree: promql_parser.BinaryExpr) -> LabelSet | None:
        if is_number(tree.lhs) or is_number(tree.rhs):
            return self.of(tree.lhs if is_number(tree.rhs) else tree.rhs)
        left, right, operator = self.of(tree.lhs), self.of(tree.rhs), str(tree.op)
        if operator == "or":
            return either(left, right)
        if has_fill(tree):
            return ANYTHING
        if operator == "unless":
            return left
        return None if left is None or right is None else _matched(tree, left, right)

    def _called(self, tree: promql_parser.Call) -> LabelSet | None:
        name, arguments = tree.func.name, list(tree.args)
        if name in ("absent", "absent_over_time"):
            return _of_absent(arguments[0])
        vectors = [each for each in arguments if not is_number(each)]
        if is_number(tree) or not vectors:
            return NO_LABELS
        inside = self.of(vectors[0])
        texts = [text_of(each) or "" for each in arguments[1:]]
        return None if inside is None else _changed(name, inside, texts)


def name_of(selector: promql_parser.VectorSelector) -> str | None:
    """Return the name of a selector's series; None if it may be of several."""
    if selector.name:
        return str(selector.name)
    for each in selector.matchers.matchers:
        if each.name == NAME and each.op == promql_parser.MatchOp.Equal:
            return str(each.value)
    return None


def alternatives(
    selector: promql_parser.VectorSelector,
) -> list[list[promql_parser.Matcher]]:
    """Return the matchers of a selector: a list for each alternative that ``or`` separates."""
    common = list(selector.matchers.matchers)
    others = [[*common, *each] for each in selector.matchers.or_matchers] or [common]
    return [[each for each in one if each.name != NAME] for one in others]


def narrowed(labels: LabelSet, matchers: Iterable[promql_parser.Matcher]) -> LabelSet | None:
    """Return the labels of those series that matchers take; None if they can take none."""
    found = labels
    # What is equal is known when regular expressions are looked at.
    for each in sorted(matchers, key=lambda each: each.op != promql_parser.MatchOp.Equal):
        takes_none = matches(each, "")
        known = found.constant(each.name)
        if known is not None and each.name in found.sure and not matches(each, known):
            return None
        if each.op == promql_parser.MatchOp.Equal:
            if not each.value:
                if each.name in found.sure:
                    return None
                found = found.without_label(each.name)
                continue
            if each.name not in found.may or known not in (None, each.value):
                return None
            found = found.with_label(each.name, is_sure=True, constant=each.value)
        elif not takes_none:
            if each.name not in found.may:
                return None
            found = made(found.sure | {each.name}, found.may, found.constants, found.closed)
    return found


def kept_by(modifier: promql_parser.AggModifier | None) -> Names:
    """Return the labels that an aggregation keeps, where they are."""
    if modifier is None:
        return Names.of([])
    is_by = modifier.type == promql_parser.AggModifierType.By
    return Names.of(modifier.labels) if is_by else Names.but(modifier.labels)


def compared_labels(modifier: promql_parser.BinModifier | None) -> Names:
    """Return the labels in which elements of two sides must be equal to belong together."""
    if modifier is None or modifier.matching is None:
        return Names.but([NAME])
    named = set(modifier.matching.labels) - {NAME}
    if modifier.matching.type == promql_parser.LabelModifierType.Include:
        return Names.of(named)
    return Names.but({*named, NAME})


def has_fill(tree: promql_parser.BinaryExpr) -> bool:
    """Tell whether elements that have no counterpart get one."""
    fill = None if tree.modifier is None else tree.modifier.fill_values
    return fill is not None and (fill.lhs is not None or fill.rhs is not None)


def text_of(tree: promql_parser.Expr | None) -> str | None:
    """Return the value of a literal text; None of all else."""
    while isinstance(tree, promql_parser.ParenExpr):
        tree = tree.expr
    return str(tree.val) if isinstance(tree, promql_parser.StringLiteral) else None


def _matched(tree: promql_parser.BinaryExpr, left: LabelSet, right: LabelSet) -> LabelSet | None:
    """Return the labels of two vectors that are matched: as ``resultMetric`` in the engine does."""
    modifier, compared = tree.modifier, compared_labels(tree.modifier)
    if str(tree.op) == "and":
        return agreeing(left, right, compared)
    is_right = None if modifier is None else _OF_ONE_SIDE.get(str(modifier.card))
    if is_right is None:
        found = agreeing(left, right, compared)
        return None if found is None else found.kept(compared)
    many, one = (right, left) if is_right else (left, right)
    found = agreeing(many, one, compared)
    if found is None or modifier is None:
        return None
    return reduce(partial(_taken_over, one=one), modifier.group_labels or (), found)


def _taken_over(many: LabelSet, label: str, *, one: LabelSet) -> LabelSet:
    """Return the labels of the side of many with one of the other side's."""
    left = many.without_label(label)
    if label not in one.may:
        return left
    return left.with_label(
        label,
        is_sure=label in one.sure,
        constant=one.constant(label),
        values=one.values(label),
    )


def _changed(name: str, inside: LabelSet, texts: Sequence[str]) -> LabelSet:
    """Return the labels that a function leaves or makes of its argument's."""
    if name == "label_replace":
        return _replaced(inside, *texts[:4])
    if name == "label_join":
        return _label_joined(inside, texts)
    if name == "info":
        return LabelSet(inside.sure, ANYTHING.may)
    return inside.without_label("le") if name.startswith("histogram_quantile") else inside


def _of_absent(argument: promql_parser.Expr) -> LabelSet:
    """Return what ``absent`` takes from a selector: labels that are asked for by one equal value.

    Source: ``createLabelsForAbsentFunction`` in Prometheus's promql/functions.go.
    """
    argument = bare(argument)
    if isinstance(argument, promql_parser.MatrixSelector):
        argument = argument.vector_selector
    if not isinstance(argument, promql_parser.VectorSelector):
        return NO_LABELS
    matchers = [each for each in argument.matchers.matchers if each.name != NAME]
    asked = [each.name for each in matchers]
    fixed = {
        (each.name, each.value)
        for each in matchers
        if each.op == promql_parser.MatchOp.Equal and each.value and asked.count(each.name) == 1
    }
    names = {name for name, _ in fixed}
    # Servers differ in what they make of a label that is asked for twice.
    return made(names, Names.of(asked), fixed)


def _replaced(
    inside: LabelSet, target: str, replacement: str, source: str, pattern: str
) -> LabelSet:
    is_always = pattern in _MATCHING_ALL
    rest = _REFERENCE.sub("", replacement)
    is_fixed = rest == replacement
    if is_always and is_fixed:
        if not replacement:
            return inside.without_label(target)
        return inside.with_label(target, is_sure=True, constant=replacement)
    is_copied = replacement in ("$1", "${1}") and pattern in ("(.*)", "(.+)")
    is_filled = bool(rest) or (is_copied and source in inside.sure)
    has_value = is_filled and (target in inside.sure or is_always)
    has_value = has_value or (is_copied and source in inside.sure)
    others = made(inside.sure - {target}, inside.may, inside.constants, inside.closed)
    return others.with_label(target, is_sure=has_value)


def _label_joined(inside: LabelSet, texts: Sequence[str]) -> LabelSet:
    target, separator, *sources = texts
    is_filled = any(each in inside.sure for each in sources) or (
        bool(separator) and len(sources) > 1
    )
    others = made(inside.sure - {target}, inside.may, inside.constants, inside.closed)
    if not is_filled and not any(each in inside.may for each in sources):
        return others.without_label(target)
    return others.with_label(target, is_sure=is_filled)
