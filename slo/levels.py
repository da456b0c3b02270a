"""Everything above the base, computed as the rules would record it: from 5-minute steps upwards.

The one place where the arithmetic of :mod:`slo.rules` and :mod:`slo.periods` is told a second time:
for a past that is made up (:mod:`slo.history`) and one that is read from raw series
(:mod:`slo.backfill`). Each sum takes the very tiles of :mod:`slo.tiling`, so that what the rules
then record goes on without a step.

Where nothing was seen in a step of 5 minutes (:mod:`slo.steps`), no level has it: gaps stay gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from exporters.durations import format_duration
from slo import conventions as names
from slo.calendars import period_starts
from slo.fingerprint import fingerprint
from slo.objective import Calendar, Objective
from slo.periods import LEAST_BAD_EVENTS, SIDES
from slo.series import Series
from slo.steps import Floats, Steps, StepSums, Times, step_times
from slo.tiling import STEP_SECONDS as STEP

Flags = NDArray[np.bool_]

HOUR = 3600


@dataclass(frozen=True)
class Moments:
    """The times at which levels are wanted: full hours first, then every 5 minutes."""

    start: int
    """They are later than this; UNIX seconds, as all of these."""
    fine_from: int
    """From here on at every step."""
    end: int
    """They are no later than this."""
    with_end: bool = False
    """Whether the end itself is one: Prometheus forgets a sample after 5 minutes."""

    @cached_property
    def times(self) -> Times:
        """Return them, sorted."""
        coarse_end = max(self.start, min(self.fine_from, self.end))
        hours, steps = step_times(self.start, coarse_end, HOUR), step_times(coarse_end, self.end)
        ends = [int(self.end)] if self.with_end else []
        return np.unique(np.concatenate([hours, steps, np.array(ends, np.int64)]))

    @cached_property
    def steps(self) -> Times:
        """Return those of the counts of 5 minutes: steps alone, and one before."""
        return step_times(max(self.start, self.fine_from - STEP), self.end)


def cell_levels(
    objective: Objective, labels: Mapping[str, str], steps: Steps, moments: Moments
) -> Iterator[Series]:
    """Yield the recorded series of one cell above its base, without empty ones.

    Args:
        objective: whose cell.
        labels: the cell's grouping labels.
        steps: its events, of one period before the first moment as far as they are known.
        moments: when.
    """
    levels = _Levels(objective, labels, steps, moments)
    yield from (each for each in levels.all() if each.times_ms.size)


def constant_series(objective: Objective, moments: Moments) -> Iterator[Series]:
    """Yield the series that an objective has for itself: target, period, fingerprint."""
    own = {names.SLO: objective.name, names.SERVICE: objective.service}
    times = moments.times
    constants = {
        names.OBJECTIVE: np.full(times.shape, float(objective.target)),
        names.PERIOD: np.full(times.shape, float(objective.period_seconds)),
        names.FINGERPRINT: np.full(times.shape, float(fingerprint(objective))),
    }
    if objective.calendar is not None:
        calendar = _CalendarPeriods(objective.calendar)
        index = calendar.index(times)
        constants |= {
            names.PERIOD_START: calendar.start(index),
            names.PERIOD_END: calendar.start(index + 1),
            names.PERIOD_PHASE: np.where(calendar.knows(index), index % 3, np.nan),
        }
    for name, values in constants.items():
        yield _series(name, times, values, own)


@dataclass(frozen=True)
class _Levels:
    objective: Objective
    labels: Mapping[str, str]
    steps: Steps
    moments: Moments

    @cached_property
    def times(self) -> Times:
        return self.moments.times

    @cached_property
    def lasts(self) -> Times:
        """The last step at or before each moment."""
        return self.times // STEP * STEP

    @cached_property
    def before(self) -> Times:
        """The last step before each moment: an hour's count leaves out the one that it falls on."""
        return (self.times - 1) // STEP * STEP

    @cached_property
    def calendar(self) -> _CalendarPeriods | None:
        calendar = self.objective.calendar
        return _CalendarPeriods(calendar) if calendar is not None else None

    @cached_property
    def began(self) -> Times:
        """The first step of each moment's period."""
        if self.calendar is not None:
            return self.calendar.first_step(self.calendar.index(self.times))
        return (self.times - self.objective.period_seconds) // HOUR * HOUR

    @cached_property
    def is_known(self) -> Flags:
        """Whether there is a period at each moment: a calendar's table ends."""
        if self.calendar is None:
            return np.ones(self.times.shape, np.bool_)
        return self.calendar.knows(self.calendar.index(self.times))

    def all(self) -> Iterator[Series]:
        period = format_duration(self.objective.period_seconds)
        for side, (_, count, part, full) in zip(self.steps.sides, SIDES, strict=True):
            yield self.series(count, side.at(self.moments.steps), "5m", self.moments.steps)
            yield self.series(count, self.of_an_hour(side), "1h")
            yield from self.parts(side, part)
            yield self.series(full, self.full_hours(side), period)
            yield self.series(count, self.of_period(side), period)
        covered = self.steps.coverage
        yield self.series(names.COVERAGE, covered.at(self.moments.steps), "5m", self.moments.steps)
        yield self.series(names.COVERAGE, self.of_an_hour(covered) / 12, "1h")
        yield from self.parts(covered, names.COVERED_OF_PERIOD)
        yield self.series(names.COVERAGE, self.coverage, period)
        yield self.series(names.BUDGET_REMAINING, self.budget_remaining())
        for seconds in self.objective.windows:
            first = self.lasts - seconds + STEP
            burn = self.error_ratio(first, self.lasts) / float(self.objective.budget)
            yield self.series(names.BURN_RATE, burn, format_duration(seconds))

    def of_an_hour(self, side: StepSums) -> Floats:
        return side.between(self.before - HOUR + STEP, self.before)

    def full_hours(self, side: StepSums) -> Floats:
        """0 where the hour that runs is all that is known."""
        hours = side.between(self.began, self.times // HOUR * HOUR - STEP)
        runs = np.where(np.isnan(self.of_an_hour(side)), np.nan, 0.0)
        return np.where(self.is_known, np.where(np.isnan(hours), runs, hours), np.nan)

    def of_period(self, side: StepSums) -> Floats:
        there = ~np.isnan(self.full_hours(side))
        # A difference of counters may be below 0 in any part, and in all it is none.
        counted = np.nan_to_num(side.between(self.began, self.lasts))
        return np.where(there, np.maximum(counted, 0), np.nan)

    def parts(self, side: StepSums, part: str) -> Iterator[Series]:
        """Yield an hour's counts by the period that they belong to, where a calendar says so."""
        if self.calendar is None:
            return
        first = self.before - HOUR + STEP
        now = self.calendar.index(self.before - 1)
        turn = self.calendar.first_step(now)
        earlier, later = np.minimum(self.before, turn - STEP), np.maximum(first, turn)
        for phase in range(3):
            values = np.where(now % 3 == phase, side.between(later, self.before), np.nan)
            is_last = (now - 1) % 3 == phase
            values = np.where(is_last, side.between(first, earlier), values)
            labels = {names.PERIOD_PHASE_LABEL: str(phase)}
            yield self.series(part, np.where(now >= 0, values, np.nan), "1h", more=labels)

    @cached_property
    def coverage(self) -> Floats:
        covered = self.steps.coverage
        if self.calendar is None:
            expected = self.objective.period_seconds / STEP
            full: Floats = covered.between(self.began, self.times // HOUR * HOUR - STEP) / expected
            return full
        start = self.calendar.start(self.calendar.index(self.times))
        elapsed: Floats = (self.times - start) // STEP
        ratio = np.full(self.times.shape, np.nan)
        np.divide(covered.between(self.began, self.lasts), elapsed, out=ratio, where=elapsed > 0)
        return np.where(ratio > 1, 1.0, ratio)

    def budget_remaining(self) -> Floats:
        is_covered = np.nan_to_num(self.coverage) >= names.COVERAGE_NEEDED
        bad, total = (self.of_period(side) for side in self.steps.sides)
        if self.objective.is_zero_tolerance:
            is_broken = np.nan_to_num(bad) >= float(LEAST_BAD_EVENTS)
            left = np.where(np.isnan(bad), np.nan, 1.0)
            return np.where(is_broken, 0.0, np.where(is_covered, left, np.nan))
        spent = _ratio(bad, total) / float(self.objective.budget)
        if self.calendar is not None:
            index = self.calendar.index(self.times)
            start, end = self.calendar.start(index), self.calendar.start(index + 1)
            spent = spent * np.minimum((self.times - start) / (end - start), 1.0)
        return np.where(is_covered, 1 - spent, np.nan)

    def error_ratio(self, firsts: Times, lasts: Times) -> Floats:
        bad, total = (side.between(firsts, lasts) for side in self.steps.sides)
        return _ratio(np.maximum(bad, 0), total)

    def series(
        self,
        name: str,
        values: Floats,
        window: str = "",
        times: Times | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Series:
        own = {names.SLO: self.objective.name, names.SERVICE: self.objective.service}
        labels = {**own, **self.labels, **(more or {})}
        if window:
            labels[names.WINDOW] = window
        return _series(name, self.times if times is None else times, values, labels)


class _CalendarPeriods:
    """A calendar's periods, by their number in its table."""

    def __init__(self, calendar: Calendar) -> None:
        self._starts = np.array(period_starts(calendar), np.int64)

    def index(self, times: Times) -> Times:
        """Return the number of the period of each time; -1, or that of the last start, if none."""
        return np.searchsorted(self._starts, times, side="right").astype(np.int64) - 1

    def knows(self, index: Times) -> Flags:
        """Tell which numbers are those of periods."""
        return (index >= 0) & (index < len(self._starts) - 1)

    def start(self, index: Times) -> Floats:
        """Return when periods begin; NaN beyond the table."""
        is_there = (index >= 0) & (index < len(self._starts))
        starts = self._starts[np.clip(index, 0, len(self._starts) - 1)].astype(np.float64)
        return np.where(is_there, starts, np.nan)

    def first_step(self, index: Times) -> Times:
        """Return each period's first step: whose one is, the second before it says."""
        return (self._starts[np.clip(index, 0, len(self._starts) - 1)] // STEP + 1) * STEP


def _ratio(bad: Floats, total: Floats) -> Floats:
    """Return bad over all events; NaN where there are none."""
    ratio = np.full(bad.shape, np.nan)
    np.divide(bad, total, out=ratio, where=np.nan_to_num(total) > 0)
    return ratio


def _series(name: str, times: Times, values: Floats, labels: Mapping[str, str]) -> Series:
    """Return a series without the moments at which it has no value.

    The last sample before a gap stands 1 ms early: Prometheus looks back 5 minutes, both ends
    included, and would count it at the next step once more.
    """
    there = ~np.isnan(values)
    times_ms = times * 1000
    is_last = there[:-1] & ~there[1:] & (np.diff(times) <= STEP)
    times_ms[:-1][is_last] -= 1
    return Series({"__name__": name, **labels}, times_ms[there], values[there])
