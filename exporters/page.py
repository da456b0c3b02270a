"""What an exporter serves, before it is text: families of the catalogue with their series.

The cores of the exporters build a fresh page at each collection; nothing outlives it, so a series
whose source is gone is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from exporters.catalog import Family

Labels: TypeAlias = tuple[str, ...]
"""Label values, in the order of the family's ``labels``."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The value of a histogram: cumulative counts, as on the wire."""

    counts: tuple[float | None, ...]
    """For each bound of the family the observations at or below it; None for a bound that the
    source does not have."""
    count: float
    """All observations: the bucket ``+Inf``."""
    sum: float


class Page:
    """The families of one collection. Values must be finite."""

    def __init__(self) -> None:
        self.values: dict[str, dict[Labels, float]] = {}
        """Gauges and counters, by the family's name."""
        self.distributions: dict[str, dict[Labels, Distribution]] = {}
        """Histograms, likewise."""

    def of(self, family: Family) -> dict[Labels, float]:
        """Return the series of a gauge or counter, to be added to."""
        return self.values.setdefault(family.name, {})

    def distributions_of(self, family: Family) -> dict[Labels, Distribution]:
        """Return the series of a histogram, to be added to."""
        return self.distributions.setdefault(family.name, {})

    def add(self, other: Page) -> None:
        """Add the series of another page, which this one does not have."""
        for name, values in other.values.items():
            self.values.setdefault(name, {}).update(values)
        for name, distributions in other.distributions.items():
            self.distributions.setdefault(name, {}).update(distributions)

    def choose(self, family: Family, labels: Labels, options: Iterable[str], chosen: str) -> None:
        """Set one series for each option, the chosen one to 1 and the others to 0."""
        series = self.of(family)
        for option in options:
            series[*labels, option] = 1.0 if option == chosen else 0.0
