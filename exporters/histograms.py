"""Foreign histograms as ours: cut to the bounds of the family, summed where series fold together.

Bounds that the source has and the family lacks are dropped; cumulative counts stay right. A bound
that the source lacks stays out of the page, for nobody knows its count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from exporters.catalog import Family
from exporters.exposition import Series
from exporters.page import Distribution

SUFFIXES = ("_bucket", "_sum", "_count")


def suffixed(names: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return the names on the wire of histograms, each with its base name and suffix."""
    return {f"{name}{suffix}": (name, suffix) for name in names for suffix in SUFFIXES}


@lru_cache(maxsize=64)
def _indices(bounds: tuple[float, ...]) -> Mapping[float, int]:
    return {bound: index for index, bound in enumerate(bounds)}


class Accumulator:
    """Adds up the series of one histogram.

    Args:
        family: which it becomes.
        seconds: a unit of the source, in units of the family: 0.001 for milliseconds.
    """

    def __init__(self, family: Family, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._indices = _indices(family.bounds)
        self._counts: list[float | None] = [None] * len(family.bounds)
        self._parts: list[int] = [0] * len(family.bounds)
        self.series = 0
        """How many series were added: one for each count."""
        self._count = 0.0
        self._sum = 0.0

    def add(self, suffix: str, series: Series, value: float) -> None:
        """Add one sample of a page that passed ``require_counts``; ``suffix`` of ``SUFFIXES``."""
        if suffix == "_sum":
            self._sum += value * self._seconds
        elif suffix == "_count":
            self._count += value
            self.series += 1
        else:
            bound = float(series.labels["le"])
            if self._seconds != 1.0:
                bound = round(bound * self._seconds, 9)
            index = self._indices.get(bound)
            if index is not None:
                counts = self._counts
                counts[index] = (counts[index] or 0.0) + value
                self._parts[index] += 1

    def distribution(self) -> Distribution | None:
        """Return the whole, without bounds that any of its parts lacks; None without a count."""
        if not self.series:
            return None
        counts = tuple(
            count if parts == self.series else None
            for count, parts in zip(self._counts, self._parts, strict=True)
        )
        return Distribution(counts, self._count, self._sum)
