"""The labels that a query's result has, which Sloth takes for budgets of their own."""

from __future__ import annotations

from collections.abc import Callable

import promql_parser

from slo.promql import bare

Labels = frozenset[str]
LabelsOf = Callable[[promql_parser.VectorSelector], Labels | None]
"""Returns the labels that a selector's series can have, or None if they are not known."""

_OF_LABELS = ("topk", "bottomk", "limitk", "limit_ratio")
"""Aggregations that choose series, and keep all of their labels."""
_LABEL_CHANGERS = ("label_replace", "label_join", "absent", "absent_over_time")
_BUCKET_READERS = ("histogram_quantile",)


def result_labels(tree: promql_parser.Expr, labels_of: LabelsOf = lambda _: None) -> Labels | None:
    """Return the labels of a query's result, or None if they cannot be told from the query.

    Those of ``sum by (region) (...)`` are region; those of ``sum(...)`` none at all; those of a
    selector can be any, unless ``labels_of`` knows them.
    """
    match tree:
        case promql_parser.VectorSelector():
            return labels_of(tree)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            return result_labels(tree.expr, labels_of)
        case promql_parser.AggregateExpr():
            return _aggregated(tree, labels_of)
        case promql_parser.BinaryExpr():
            return _joined(tree, labels_of)
        case promql_parser.Call():
            return Labels() if is_number(tree) else _called(tree, labels_of)
    return Labels() if is_number(tree) else None


def is_number(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression is one number (or a text), and no series."""
    if isinstance(tree, promql_parser.NumberLiteral | promql_parser.StringLiteral):
        return True
    if isinstance(tree, promql_parser.ParenExpr | promql_parser.UnaryExpr):
        return is_number(tree.expr)
    if isinstance(tree, promql_parser.BinaryExpr):
        return is_number(tree.lhs) and is_number(tree.rhs)
    if not isinstance(tree, promql_parser.Call):
        return False
    return bool(tree.func.return_type == promql_parser.ValueType.Scalar)


def is_vector(tree: promql_parser.Expr) -> bool:
    """Tell whether an expression is ``vector(NUMBER)``, which stands in where there is nothing."""
    tree = bare(tree)
    return isinstance(tree, promql_parser.Call) and tree.func.name == "vector"


def vector_value(tree: promql_parser.Expr) -> float | None:
    """Return the number of ``vector(NUMBER)``; None of all else."""
    tree = bare(tree)
    if not isinstance(tree, promql_parser.Call) or tree.func.name != "vector":
        return None
    (argument,) = tree.args
    return argument.val if isinstance(argument, promql_parser.NumberLiteral) else None


def _called(tree: promql_parser.Call, labels_of: LabelsOf) -> Labels | None:
    if tree.func.name in _LABEL_CHANGERS:
        return None
    inside = [
        getattr(each, "vector_selector", each) for each in tree.args if not is_number(each)
    ]  # of a range: its selector
    labels = result_labels(inside[-1], labels_of) if inside else Labels()
    is_of_buckets = tree.func.name in _BUCKET_READERS
    return labels - {"le"} if is_of_buckets and labels is not None else labels


def _aggregated(tree: promql_parser.AggregateExpr, labels_of: LabelsOf) -> Labels | None:
    if str(tree.op) in _OF_LABELS:
        return result_labels(tree.expr, labels_of)
    if tree.modifier is None:
        return Labels() if str(tree.op) != "count_values" else None
    inside, named = result_labels(tree.expr, labels_of), Labels(tree.modifier.labels)
    if tree.modifier.type == promql_parser.AggModifierType.By:
        return named if inside is None else named & inside
    return None if inside is None else inside - named


def _joined(tree: promql_parser.BinaryExpr, labels_of: LabelsOf) -> Labels | None:
    """As Prometheus joins: https://prometheus.io/docs/prometheus/latest/querying/operators/."""
    left, right = (result_labels(each, labels_of) for each in (tree.lhs, tree.rhs))
    operator = str(tree.op)
    if operator == "or":
        return _either(tree, left, right)
    if operator in ("and", "unless") or is_number(tree.rhs):
        return left
    return right if is_number(tree.lhs) else _matched(tree.modifier, left, right)


def _either(
    tree: promql_parser.BinaryExpr, left: Labels | None, right: Labels | None
) -> Labels | None:
    if is_vector(tree.lhs) or is_vector(tree.rhs):
        return right if is_vector(tree.lhs) else left
    return left if left == right else None


def _matched(
    modifier: promql_parser.BinModifier | None, left: Labels | None, right: Labels | None
) -> Labels | None:
    if modifier is None or modifier.matching is None:
        return left if left is not None else right
    if str(modifier.card) != str(promql_parser.VectorMatchCardinality.OneToOne):
        return None
    labels = Labels(modifier.matching.labels)
    if modifier.matching.type == promql_parser.LabelModifierType.Include:
        return labels
    return left - labels if left is not None else None
