"""Keeping labels bounded: a value outside its set becomes ``other``, and is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from exporters import catalog
from exporters.page import Page

LONGEST_LABEL_VALUE = 128
"""Characters; as long as the names of a topology may be."""


class Folder:
    """Folds label values for one exporter.

    Args:
        exporter: its name.
        labels: the labels that it folds; their counters exist from 0 on.
    """

    def __init__(self, exporter: str, labels: Iterable[str]) -> None:
        self._exporter = exporter
        self._total: Counter[str] = Counter(dict.fromkeys(labels, 0))
        self._folded: set[tuple[str, str]] = set()

    def fold(self, label: str, value: str, allowed: Container[str]) -> str:
        """Return the value if it is allowed, else ``other``."""
        if value in allowed:
            return value
        self.count(label, value)
        return catalog.OTHER

    def count(self, label: str, value: str) -> None:
        """Count a value that was folded, once in each collection."""
        self._folded.add((label, value))

    def take_over(self, earlier: Folder) -> None:
        """Go on counting where another stopped."""
        self._total.update(earlier._total)

    def add_to(self, page: Page) -> None:
        """Add the counters to the page that ends a collection."""
        self._total.update(label for label, _ in self._folded)
        self._folded.clear()
        series = page.of(catalog.EXPORTER_FOLDED_VALUES)
        for label, total in self._total.items():
            series[self._exporter, label] = float(total)
