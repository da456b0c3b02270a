"""Where on an engine's page stands what is kept: found out once, for pages of the same series.

A page comes again and again with the same series and new values. So names, labels and dialect are
looked at when a series is new; after that a reading is a walk over a list of values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from exporters import catalog
from exporters.dialects.vllm_changes import read_changes
from exporters.exposition import PageError
from exporters.groups import mapping
from exporters.groups.mapping import Kept, KeptDistribution
from exporters.groups.pages import Placed, SortedSeries
from exporters.page import Labels

Key = tuple[str, Labels]
"""Name of a family of ours, and the values of its labels after the group's."""

_CHANGES = read_changes()
_IN_BLOCKS = re.compile(rb"^# HELP \S*prefix_cache_queries\S* .*\bblocks?\b", re.MULTILINE)


@dataclass(frozen=True)
class Histogram:
    """Where a histogram stands: for each of our bounds the place of its count, or None."""

    family: str
    counts: tuple[int | None, ...]
    count: int
    sum: int


@dataclass(frozen=True)
class Layout:
    """Places in the list of a page's values."""

    dialect: str
    """One of ``catalog.ENGINE_DIALECTS``, with ``ray_`` before it from Ray; or ``other``."""
    cache_unit: str
    """One of ``catalog.CACHE_UNITS``."""
    model: str
    """The served model's name; empty if the page does not say."""
    shares_page: bool
    """Whether the page has other engines too."""
    constants: Mapping[Key, float]
    """Series that exist from 0 on and are not on the page yet."""
    values: tuple[tuple[Key, int], ...]
    sums: tuple[tuple[Key, tuple[int, ...], float], ...]
    """What is made of several values, or of one with a factor."""
    histograms: tuple[Histogram, ...]
    missing_bounds: Mapping[str, int]
    """By our family: how many of its bounds the engine lacks; none where it has all."""
    awake: int | None
    started: int | None
    ended: tuple[int, ...]
    """Requests that the API server ended, by handler and status."""
    folded: Collection[tuple[str, str]]
    """Label and value of what was folded into ``other``."""

    @cached_property
    def families(self) -> frozenset[str]:
        """Names of ours that have a series on the page."""
        names = {key[0] for key, _ in self.values} | {key[0] for key, *_ in self.sums}
        return frozenset(names.union(each.family for each in self.histograms))

    @cached_property
    def gauges(self) -> frozenset[int]:
        """Places of gauges that nothing depends on."""
        found = [(key[0], place) for key, place in self.values]
        found += [(key[0], place) for key, places, _ in self.sums for place in places]
        return frozenset(place for name, place in found if name in _GAUGES)

    @cached_property
    def places(self) -> frozenset[int]:
        """All that is read."""
        found = {place for _, place in self.values}.union(*(places for _, places, _ in self.sums))
        for each in self.histograms:
            found.update(
                place for place in (*each.counts, each.count, each.sum) if place is not None
            )
        found.update(
            place for place in (self.awake, self.started, *self.ended) if place is not None
        )
        return frozenset(found)


def find_layout(series: SortedSeries, page: bytes, engine: str, gpus: int) -> Layout:
    """Return the layout of a page for one engine.

    Args:
        series: of the page.
        page: for the help of the prefix cache, which tells its unit.
        engine: the data-parallel rank; a replica's id where Ray serves the page.
        gpus: of its group.

    Raises:
        PageError: if the page has no such engine, or two.
    """
    return _Finder(series, engine, gpus).find(counts_blocks=bool(_IN_BLOCKS.search(page)))


