"""A made past's events by steps of 5 minutes, and the slices made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from slo.objective import Slices
from slo.slices import HAIR
from slo.steps import Floats, Steps, Times
from slo.tiling import STEP_SECONDS as STEP


@dataclass(frozen=True, eq=False)
class StepCounts:
    """Bad events, or all events, by steps of 5 minutes."""

    first: int
    """The first step: it holds the 5 minutes that end at this time (UNIX seconds)."""
    counts: Floats
    verdicts: Floats | None = None
    """Of slices, as rates while they are reported, by the number of the slice that reports."""
    first_slice: int = 0
    slice_seconds: int = 0

    def rates(self, times_ms: Times) -> Floats:
        """Return the base at some moments: events, or slices, per second."""
        if self.verdicts is None:
            return self.counts[-(-times_ms // (1000 * STEP)) - self.first // STEP] / STEP
        return self.verdicts[times_ms // (1000 * self.slice_seconds) - self.first_slice]


@dataclass(frozen=True, eq=False)
class EventCounts:
    """Bad events and all, in the same steps."""

    bad: StepCounts
    total: StepCounts

    @classmethod
    def of(cls, first: int, bad: Floats, total: Floats) -> EventCounts:
        """Return the counts of rates, which are constant within each step from ``first`` on."""
        return cls(*(StepCounts(first, rates * STEP) for rates in (bad, total)))

    @property
    def steps(self) -> Steps:
        """Return them as steps in which everything was seen."""
        ones = np.ones(self.total.counts.shape)
        return Steps(self.total.first, self.bad.counts, self.total.counts, ones)

    def judged(self, slices: Slices, interval_seconds: float) -> EventCounts:
        """Return slices instead of events, each while the next one runs, as the rules report."""
        seconds = slices.window_seconds
        ends = np.arange(len(self.total.counts) + 1, dtype=np.int64) * STEP
        edges = self.total.first - STEP + ends
        numbers = np.arange(edges[0] // seconds + 2, edges[-1] // seconds + 1, dtype=np.int64)
        bad, total = (
            np.diff(np.interp(np.append(numbers[0] - 1, numbers) * seconds, edges, sums))
            for sums in (np.append(0, np.cumsum(side.counts)) for side in (self.bad, self.total))
        )
        has_events = (total > 0) & (total >= slices.fewest_events)
        counted = np.ones(total.shape) if slices.idle_is_good else has_events + 0.0
        if slices.target is None:
            spoiled = np.divide(bad, total, out=np.zeros(bad.shape), where=has_events)
        else:
            spoiled = (has_events & (bad > float(1 - slices.target + HAIR) * total)) + 0.0
        return EventCounts(
            *(_reported(each, int(numbers[0]), seconds, self.total, interval_seconds)
              for each in (spoiled, counted))
        )  # fmt: skip


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
    return replace(
        like,
        counts=values.sum(axis=1) * interval_seconds,
        verdicts=verdicts / seconds,
        first_slice=first_slice,
        slice_seconds=seconds,
    )
