"""Values of gauges, counters and histograms on either side of a threshold, found by trying."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import promql_parser

from slo.examples.arithmetic import OF_COUNTERS, UnknownValueError, value_of
from slo.examples.labels import example_labels, series_text
from slo.objective import BASE_WINDOW, RawRatio, Threshold
from slo.promql import nodes, selectors

MOST_TRIES = 20_000
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLOSE = 1e-9
_BUCKET, _LE = "_bucket", "le"


@dataclass(frozen=True)
class ExampleValues:
    """A series, and what it is while all is good and while all is bad."""

    labels: Mapping[str, str]
    """With ``__name__``."""
    is_counter: bool
    """If so, its values are growths per second."""
    good: float
    bad: float


def example_values(
    indicator: RawRatio | Threshold, wanted: Mapping[str, str]
) -> tuple[ExampleValues, ...] | str:
    """Return series and their values on both sides, or why none were found."""
    (expression,) = indicator.expressions
    tree = promql_parser.parse(expression.replace(BASE_WINDOW, "1m"))
    if isinstance(indicator, Threshold) and (quantile := _quantile_of(tree)):
        return _of_histogram(quantile, indicator, wanted)
    made: dict[str, Mapping[str, str]] = {}
    text_of: dict[str, str] = {}
    for each in selectors(expression):
        labels = example_labels([each], (), wanted)
        if labels is None:
            return f"no labels were found that {each.prettify()} chooses"
        text_of[each.prettify()] = series_text(labels)
        made[series_text(labels)] = labels
    counters = set(_counters(tree))
    names = sorted(made)
    is_good, is_bad = _sides(indicator)
    found: dict[bool, tuple[float, ...]] = {}
    tries = itertools.product(_candidates(indicator), repeat=len(names))
    for values in itertools.islice(tries, MOST_TRIES):
        by_text = dict(zip(names, values, strict=True))
        try:
            value = value_of(tree, _Lookup(text_of, by_text))
        except UnknownValueError as error:
            return f"{error}, so that no values on either side are known"
        if is_good(value):
            found.setdefault(True, values)
        elif is_bad(value):
            found.setdefault(False, values)
    if len(found) < 2:
        return "no values were found that are " + ("bad" if True in found else "good")
    return tuple(
        ExampleValues(
            made[text], made[text]["__name__"] in counters, found[True][n], found[False][n]
        )
        for n, text in enumerate(names)
    )


@dataclass(frozen=True)
class _Lookup:
    text_of: Mapping[str, str]
    values: Mapping[str, float]

    def __call__(self, selector: promql_parser.VectorSelector) -> float:
        return self.values[self.text_of[selector.prettify()]]


def _sides(
    indicator: RawRatio | Threshold,
) -> tuple[Callable[[float], bool], Callable[[float], bool]]:
    if isinstance(indicator, RawRatio):
        wanted = (1.0, 0.0) if indicator.is_good else (0.0, 1.0)
        return (lambda v: abs(v - wanted[0]) < _CLOSE, lambda v: abs(v - wanted[1]) < _CLOSE)
    compare, bound = _OPERATORS[indicator.op], float(indicator.bound)
    margin = abs(bound) * 0.01
    # Rates and quantiles are extrapolated: no value near the bound is an example of a side.
    return (
        lambda v: compare(v, bound) and not bound - margin < v < bound + margin,
        lambda v: not compare(v, bound) and not bound - margin < v < bound + margin and v == v,  # noqa: PLR0124 - NaN is on no side
    )


def _candidates(indicator: RawRatio | Threshold) -> Iterable[float]:
    if isinstance(indicator, RawRatio):
        return (0.0, 1.0, 100.0)
    bound = float(indicator.bound)
    scaled = [bound * factor * 10.0**power for power in range(-3, 7) for factor in (0.5, 2)]
    return dict.fromkeys((0.0, 1.0, bound + 1, bound - 1, *scaled))


def _counters(tree: promql_parser.Expr) -> Iterable[str]:
    for node in nodes(tree):
        if isinstance(node, promql_parser.Call) and node.func.name in OF_COUNTERS:
            for inner in nodes(node):
                if isinstance(inner, promql_parser.VectorSelector):
                    yield inner.name or ""


def _quantile_of(tree: promql_parser.Expr) -> promql_parser.Call | None:
    while isinstance(tree, promql_parser.ParenExpr | promql_parser.AggregateExpr):
        tree = tree.expr
    if isinstance(tree, promql_parser.Call) and tree.func.name == "histogram_quantile":
        return tree
    return None


def _of_histogram(
    quantile: promql_parser.Call, threshold: Threshold, wanted: Mapping[str, str]
) -> tuple[ExampleValues, ...] | str:
    """Return three buckets: events in the first are below the bound, in the second above it."""
    found = [
        each for each in nodes(quantile.args[1]) if isinstance(each, promql_parser.VectorSelector)
    ]
    bound = float(threshold.bound)
    if len(found) != 1 or not (found[0].name or "").endswith(_BUCKET) or bound <= 0:
        return "its quantile is not of one histogram with a bound above 0"
    labels = example_labels(found, (), wanted)
    if labels is None or _LE in labels:
        return "no labels were found that its histogram's selector chooses"
    is_below_good = threshold.op in ("<", "<=")
    below = (10.0, 0.0) if is_below_good else (0.0, 10.0)
    edges = ((f"{bound / 2:g}", *below), (f"{bound * 100:g}", 10.0, 10.0), ("+Inf", 10.0, 10.0))
    return tuple(
        ExampleValues({**labels, _LE: edge}, is_counter=True, good=good, bad=bad)
        for edge, good, bad in edges
    )
