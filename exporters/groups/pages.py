"""Pages of vLLM's API servers: read once for all the engines that are behind one.

A page comes again and again with the same series and new values. So which engine a series is of is
looked at when there are new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from exporters.dialects.vllm_changes import read_changes
from exporters.exposition import PageError, PageReader, Series
from exporters.groups import mapping
from exporters.histograms import SUFFIXES

Placed = tuple[int, Mapping[str, str]]
"""Where a series stands in the list of a page's values, and its labels."""

_CHANGES = read_changes()
_TOTAL = "_total"


def is_wanted(name: str) -> bool:
    """Return whether a series of this name is read."""
    canonical, is_ray = _CHANGES.spell(name)
    return canonical in _WANTED or (is_ray and canonical + _TOTAL in _WANTED)


@dataclass(frozen=True)
class OneSeries:
    """A series that is read."""

    place: int
    """In the list of the page's values."""
    name: str
    """In vLLM's own spelling."""
    labels: Mapping[str, str]
    is_ray: bool
    """Whether it was spelled as Ray does."""


class SortedSeries:
    """The series of a page, by engine. The same object as long as a page has the same ones.

    Args:
        series: the wanted ones of the page, in its order.

    Raises:
        PageError: if a bucket has no bound.
    """

    def __init__(self, series: Sequence[Series]) -> None:
        self.all = series
        self.page_wide: dict[str, list[Placed]] = {}
        """Those of the API server, by name."""
        self.is_ray = False
        self.is_labelled = False
        """Whether engines have the label that vLLM's V1 gives them."""
        self._of_engine: dict[str, list[OneSeries]] = {}
        self._of_replica: dict[str, list[OneSeries]] = {}
        """Ray's, of the same engines."""
        self._running: list[Mapping[str, str]] = []
        for place, each in enumerate(series):
            self._sort_in(place, each)

    def of(self, engine: str) -> list[OneSeries]:
        """Return the series of an engine, in the page's order.

        Args:
            engine: the data-parallel rank; a replica's id where Ray serves the page.
        """
        found = self._of_engine.get(engine, [])
        if replicas := self._of_replica.get(engine):
            found = sorted({each.place: each for each in (*found, *replicas)}.values(), key=_place)
        return found

    def engines(self, engine: str) -> set[str]:
        """Return the ranks on the page, where an engine may be called by its replica's id."""
        return {
            engine
            if labels.get(_CHANGES.replica_label) == engine
            else labels.get(_CHANGES.engine_label, _CHANGES.default_engine)
            for labels in self._running
        }

    def _sort_in(self, place: int, series: Series) -> None:
        name, is_ray = _CHANGES.spell(series.name)
        labels = series.labels
        if _CHANGES.router_label in labels and mapping.MODEL_LABEL not in labels:
            return  # a router's gauge, called as an engine's
        if is_ray and name not in _WANTED:
            name += _TOTAL
        if name.endswith("_bucket"):
            _require_bound(series)
        if name in _PAGE_WIDE:
            self.page_wide.setdefault(name, []).append((place, labels))
            return
        self.is_ray = self.is_ray or is_ray
        self.is_labelled = self.is_labelled or _CHANGES.engine_label in labels
        found = OneSeries(place, name, labels, is_ray)
        engine = labels.get(_CHANGES.engine_label, _CHANGES.default_engine)
        self._of_engine.setdefault(engine, []).append(found)
        if is_ray and (replica := labels.get(_CHANGES.replica_label)):
            self._of_replica.setdefault(replica, []).append(found)
        if name == mapping.RUNNING:
            self._running.append(labels)


@dataclass(frozen=True)
class EnginePage:
    """What was read of a page."""

    series: SortedSeries
    values: list[float]
    is_odd: bool
    """Whether there is a value that is not a number from 0 on."""


class EnginePages:
    """Reads the pages at one address.

    Args:
        engines: that read each page. What was read is kept until all have.
    """

    def __init__(self, engines: int = 1) -> None:
        self._engines = engines
        self._reader = PageReader(is_wanted)
        self._series: SortedSeries | None = None
        self._body: bytes | None = None
        self._read: EnginePage | PageError | None = None
        self._still_to_come = 0

    def read(self, body: bytes) -> EnginePage:
        """Return what is on a page.

        Raises:
            PageError: if it is malformed.
        """
        read = self._read if body is self._body else None
        if read is None:
            try:
                read = self._parse(body)
            except PageError as error:
                read = error
            self._body, self._read, self._still_to_come = body, read, self._engines
        self._still_to_come -= 1
        if not self._still_to_come:
            self._body = self._read = None
        if isinstance(read, PageError):
            raise read
        return read

    def _parse(self, body: bytes) -> EnginePage:
        samples = self._reader.read(body)
        series, values = list(samples), list(samples.values())
        if self._series is None or series != self._series.all:
            self._series = SortedSeries(series)
        # A sum is finite only if all are, and costs less than a look at each.
        is_odd = bool(values) and (not isfinite(sum(values)) or min(values) < 0)
        return EnginePage(self._series, values, is_odd)


def _place(series: OneSeries) -> int:
    return series.place


def _require_bound(series: Series) -> None:
    try:
        float(series.labels["le"])
    except (KeyError, ValueError):
        raise PageError(0, f"found no bound le=NUMBER in {series!r}") from None


def _wanted_names() -> frozenset[str]:
    values = [kept.name for kept in mapping.VALUES]
    bases = [kept.name for kept in mapping.DISTRIBUTIONS]
    bases += [_CHANGES.older[name] for name in bases if name in _CHANGES.older]
    names = {*values, *(base + suffix for base in bases for suffix in SUFFIXES)}
    names |= {old for new, old in _CHANGES.older.items() if new in names}
    names |= {mapping.SLEEP_STATE, mapping.PROCESS_START, mapping.CACHE_CONFIG}
    names |= {mapping.HTTP_REQUESTS}
    return frozenset(names.union(*(marks for _, marks in _CHANGES.marks)))


_PAGE_WIDE = frozenset(
    [
        mapping.PROCESS_START,
        mapping.HTTP_REQUESTS,
        *(kept.name for kept in mapping.VALUES if kept.is_page_wide),
    ]
)
_WANTED = _wanted_names()
