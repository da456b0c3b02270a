"""Values of gauges, counters and histograms on either side of a threshold, found by trying."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import promql_parser

from slo.examples.arithmetic import NOTHING, OF_COUNTERS, UnknownValueError, value_of
from slo.examples.labels import chooses, example_labels, series_text
from slo.objective import BASE_WINDOW, Indicator, Ratio, RawRatio, Threshold
from slo.promql import nodes, selectors

EVENTS_PER_SECOND = 10
"""Of an example: many enough that silence is no chance."""
MOST_TRIES = 20_000
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLOSE = 1e-9
_BUCKET, _LE = "_bucket", "le"


class NoExampleError(Exception):
    """No series can be made up for an objective; says why, as a sentence's end."""


@dataclass(frozen=True)
class ExampleValues:
    """A series, and what it is while all is good and while all is bad."""

    labels: Mapping[str, str]
    """With ``__name__``."""
    is_counter: bool
    """If so, its values are growths per second."""
    good: float
    bad: float


def example_values(indicator: Indicator, wanted: Mapping[str, str]) -> tuple[ExampleValues, ...]:
    """Return series and their values on both sides.

    Raises:
        NoExampleError: if none were found.
    """
    trees = [_tree(each) for each in indicator.expressions]
    if isinstance(indicator, Threshold) and (quantile := _quantile_of(trees[0])):
        return _of_histogram(quantile, indicator, wanted)
    made: dict[str, Mapping[str, str]] = {}
    for each in (each for expression in indicator.expressions for each in selectors(expression)):
        labels = example_labels([each], (), wanted)
        if labels is None:
            raise NoExampleError(f"no labels were found that {each.prettify()} chooses")
        made[series_text(labels)] = labels
    counters = {name for tree in trees for name in counters_in(tree)}
    names = sorted(made)
    found: dict[bool, tuple[float, ...]] = {}
    tries = itertools.product(_candidates(indicator), repeat=len(names))
    for values in itertools.islice(tries, MOST_TRIES):
        side = side_of(indicator, [(made[n], v) for n, v in zip(names, values, strict=True)])
        if side is not None:
            found.setdefault(side, values)
    if len(found) < 2:
        missing = "bad" if True in found else "good"
        raise NoExampleError(f"no values of its series were found that are {missing}")
    return tuple(
        ExampleValues(
            made[text], made[text]["__name__"] in counters, found[True][n], found[False][n]
        )
        for n, text in enumerate(names)
    )


def side_of(indicator: Indicator, series: Sequence[tuple[Mapping[str, str], float]]) -> bool | None:
    """Return whether all is good with series of some values; None if it is neither.

    A selector of several series is taken for their sum, as it is under ``sum by``.

    Raises:
        NoExampleError: if that cannot be foreseen.
    """
    first, *others = _numbers(indicator, series)
    if isinstance(indicator, Ratio):
        judged = others[0] if others and not math.isnan(others[0]) else 0.0
        share = judged / first if first > 0 else NOTHING
        return _side_of_share(share, is_good=indicator.good is not None)
    if isinstance(indicator, RawRatio):
        return _side_of_share(first, is_good=indicator.is_good)
    bound = float(indicator.bound)
    margin = abs(bound) * 0.01
    # Rates and quantiles are extrapolated: no value near the bound is an example of a side.
    if math.isnan(first) or bound - margin < first < bound + margin:
        return None
    return _OPERATORS[indicator.op](first, bound)


def events_of(
    ratio: Ratio, series: Sequence[tuple[Mapping[str, str], float]]
) -> tuple[float, float]:
    """Return bad events and all events per second, with series of some values.

    Raises:
        NoExampleError: if that cannot be foreseen.
    """
    total, judged = (0.0 if math.isnan(each) else each for each in _numbers(ratio, series))
    return (judged if ratio.bad is not None else total - judged), total


def _numbers(
    indicator: Indicator, series: Sequence[tuple[Mapping[str, str], float]]
) -> tuple[float, ...]:
    """Return what each expression is; a selector of several series is taken for their sum."""

    def value(selector: promql_parser.VectorSelector) -> float:
        chosen = [each for labels, each in series if chooses(selector, labels)]
        return sum(chosen) if chosen else NOTHING

    try:
        return tuple(value_of(_tree(each), value) for each in indicator.expressions)
    except UnknownValueError as error:
        raise NoExampleError(f"{error}, so that no values on either side are known") from None


def _side_of_share(share: float, *, is_good: bool) -> bool | None:
    if abs(share) < _CLOSE:
        return not is_good
    return is_good if abs(share - 1) < _CLOSE else None


@cache
def _tree(expression: str) -> promql_parser.Expr:
    return promql_parser.parse(expression.replace(BASE_WINDOW, "1m"))


def _candidates(indicator: Indicator) -> Iterable[float]:
    if isinstance(indicator, Ratio):
        return (0.0, float(EVENTS_PER_SECOND), 2.0 * EVENTS_PER_SECOND)
    if isinstance(indicator, RawRatio):
        return (0.0, 1.0, 100.0)
    bound = float(indicator.bound)
    scaled = [bound * factor * 10.0**power for power in range(-3, 7) for factor in (0.5, 2)]
    return dict.fromkeys((0.0, 1.0, bound + 1, bound - 1, *scaled))


def counters_in(tree: promql_parser.Expr) -> Iterable[str]:
    """Yield the names of the series that a rate or an increase is taken of."""
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
) -> tuple[ExampleValues, ...]:
    """Return three buckets: events in the first are below the bound, in the second above it.

    Raises:
        NoExampleError: if it is no quantile of one histogram.
    """
    found = [
        each for each in nodes(quantile.args[1]) if isinstance(each, promql_parser.VectorSelector)
    ]
    bound = float(threshold.bound)
    if len(found) != 1 or not (found[0].name or "").endswith(_BUCKET) or bound <= 0:
        raise NoExampleError("its quantile is not of one histogram with a bound above 0")
    labels = example_labels(found, (), wanted)
    if labels is None or _LE in labels:
        raise NoExampleError("no labels were found that its histogram's selector chooses")
    is_below_good = threshold.op in ("<", "<=")
    below = (10.0, 0.0) if is_below_good else (0.0, 10.0)
    edges = ((f"{bound / 2:g}", *below), (f"{bound * 100:g}", 10.0, 10.0), ("+Inf", 10.0, 10.0))
    return tuple(
        ExampleValues({**labels, _LE: edge}, is_counter=True, good=good, bad=bad)
        for edge, good, bad in edges
    )
