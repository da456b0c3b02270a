"""An objective's events, made up: which series grow, or what they say, while all is good or bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from slo.examples.labels import chooses, example_labels, series_text
from slo.examples.values import ExampleValues, example_values
from slo.objective import Objective, Ratio
from slo.promql import selectors

EVENTS_PER_SECOND = 10
"""Of an example: many enough that silence is no chance."""
OWN_LABEL = "example"
"""Tells series apart that selectors and grouping labels leave no other way to."""


class NoExampleError(Exception):
    """No series can be made up for an objective; says why, as a sentence's end."""


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
    if isinstance(objective.indicator, Ratio):
        made = _of_ratio(objective.indicator, wanted)
    else:
        values = example_values(objective.indicator, wanted)
        if isinstance(values, str):
            raise NoExampleError(values)
        made = _Made.of_values(values)
    labels = {
        label: made.labels[0].get(label, "")
        for label in objective.grouping_labels
        if made.labels[0].get(label)
    }
    return Example(labels, made.series)


@dataclass(frozen=True)
class _Made:
    labels: tuple[Mapping[str, str], ...]
    series: tuple[InputSeries, ...]

    @classmethod
    def of_values(cls, values: Sequence[ExampleValues]) -> _Made:
        return cls(
            tuple(each.labels for each in values),
            tuple(
                InputSeries(
                    series_text(each.labels),
                    is_counter=each.is_counter,
                    good=each.good,
                    bad=each.bad,
                )
                for each in values
            ),
        )


def _of_ratio(ratio: Ratio, wanted: Mapping[str, str]) -> _Made:
    totals = selectors(ratio.total)
    judged = selectors(str(ratio.bad if ratio.bad is not None else ratio.good))
    inside = _counted_in_both(totals, judged, wanted)
    outside = _counted_in_total(totals, judged, wanted)
    if not inside or not outside:
        side = "bad" if (ratio.bad is not None) == (not inside) else "good"
        raise NoExampleError(f"no labels were found that its selectors count as a {side} event")
    good, bad = (outside, inside) if ratio.bad is not None else (inside, outside)
    made = [*good, *(each for each in bad if each not in good)]
    for each in (*totals, *judged):
        # A sum of series that are there and one that is not is nothing: others stand still.
        still = example_labels([each], (), wanted)
        if still and not any(chooses(each, labels) for labels in made):
            made.append(still)
    return _Made(
        tuple(made),
        tuple(
            InputSeries(
                series_text(labels),
                is_counter=True,
                good=EVENTS_PER_SECOND * (labels in good),
                bad=EVENTS_PER_SECOND * (labels in bad),
            )
            for labels in made
        ),
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
