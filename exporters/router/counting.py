"""Sums of several of a router's counters, as counters that never fall. Pure, and stateful.

An Envoy that loses one of two upstream clusters of a model would lose its counts too, and to
Prometheus a sum that falls is a restart: all that is left in it would seem to have happened anew.
So what is new in each of a router's series is added up here, from 0 on. A restart of the exporter
is a restart of these counters, and loses what happens until it has read the page again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from exporters import catalog
from exporters.catalog import Family
from exporters.exposition import Samples, Series
from exporters.histograms import SUFFIXES
from exporters.page import Distribution, Labels, Page

MOST_GONE = 10_000
"""Series that are on the page no more and may come back, of which the last value is known."""

_Key: TypeAlias = tuple[str, frozenset[tuple[str, str]]]
"""A name with labels."""


class Increments:
    """What is new on each page of one router.

    Args:
        histograms: base names of those that it has.
    """

    def __init__(self, histograms: Iterable[str]) -> None:
        self._bases = {f"{name}{suffix}": name for name in histograms for suffix in SUFFIXES}
        self._keys: dict[Series, tuple[_Key, _Key]] = {}
        """Of the series of the last page: what tells each from others, and what restarts as one."""
        self._page: Samples = {}
        """The last."""
        self._gone: dict[_Key, float] = {}
        self._has_begun = False
        self._is_plain = False
        """Whether no two series of the last page have one key."""

    def of(self, page: Samples) -> Mapping[Series, float]:
        """Return by how much each series of a page has grown; from 0 if it began anew.

        It is nothing for all of the first page, for nobody knows when that was counted.
        """
        is_like_before = self._is_plain and page.keys() == self._page.keys()
        made = self._of_the_same(page) if is_like_before else None
        return self._of_another(page) if made is None else made

    def _of_the_same(self, page: Samples) -> Mapping[Series, float] | None:
        """Return the same where the series are those of the last page, as nearly always.

        None if a histogram began anew.
        """
        before = self._page
        made = {series: value - before[series] for series, value in page.items()}
        for series in [each for each, more in made.items() if more < 0]:
            key, whole = self._keys[series]
            if whole is not key:
                return None
            made[series] = page[series]
        self._page = page
        return made

    def _of_another(self, page: Samples) -> Mapping[Series, float]:
        """Return the same for any page."""
        last = {**self._gone, **self._last()}
        keys = {each: self._keys.get(each) or self._keys_of(each) for each in page}
        began_anew = {
            keys[series][1]
            for series, value in page.items()
            if value < last.get(keys[series][0], 0)
        }
        made, now = {}, set()
        for series, value in page.items():
            key, whole = keys[series]
            start = last.get(key, 0.0 if self._has_begun else value)
            made[series] = value if whole in began_anew else value - start
            now.add(key)
        gone = [(key, value) for key, value in last.items() if key not in now]
        self._keys, self._page, self._gone = keys, page, dict(gone[-MOST_GONE:])
        self._has_begun, self._is_plain = True, len(now) == len(page)
        return made

    def _last(self) -> dict[_Key, float]:
        """Return the values of the last page by key."""
        return {self._keys[series][0]: value for series, value in self._page.items()}

    def take_over(self, earlier: Increments) -> None:
        """Go on from the pages that another has seen of the same router."""
        self._gone = {**earlier._gone, **earlier._last()}
        self._has_begun = earlier._has_begun

    def _keys_of(self, series: Series) -> tuple[_Key, _Key]:
        labels = series.labels.items()
        key = (series.name, frozenset(labels))
        base = self._bases.get(series.name)
        if base is None:
            return key, key
        return key, (base, frozenset(each for each in labels if each[0] != "le"))


class Sums:
    """What was added up for each series of ours."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        self._distributions: dict[str, dict[Labels, Distribution]] = {}

    def add(self, family: Family, labels: Labels, more: float) -> None:
        """Add to a counter."""
        values = self._values.setdefault(family.name, {})
        values[labels] = values.get(labels, 0.0) + more

    def add_distribution(self, family: Family, labels: Labels, more: Distribution) -> None:
        """Add to a histogram; a bound that a part lacks stays away."""
        distributions = self._distributions.setdefault(family.name, {})
        old = distributions.get(labels)
        if old is not None:
            counts = tuple(
                None if low is None or high is None else low + high
                for low, high in zip(old.counts, more.counts, strict=True)
            )
            more = Distribution(counts, old.count + more.count, old.sum + more.sum)
        distributions[labels] = more

    def add_to(self, page: Page) -> None:
        """Put the sums into a page, where it has a place for them, and forget the others.

        A series that comes back later begins anew, as for whoever reads it.
        """
        for name, values in self._values.items():
            there = page.of(catalog.FAMILIES[name])
            self._values[name] = {each: sum_ for each, sum_ in values.items() if each in there}
            there.update(self._values[name])
        for name, distributions in self._distributions.items():
            found = page.distributions_of(catalog.FAMILIES[name])
            self._distributions[name] = {e: sum_ for e, sum_ in distributions.items() if e in found}
            found.update(self._distributions[name])
