"""What an expression gives at a group's moments, as arrays, and how a server would store it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slo.series import STALE, Series
from slo.steps import Floats, Times

Bools = NDArray[np.bool_]
Key = tuple[tuple[str, str], ...]
"""Labels, sorted by name."""


def key_of(labels: Mapping[str, str]) -> Key:
    """Return labels as a key; those that are empty are none."""
    return tuple(sorted((name, value) for name, value in labels.items() if value))


@dataclass(frozen=True, eq=False)
class Row:
    """One series at all moments."""

    values: Floats
    """Shape (n,); anything where it is not there."""
    present: Bools
    """Shape (n,)."""

    @classmethod
    def empty(cls, count: int) -> Row:
        """Return a row that is nowhere."""
        return cls(np.full(count, np.nan), np.zeros(count, np.bool_))

    def differs(self, other: Row) -> Bools:
        """Return where two rows are not the same: a number is only itself, and so is NaN."""
        one, two = self.values, other.values
        same = (one == two) | (np.isnan(one) & np.isnan(two))
        differs: Bools = (self.present != other.present) | (self.present & ~same)
        return differs


@dataclass(frozen=True, eq=False)
class Grid:
    """What one rule gives at its moments."""

    times_ms: Times
    """Shape (n,), ascending."""
    rows: dict[Key, Row] = field(default_factory=dict)
    failed: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Where it could not be evaluated; shape (n,). There it gives nothing, and ends nothing."""
    said: str = ""
    """Why it could not."""

    @classmethod
    def of(cls, times_ms: Times) -> Grid:
        """Return an empty grid."""
        return cls(times_ms, {}, np.zeros(times_ms.shape, np.bool_))

    def add(self, key: Key, times_ms: Times, values: Floats) -> None:
        """Add samples of a series; where it has some already, the rule fails."""
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row.empty(len(self.times_ms))
        places = np.searchsorted(self.times_ms, times_ms)
        self.failed[places[row.present[places]]] = True
        row.values[places], row.present[places] = values, True

    def clear_failed(self) -> None:
        """Take away what a rule gave where it failed."""
        for row in self.rows.values():
            row.present[self.failed] = False

    def row(self, key: Key) -> Row:
        """Return a row; an empty one, if the series is nowhere."""
        return self.rows.get(key) or Row.empty(len(self.times_ms))


def stored(
    grid: Grid, before: Iterable[Key], delay_ms: int = 0
) -> tuple[list[Series], frozenset[Key]]:
    """Return the samples that a server stores, and which series are there in the end.

    Where a series ends, a marker follows at the rule's next moment (Prometheus, rules/manager.go,
    ``Group.Eval``); a moment at which the rule failed is none.

    Args:
        grid: what the rule gave.
        before: the series that were there at the moment before the first.
        delay_ms: of the samples against their moments.
    """
    known = frozenset(before)
    is_whole = not grid.failed.any()
    counted = slice(None) if is_whole else np.flatnonzero(~grid.failed)
    times = grid.times_ms[counted] + delay_ms
    if not times.size:
        return [], known
    series, last = [], set()
    for key in sorted(known | grid.rows.keys()):
        row = grid.row(key)
        present = row.present[counted]
        ends = ~present & np.concatenate(([key in known], present[:-1]))
        chosen = present | ends
        if present[-1]:
            last.add(key)
        if chosen.any():
            values = np.where(ends, STALE, row.values[counted])[chosen]
            series.append(Series(dict(key), times[chosen], values))
    return series, frozenset(last)
