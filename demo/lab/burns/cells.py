"""Synthetic cells of the burn table: requests and errors of which every second is known.

All counts are what is expected of them, without chance, so that what a page lacks to the theory is
the rules' own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from slo.burn import Tier, error_ratio_needed
from slo.objective import Objective
from slo.replay.grids import Bools
from slo.series import Series
from slo.steps import Floats

MINUTE, HOUR, DAY = 60, 3600, 86400
HEALTHY_SECONDS = 2 * HOUR
"""Scraped before anything goes wrong; what was before that is history."""
REQUESTS_PER_SECOND = 40.0
PEAK_TO_NIGHT = 50.0
NIGHT_PER_SECOND = 2.0
QUIET_PER_HOUR = 6
COUNTER = "burned_requests_total"
CELL = "cell"

_OfTime = Callable[[Floats], Floats]
"""From seconds since something went wrong, shape (n,)."""


@dataclass(frozen=True)
class Cell:
    """One cell. Seconds count from when something goes wrong in it."""

    name: str
    error_ratio: _OfTime
    """Of the requests of each moment, while something is wrong."""
    wrong_seconds: float
    """From then on all is well."""
    watched_seconds: float
    requests_per_second: _OfTime = lambda seconds: np.full(seconds.shape, REQUESTS_PER_SECOND)
    is_counted_one_by_one: bool = False
    """Whether there are so few requests that each is seen to come."""
    constant_ratio: float | None = None
    """Where it is one: its theory is known from a formula as well."""
    phase_seconds: float = 0.0
    """By so much later it is scraped, and things go wrong, than full intervals."""

    @property
    def title(self) -> str:
        """Return its name, without its phase."""
        return self.name.partition(", begun ")[0]

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """Return bad and all requests up to each second from three days and more before."""
        middles = np.arange(-self._before, self.watched_seconds) + 0.5
        total = self.requests_per_second(middles)
        is_wrong = (middles >= 0) & (middles < self.wrong_seconds)
        bad = np.where(is_wrong, total * self.error_ratio(middles), 0.0)
        sums = [np.concatenate([[0.0], np.cumsum(each)]) for each in (bad, total)]
        if self.is_counted_one_by_one:  # a millionth, for sums of tenths lack a hair
            sums = [np.floor(each + 1e-6) for each in sums]
        return sums[0], sums[1]

    @property
    def _before(self) -> int:
        return 3 * DAY + HEALTHY_SECONDS

    def events(self, seconds: Floats) -> tuple[Floats, Floats]:
        """Return bad and all requests up to some moments, each shape (n,)."""
        at = np.arange(-self._before, -self._before + len(self._sums[0]))
        if self.is_counted_one_by_one:
            index = np.clip(np.floor(seconds).astype(int) + self._before, 0, len(at) - 1)
            return self._sums[0][index], self._sums[1][index]
        bad, total = (np.interp(seconds, at, each) for each in self._sums)
        return bad, total

    def burns(self, tier: Tier, objective: Objective) -> Bools:
        """Return in which seconds a tier should fire by the truth; shape (watched + 1,)."""
        needed = float(error_ratio_needed(tier, objective.target, objective.period_seconds))
        ends = np.arange(0, self.watched_seconds + 1)
        found = np.ones(ends.shape, bool)
        for window in (tier.long_seconds, tier.short_seconds):
            bad, total = (
                now - before
                for now, before in zip(self.events(ends), self.events(ends - window), strict=True)
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                found &= bad / total > needed
            if window == tier.long_seconds:
                found &= bad >= objective.minimum_bad_events
        return found

    def scraped(self, onset: float, interval_seconds: int) -> list[Series]:
        """Return its counters, as they are scraped from when the history ends.

        Args:
            onset: UNIX seconds, of all cells without a phase.
            interval_seconds: between two scrapes.
        """
        moments = np.arange(-HEALTHY_SECONDS, self.watched_seconds, interval_seconds)
        bad, total = self.events(moments.astype(np.float64))
        first = self.events(np.array([-float(HEALTHY_SECONDS)]))
        bad, total = np.floor(bad - first[0]), np.floor(total - first[1])
        times_ms = np.rint((onset + self.phase_seconds + moments) * 1000).astype(np.int64)
        labels = {"__name__": COUNTER, CELL: self.name}
        return [
            Series({**labels, "outcome": "ok"}, times_ms, total - bad),
            Series({**labels, "outcome": "error"}, times_ms, bad),
        ]


def _always(ratio: float) -> _OfTime:
    return lambda seconds: np.full(seconds.shape, ratio)


def _wave(seconds: Floats) -> Floats:
    """Return requests per second of a cell whose nights have a fiftieth of its noons."""
    height = (1 - np.cos(2 * math.pi * seconds / DAY)) / 2
    rates: Floats = NIGHT_PER_SECOND * PEAK_TO_NIGHT**height
    return rates


def _quiet(seconds: Floats) -> Floats:
    return np.full(seconds.shape, QUIET_PER_HOUR / HOUR)


def _one_minute_of_ten(seconds: Floats) -> Floats:
    return np.where(seconds % 600 < MINUTE, 1.0, 0.0)


def _leak(seconds: Floats) -> Floats:
    ratios: Floats = 0.02 / HOUR * seconds
    return ratios


def _constant(name: str, ratio: float, wrong: float, watched: float, phase: float = 0.0) -> Cell:
    told = f"{name}, begun {phase:g} s later" if phase else name
    return Cell(told, _always(ratio), wrong, watched, constant_ratio=ratio, phase_seconds=phase)


PHASES_SECONDS = (0.0, 3.75, 7.5, 11.25)
"""Of a scrape interval of 15 s."""

FAST = (
    *(
        _constant(f"{percent} %", percent / 100, 45 * MINUTE, 2 * HOUR, phase)
        for percent in (100, 50, 25, 10)
        for phase in PHASES_SECONDS
    ),
    _constant("five minutes of 100 %", 1.0, 5 * MINUTE, 2 * HOUR),
    _constant("five minutes of 10 %", 0.1, 5 * MINUTE, 2 * HOUR),
    Cell("flapping: all fail in one minute of ten", _one_minute_of_ten,
         HOUR, 2 * HOUR),
    Cell("a leak: 2 % more every hour", _leak, 1.5 * HOUR, 2 * HOUR),
    Cell("a quiet night, 6 requests an hour, one error", _always(1.0),
         700, 2 * HOUR, _quiet, is_counted_one_by_one=True),
    Cell("a quiet night, 6 requests an hour, all fail", _always(1.0),
         1.5 * HOUR, 2 * HOUR, _quiet, is_counted_one_by_one=True),
    _constant("10 x what the period can bear", 0.01, 5 * HOUR, 8 * HOUR),
    Cell("traffic 50:1, 10 % by night", _always(0.1), 45 * MINUTE, 2 * HOUR, _wave),
)  # fmt: skip
"""Cells in which all is said within hours."""

SLOW = (
    _constant("5 x what the period can bear", 0.005, 20 * HOUR, 30 * HOUR),
    _constant("2 x what the period can bear", 0.002, 40 * HOUR, 48 * HOUR),
    _constant("1.1 x what the period can bear", 0.0011, 70 * HOUR, 78 * HOUR),
    Cell("traffic 50:1, 2 x what the period can bear", _always(0.002), 40 * HOUR, 48 * HOUR, _wave),
    Cell("traffic 50:1, 0.4 x what the period can bear", _always(0.0004), 48 * HOUR, 48 * HOUR,
         _wave),
)  # fmt: skip
"""Cells in which that takes days, and nobody is paged."""
