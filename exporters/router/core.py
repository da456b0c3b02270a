"""The core of the router exporter: routers' pages in, what users felt out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from exporters import catalog
from exporters.exposition import PageReader, Samples, Series, require_counts
from exporters.folding import Folder
from exporters.histograms import SUFFIXES, Accumulator
from exporters.page import Distribution, Labels, Page
from exporters.router.counting import Increments, Sums
from exporters.router.dialect import RouterDialect, Rule
from exporters.router.dialects import DIALECTS
from exporters.router.labels import FOLDED, Labeller
from exporters.sources import Answers, Target
from exporters.topology import Router, Topology

_Found: TypeAlias = Mapping[str, list[tuple[Series, float]]]
"""The samples of a page by their names."""


@dataclass(frozen=True)
class _Read:
    """A page of a router."""

    found: _Found
    grown: Mapping[Series, float]
    """By how much its counters have grown."""


@dataclass(frozen=True)
class _Watched:
    """A router, how it speaks, and what that leaves untold."""

    router: Router
    dialect: RouterDialect
    target: Target[Samples]
    labeller: Labeller
    missing: tuple[str, ...]
    increments: Increments
    sums: Sums
    all_are_sums: bool
    """Whether several of the router's counters may be one of ours, whatever its labels."""

    def is_sum(self, labels: Labels) -> bool:
        """Return whether several of the router's counters may be one of ours."""
        return self.all_are_sums or catalog.OTHER in labels


class RouterCore:
    """Watches the routers of a topology."""

    name = "router"
    samples_itself = False

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._folder = Folder(self.name, FOLDED)
        self._routers = [_watch(topology, router, self._folder) for router in topology.routers]
        self.targets = [each.target for each in self._routers]

    def take_over(self, earlier: RouterCore) -> None:
        """Go on counting, under the revisions that were learnt."""
        self._folder.take_over(earlier._folder)
        routers = {(each.router.name, each.router.metrics): each for each in earlier._routers}
        for number, watched in enumerate(self._routers):
            same = routers.get((watched.router.name, watched.router.metrics))
            if same is not None:
                watched.labeller.take_over(same.labeller)
                watched.increments.take_over(same.increments)
                self._routers[number] = replace(watched, sums=same.sums)

    def observe(self, answers: Answers, now: float) -> Page:
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
                read = _Read(_by_name(answer.content), watched.increments.of(answer.content))
                of_it = Page()
                for rule in watched.dialect.rules:
                    _add(of_it, watched, rule, read)
                watched.sums.add_to(of_it)
                page.add(of_it)
        self._folder.add_to(page, now)
        return page


def _watch(topology: Topology, router: Router, folder: Folder) -> _Watched:
    dialect = DIALECTS[router.dialect]
    reader = PageReader(frozenset(_samples_of(dialect.rules)).__contains__)
    target = Target(
        router.name,
        router.region,
        router.metrics,
        lambda page: require_counts(reader.read(page)),
        kind="routers",
    )
    missing = dialect.missing(
        names_models=bool(router.names),
        names_revisions=any(each.revision for each in router.names.values()),
    )
    histograms = {name for rule in dialect.rules if rule.is_histogram for name in rule.names}
    return _Watched(
        router,
        dialect,
        target,
        Labeller(topology, router, dialect, folder),
        missing,
        Increments(histograms),
        Sums(),
        all_are_sums=not dialect.has_our_series or bool(router.names),
    )


def _samples_of(rules: Iterable[Rule]) -> Iterable[str]:
    for rule in rules:
        for name in rule.names:
            if rule.is_histogram:
                yield from (f"{name}{suffix}" for suffix in SUFFIXES)
            else:
                yield name


def _by_name(samples: Samples) -> _Found:
    found: defaultdict[str, list[tuple[Series, float]]] = defaultdict(list)
    for each in samples.items():
        found[each[0].name].append(each)
    return found


def _add(page: Page, watched: _Watched, rule: Rule, read: _Read) -> None:
    """Add what one rule finds on a page of a router, and the zeros of what it does not."""
    suffix = "_count" if rule.is_histogram else ""
    name = next((each for each in rule.names if f"{each}{suffix}" in read.found), "")
    if not name and rule.is_optional:
        return
    if rule.is_histogram:
        _add_distributions(page, watched, rule, name, read)
        return
    values = page.of(rule.family)
    is_info = rule.family is catalog.WEIGHTS_INFO
    if not is_info:
        for zero in watched.labeller.zeros(rule):
            values.setdefault(zero, 0.0)
    for series, value in read.found.get(name, ()):
        labels = watched.labeller.labels(rule, series)
        if labels is None:
            continue
        if rule.family.kind == "counter" and watched.is_sum(labels):
            values.setdefault(labels, 0.0)
            watched.sums.add(rule.family, labels, read.grown[series])
        else:
            values[labels] = 1.0 if is_info else values.get(labels, 0.0) + value


def _add_distributions(page: Page, watched: _Watched, rule: Rule, name: str, read: _Read) -> None:
    distributions = page.distributions_of(rule.family)
    zero = Distribution((0.0,) * len(rule.family.bounds), 0.0, 0.0)
    for labels in watched.labeller.zeros(rule):
        distributions[labels] = zero
    accumulators: dict[Labels, Accumulator] = {}
    for suffix in SUFFIXES:
        for series, value in read.found.get(f"{name}{suffix}", ()):
            labelled = watched.labeller.labels(rule, series)
            if labelled is not None:
                accumulator = accumulators.get(labelled)
                if accumulator is None:
                    accumulator = Accumulator(rule.family, rule.seconds)
                    accumulators[labelled] = accumulator
                part = read.grown[series] if watched.is_sum(labelled) else value
                accumulator.add(suffix, series, part)
    for labels, accumulator in accumulators.items():
        if distribution := accumulator.distribution():
            distributions[labels] = distribution
            if watched.is_sum(labels):
                watched.sums.add_distribution(rule.family, labels, distribution)
