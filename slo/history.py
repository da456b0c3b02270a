"""The past that an objective would have recorded, had its rules run: for demos and tests.

A new Prometheus has no budget to show for 28 days. From the rates of a cell's events, these
functions compute the recorded series at the levels and moments that the rules look at: the base for
6 hours, 5-minute steps for 3 days, hours for the whole period. What the rules then record goes on
without a step, for each sum here takes the very tiles of :mod:`slo.tiling`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exporters.durations import format_duration
from slo import conventions as names
from slo.objective import Objective
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.series import Series

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

STEP = 300
HOUR = 3600
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
) -> Iterator[list[Series]]:
    """Yield what the objectives' rules would have recorded up to ``end``, in time order.

    Each batch holds six hours; written one after the other (``PrometheusClient.remote_write``),
    they go into a Prometheus that is empty. An objective's series start one period before ``end``.

    Args:
        traffic: the cells of each objective.
        end: UNIX seconds; the last sample is at most one scrape interval before it.
        scrape_interval_seconds: at which the base stands, as the rules would record it.
    """
    series = [
        each
        for objective, cells in traffic.items()
        for cell in cells
        for each in _cell(objective, cell, end, scrape_interval_seconds)
        if each.times_ms.size
    ]
    series += [each for objective in traffic for each in _constants(objective, end)]
    first = min(int(each.times_ms[0]) for each in series) // (1000 * SLICE_SECONDS)
    last = int(end) // SLICE_SECONDS
    bounds = np.arange(first, last + 2, dtype=np.int64) * 1000 * SLICE_SECONDS
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
    period = format_duration(objective.period_seconds)
    events = _Events.of(cell, objective.period_seconds, end)
    times, steps = _recorded_times(objective, end), _steps(end - FINE_SECONDS - STEP, end)
    base_ms = _base_times_ms(end, interval_seconds)
    lasts, before = times // STEP * STEP, (times - 1) // STEP * STEP
    # The first step of the period's first full hour.
    began = (times - objective.period_seconds) // HOUR * HOUR
    for side, rate, count, full in (
        (events.bad, names.EVENTS_BAD_RATE, names.EVENTS_BAD_COUNT, names.EVENTS_BAD_FULL_HOURS),
        (events.total, names.EVENTS_RATE, names.EVENTS_COUNT, names.EVENTS_FULL_HOURS),
    ):
        # Constant within a step, so that the base adds up to exactly the counts.
        base = side.at(-(-base_ms // (1000 * STEP)) * STEP) / STEP
        yield Series({"__name__": rate, **own}, base_ms, base)
        yield _series(count, steps, side.at(steps), own, "5m")
        yield _series(count, times, side.between(before - HOUR + STEP, before), own, "1h")
        full_hours = side.between(began, times // HOUR * HOUR - STEP)
        yield _series(full, times, full_hours, own, period)
        yield _series(count, times, side.between(began, lasts), own, period)
    for window in ("5m", "1h", period):
        yield _series(names.COVERAGE, times, np.ones(times.shape), own, window)
    budget = float(objective.budget)
    spent = events.error_ratio(began, lasts) / budget
    yield _series(names.BUDGET_REMAINING, times, 1 - spent, own)
    for seconds in objective.windows:
        burn = events.error_ratio(lasts - seconds + STEP, lasts) / budget
        yield _series(names.BURN_RATE, times, burn, own, format_duration(seconds))


def _constants(objective: Objective, end: float) -> Iterator[Series]:
    own = {names.SLO: objective.name, names.SERVICE: objective.service}
    times = _recorded_times(objective, end)
    for name, value in (
        (names.OBJECTIVE, float(objective.target)),
        (names.PERIOD, float(objective.period_seconds)),
    ):
        yield _series(name, times, np.full(times.shape, value), own)


def _series(
    name: str, times: Times, values: Floats, own: Mapping[str, str], window: str = ""
) -> Series:
    """Return a series without the moments at which it has no value."""
    labels = {"__name__": name, **own, **({names.WINDOW: window} if window else {})}
    there = ~np.isnan(values)
    return Series(labels, times[there] * 1000, values[there])


def _steps(start: float, end: float, seconds: int = STEP) -> Times:
    """Return the multiples of ``seconds`` after ``start``, up to ``end``."""
    return np.arange(int(start // seconds) + 1, int(end // seconds) + 1, dtype=np.int64) * seconds


def _recorded_times(objective: Objective, end: float) -> Times:
    fine_from = end - FINE_SECONDS
    hours = _steps(end - objective.period_seconds, fine_from, HOUR)
    # The end itself too: Prometheus forgets a sample after 5 minutes, and the rules may come late.
    return np.unique(np.concatenate([hours, _steps(fine_from, end), [int(end)]]))


def _base_times_ms(end: float, interval_seconds: float) -> Times:
    interval_ms = round(interval_seconds * 1000)
    end_ms = round(end * 1000)
    start_ms = end_ms - LONGEST_FROM_BASE_SECONDS * 1000
    first, last = start_ms // interval_ms + 1, end_ms // interval_ms
    return np.arange(first, last + 1, dtype=np.int64) * interval_ms


@dataclass(frozen=True)
class _Side:
    """Bad events, or all events, by steps of 5 minutes."""

    first: int
    """The first step: it holds the 5 minutes that end at this time (UNIX seconds)."""
    counts: Floats
    sums: Floats
    """Of all counts before each step; one longer than the counts."""

    def at(self, steps: Times) -> Floats:
        """Return the events of each step."""
        return self.counts[(steps - self.first) // STEP]

    def between(self, firsts: Times, lasts: Times) -> Floats:
        """Return the events of the steps from the first to the last, both included."""
        begin, stop = (firsts - self.first) // STEP, (lasts - self.first) // STEP + 1
        return self.sums[stop] - self.sums[begin]


@dataclass(frozen=True)
class _Events:
    bad: _Side
    total: _Side

    @classmethod
    def of(cls, cell: CellTraffic, period_seconds: int, end: float) -> _Events:
        """Return two periods of events, and the step that ``end`` lies in."""
        steps = _steps(end - 2 * period_seconds - 2 * HOUR, end + STEP)
        bad, total = cell.rates(steps.astype(np.float64) - STEP / 2)
        return cls(*(cls._side(int(steps[0]), rate) for rate in (bad, total)))

    @staticmethod
    def _side(first: int, rates: Floats) -> _Side:
        counts = rates * STEP
        sums = np.zeros(len(counts) + 1)
        np.cumsum(counts, out=sums[1:])
        return _Side(first, counts, sums)

    def error_ratio(self, firsts: Times, lasts: Times) -> Floats:
        """Return bad over all events of the steps; NaN where there are none."""
        bad, total = self.bad.between(firsts, lasts), self.total.between(firsts, lasts)
        ratio = np.full(bad.shape, np.nan)
        np.divide(bad, total, out=ratio, where=total > 0)
        return ratio
