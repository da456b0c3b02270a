"""From pieces of the base to each cell's steps of 5 minutes, in the memory of the steps alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from slo.backfill.chunks import Cell, Chunk
from slo.objective import Slices
from slo.slices import HAIR
from slo.steps import Floats, Steps, Times
from slo.tiling import STEP_SECONDS as STEP


@dataclass(eq=False)
class _Sums:
    """Sums of both sides within equal spans of time, and how many samples there were."""

    bad: Floats
    total: Floats
    samples: Floats

    @classmethod
    def of(cls, spans: int) -> _Sums:
        return cls(np.zeros(spans), np.zeros(spans), np.zeros(spans))

    def add(self, places: Times, bad: Floats, total: Floats) -> None:
        """Add samples, each to the span at its place; places out of the range are left out."""
        spans = len(self.samples)
        seen = ~np.isnan(total) & (places >= 0) & (places < spans)
        where = places[seen]
        self.bad += np.bincount(where, np.nan_to_num(bad[seen]), spans)
        self.total += np.bincount(where, total[seen], spans)
        self.samples += np.bincount(where, minlength=spans)


class StepFolder:
    """Adds up the base of every cell by steps of 5 minutes.

    About 0.5 MB a cell for 28 days, sums included.
    """

    def __init__(self, start: float, end: float, interval_seconds: float) -> None:
        self._first = int(start // STEP) + 1
        self._steps = int(-(-end // STEP)) - self._first + 1
        self._interval = interval_seconds
        self._cells: dict[Cell, _Sums] = {}

    def add(self, chunk: Chunk) -> None:
        """Add a piece of the base."""
        places = -(-chunk.times_ms // (1000 * STEP)) - self._first
        for cell, (bad, total) in chunk.cells.items():
            if cell not in self._cells:
                self._cells[cell] = _Sums.of(self._steps)
            self._cells[cell].add(places, bad, total)

    def steps(self) -> dict[Cell, Steps]:
        """Return each cell's steps, as the rules would have counted them; sorted by cell."""
        return {cell: self._of(sums) for cell, sums in sorted(self._cells.items())}

    def _of(self, sums: _Sums) -> Steps:
        unseen = sums.samples == 0
        bad, total, covered = (
            np.where(unseen, np.nan, self._interval * each)
            for each in (sums.bad, sums.total, sums.samples)
        )
        return Steps(self._first * STEP, bad, total, np.minimum(covered / STEP, 1.0))


class SliceJudge:
    """Turns events per second into slices per second, as the rules of slices do."""

    def __init__(self, slices: Slices, start: float, end: float, interval_seconds: float) -> None:
        self._slices = slices
        self._interval = interval_seconds
        self._first = int(start // slices.window_seconds)
        self._spans = int(end // slices.window_seconds) - self._first + 2
        self._cells: dict[Cell, _Sums] = {}

    def judge(self, chunk: Chunk) -> Chunk:
        """Return the base of a piece: at each moment, the verdict of the slice that ended last.

        Pieces must come in time order.
        """
        length_ms = 1000 * self._slices.window_seconds
        inside = -(-chunk.times_ms // length_ms) - self._first
        ended = chunk.times_ms // length_ms - self._first
        cells = {}
        for cell in sorted(self._cells.keys() | chunk.cells.keys()):
            sums = self._cells.setdefault(cell, _Sums.of(self._spans))
            if cell in chunk.cells:
                sums.add(inside, *chunk.cells[cell])
            bad, total = self._verdicts(sums)
            cells[cell] = (bad[ended], total[ended])
        return Chunk(chunk.times_ms, cells)

    def _verdicts(self, sums: _Sums) -> tuple[Floats, Floats]:
        slices, seconds = self._slices, self._slices.window_seconds
        unseen = sums.samples == 0
        has_events = (sums.total > 0) & (self._interval * sums.total >= slices.fewest_events)
        counts = np.ones(sums.total.shape) if slices.idle_is_good else has_events.astype(np.float64)
        if slices.target is None:
            bad = np.zeros(sums.bad.shape)
            np.divide(sums.bad, sums.total, out=bad, where=has_events)
        else:
            allowed = float(1 - slices.target + HAIR)
            bad = (has_events & (sums.bad > allowed * sums.total)).astype(np.float64)
        return (
            np.where(unseen, np.nan, bad / seconds),
            np.where(unseen, np.nan, counts / seconds),
        )


@dataclass(frozen=True, eq=False)
class Samples:
    """One cell's events per second, without gaps. All shapes (n,)."""

    cell: Cell
    times_ms: Times
    bad: Floats
    total: Floats


class RecentSamples:
    """Keeps the samples of the newest part of the past as they are."""

    def __init__(self, start: float, before: float) -> None:
        self._start_ms, self._before_ms = start * 1000, before * 1000
        self._kept: list[Chunk] = []

    def add(self, chunk: Chunk) -> None:
        """Keep what is later than the start and earlier than the end."""
        kept = (chunk.times_ms > self._start_ms) & (chunk.times_ms < self._before_ms)
        if kept.any():
            cells = {cell: (bad[kept], total[kept]) for cell, (bad, total) in chunk.cells.items()}
            self._kept.append(Chunk(chunk.times_ms[kept], cells))

    def samples(self) -> Iterator[Samples]:
        """Yield each cell's samples, sorted by cell."""
        cells = sorted({cell for chunk in self._kept for cell in chunk.cells})
        for cell in cells:
            of_cell = [chunk for chunk in self._kept if cell in chunk.cells]
            times_ms = np.concatenate([chunk.times_ms for chunk in of_cell])
            bad, total = (
                np.concatenate([chunk.cells[cell][side] for chunk in of_cell]) for side in (0, 1)
            )
            seen = ~np.isnan(total)
            yield Samples(cell, times_ms[seen], np.nan_to_num(bad[seen]), total[seen])
