"""What was counted since the receiver started, by bounded labels. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporters import catalog
from exporters.catalog import Family
from exporters.page import Distribution, Labels, Page
from exporters.tools.otlp.streams import Increment


class Totals:
    """Counters and histograms that never fall.

    A series is served as 0 once before it is served with what it counts: a first captcha must not
    be lost because its series was born with it.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        self._distributions: dict[str, dict[Labels, Distribution]] = {}
        self._shown: set[tuple[str, Labels]] = set()

    def ensure(self, family: Family, labels: Labels, options: Sequence[str]) -> None:
        """Let the series of all values of the last label exist."""
        values = self._values.setdefault(family.name, {})
        for option in options:
            values.setdefault((*labels, option), 0.0)

    def add(self, family: Family, labels: Labels, value: float) -> None:
        """Add to a counter."""
        values = self._values.setdefault(family.name, {})
        values[labels] = values.get(labels, 0.0) + value

    def observe(self, family: Family, labels: Labels, increment: Increment) -> None:
        """Add to a histogram of ``TOOL_DURATION_BOUNDS``."""
        distributions = self._distributions.setdefault(family.name, {})
        old = distributions.get(labels)
        if old is None:
            distributions[labels] = Distribution(increment.counts, increment.count, increment.sum)
            return
        counts = tuple(
            (low or 0.0) + more for low, more in zip(old.counts, increment.counts, strict=True)
        )
        distributions[labels] = Distribution(
            counts, old.count + increment.count, old.sum + increment.sum
        )

    def add_to(self, page: Page) -> None:
        """Add all series to a page."""
        for name, values in self._values.items():
            page.of(catalog.FAMILIES[name]).update(
                {labels: value if self._is_old(name, labels) else 0.0
                 for labels, value in values.items()}
            )  # fmt: skip
        for name, distributions in self._distributions.items():
            family = catalog.FAMILIES[name]
            zero = Distribution((0.0,) * len(family.bounds), 0.0, 0.0)
            page.distributions_of(family).update(
                {labels: value if self._is_old(name, labels) else zero
                 for labels, value in distributions.items()}
            )  # fmt: skip

    def _is_old(self, name: str, labels: Labels) -> bool:
        """Return whether a series was served before; from now on it was."""
        if (name, labels) in self._shown:
            return True
        self._shown.add((name, labels))
        return False
