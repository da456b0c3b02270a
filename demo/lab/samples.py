"""Scrapes as Prometheus stores them: a series for each name and labels, markers where it vanished.

What Prometheus adds to a scrape is added here: ``job`` and ``instance``, ``up`` and the two other
series that rules may ask for; and at the first scrape that lacks a series, a stale marker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf, nan

import numpy as np

from exporters.catalog import SERVED_FAMILIES, Family
from exporters.page import Page
from slo.series import STALE, Series

UP = "up"
SCRAPE_SECONDS = "scrape_duration_seconds"
SCRAPE_SAMPLES = "scrape_samples_scraped"

Key = tuple[str, tuple[str, ...]]
"""Label values in the family's order, and what its histograms add to them."""


class Scrapes:
    """The scrapes of one target.

    Args:
        job: that Prometheus calls it by.
        instance: its address.
        is_wanted: tells by its name whether a series is kept; all are by default.
    """

    def __init__(
        self, job: str, instance: str, is_wanted: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._target = {"instance": instance, "job": job}
        self._is_wanted = is_wanted
        self._times: list[float] = []
        self._plain: dict[str, dict[tuple[str, ...], list[float]]] = {}
        """By family and label values: a value a scrape, NaN where it was not there, up to the last
        one that had it."""
        self._histograms: dict[str, dict[tuple[str, ...], list[list[float]]]] = {}
        """Likewise, the buckets', the sum's and the count's."""
        self._own: dict[str, list[float]] = {UP: [], SCRAPE_SECONDS: [], SCRAPE_SAMPLES: []}

    def take(self, time: float, page: Page | None, seconds: float) -> None:
        """Take a scrape at a time (UNIX seconds), later than all before; None if it failed.

        It lasted so many seconds.
        """
        at = len(self._times)
        self._times.append(time)
        taken = 0
        for name, values in (page.values if page else {}).items():
            taken += len(values)
            if self._is_wanted(name):
                _append(self._plain.setdefault(name, {}), values, at)
        for name, told in (page.distributions if page else {}).items():
            taken += sum(len(each.counts) + 3 for each in told.values())
            if not any(self._is_wanted(name + end) for end in ("_bucket", "_sum", "_count")):
                continue
            known = self._histograms.setdefault(name, {})
            for labels, each in told.items():
                row = (*each.counts, each.count, each.sum, each.count)
                columns = known.setdefault(labels, [[] for _ in row])
                for column, value in zip(columns, row, strict=True):
                    _append_one(column, nan if value is None else value, at)
        for name, value in ((UP, float(page is not None)), (SCRAPE_SECONDS, seconds),
                            (SCRAPE_SAMPLES, float(taken))):  # fmt: skip
            self._own[name].append(value)

    def take_up(self, time: float, seconds: float) -> None:
        """Take a scrape of which nothing is known but that it went well."""
        self.take(time, Page(), seconds)

    def series(self) -> Iterator[Series]:
        """Yield what was stored."""
        times_ms = np.rint(np.array(self._times) * 1000).astype(np.int64)
        for name, values in self._own.items():
            yield Series({"__name__": name, **self._target}, times_ms, np.array(values))
        for name, by_labels in self._plain.items():
            family = SERVED_FAMILIES[name]
            for labels, values in by_labels.items():
                yield _stored(self._labels(family, name, labels), times_ms, values)
        for name, columns_of in self._histograms.items():
            family = SERVED_FAMILIES[name]
            names = list(_histogram_names(family))
            for labels, columns in columns_of.items():
                for (of, bound), values in zip(names, columns, strict=True):
                    if self._is_wanted(of) and not np.isnan(values).all():
                        own = self._labels(family, of, labels)
                        yield _stored({**own, **bound}, times_ms, values)

    def _labels(self, family: Family, name: str, labels: tuple[str, ...]) -> dict[str, str]:
        """Return a series' labels: its own win, as ``honor_labels`` says."""
        own = dict(zip(family.labels, labels, strict=True))
        return {"__name__": name, **self._target, **{k: v for k, v in own.items() if v}}


def _append(
    known: dict[tuple[str, ...], list[float]], values: Mapping[tuple[str, ...], float], at: int
) -> None:
    for labels, value in values.items():
        column = known.get(labels)
        if column is None:
            column = known[labels] = []
        if len(column) != at:
            column.extend([nan] * (at - len(column)))
        column.append(value)


def _append_one(column: list[float], value: float, at: int) -> None:
    column.extend([nan] * (at - len(column)))
    column.append(value)


def _histogram_names(family: Family) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield names and further labels, in the order of a stored row."""
    for bound in (*family.bounds, inf):
        le = "+Inf" if bound == inf else repr(float(bound))
        yield f"{family.name}_bucket", {"le": le}
    yield f"{family.name}_sum", {}
    yield f"{family.name}_count", {}


def _stored(labels: Mapping[str, str], times_ms: np.ndarray, values: list[float]) -> Series:
    """Return a column as a series: samples where there are values, markers where they ended."""
    found = np.full(len(times_ms), nan)
    found[: len(values)] = values
    is_there = ~np.isnan(found)
    ended = np.zeros(len(found), bool)
    ended[1:] = is_there[:-1] & ~is_there[1:]
    found[ended] = STALE
    kept = is_there | ended
    return Series(labels, times_ms[kept], found[kept])