class _Finder:
    """Finds one engine's layout."""

    def __init__(self, series: SortedSeries, engine: str, gpus: int) -> None:
        self._engine = engine
        self._gpus = gpus
        self._page_wide = series.page_wide
        self._engines = series.engines(engine)
        self._is_ray = series.is_ray
        self._is_labelled = series.is_labelled
        self._places: dict[str, list[Placed]] = {}
        """By name in vLLM's spelling: this engine's series."""
        self._block_size = 0.0
        self._dropped_bounds: dict[str, int] = {}
        self._constants: dict[Key, float] = {}
        self._values: list[tuple[Key, int]] = []
        self._sums: dict[Key, tuple[list[int], float]] = {}
        self._folded: set[tuple[str, str]] = set()
        seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
        for each in series.of(engine):
            if each.is_ray:
                # Once for the same counter with _total and without.
                twin = (each.name, frozenset(each.labels.items()))
                if twin in seen:
                    continue
                seen.add(twin)
            if each.name == mapping.CACHE_CONFIG:
                self._block_size = _number(each.labels.get(mapping.BLOCK_SIZE_LABEL, ""))
            self._places.setdefault(each.name, []).append((each.place, each.labels))

    def find(self, *, counts_blocks: bool) -> Layout:
        changes = _CHANGES
        is_first = self._engine == min(self._engines, default=self._engine, key=_rank)
        for kept in mapping.VALUES:
            if not kept.is_page_wide or is_first:
                self._keep(kept, counts_blocks=counts_blocks)
        self._require()
        histograms = [found for each in mapping.DISTRIBUTIONS if (found := self._histogram(each))]
        dialect = changes.find_dialect(self._places)
        queries = self._named("vllm:prefix_cache_queries_total")
        unit = ("blocks" if counts_blocks else "tokens") if queries else "none"
        awake = self._labelled(mapping.SLEEP_STATE, mapping.SLEEP_STATE_LABEL, mapping.AWAKE)
        started = self._page_wide.get(mapping.PROCESS_START)
        labels = self._named(mapping.RUNNING)[0][1]
        return Layout(
            dialect=f"ray_{dialect}" if dialect and self._is_ray else dialect or catalog.OTHER,
            cache_unit=unit,
            model=labels.get(mapping.MODEL_LABEL, ""),
            shares_page=len(self._engines) > 1,
            constants=self._constants,
            values=tuple(self._values),
            sums=tuple((key, tuple(places), by) for key, (places, by) in self._sums.items()),
            histograms=tuple(histograms),
            missing_bounds=self._dropped_bounds,
            awake=awake[0][0] if awake else None,
            started=started[0][0] if started else None,
            ended=tuple(
                place
                for place, labels in self._page_wide.get(mapping.HTTP_REQUESTS, ())
                if _gave_work(labels)
            ),
            folded=self._folded,
        )

    def _named(self, name: str) -> list[Placed]:
        """Return the series of a name, or of the one before it where it is not on the page."""
        return self._places.get(name) or self._places.get(_OLDER.get(name, "")) or []

    def _labelled(self, name: str, label: str, value: str) -> list[Placed]:
        return [each for each in self._named(name) if each[1].get(label) == value]

    def _keep(self, kept: Kept, *, counts_blocks: bool) -> None:
        if kept.without and self._named(kept.without):
            return
        found = self._page_wide.get(kept.name, []) if kept.is_page_wide else self._named(kept.name)
        if kept.only is not None and kept.label_from:
            found = [each for each in found if each[1].get(kept.label_from) == kept.only]
        if not found and not (kept.is_basic and self._is_ray):
            return
        name = kept.family.name
        factor = 1.0
        if kept.may_be_blocks and counts_blocks:
            if not self._block_size:
                return  # blocks of nobody knows how many tokens
            factor = self._block_size
        if kept.is_per_gpu:
            if not self._gpus:
                return
            factor = float(self._gpus)
        for ours in kept.allowed.values():
            self._constants[name, (ours,)] = 0.0
        if not found and not kept.allowed:
            self._constants[name, kept.labels] = 0.0
        for place, labels in found:
            self._place(kept, place, labels, factor)

    def _place(self, kept: Kept, place: int, labels: Mapping[str, str], factor: float) -> None:
        ours = kept.labels
        if kept.allowed and kept.label_from:
            given = labels.get(kept.label_from, "")
            ours = (kept.allowed.get(given, catalog.OTHER),)
        key = (kept.family.name, ours)
        if ours == (catalog.OTHER,):
            self._folded.add((kept.family.labels[-1], given))
            self._sums.setdefault(key, ([], 1.0))[0].append(place)
            return
        if key in self._sums or any(key == known for known, _ in self._values):
            raise PageError(0, f"found two engines {self._engine!r}: {kept.name} twice")
        if factor == 1.0:
            self._values.append((key, place))
        else:
            self._sums[key] = ([place], factor)

    def _require(self) -> None:
        kept = {key for key, _ in self._values}
        missing = [each.name for each in mapping.REQUIRED if (each.name, ()) not in kept]
        tokens = (catalog.GROUP_TOKENS.name, ("generation",))
        works = {(catalog.GROUP_STEPS.name, ()), tokens}
        if not missing and works.isdisjoint(kept | self._constants.keys()):
            missing = [catalog.GROUP_STEPS.name]
        # A page that was cut at a line looks well; since V1 every page has steps, far down.
        if (
            not missing
            and self._is_labelled
            and not self._is_ray
            and (catalog.GROUP_STEPS.name, ()) not in kept
        ):
            missing = [catalog.GROUP_STEPS.name]
        if missing:
            raise PageError(0, f"found no vLLM engine {self._engine!r}: nothing for {missing[0]}")

    def _histogram(self, kept: KeptDistribution) -> Histogram | None:
        name = kept.name if f"{kept.name}_count" in self._places else _OLDER.get(kept.name, "")
        counts = self._places.get(f"{name}_count", [])
        if not counts:
            if self._places.get(f"{name}_bucket"):
                raise PageError(0, f"found buckets of {name} and no {name}_count")
            return None
        if len(counts) > 1:
            raise PageError(0, f"found two engines {self._engine!r}: {name}_count twice")
        places = {
            float(labels["le"]): place for place, labels in self._places.get(f"{name}_bucket", ())
        }
        sums = self._places.get(f"{name}_sum")
        if not sums:
            raise PageError(0, f"found {name}_count and no {name}_sum")
        found = tuple(places.get(bound) for bound in kept.family.bounds)
        if missing := found.count(None):
            self._dropped_bounds[kept.family.name] = missing
        return Histogram(kept.family.name, found, counts[0][0], sums[0][0])


def _rank(engine: str) -> tuple[int, str]:
    return (int(engine), "") if engine.isdecimal() else (-1, engine)


def _number(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _gave_work(labels: Mapping[str, str]) -> bool:
    """Whether requests of this handler and status had been taken by the engine."""
    is_refused = labels.get("status", "").startswith("4")
    return not is_refused and labels.get("handler", "").endswith(mapping.HANDLERS)


_OLDER = _CHANGES.older
_GAUGES = {kept.family.name for kept in mapping.VALUES if kept.family.kind == "gauge"} - {
    family.name for family in mapping.REQUIRED
}
