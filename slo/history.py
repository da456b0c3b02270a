"""The past that an objective would have recorded, had its rules run: for demos and tests.

A new Prometheus has no budget to show for 28 days. From the rates of a cell's events, these
functions compute the recorded series at the levels and moments that the rules look at: the base for
6 hours, 5-minute steps for 3 days, hours for the whole period (:mod:`slo.levels`).

One thing is simpler than it would have been: slices are judged by their own events alone, where the
rules' base window lets in some from before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slo import conventions as names
from slo.calendars import longest_period_seconds
from slo.levels import HOUR, Moments, cell_levels, constant_series
from slo.objective import Objective
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.series import Series
from slo.step_counts import EventCounts
from slo.steps import Floats, Times, step_times
from slo.tiling import STEP_SECONDS as STEP

FINE_SECONDS = 3 * 86400
"""So long before the end, all but the base stands at 5-minute steps; before that at full hours."""

SLICE_SECONDS = 6 * HOUR
"""Of time in a batch: a few hundred thousand samples at most, for a few dozen cells."""


@dataclass(frozen=True)
class CellTraffic:
    """The events of one cell of one objective, as rates over time."""

    labels: Mapping[str, str]
    """The cell's grouping labels."""
    rates: Callable[[Floats], tuple[Floats, Floats]]
    """From UNIX seconds, shape (n,), to bad events and all events per second, each shape (n,).
    Called once, for the middles of 5-minute steps over two periods."""


def history_batches(
    traffic: Mapping[Objective, Sequence[CellTraffic]],
    end: float,
    scrape_interval_seconds: float,
    slice_seconds: int = SLICE_SECONDS,
) -> Iterator[list[Series]]:
    """Yield what the objectives' rules would have recorded up to ``end``, in time order.

    Each batch holds six hours, or what was asked for; written one after the other
    (``PrometheusClient.remote_write``), they go into a Prometheus that is empty. An objective's
    series start one period before ``end``.

    Args:
        traffic: the cells of each objective.
        end: UNIX seconds; the last sample is at most one scrape interval before it.
        scrape_interval_seconds: at which the base stands, as the rules would record it.
        slice_seconds: of time in a batch; a server takes nothing that is older than what it has by
            half of its shortest block.
    """
    series = [
        each
        for objective, cells in traffic.items()
        for cell in cells
        for each in _cell(objective, cell, end, scrape_interval_seconds)
        if each.times_ms.size
    ]
    series += [
        each
        for objective in traffic
        for each in constant_series(objective, _moments(objective, end))
    ]
    yield from in_time_order(series, slice_seconds)


def in_time_order(
    series: Sequence[Series], slice_seconds: int = SLICE_SECONDS
) -> Iterator[list[Series]]:
    """Yield series in batches of so much time, one after the other; none without samples."""
    if not series:
        return
    first = min(int(each.times_ms[0]) for each in series) // (1000 * slice_seconds)
    last = max(int(each.times_ms[-1]) for each in series) // (1000 * slice_seconds)
    bounds = np.arange(first, last + 2, dtype=np.int64) * 1000 * slice_seconds
    cuts = [np.searchsorted(each.times_ms, bounds).tolist() for each in series]
    for index in range(len(bounds) - 1):
        batch = [
            Series(each.labels, each.times_ms[cut[index] : stop], each.values[cut[index] : stop])
            for each, cut in zip(series, cuts, strict=True)
            if (stop := cut[index + 1]) > cut[index]
        ]
        if batch:
            yield batch


def _cell(
    objective: Objective,
    cell: CellTraffic,
    end: float,
    interval_seconds: float,
) -> Iterator[Series]:
    own = {names.SLO: objective.name, names.SERVICE: objective.service, **cell.labels}
    events = _events(cell, _reach_seconds(objective), end)
    base_ms = base_times_ms(end - LONGEST_FROM_BASE_SECONDS, end, interval_seconds)
    base = names.EVENTS_BAD_RATE, names.EVENTS_RATE
    if objective.slices is not None:
        slices = names.SLICE_EVENTS_BAD_RATE, names.SLICE_EVENTS_RATE
        yield from _rates(slices, events, base_ms, own)
        events = events.judged(objective.slices, interval_seconds)
    # Constant within a step, so that the base adds up to exactly the counts.
    yield from _rates(base, events, base_ms, own)
    yield from cell_levels(objective, cell.labels, events.steps, _moments(objective, end))


def _rates(
    series: tuple[str, str], events: EventCounts, times_ms: Times, own: Mapping[str, str]
) -> Iterator[Series]:
    for name, side in zip(series, (events.bad, events.total), strict=True):
        yield Series({"__name__": name, **own}, times_ms, side.rates(times_ms))


def _moments(objective: Objective, end: float) -> Moments:
    start, fine_from = end - _reach_seconds(objective), end - FINE_SECONDS
    # The end itself too, for the rules may come late.
    return Moments(int(start), int(fine_from), int(end), with_end=True)


def _reach_seconds(objective: Objective) -> int:
    """Return how long a period may be: of a calendar, more than its nominal length."""
    calendar = objective.calendar
    return longest_period_seconds(calendar) if calendar else objective.period_seconds


def base_times_ms(start: float, end: float, interval_seconds: float) -> Times:
    """Return the multiples of an interval after ``start``, up to ``end``, in milliseconds."""
    interval_ms = round(interval_seconds * 1000)
    first, last = round(start * 1000) // interval_ms + 1, round(end * 1000) // interval_ms
    return np.arange(first, last + 1, dtype=np.int64) * interval_ms


def _events(cell: CellTraffic, reach_seconds: int, end: float) -> EventCounts:
    """Return two periods of events, and the step that ``end`` lies in."""
    times = step_times(end - 2 * reach_seconds - 2 * HOUR, end + STEP)
    return EventCounts.of(int(times[0]), *cell.rates(times.astype(np.float64) - STEP / 2))
