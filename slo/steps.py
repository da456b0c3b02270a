"""The events of a cell by steps of 5 minutes, and their sums over any of these.

A step is the 5 minutes that end at its time, a multiple of 300 s. Where nothing was seen in it, it
is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from slo.tiling import STEP_SECONDS as STEP

Floats = NDArray[np.float64]
Times = NDArray[np.int64]


def step_times(start: float, end: float, seconds: int = STEP) -> Times:
    """Return the multiples of ``seconds`` after ``start``, up to ``end``."""
    return np.arange(int(start // seconds) + 1, int(end // seconds) + 1, dtype=np.int64) * seconds


@dataclass(frozen=True, eq=False)
class Steps:
    """The events of one cell, by steps of 5 minutes, without a hole. All shapes (n,)."""

    first: int
    """The first step's time, UNIX seconds."""
    bad: Floats
    """Bad events within each; NaN where none could be seen."""
    total: Floats
    """All events within each; NaN likewise."""
    covered: Floats
    """Base samples present over those expected, 0 to 1; NaN where there are none."""

    @cached_property
    def sides(self) -> tuple[StepSums, StepSums]:
        """Return the sums of bad events and of all events."""
        return StepSums.of(self.first, self.bad), StepSums.of(self.first, self.total)

    @cached_property
    def coverage(self) -> StepSums:
        """Return the sums of what is covered."""
        return StepSums.of(self.first, self.covered)


@dataclass(frozen=True, eq=False)
class StepSums:
    """Sums over steps, NaN where there is none of them."""

    first: int
    values: Floats
    sums: Floats
    """Of all values before each step; one longer than the values."""
    present: NDArray[np.int32]
    """How many there are before each step."""

    @classmethod
    def of(cls, first: int, values: Floats) -> StepSums:
        """Return the sums of values whose first is that of the step ``first``."""
        sums, present = np.zeros(len(values) + 1), np.zeros(len(values) + 1, np.int32)
        np.cumsum(np.nan_to_num(values), out=sums[1:])
        np.cumsum(~np.isnan(values), out=present[1:])
        return cls(first, values, sums, present)

    def at(self, steps: Times) -> Floats:
        """Return the value of each step."""
        place = (steps - self.first) // STEP
        is_there = (place >= 0) & (place < len(self.values))
        return np.where(is_there, self.values[np.where(is_there, place, 0)], np.nan)

    def between(self, firsts: Times, lasts: Times) -> Floats:
        """Return the sums from the first step to the last, both included."""
        most = len(self.values)
        begin = np.clip((firsts - self.first) // STEP, 0, most)
        stop = np.maximum(np.clip((lasts - self.first) // STEP + 1, 0, most), begin)
        there = self.present[stop] > self.present[begin]
        return np.where(there, self.sums[stop] - self.sums[begin], np.nan)
