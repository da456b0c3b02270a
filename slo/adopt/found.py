"""What a server was found to have, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

USUAL_INTERVAL_SECONDS = 15.0
"""Between two samples of a series, where nobody tells it."""

LabelSet: TypeAlias = Mapping[str, str]
Source: TypeAlias = tuple[str, str]
"""The labels ``job`` and ``instance``: one scraped page."""
Pod: TypeAlias = tuple[str, str]
"""Namespace and name."""


def source_of(labels: LabelSet) -> Source:
    """Return whose page a series is of."""
    return labels.get("job", ""), labels.get("instance", "")


@dataclass(frozen=True)
class ScrapedTarget:
    """One target as the server tells it."""

    labels: LabelSet
    """Of its series."""
    discovered: LabelSet
    """Before relabelling: ``__meta_...``."""
    url: str
    interval_seconds: float | None
    """None if the server does not tell, as Prometheus before 2.27."""
    answers: bool = True
    error: str = ""
    """Why it does not answer; empty if it was not scraped yet."""


class Targets:
    """All targets, to be found by the labels of their series.

    Args:
        targets: as the server tells them; none if it does not.
    """

    def __init__(self, targets: Iterable[ScrapedTarget] = ()) -> None:
        self._by_source: dict[Source, list[ScrapedTarget]] = {}
        for each in targets:
            self._by_source.setdefault(source_of(each.labels), []).append(each)

    def __bool__(self) -> bool:
        return bool(self._by_source)

    def only(self, wanted: Callable[[LabelSet], bool]) -> Targets:
        """Return those whose labels are wanted."""
        every = (each for targets in self._by_source.values() for each in targets)
        return Targets(each for each in every if wanted(each.labels))

    def unanswered(self) -> Iterator[ScrapedTarget]:
        """Yield those that do not answer, sorted by job and instance."""
        for _, targets in sorted(self._by_source.items()):
            yield from (each for each in targets if not each.answers)

    def of(self, labels: LabelSet) -> ScrapedTarget | None:
        """Return the target that a series with these labels is of; None if it is not told."""
        found = self._by_source.get(source_of(labels), [])
        exactly = [each for each in found if each.labels.items() <= labels.items()]
        return next(iter([*exactly, *found]), None)


@dataclass(frozen=True)
class KubernetesPod:
    """A pod, as kube-state-metrics tells it."""

    node: str = ""
    labels: LabelSet = field(default_factory=dict)
    """Of LeaderWorkerSet, in kube-state-metrics' spelling."""


@dataclass(frozen=True)
class FoundRouter:
    """One router's page."""

    dialect: str
    labels: LabelSet


@dataclass(frozen=True)
class Bounds:
    """The buckets of one histogram of first tokens."""

    name: str
    """Without suffix."""
    sources: int
    """How many series of it there are, a bound."""
    by_bound: Mapping[str, int]
    """How many of them have a bound, as the server writes it."""


@dataclass(frozen=True)
class Found:
    """All that was asked for."""

    url: str
    names: frozenset[str] = frozenset()
    """Of series of the kinds that are looked for."""
    engines: tuple[LabelSet, ...] = ()
    gone: tuple[LabelSet, ...] = ()
    """Of pages that had an engine within the last hour, and have none now: their job and instance,
    and what tells a cluster."""
    router_gauges: int = 0
    """Series of a router that are called as engines' are, and left out of ``engines``."""
    speaks: Mapping[str, frozenset[Source]] = field(default_factory=dict)
    """By a name of vLLM that tells a dialect or is old: the pages that have it."""
    gpus: tuple[LabelSet, ...] = ()
    routers: tuple[FoundRouter, ...] = ()
    tools: tuple[LabelSet, ...] = ()
    pods: Mapping[Pod, KubernetesPod] = field(default_factory=dict)
    nodes: Mapping[str, LabelSet] = field(default_factory=dict)
    """Labels of Kubernetes's nodes."""
    targets: Targets = field(default_factory=Targets)
    external_labels: LabelSet = field(default_factory=dict)
    alertmanagers: tuple[str, ...] = ()
    """Addresses of those that the server sends alerts to."""
    is_victoria_metrics: bool = False
    """Whether it is one by what it says of its build: vmalert evaluates its rules."""
    retention_seconds: float | None = None
    """None if the server does not tell."""
    intervals_seconds: Mapping[str, float] = field(default_factory=dict)
    """By job: how often what was found is scraped."""
    bounds: tuple[Bounds, ...] = ()
    unasked: tuple[str, ...] = ()
    """What could not be asked, and what it is wanted for, in sentences without a full stop."""
