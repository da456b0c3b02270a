"""The engine's truth over time, and how it compares with sums of the base level.

The base level is a rate over the base window, so its sum up to a moment holds the events of the
last window only in part: all that are a window old, half of those half a window ago. The truth is
averaged over the same window, or every comparison would be off by half a minute of events.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

POLL_SECONDS = 1.0
RARELY_AFTER_SECONDS = 3600.0
RARE_POLL_SECONDS = 10.0
"""A demo that stays up for days must not fill the disk with its truth; between two moments the
events are taken to come evenly."""

Cell = tuple[str, tuple[tuple[str, str], ...]]
"""An objective's name and its cell's labels, sorted."""


@dataclass(frozen=True)
class TruthClass:
    """Events of one objective's cell since the engine's start, as they really were."""

    slo: str
    labels: dict[str, str]
    bad: float
    total: float

    @property
    def cell(self) -> Cell:
        """What tells it from the others."""
        return self.slo, tuple(sorted(self.labels.items()))


@dataclass(frozen=True)
class ActiveFault:
    """A fault that is there now."""

    name: str
    place: Mapping[str, str]
    """Completed with what was really hit."""
    strength: float | None
    since: float
    """UNIX seconds."""


@dataclass(frozen=True)
class Truth:
    """What really is at one moment (UNIX seconds)."""

    time: float
    classes: tuple[TruthClass, ...]
    faults: tuple[ActiveFault, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    """State by name, of groups that are not up."""
    gpus: Mapping[str, str] = field(default_factory=dict)
    """State by UUID, of GPUs that are not healthy."""


def read_truth(answer: Mapping[str, Any]) -> Truth:
    """Return what ``GET /control/truth`` answered."""
    return Truth(
        answer["time"],
        tuple(
            TruthClass(each["slo"], each["labels"], each["bad"], each["total"])
            for each in answer["classes"]
        ),
        tuple(
            ActiveFault(each["name"], each["place"], each["strength"], each["since"])
            for each in answer.get("faults", ())
        ),
        answer.get("groups", {}),
        answer.get("gpus", {}),
    )


FINE_SECONDS = 1800.0
"""So far back all moments are kept: longer than a scenario lasts."""
COARSE_SECONDS = 60.0
"""Between two moments before that."""


@dataclass
class TruthRecord:
    """Events of every cell over time.

    What is old is thinned, so that a demo that stays up for days does not fill the memory. The
    first moment and the last ones are kept as they were.
    """

    times: list[float] = field(default_factory=list)
    bad: dict[Cell, list[float]] = field(default_factory=dict)
    """Cumulative, one for each time."""
    total: dict[Cell, list[float]] = field(default_factory=dict)
    fine_seconds: float = FINE_SECONDS
    _thinned: int = field(default=1, init=False)
    """Moments from the first on that are not thinned again."""

    def add(self, time: float, events: Mapping[Cell, tuple[float, float]]) -> None:
        """Take bad and all events up to a moment, later than all before.

        A cell has had none before it is first named.
        """
        for cell, (bad, total) in events.items():
            for of_cells, value in ((self.bad, bad), (self.total, total)):
                of_cells.setdefault(cell, [0.0] * len(self.times)).append(value)
        self.times.append(time)
        self._thin()

    def _thin(self) -> None:
        """Leave one moment a minute of those that are old."""
        while True:
            next_at = self.times[self._thinned - 1] + COARSE_SECONDS
            if next_at > self.times[-1] - self.fine_seconds:
                return
            left_out = slice(self._thinned, bisect_right(self.times, next_at) - 1)
            for values in (self.times, *self.bad.values(), *self.total.values()):
                del values[left_out]
            self._thinned += 1

    def add_truth(self, truth: Truth) -> None:
        """Take the events of a moment's truth."""
        self.add(truth.time, {each.cell: (each.bad, each.total) for each in truth.classes})

    def bad_between(self, cell: Cell, start: float, end: float, window_seconds: float = 0) -> float:
        """Return the bad events after ``start`` and up to ``end``.

        With a window, ``end`` is smeared: the mean over all moments of the window before it.
        """
        return self._between(self.bad[cell], start, end, window_seconds)

    def total_between(
        self, cell: Cell, start: float, end: float, window_seconds: float = 0
    ) -> float:
        """Return all events after ``start`` and up to ``end``, smeared as the bad ones are."""
        return self._between(self.total[cell], start, end, window_seconds)

    def error_ratio(self, cell: Cell, start: float, end: float) -> float | None:
        """Return bad over all events of a cell between two moments; None without events."""
        if cell not in self.bad:
            return None
        total = self.total_between(cell, start, end)
        return self.bad_between(cell, start, end) / total if total else None

    def _between(
        self, counts: list[float], start: float, end: float, window_seconds: float
    ) -> float:
        ends = np.maximum(np.linspace(end - window_seconds, end, 61), start)
        upto = np.interp(ends, self.times, counts)
        return float(upto.mean() - np.interp(start, self.times, counts))


async def record_truth(take: Callable[[Truth], None], read: Callable[[], Awaitable[Truth]]) -> None:
    """Take the truth every second, after the first hour every ten, until cancelled."""
    clock = asyncio.get_running_loop().time
    rarely_from = clock() + RARELY_AFTER_SECONDS
    while True:
        # An engine that is busy for a moment costs a point of the line, not the run.
        with suppress(aiohttp.ClientError, TimeoutError):
            take(await read())
        await asyncio.sleep(POLL_SECONDS if clock() < rarely_from else RARE_POLL_SECONDS)
