"""An objective's events, made up: which series grow, or what they say, while all is good or bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import promql_parser

from slo.examples.labels import chooses, example_labels, series_text
from slo.examples.values import (
    EVENTS_PER_SECOND,
    ExampleValues,
    NoExampleError,
    counters_in,
    events_of,
    example_values,
    side_of,
)
from slo.objective import BASE_WINDOW, Indicator, Objective, Ratio
from slo.promql import selectors

OWN_LABEL = "example"
"""Tells series apart that selectors and grouping labels leave no other way to."""


@dataclass(frozen=True)
class InputSeries:
    """One series that an exporter would serve."""

    series: str
    """As promtool reads it."""
    is_counter: bool
    good: float
    """While all events are good: of a counter its growth per second, of others its value."""
    bad: float
    """While all are bad."""
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The series' own, ``__name__`` among them."""


@dataclass(frozen=True)
class Example:
    """What one cell of an objective is made of."""

    labels: Mapping[str, str]
    """The cell's grouping labels; without those that no series of it has."""
    series: tuple[InputSeries, ...]


def example_of(objective: Objective, cell: str = "a", source: str = "") -> Example:
    """Return a made-up cell of an objective.

    Args:
        objective: any whose selectors have names.
        cell: ``a``, or another: then other series of another cell, or of the same where grouping
            labels have no other value.
        source: if not empty, other series of the same cell.

    Raises:
        NoExampleError: if none is found.
    """
    wanted = {label: f"{label}-{cell}" for label in objective.grouping_labels}
    if source:
        return _example(objective, {**wanted, OWN_LABEL: source})
    found = _example(objective, wanted)
    if cell == "a":
        return found
    others = {each.series for each in example_of(objective).series}
    if all(each.series not in others for each in found.series):
        return found
    return _example(objective, {**wanted, OWN_LABEL: cell})


def _example(objective: Objective, wanted: Mapping[str, str]) -> Example:
    indicator = objective.indicator
    made = _of_ratio(indicator, wanted) if isinstance(indicator, Ratio) else None
    if made is None or not _is_right(indicator, made):
        made = example_values(indicator, wanted)
    labels = {
        label: made[0].labels[label]
        for label in objective.grouping_labels
        if made[0].labels.get(label)
    }
    return Example(
        labels,
        tuple(
            InputSeries(
                series_text(each.labels),
                is_counter=each.is_counter,
                good=each.good,
                bad=each.bad,
                labels=each.labels,
            )
            for each in made
        ),
    )


def mixed_events(ratio: Ratio, example: Example, bad_share: float) -> tuple[float, float]:
    """Return bad events and all events per second while a share of an example's events is bad.

    Raises:
        NoExampleError: if that cannot be foreseen.
    """
    series = [(each.labels, mixed(each, bad_share)) for each in example.series]
    return events_of(ratio, series)


def mixed(series: InputSeries, bad_share: float) -> float:
    """Return what a series is, or grows by a second, while a share of all events is bad."""
    return series.good + bad_share * (series.bad - series.good)


def _is_right(indicator: Indicator, made: Sequence[ExampleValues]) -> bool:
    """Tell whether an example is good where it should be and bad where it should be.

    One that cannot be foreseen is taken for right, unless nobody made it.
    """
    try:
        good = side_of(indicator, [(each.labels, each.good) for each in made])
        bad = side_of(indicator, [(each.labels, each.bad) for each in made])
    except NoExampleError:
        return True
    return good is True and bad is False


def _of_ratio(ratio: Ratio, wanted: Mapping[str, str]) -> tuple[ExampleValues, ...] | None:
    """Return the series that events grow, told by which selectors choose them; None if none do."""
    totals = selectors(ratio.total)
    judged = selectors(str(ratio.bad if ratio.bad is not None else ratio.good))
    inside = _counted_in_both(totals, judged, wanted)
    outside = _counted_in_total(totals, judged, wanted)
    if not inside or not outside:
        return None
    good, bad = (outside, inside) if ratio.bad is not None else (inside, outside)
    made = [*good, *(each for each in bad if each not in good)]
    for each in (*totals, *judged):
        # A sum of series that are there and one that is not is nothing: others stand still.
        still = example_labels([each], (), wanted)
        if still and not any(chooses(each, labels) for labels in made):
            made.append(still)
    trees = [promql_parser.parse(each.replace(BASE_WINDOW, "1m")) for each in ratio.expressions]
    counters = {name for tree in trees for name in counters_in(tree)}
    return tuple(
        ExampleValues(
            labels,
            is_counter=labels["__name__"] in counters,
            good=EVENTS_PER_SECOND * (labels in good),
            bad=EVENTS_PER_SECOND * (labels in bad),
        )
        for labels in made
    )


def _counted_in_both(
    totals: Sequence[promql_parser.VectorSelector],
    judged: Sequence[promql_parser.VectorSelector],
    wanted: Mapping[str, str],
) -> list[dict[str, str]]:
    """Return the series that one event of the judged side grows: one, or one of each side."""
    for total in totals:
        for each in judged:
            if (labels := example_labels([total, each], (), wanted)) is not None:
                return [labels]
    pair = [example_labels([side[0]], (), wanted) for side in (totals, judged) if side]
    return [each for each in pair if each] if len(pair) == 2 and all(pair) else []


def _counted_in_total(
    totals: Sequence[promql_parser.VectorSelector],
    judged: Sequence[promql_parser.VectorSelector],
    wanted: Mapping[str, str],
) -> list[dict[str, str]]:
    """Return the series that an event of the other side grows."""
    for total in totals:
        if (labels := example_labels([total], judged, wanted)) is not None:
            return [labels]
    return []
