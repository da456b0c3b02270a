"""The engine's truth over time, and how it compares with sums of the base level.

The base level is a rate over the base window, so its sum up to a moment holds the events of the
last window only in part: all that are a window old, half of those half a window ago. The truth is
averaged over the same window, or every comparison would be off by half a minute of events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import numpy as np

POLL_SECONDS = 1.0

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
class Truth:
    """All classes at one moment (UNIX seconds)."""

    time: float
    classes: tuple[TruthClass, ...]


@dataclass
class TruthRecord:
    """Truth taken once a second."""

    times: list[float] = field(default_factory=list)
    bad: dict[Cell, list[float]] = field(default_factory=dict)
    """Cumulative, one for each time."""
    total: dict[Cell, list[float]] = field(default_factory=dict)

    def add(self, truth: Truth) -> None:
        """Take the truth of one moment, later than all before."""
        self.times.append(truth.time)
        for each in truth.classes:
            self.bad.setdefault(each.cell, []).append(each.bad)
            self.total.setdefault(each.cell, []).append(each.total)

    def bad_between(self, cell: Cell, start: float, end: float, window_seconds: float = 0) -> float:
        """Return the bad events after ``start`` and up to ``end``.

        With a window, ``end`` is smeared: the mean over all moments of the window before it.
        """
        ends = np.linspace(end - window_seconds, end, 61)
        upto = np.interp(ends, self.times, self.bad[cell])
        return float(upto.mean() - np.interp(start, self.times, self.bad[cell]))

    def error_ratio(self, cell: Cell, start: float, end: float) -> float | None:
        """Return bad over all events of a cell between two moments; None without events."""
        if cell not in self.bad:
            return None
        total = np.interp([start, end], self.times, self.total[cell])
        return (
            self.bad_between(cell, start, end) / float(np.diff(total)[0])
            if np.diff(total)
            else None
        )


async def record_truth(record: TruthRecord, read: Callable[[], Awaitable[Truth]]) -> None:
    """Add the truth to a record every second, until cancelled."""
    while True:
        # An engine that is busy for a moment costs a point of the line, not the run.
        with suppress(aiohttp.ClientError, TimeoutError):
            record.add(await read())
        await asyncio.sleep(POLL_SECONDS)
