"""Keeping labels bounded: a value outside its set becomes ``other``, and is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from exporters import catalog
from exporters.page import Page

LONGEST_LABEL_VALUE = 128
"""Characters; as long as the names of a topology may be."""
COUNTED_SECONDS = 300.0
"""For which a value counts: by the clock, for it is the same count whoever scrapes how often."""
MOST_COUNTED = 20_000
"""Values of an exporter that are told apart."""


class Folder:
    """Folds label values for one exporter.

    Args:
        exporter: its name.
        labels: the labels that it folds; each has a series.
    """

    def __init__(self, exporter: str, labels: Iterable[str]) -> None:
        self._exporter = exporter
        self._labels = tuple(labels)
        self._new: set[tuple[str, str]] = set()
        self._folded: dict[tuple[str, str], float] = {}
        """Labels and values, and when they were last there."""

    def fold(self, label: str, value: str, allowed: Container[str]) -> str:
        """Return the value if it is allowed, else ``other``."""
        if value in allowed:
            return value
        self.count(label, value)
        return catalog.OTHER

    def count(self, label: str, value: str) -> None:
        """Count a value that was folded, however often it comes."""
        if len(self._new) < MOST_COUNTED:
            self._new.add((label, value))

    def take_over(self, earlier: Folder) -> None:
        """Go on with what another has folded lately."""
        self._new |= earlier._new
        self._folded = dict(earlier._folded)

    def add_to(self, page: Page, now: float) -> None:
        """Add how many there were lately to the page that ends a collection.

        ``now`` is in seconds of a monotonic clock.
        """
        self._folded.update(dict.fromkeys(self._new, now))
        self._new.clear()
        oldest = now - COUNTED_SECONDS
        lately = [(folded, at) for folded, at in self._folded.items() if at >= oldest]
        self._folded = dict(lately[-MOST_COUNTED:])
        counts = Counter(label for label, _ in self._folded)
        series = page.of(catalog.EXPORTER_FOLDED_VALUES)
        for label in self._labels:
            series[self._exporter, label] = float(counts[label])
