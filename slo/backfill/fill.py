"""Filling an objective's past: read once, fold into steps, write levels in time order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exporters.durations import format_duration
from slo import conventions as names
from slo.backfill.chunks import Cell, ChunkReader, RangeQuerier
from slo.backfill.folding import RecentSamples, Samples, SliceJudge, StepFolder
from slo.backfill.sinks import Sink
from slo.backfill.stretches import Stretch
from slo.calendars import longest_period_seconds
from slo.history import FINE_SECONDS, in_time_order
from slo.levels import HOUR, Moments, cell_levels, constant_series
from slo.objective import Objective
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.series import Series
from slo.steps import Steps
from slo.tiling import STEP_SECONDS as STEP

Tell = Callable[[str], None]

FEW_CELLS = 100
"""So many are written six hours at a time, more of them one hour at a time: a Prometheus without a
window for old samples takes nothing that is older than an hour before the newest of all."""
_TOLD_SHARES = 10


@dataclass(frozen=True)
class Filled:
    """What was written of one objective."""

    cells: int
    samples: int
    seen_from: float | None
    """When its raw series begin, as far back as was read, to 5 minutes; None if none is there."""


@dataclass(frozen=True)
class Past:
    """What the raw series said, so much of it as levels are made of."""

    steps: Mapping[Cell, Steps]
    """None of a cell of which nothing was seen."""
    recent: Mapping[tuple[str, str], Sequence[Samples]]
    """The newest samples, by the series of bad events and of all that they are written as."""

    @property
    def seen_from(self) -> float | None:
        """Return when the first step begins in which anything was seen; UNIX seconds."""
        begins = [
            each.first + (int(np.argmax(seen)) - 1) * STEP
            for each in self.steps.values()
            if (seen := ~np.isnan(each.total)).any()
        ]
        # Of slices, events are there before the first verdict is.
        begins += [
            -(-int(each.times_ms[0]) // (1000 * STEP)) * STEP - STEP
            for samples in self.recent.values()
            for each in samples
            if each.times_ms.size
        ]
        return float(min(begins)) if begins else None


def reach_seconds(objective: Objective) -> float:
    """Return how far back an objective looks: its period, and the hour that this begins in."""
    calendar = objective.calendar
    period = longest_period_seconds(calendar) if calendar else objective.period_seconds
    return float(period + HOUR)


async def fill(
    objective: Objective,
    stretches: Sequence[Stretch],
    source: RangeQuerier,
    sink: Sink,
    *,
    interval_seconds: float,
    start: float,
    now: float,
    tell: Tell,
) -> Filled:
    """Read raw series from ``start`` on and write what the objective's rules would have recorded.

    Args:
        objective: any.
        stretches: the parts of the past that are written, in time order; at least one.
        source: of the raw series.
        sink: takes what is computed, in time order.
        interval_seconds: of scrapes, at which the base stands.
        start: how far back is read; UNIX seconds.
        now: UNIX seconds.
        tell: is told how far it is.

    Raises:
        PrometheusError: if a server does not answer, or refuses a query.
        InputError: if samples are refused.
    """
    past = await _read(
        objective,
        source,
        interval_seconds=interval_seconds,
        start=start,
        end=stretches[-1].end,
        now=now,
        tell=tell,
    )
    samples = told = 0
    windows = [
        each
        for stretch in _seen(stretches, past.seen_from)
        for each in _windows(stretch, len(past.steps))
    ]
    for number, (after, until) in enumerate(windows, 1):
        for batch in in_time_order(list(_series(objective, past, after, until, now))):
            # What says that it was recorded is written last: see slo.backfill.stretches.
            batch.sort(key=lambda each: each.labels["__name__"] == names.EVENTS_FULL_HOURS)
            await sink.write(batch)
            samples += sum(each.times_ms.size for each in batch)
        if number * _TOLD_SHARES // len(windows) > told:
            told = number * _TOLD_SHARES // len(windows)
            tell(f"{objective.name}: wrote {told * 100 // _TOLD_SHARES} %, {samples} samples")
    return Filled(len(past.steps), samples, past.seen_from)


async def _read(
    objective: Objective,
    source: RangeQuerier,
    *,
    interval_seconds: float,
    start: float,
    end: float,
    now: float,
    tell: Tell,
) -> Past:
    slices = objective.slices
    folder = StepFolder(start, end, interval_seconds)
    base = RecentSamples(now - LONGEST_FROM_BASE_SECONDS, end)
    recent = {(names.EVENTS_BAD_RATE, names.EVENTS_RATE): base}
    judge = SliceJudge(slices, start, end, interval_seconds) if slices else None
    events = RecentSamples(now - 2 * slices.window_seconds, end) if slices else None
    if events is not None:
        recent[names.SLICE_EVENTS_BAD_RATE, names.SLICE_EVENTS_RATE] = events
    reader, told = ChunkReader(source, objective, interval_seconds), 0
    async for chunk in reader.chunks(start, end):
        if judge is not None and events is not None:
            events.add(chunk)
            chunk = judge.judge(chunk)  # noqa: PLW2901 - from here on slices are the events
        folder.add(chunk)
        base.add(chunk)
        read = chunk.times_ms[-1] / 1000 - start
        if (share := int(read / (end - start) * _TOLD_SHARES)) > told:
            told = share
            days = format_duration(round(end - start))
            tell(f"{objective.name}: read {share * 100 // _TOLD_SHARES} % of {days}")
    return Past(folder.steps(), {key: list(each.samples()) for key, each in recent.items()})


def _seen(stretches: Sequence[Stretch], seen_from: float | None) -> Iterator[Stretch]:
    """Yield what is left to write where raw series begin later than what is looked for.

    Before them there is nothing to say, not even constants: each run would write them anew. What is
    recorded begins one step after the raw series do, for full hours count the steps before.
    """
    if seen_from is None:
        return
    for each in stretches:
        if each.end > seen_from + 2 * STEP:
            yield replace(each, start=max(each.start, seen_from))


def _windows(stretch: Stretch, cells: int) -> Iterator[tuple[float, float]]:
    """Yield the times between which one piece is written: after the first, up to the second."""
    seconds = 6 * HOUR if cells <= FEW_CELLS else HOUR
    at, last = stretch.start, stretch.end - 0.001
    while at < last:
        until = min((at // seconds + 1) * seconds, last)
        yield at, until
        at = until


def _series(
    objective: Objective, past: Past, after: float, until: float, now: float
) -> Iterator[Series]:
    # One step more, so that a gap that begins where the window ends is seen.
    moments = Moments(int(after), int(now - FINE_SECONDS), int(until) + STEP)
    for cell, steps in past.steps.items():
        for each in cell_levels(objective, _labels(objective, cell), steps, moments):
            yield from _within(each, after, until)
    for each in constant_series(objective, moments):
        yield from _within(each, after, until)
    own = {names.SLO: objective.name, names.SERVICE: objective.service}
    for (bad_name, name), recent in past.recent.items():
        for kept in recent:
            labels = {**own, **_labels(objective, kept.cell)}
            for series, values in ((bad_name, kept.bad), (name, kept.total)):
                made = Series({"__name__": series, **labels}, kept.times_ms, values)
                yield from _within(made, after, until)


def _within(series: Series, after: float, until: float) -> Iterator[Series]:
    kept = (series.times_ms > after * 1000) & (series.times_ms <= until * 1000)
    if kept.any():
        yield Series(series.labels, series.times_ms[kept], series.values[kept])


def _labels(objective: Objective, cell: Cell) -> dict[str, str]:
    named = zip(objective.grouping_labels, cell, strict=True)
    return {label: value for label, value in named if value}
