"""What an objective's base was, read from raw series: politely, in bounded pieces of time.

One query at a time. A piece holds at most :data:`MOST_POINTS` moments and about
:data:`MOST_SAMPLES` samples; it starts small, grows while answers come at once, and shrinks where
the server says that it was too much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from slo.base import events_per_second
from slo.objective import Objective
from slo.prometheus import PrometheusError, PrometheusRefusedError, PrometheusUnreachableError
from slo.series import Series
from slo.steps import Floats, Times

Cell = tuple[str, ...]
"""The values of the grouping labels, in their order; empty where a series has none."""

MOST_POINTS = 10_000
"""Prometheus answers with at most 11,000 moments."""
MOST_SAMPLES = 500_000
"""In one answer: about 15 MB of JSON."""
FEWEST_POINTS = 15
FIRST_POINTS = 240
QUICK_SECONDS = 1.0
"""An answer that took less may be followed by a query twice as large."""
WAITS_SECONDS = (1.0, 3.0, 10.0, 30.0)
"""Before a query is asked again that was not answered."""
_TOO_MUCH = ("too many samples", "timed out", "timeout", "maximum resolution", "memory", "canceled")


@dataclass(frozen=True, eq=False)
class Chunk:
    """Bad events and all events per second of each cell; NaN where they could not be seen."""

    times_ms: Times
    """Multiples of the scrape interval; shape (n,)."""
    cells: Mapping[Cell, tuple[Floats, Floats]]
    """Each of shape (n,): bad events, all events."""


class RangeQuerier(Protocol):
    """What can answer a range query: a ``PrometheusClient``."""

    async def query_range(
        self, expr: str, start: float, end: float, step_seconds: float
    ) -> list[Series]:
        """Return the series of an expression; times are UNIX seconds, both included."""
        ...


@dataclass
class ChunkReader:
    """Reads one objective's base, piece by piece."""

    source: RangeQuerier
    objective: Objective
    interval_seconds: float
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    _points: int = field(default=FIRST_POINTS, init=False)

    async def chunks(self, start: float, end: float) -> AsyncIterator[Chunk]:
        """Yield the base after ``start`` up to ``end`` (UNIX seconds), in time order, whole.

        Raises:
            PrometheusError: if the server does not answer, or refuses even a small piece.
        """
        step_ms = round(self.interval_seconds * 1000)
        at, last = int(start * 1000) // step_ms + 1, int(end * 1000) // step_ms
        while at <= last:
            until = min(at + self._points - 1, last)
            began = self.clock()
            try:
                chunk = await self._read(at * step_ms, until * step_ms, step_ms)
            except PrometheusRefusedError as error:
                if self._points <= FEWEST_POINTS or not _is_too_much(error):
                    raise
                self._points = max(FEWEST_POINTS, self._points // 4)
                continue
            yield chunk
            at = until + 1
            most = min(MOST_POINTS, MOST_SAMPLES // max(1, len(chunk.cells)))
            is_quick = self.clock() - began < QUICK_SECONDS
            self._points = max(FEWEST_POINTS, min(self._points * (2 if is_quick else 1), most))

    async def _read(self, first_ms: int, last_ms: int, step_ms: int) -> Chunk:
        times_ms = np.arange(first_ms, last_ms + 1, step_ms, dtype=np.int64)
        cells: dict[Cell, tuple[Floats, Floats]] = {}
        expressions = events_per_second(self.objective, self.interval_seconds)
        for side, expr in enumerate(expressions):
            for series in await self._ask(expr, first_ms / 1000, last_ms / 1000):
                labels = self.objective.grouping_labels
                cell = tuple(series.labels.get(label, "") for label in labels)
                if cell not in cells:
                    cells[cell] = (_unseen(times_ms), _unseen(times_ms))
                cells[cell][side][(series.times_ms - first_ms) // step_ms] = series.values
        return Chunk(times_ms, cells)

    async def _ask(self, expr: str, start: float, end: float) -> list[Series]:
        for wait_seconds in WAITS_SECONDS:
            try:
                return await self.source.query_range(expr, start, end, self.interval_seconds)
            except PrometheusUnreachableError:
                await self.sleep(wait_seconds)
        return await self.source.query_range(expr, start, end, self.interval_seconds)


def _unseen(times_ms: Times) -> Floats:
    return np.full(times_ms.shape, np.nan)


def _is_too_much(error: PrometheusError) -> bool:
    return any(each in str(error).lower() for each in _TOO_MUCH)
