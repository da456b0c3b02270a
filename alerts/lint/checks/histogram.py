"""``promql/histogram``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import promql_parser

from alerts.lint.families import find_series
from alerts.lint.finding import Asking, finding, in_expr
from alerts.lint.labels import alternatives, name_of
from alerts.lint.rules import Rules
from alerts.lint.unknown_values import asked_values
from exporters.problems import Problem
from slo.promql import bare, nodes, selectors_in

_BOUND, _BUCKET = "le", "_bucket"
_OF_BUCKETS = ("histogram_quantile", "histogram_fraction")
_QUANTILES = ("histogram_quantile", "quantile_over_time")
NEAREST_BOUNDS = 2
"""Named in a message: the one below and the one above."""


def check_histogram(asking: Asking, rules: Rules) -> Iterator[Problem]:
    """Yield what is asked of histograms and quantiles that they never have."""
    if asking.parsed.tree is None:
        return
    for node in nodes(asking.parsed.tree):
        match node:
            case promql_parser.VectorSelector():
                yield from _check_bounds(asking, node)
            case promql_parser.AggregateExpr() if str(node.op) == "quantile":
                yield from _check_quantile(asking, "quantile", node.param)
            case promql_parser.Call():
                name = node.func.name
                if name in _QUANTILES:
                    yield from _check_quantile(asking, name, node.args[0])
                if name in _OF_BUCKETS:
                    yield from _check_buckets(asking, rules, node)


def _check_bounds(asking: Asking, selector: promql_parser.VectorSelector) -> Iterator[Problem]:
    """Yield bounds that a histogram's buckets are selected by, and that none of them has."""
    name = name_of(selector)
    known = None if name is None else find_series(name)
    if known is None or not known.bounds:
        return
    bounds = (*known.bounds, math.inf)
    matchers = [each for one in alternatives(selector) for each in one if each.name == _BOUND]
    for value in dict.fromkeys(value for each in matchers for value in asked_values(each)):
        number = _number(value)
        if value and number not in bounds:
            written = value if number is None else f"{number:g}"
            yield _found(
                asking,
                f'asks for le="{written}" of {name}, which has no such bucket',
                f"take {' or '.join(_nearest(number, bounds))}",
                value,
            )


def _number(text: str) -> float | None:
    """Return the number that a text is, also within a regular expression; None if it is none."""
    try:
        return float(text.replace("\\", ""))
    except ValueError:
        return None


def _nearest(asked: float | None, bounds: Sequence[float]) -> list[str]:
    """Return the bounds next to one, or some of them where it is no number, as they are written."""
    if asked is None or math.isnan(asked):
        near = [*bounds[:NEAREST_BOUNDS], bounds[-1]]
    else:
        above = sum(each < asked for each in bounds)
        near = [*bounds[max(0, above - 1) : above + 1]]
    return [f'le="{"+Inf" if math.isinf(each) else repr(each)}"' for each in near]


def _check_quantile(
    asking: Asking, what: str, quantile: promql_parser.Expr | None
) -> Iterator[Problem]:
    """Yield a quantile that is none: its result is infinite, whatever there is."""
    number = None if quantile is None else _literal(quantile)
    if number is None or 0 <= number <= 1:
        return
    always = "NaN" if math.isnan(number) else "+Inf" if number > 1 else "-Inf"
    is_percent = 1 < number <= 100
    fix = f"take {number / 100:g}" if is_percent else "take one from 0 to 1"
    said = f"takes {what} at {number:g}, which is not from 0 to 1: its result is {always}"
    yield _found(asking, f"{said} always", fix, what)


def _literal(tree: promql_parser.Expr) -> float | None:
    tree = bare(tree)
    if isinstance(tree, promql_parser.UnaryExpr):
        inside = _literal(tree.expr)
        return None if inside is None else -inside
    return float(tree.val) if isinstance(tree, promql_parser.NumberLiteral) else None


def _check_buckets(asking: Asking, rules: Rules, call: promql_parser.Call) -> Iterator[Problem]:
    """Yield functions of buckets whose bounds are gone. Native histograms have none."""
    argument = call.args[-1]
    names = [name_of(each) for each in selectors_in(argument)]
    if not names or not all(each is not None and each.endswith(_BUCKET) for each in names):
        return
    labels = rules.labels_of(argument)
    if labels is not None and _BOUND not in labels.may:
        yield _found(
            asking,
            f"takes {call.func.name} of buckets of {names[0]} that have lost le: it has no result",
            "keep le in the aggregation",
            call.func.name,
        )


def _found(asking: Asking, message: str, fix: str, word: str) -> Problem:
    return finding(asking, "promql/histogram", message, fix, in_expr(asking, word))
