"""PromQL trees back as text, quoted as Prometheus reads it.

``str()`` of promql_parser's nodes leaves out escapes and the colon of a subquery without a step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import promql_parser

from exporters.durations import format_duration

Rewriting = Callable[[promql_parser.Expr], str | None]
"""Returns the text for a node, or None where it is to be written as it is."""


def write_promql(tree: promql_parser.Expr, rewriting: Rewriting = lambda _: None) -> str:
    """Return the text of a tree, with ``rewriting`` asked first for it and for each node in it.

    Raises:
        ValueError: if the tree holds what Prometheus does not know.
    """
    text = rewriting(tree)
    if text is not None:
        return text
    if isinstance(tree, _SELECTORS):
        return _selector(tree)
    if isinstance(tree, promql_parser.StringLiteral):
        return json.dumps(tree.val, ensure_ascii=False)
    return _around(tree, lambda node: write_promql(node, rewriting))


def write_selector(name: str, matchers: Iterable[promql_parser.Matcher]) -> str:
    """Return the text of a selector of series.

    Args:
        name: of the series; may be empty, where there are matchers.
        matchers: of their labels; there may be none.
    """
    written = ",".join(
        f"{each.name}{_MATCHES[str(each.op)]}{json.dumps(each.value, ensure_ascii=False)}"
        for each in matchers
    )
    return f"{name}{{{written}}}" if written else name


def write_grouping(modifier: promql_parser.AggModifier | None) -> str:
    """Return what follows the name of an aggregation: `` by (cell) ``, or nothing."""
    if modifier is None:
        return ""
    is_by = modifier.type == promql_parser.AggModifierType.By
    return f" {'by' if is_by else 'without'} ({', '.join(modifier.labels)}) "


def write_matching(modifier: promql_parser.BinModifier | None) -> str:
    """Return what follows an operator: `` bool on (cell) group_left ()``, or nothing."""
    if modifier is None:
        return ""
    text = " bool" if modifier.return_bool else ""
    if modifier.matching is not None:
        is_on = modifier.matching.type == promql_parser.LabelModifierType.Include
        text += f" {'on' if is_on else 'ignoring'} ({', '.join(modifier.matching.labels)})"
    side = _SIDES.get(str(modifier.card))
    if side is not None:
        text += f" {side} ({', '.join(modifier.group_labels or [])})"
    return text


_SELECTORS = promql_parser.VectorSelector, promql_parser.MatrixSelector


def _around(tree: promql_parser.Expr, write: Callable[[promql_parser.Expr], str]) -> str:
    """Return what is written around a node's parts, which ``write`` writes."""
    match tree:
        case promql_parser.SubqueryExpr():
            step = _seconds(tree.step) if tree.step is not None else ""
            text = f"{write(tree.expr)}[{_seconds(tree.range)}:{step}]{_moment(tree)}"
        case promql_parser.ParenExpr():
            text = f"({write(tree.expr)})"
        case promql_parser.UnaryExpr():
            text = f"-{write(tree.expr)}"
        case promql_parser.Call():
            text = f"{tree.func.name}({', '.join(map(write, tree.args))})"
        case promql_parser.AggregateExpr():
            inside = (tree.param, tree.expr) if tree.param is not None else (tree.expr,)
            text = f"{tree.op}{write_grouping(tree.modifier)}({', '.join(map(write, inside))})"
        case promql_parser.BinaryExpr():
            between = f"{tree.op}{write_matching(tree.modifier)}"
            text = f"{write(tree.lhs)} {between} {write(tree.rhs)}"
        case _:
            text = str(tree)
    return text


def _selector(tree: promql_parser.VectorSelector | promql_parser.MatrixSelector) -> str:
    if isinstance(tree, promql_parser.VectorSelector):
        return f"{_name_and_matchers(tree)}{_moment(tree)}"
    selector = tree.vector_selector
    return f"{_name_and_matchers(selector)}[{_seconds(tree.range)}]{_moment(selector)}"


def _name_and_matchers(selector: promql_parser.VectorSelector) -> str:
    if selector.matchers.or_matchers:
        raise ValueError("found 'or' between matchers, which Prometheus does not know")
    return write_selector(selector.name or "", selector.matchers.matchers)


def _moment(node: promql_parser.VectorSelector | promql_parser.SubqueryExpr) -> str:
    """Return ``offset`` and ``@``, as promql_parser writes them: they hold no text to be quoted."""
    at = f" {node.at}" if node.at is not None else ""
    if node.offset is None:
        return at
    seconds = node.offset.total_seconds()
    return f"{at} offset {'-' if seconds < 0 else ''}{format_duration(abs(seconds))}"


def _seconds(range_: object) -> str:
    return format_duration(range_.total_seconds())  # type: ignore[attr-defined]


_MATCHES = {
    str(promql_parser.MatchOp.Equal): "=",
    str(promql_parser.MatchOp.NotEqual): "!=",
    str(promql_parser.MatchOp.Re): "=~",
    str(promql_parser.MatchOp.NotRe): "!~",
}
_SIDES = {
    str(promql_parser.VectorMatchCardinality.ManyToOne): "group_left",
    str(promql_parser.VectorMatchCardinality.OneToMany): "group_right",
}
