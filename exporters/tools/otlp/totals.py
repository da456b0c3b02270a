"""What was counted since the receiver started, by bounded labels. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporters import catalog
from exporters.catalog import Family
from exporters.page import Distribution, Labels, Page
from exporters.tools.otlp.streams import Increment


class Totals:
    """Counters and histograms that never fall.

    A series is 0 for a time before it has what it counts: a first captcha must not be lost because
    its series was born with it. By the clock, for it is the same page whoever scrapes it.

    Args:
        zero_seconds: that time; who scrapes at least as often sees the 0.
    """

    def __init__(self, zero_seconds: float) -> None:
        self._zero_seconds = zero_seconds
        self._values: dict[str, dict[Labels, float]] = {}
        self._distributions: dict[str, dict[Labels, Distribution]] = {}
        self._born: dict[tuple[str, Labels], float] = {}
        """Of the series that are 0 yet: since when."""

    def ensure(self, family: Family, labels: Labels, options: Sequence[str], now: float) -> None:
        """Let the series of all values of the last label exist.

        ``now`` is in seconds of a monotonic clock, as everywhere here.
        """
        values = self._values.setdefault(family.name, {})
        for option in options:
            series = (*labels, option)
            if series not in values:
                values[series] = 0.0
                self._born[family.name, series] = now

    def add(self, family: Family, labels: Labels, value: float, now: float) -> None:
        """Add to a counter."""
        self.ensure(family, labels[:-1], labels[-1:], now)
        self._values[family.name][labels] += value

    def observe(self, family: Family, labels: Labels, increment: Increment, now: float) -> None:
        """Add to a histogram of ``TOOL_DURATION_BOUNDS``."""
        distributions = self._distributions.setdefault(family.name, {})
        old = distributions.get(labels)
        if old is None:
            distributions[labels] = Distribution(increment.counts, increment.count, increment.sum)
            self._born[family.name, labels] = now
            return
        counts = tuple(
            (low or 0.0) + more for low, more in zip(old.counts, increment.counts, strict=True)
        )
        distributions[labels] = Distribution(
            counts, old.count + increment.count, old.sum + increment.sum
        )

    def add_to(self, page: Page, now: float) -> None:
        """Add all series to a page."""
        oldest = now - self._zero_seconds
        self._born = {series: born for series, born in self._born.items() if born > oldest}
        for name, values in self._values.items():
            page.of(catalog.FAMILIES[name]).update(
                {labels: 0.0 if (name, labels) in self._born else value
                 for labels, value in values.items()}
            )  # fmt: skip
        for name, distributions in self._distributions.items():
            family = catalog.FAMILIES[name]
            zero = Distribution((0.0,) * len(family.bounds), 0.0, 0.0)
            page.distributions_of(family).update(
                {labels: zero if (name, labels) in self._born else value
                 for labels, value in distributions.items()}
            )  # fmt: skip
