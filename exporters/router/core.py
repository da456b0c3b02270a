"""The core of the router exporter: routers' pages in, what users felt out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from exporters import catalog
from exporters.exposition import PageReader, Samples, Series, require_counts
from exporters.folding import Folder
from exporters.histograms import SUFFIXES, Accumulator
from exporters.page import Distribution, Labels, Page
from exporters.router.dialect import RouterDialect, Rule
from exporters.router.dialects import DIALECTS
from exporters.router.labels import FOLDED, Labeller
from exporters.sources import Answers, Target
from exporters.topology import Router, Topology

_Found: TypeAlias = Mapping[str, list[tuple[Series, float]]]
"""The samples of a page by their names."""


@dataclass(frozen=True)
class _Watched:
    """A router, how it speaks, and what that leaves untold."""

    router: Router
    dialect: RouterDialect
    target: Target[Samples]
    labeller: Labeller
    missing: tuple[str, ...]


class RouterCore:
    """Watches the routers of a topology: one a region, for their series carry no router's name."""

    name = "router"
    samples_itself = False

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._folder = Folder(self.name, FOLDED)
        self._routers = [_watch(topology, router, self._folder) for router in topology.routers]
        self.targets = [each.target for each in self._routers]

    def take_over(self, earlier: RouterCore) -> None:
        """Go on counting the values that were folded, under the revisions that were learnt."""
        self._folder.take_over(earlier._folder)
        labellers = {each.router.name: each.labeller for each in earlier._routers}
        for watched in self._routers:
            if watched.router.name in labellers:
                watched.labeller.take_over(labellers[watched.router.name])

    def observe(self, answers: Answers, now: float) -> Page:  # noqa: ARG002 - no state ages
        """Return the page for one collection. The series of a router that is down are absent."""
        page = Page()
        for watched in self._routers:
            answer = answers[watched.target]
            router = watched.router
            place = (self.cluster, router.region, router.name)
            page.of(catalog.ROUTER_UP)[place] = float(answer.is_up)
            for what in watched.missing:
                page.of(catalog.ROUTER_MISSING)[*place, router.dialect, what] = 1.0
            if answer.content is not None:
                watched.labeller.begin(answer.content)
                found = _by_name(answer.content)
                for rule in watched.dialect.rules:
                    _add(page, watched.labeller, rule, found)
        self._folder.add_to(page)
        return page


def _watch(topology: Topology, router: Router, folder: Folder) -> _Watched:
    dialect = DIALECTS[router.dialect]
    reader = PageReader(frozenset(_samples_of(dialect.rules)).__contains__)
    target = Target(
        router.name,
        router.region,
        router.metrics,
        lambda page: require_counts(reader.read(page)),
    )
    missing = dialect.missing(
        names_models=bool(router.names),
        names_revisions=any(each.revision for each in router.names.values()),
    )
    return _Watched(router, dialect, target, Labeller(topology, router, dialect, folder), missing)


def _samples_of(rules: Iterable[Rule]) -> Iterable[str]:
    for rule in rules:
        for name in rule.names:
            if rule.is_histogram:
                yield from (f"{name}{suffix}" for suffix in SUFFIXES)
            else:
                yield name


def _by_name(samples: Samples) -> _Found:
    found: defaultdict[str, list[tuple[Series, float]]] = defaultdict(list)
    for series, value in samples.items():
        found[series.name].append((series, value))
    return found


def _add(page: Page, labeller: Labeller, rule: Rule, found: _Found) -> None:
    """Add what one rule finds on a page of a router, and the zeros of what it does not."""
    suffix = "_count" if rule.is_histogram else ""
    name = next((each for each in rule.names if f"{each}{suffix}" in found), "")
    if not name and rule.is_optional:
        return
    if rule.is_histogram:
        _add_distributions(page, labeller, rule, name, found)
        return
    values = page.of(rule.family)
    is_info = rule.family is catalog.WEIGHTS_INFO
    if not is_info:
        for zero in labeller.zeros(rule):
            values.setdefault(zero, 0.0)
    for series, value in found.get(name, ()):
        labels = labeller.labels(rule, series)
        if labels is not None:
            values[labels] = 1.0 if is_info else values.get(labels, 0.0) + value


def _add_distributions(
    page: Page, labeller: Labeller, rule: Rule, name: str, found: _Found
) -> None:
    distributions = page.distributions_of(rule.family)
    zero = Distribution((0.0,) * len(rule.family.bounds), 0.0, 0.0)
    for labels in labeller.zeros(rule):
        distributions[labels] = zero
    accumulators: dict[Labels, Accumulator] = {}
    for suffix in SUFFIXES:
        for series, value in found.get(f"{name}{suffix}", ()):
            labelled = labeller.labels(rule, series)
            if labelled is not None:
                if labelled not in accumulators:
                    accumulators[labelled] = Accumulator(rule.family, rule.seconds)
                accumulators[labelled].add(suffix, series, value)
    for labels, accumulator in accumulators.items():
        if distribution := accumulator.distribution():
            distributions[labels] = distribution
