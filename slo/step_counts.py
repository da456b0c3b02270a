"""Events by steps of 5 minutes, and slices made of them: the arithmetic of a made past."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slo.objective import Slices
from slo.slices import HAIR

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

STEP = 300


@dataclass(frozen=True)
class StepCounts:
    """Bad events, or all events, by steps of 5 minutes."""

    first: int
    """The first step: it holds the 5 minutes that end at this time (UNIX seconds)."""
    counts: Floats
    sums: Floats
    """Of all counts before each step; one longer than the counts."""
    verdicts: Floats | None = None
    """Of slices, as rates while they are reported, by the number of the slice that reports."""
    first_slice: int = 0
    slice_seconds: int = 0

    def at(self, steps: Times) -> Floats:
        """Return the events of each step."""
        return self.counts[(steps - self.first) // STEP]

    def between(self, firsts: Times, lasts: Times) -> Floats:
        """Return the events of the steps from the first to the last, both included."""
        begin, stop = (firsts - self.first) // STEP, (lasts - self.first) // STEP + 1
        return self.sums[np.maximum(stop, begin)] - self.sums[begin]

    def rates(self, times_ms: Times) -> Floats:
        """Return the base at some moments: events, or slices, per second."""
        if self.verdicts is None:
            return self.at(-(-times_ms // (1000 * STEP)) * STEP) / STEP
        return self.verdicts[times_ms // (1000 * self.slice_seconds) - self.first_slice]


@dataclass(frozen=True)
class EventCounts:
    """Bad events and all, in the same steps."""

    bad: StepCounts
    total: StepCounts

    @classmethod
    def of(cls, first: int, bad: Floats, total: Floats) -> EventCounts:
        """Return the counts of rates, which are constant within each step from ``first`` on."""
        return cls(*(_of_counts(first, rates * STEP) for rates in (bad, total)))

    def judged(self, slices: Slices, interval_seconds: float) -> EventCounts:
        """Return slices instead of events, each while the next one runs, as the rules report."""
        seconds = slices.window_seconds
        edges = self.total.first - STEP + np.arange(len(self.total.sums), dtype=np.int64) * STEP
        numbers = np.arange(edges[0] // seconds + 2, edges[-1] // seconds + 1, dtype=np.int64)
        bad, total = (
            np.interp(numbers * seconds, edges, side.sums)
            - np.interp((numbers - 1) * seconds, edges, side.sums)
            for side in (self.bad, self.total)
        )
        counted = np.ones(total.shape) if slices.idle_is_good else (total > 0) + 0.0
        if slices.target is None:
            spoiled = np.divide(bad, total, out=np.zeros(bad.shape), where=total > 0)
        else:
            spoiled = (bad > float(1 - slices.target + HAIR) * total) + 0.0
        return EventCounts(
            *(_reported(each, int(numbers[0]), seconds, self.total, interval_seconds)
              for each in (spoiled, counted))
        )  # fmt: skip

    def error_ratio(self, firsts: Times, lasts: Times) -> Floats:
        """Return bad over all events of the steps; NaN where there are none."""
        bad, total = self.bad.between(firsts, lasts), self.total.between(firsts, lasts)
        ratio = np.full(bad.shape, np.nan)
        np.divide(bad, total, out=ratio, where=total > 0)
        return ratio


def _of_counts(first: int, counts: Floats) -> StepCounts:
    sums = np.zeros(len(counts) + 1)
    np.cumsum(counts, out=sums[1:])
    return StepCounts(first, counts, sums)


def _reported(
    verdicts: Floats, first_slice: int, seconds: int, like: StepCounts, interval_seconds: float
) -> StepCounts:
    """Return the counts of slices in the steps of ``like``; those before the first are none."""
    per_step = round(STEP / interval_seconds)
    offsets_ms = (np.arange(per_step) + 1 - per_step) * round(interval_seconds * 1000)
    steps_ms = (like.first + np.arange(len(like.counts), dtype=np.int64) * STEP) * 1000
    numbers = (steps_ms[:, None] + offsets_ms) // (1000 * seconds) - first_slice
    known = (numbers >= 0) & (numbers < len(verdicts))
    values = np.where(known, verdicts[np.clip(numbers, 0, len(verdicts) - 1)], 0.0) / seconds
    counted = _of_counts(like.first, values.sum(axis=1) * interval_seconds)
    return replace(
        counted, verdicts=verdicts / seconds, first_slice=first_slice, slice_seconds=seconds
    )
