"""The past that an objective would have recorded, had its rules run: for demos and tests.

A new Prometheus has no budget to show for 28 days. From the rates of a cell's events, these
functions compute the recorded series at the levels and moments that the rules look at: the base for
6 hours, 5-minute steps for 3 days, hours for the whole period. What the rules then record goes on
without a step, for each sum here takes the very tiles of :mod:`slo.tiling`.

Two things are simpler than they would have been. Slices are judged by their own events alone, where
the rules' base window lets in some from before. And of the hour in which a calendar's period began,
only the part after that is there, for the period before needs no more hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from exporters.durations import format_duration
from slo import conventions as names
from slo.calendars import longest_period_seconds, period_starts
from slo.objective import Objective
from slo.periods import LEAST_BAD_EVENTS, SIDES
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.series import Series
from slo.step_counts import STEP, EventCounts, Floats, Times

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
    events = _events(cell, _reach_seconds(objective), end)
    times, steps = _recorded_times(objective, end), _steps(end - FINE_SECONDS - STEP, end)
    base_ms = _base_times_ms(end, interval_seconds)
    if objective.slices is not None:
        for side, rate in (
            (events.bad, names.SLICE_EVENTS_BAD_RATE),
            (events.total, names.SLICE_EVENTS_RATE),
        ):
            yield Series({"__name__": rate, **own}, base_ms, side.rates(base_ms))
        events = events.judged(objective.slices, interval_seconds)
    lasts, before = times // STEP * STEP, (times - 1) // STEP * STEP
    periods = Periods.of(objective, times)
    began = periods.first_steps
    in_hour = np.maximum(before - HOUR + STEP, began)
    for side, rate, count, part, full in (
        (events.bad, *SIDES[0]),
        (events.total, *SIDES[1]),
    ):
        # Constant within a step, so that the base adds up to exactly the counts.
        yield Series({"__name__": rate, **own}, base_ms, side.rates(base_ms))
        yield _series(count, steps, side.at(steps), own, "5m")
        yield _series(count, times, side.between(before - HOUR + STEP, before), own, "1h")
        yield from periods.by_phase(part, side.between(in_hour, before), own)
        full_hours = side.between(began, times // HOUR * HOUR - STEP)
        yield _series(full, times, full_hours, own, period)
        yield _series(count, times, side.between(began, lasts), own, period)
    covered = np.maximum(before - in_hour + STEP, 0) / STEP
    yield from periods.by_phase(names.COVERED_OF_PERIOD, covered, own)
    for window in ("5m", "1h"):
        yield _series(names.COVERAGE, times, np.ones(times.shape), own, window)
    known = np.where(lasts >= began, 1.0, np.nan)
    yield _series(names.COVERAGE, times, known, own, period)
    yield _series(names.BUDGET_REMAINING, times, _left(objective, events, periods, lasts), own)
    for seconds in objective.windows:
        burn = events.error_ratio(lasts - seconds + STEP, lasts) / float(objective.budget)
        yield _series(names.BURN_RATE, times, burn, own, format_duration(seconds))


def _events(cell: CellTraffic, period_seconds: int, end: float) -> EventCounts:
    """Return two periods of events, and the step that ``end`` lies in."""
    steps = _steps(end - 2 * period_seconds - 2 * HOUR, end + STEP)
    bad, total = cell.rates(steps.astype(np.float64) - STEP / 2)
    return EventCounts.of(int(steps[0]), bad, total)


def _left(objective: Objective, events: EventCounts, periods: Periods, lasts: Times) -> Floats:
    """Return the budget left at each time; NaN where it is unknown."""
    known = np.where(lasts >= periods.first_steps, 1.0, np.nan)
    if objective.is_zero_tolerance:
        bad = events.bad.between(periods.first_steps, lasts)
        return np.where(bad < float(LEAST_BAD_EVENTS), known, 0.0)
    ratio = events.error_ratio(periods.first_steps, lasts)
    return known * (1 - ratio / float(objective.budget) * periods.elapsed_share)


def _constants(objective: Objective, end: float) -> Iterator[Series]:
    own = {names.SLO: objective.name, names.SERVICE: objective.service}
    times = _recorded_times(objective, end)
    for name, value in (
        (names.OBJECTIVE, float(objective.target)),
        (names.PERIOD, float(objective.period_seconds)),
    ):
        yield _series(name, times, np.full(times.shape, value), own)
    yield from Periods.of(objective, times).series(own)


@dataclass(frozen=True)
class Periods:
    """The period that each of some moments lies in."""

    times: Times
    """UNIX seconds."""
    first_steps: Times
    """The first step of 5 minutes within the period."""
    elapsed_share: Floats
    """Of a calendar's period; 1 of those that roll."""
    table: Mapping[str, Floats]
    """What is recorded of a calendar's period, by series; nothing of those that roll."""

    @classmethod
    def of(cls, objective: Objective, times: Times) -> Periods:
        """Return the periods of an objective at some times, UNIX seconds."""
        if objective.calendar is None:
            # The first step of the period's first full hour.
            began = (times - objective.period_seconds) // HOUR * HOUR
            return cls(times, began, np.ones(times.shape), {})
        starts = np.array(period_starts(objective.calendar), dtype=np.int64)
        index = np.searchsorted(starts, times, side="right") - 1
        start, end = starts[index], starts[index + 1]
        table: dict[str, Floats] = {
            names.PERIOD_START: start.astype(np.float64),
            names.PERIOD_END: end.astype(np.float64),
            names.PERIOD_PHASE: (index % 3).astype(np.float64),
        }
        elapsed: Floats = (times - start) / (end - start)
        return cls(times, start // STEP * STEP + STEP, elapsed, table)

    def series(self, own: Mapping[str, str]) -> Iterator[Series]:
        """Yield what is recorded of the periods themselves."""
        for name, values in self.table.items():
            yield _series(name, self.times, values, own)

    def by_phase(self, name: str, values: Floats, own: Mapping[str, str]) -> Iterator[Series]:
        """Yield the parts of hours that belong to a period, a series for each phase."""
        phases = self.table.get(names.PERIOD_PHASE, np.array([]))
        for phase in np.unique(phases):
            labels = {**own, names.PERIOD_PHASE_LABEL: f"{phase:.0f}"}
            of_phase = np.where(phases == phase, values, np.nan)
            yield _series(name, self.times, of_phase, labels, "1h")


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
    hours = _steps(end - _reach_seconds(objective), fine_from, HOUR)
    # The end itself too: Prometheus forgets a sample after 5 minutes, and the rules may come late.
    return np.unique(np.concatenate([hours, _steps(fine_from, end), [int(end)]]))


def _reach_seconds(objective: Objective) -> int:
    """Return how long a period may be: of a calendar, more than its nominal length."""
    calendar = objective.calendar
    return longest_period_seconds(calendar) if calendar else objective.period_seconds


def _base_times_ms(end: float, interval_seconds: float) -> Times:
    interval_ms = round(interval_seconds * 1000)
    end_ms = round(end * 1000)
    start_ms = end_ms - LONGEST_FROM_BASE_SECONDS * 1000
    first, last = start_ms // interval_ms + 1, end_ms // interval_ms
    return np.arange(first, last + 1, dtype=np.int64) * interval_ms
