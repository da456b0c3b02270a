"""The core of the router exporter: routers' pages in, what users felt out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from exporters import catalog
from exporters.catalog import Family
from exporters.exposition import PageReader, Samples, Series, require_counts
from exporters.folding import Folder
from exporters.histograms import Accumulator, suffixed
from exporters.page import Distribution, Labels, Page
from exporters.router import demo
from exporters.sources import Answers, Target
from exporters.topology import Router, Topology

_HISTOGRAM_SAMPLES = suffixed(demo.DISTRIBUTIONS)
_WANTED = frozenset([*demo.VALUES, *_HISTOGRAM_SAMPLES])


@dataclass(frozen=True)
class _Watched:
    """A router, and the label values that its region may have."""

    router: Router
    target: Target[Samples]
    revisions: dict[str, tuple[str, ...]]
    """By model of the region."""


class RouterCore:
    """Watches the routers of a topology: one a region, for their series carry no router's name."""

    name = "router"
    samples_itself = False

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._routers = [
            _Watched(router, _target(router), _revisions(topology, router.region))
            for router in topology.routers
        ]
        self._folder = Folder(
            self.name,
            (catalog.MODEL, catalog.REVISION, catalog.TIER, catalog.OUTCOME, catalog.ATTEMPT),
        )
        self.targets = [each.target for each in self._routers]

    def observe(self, answers: Answers, now: float) -> Page:  # noqa: ARG002 - no state ages
        """Return the page for one collection. The series of a router that is down are absent."""
        page = Page()
        for watched in self._routers:
            answer = answers[watched.target]
            router = watched.router
            up = (self.cluster, router.region, router.name)
            page.of(catalog.ROUTER_UP)[up] = float(answer.is_up)
            if answer.content is not None:
                self._add(page, watched, answer.content)
        self._folder.add_to(page)
        return page

    def _add(self, page: Page, watched: _Watched, samples: Samples) -> None:
        place = (self.cluster, watched.router.region)
        _add_zeros(page, place, watched.revisions)
        accumulators: dict[tuple[str, Labels], Accumulator] = {}
        for series, value in samples.items():
            labels = self._labels(place, watched.revisions, series)
            family = demo.VALUES.get(series.name)
            if family:
                values = page.of(family)
                key = (*labels, *self._last_label(family, series))
                values[key] = values.get(key, 0.0) + value
                continue
            name, suffix = _HISTOGRAM_SAMPLES[series.name]
            family = demo.DISTRIBUTIONS[name]
            accumulator = accumulators.get((family.name, labels))
            if accumulator is None:
                accumulator = accumulators[family.name, labels] = Accumulator(family)
            accumulator.add(suffix, series, value)
        for (name, labels), accumulator in accumulators.items():
            if distribution := accumulator.distribution():
                page.distributions_of(catalog.FAMILIES[name])[labels] = distribution

    def _labels(
        self, place: Labels, revisions: dict[str, tuple[str, ...]], series: Series
    ) -> Labels:
        given = series.labels
        model = self._folder.fold(catalog.MODEL, given.get("model", ""), revisions)
        revision = self._folder.fold(
            catalog.REVISION, given.get("revision", ""), revisions.get(model, ())
        )
        tier = self._folder.fold(catalog.TIER, given.get("tier", ""), catalog.TIERS)
        return (*place, model, revision, tier)

    def _last_label(self, family: Family, series: Series) -> Labels:
        allowed = demo.LAST_LABEL.get(family.name)
        if not allowed:
            return ()
        label = family.labels[-1]
        return (self._folder.fold(label, series.labels.get(label, ""), allowed),)


def _target(router: Router) -> Target[Samples]:
    reader = PageReader(_WANTED.__contains__)

    return Target(
        router.name,
        router.region,
        router.metrics,
        lambda page: require_counts(reader.read(page)),
    )


def _revisions(topology: Topology, region: str) -> dict[str, tuple[str, ...]]:
    revisions: dict[str, tuple[str, ...]] = {}
    for group in topology.groups:
        if group.region == region and group.revision not in revisions.get(group.model, ()):
            revisions[group.model] = (*revisions.get(group.model, ()), group.revision)
    return revisions


def _add_zeros(page: Page, place: Labels, revisions: dict[str, tuple[str, ...]]) -> None:
    """Let every series with bounded labels exist from 0 on."""
    for cell in _cells(place, revisions):
        page.of(catalog.ROUTER_IN_FLIGHT)[cell] = 0.0
        for name, options in demo.LAST_LABEL.items():
            series = page.of(catalog.FAMILIES[name])
            for option in options:
                series[*cell, option] = 0.0
        for family in demo.DISTRIBUTIONS.values():
            zero = Distribution((0.0,) * len(family.bounds), 0.0, 0.0)
            page.distributions_of(family)[cell] = zero


def _cells(place: Labels, revisions: dict[str, tuple[str, ...]]) -> Iterator[Labels]:
    for model, each_revision in revisions.items():
        for revision, tier in product(each_revision, catalog.TIERS):
            yield (*place, model, revision, tier)
