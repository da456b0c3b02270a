"""The core of the probe exporter: whom to ask what and when, and what came of it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from typing import Any

from exporters import catalog
from exporters.catalog import Family
from exporters.page import Distribution, Labels, Page
from exporters.probe.comparing import Comparison, agreements, compare
from exporters.probe.prompts import PROMPTS
from exporters.sources import Answers, Target
from exporters.topology import Group, Topology

OVERDUE_INTERVALS = 3
"""Intervals, and the deadline, after which the last answer says nothing about now."""
REMEMBERED_ROUNDS = 3
"""Rounds through all prompts after which an answer is too old to be compared."""
COMPARED_EVERY_INTERVALS = 0.1
_NOTHING_COMPARED = Comparison()


@dataclass(frozen=True)
class Probe:
    """One question to one group, or through a router to any."""

    to: str
    """A group's name, or a router's with a model's."""
    url: str
    prompt: int
    """Its place in ``PROMPTS``."""
    model: str = ""
    """As users ask for it; empty for an engine, which serves one."""


@dataclass(frozen=True)
class Reply:
    """What came of a probe."""

    outcome: str
    """Of ``catalog.PROBE_OUTCOMES``."""
    reason: str
    """Of ``catalog.PROBE_REASONS``; ``none`` if it was answered."""
    text: str = ""
    first_seconds: float | None = None
    """Request to first token; None where that could not be seen."""
    token_seconds: float | None = None
    """Mean time between tokens after the first; None where there is no second one."""


@dataclass
class _Histogram:
    family: Family
    alone: list[int] = field(init=False)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.alone = [0] * (len(self.family.bounds) + 1)

    def observe(self, seconds: float) -> None:
        self.alone[bisect_left(self.family.bounds, seconds)] += 1
        self.sum += seconds

    def distribution(self) -> Distribution:
        counts = tuple(map(float, accumulate(self.alone)))
        return Distribution(counts[:-1], counts[-1], self.sum)


class _Given:
    """The last two answers of a group to each prompt."""

    def __init__(self) -> None:
        self._texts: dict[int, list[str]] = {}
        self._times: dict[int, list[float]] = {}
        self._oldest = inf
        """No answer is older."""

    def add(self, prompt: int, text: str, at: float) -> None:
        """Take an answer, later than all before."""
        self._texts[prompt] = [*self._texts.get(prompt, ())[-1:], text]
        self._times[prompt] = [*self._times.get(prompt, ())[-1:], at]
        self._oldest = min(self._oldest, at)

    def since(self, oldest: float) -> Mapping[int, Sequence[str]]:
        """Return those from a time on, by prompt, and forget all before."""
        if self._oldest < oldest:
            for prompt, times in list(self._times.items()):
                fresh = sum(at >= oldest for at in times)
                self._times[prompt] = times[len(times) - fresh :]
                self._texts[prompt] = self._texts[prompt][len(times) - fresh :]
                if not fresh:
                    del self._times[prompt], self._texts[prompt]
            self._oldest = min((at for of in self._times.values() for at in of), default=inf)
        return self._texts


@dataclass
class _Watched:
    """A group, or a model at a router, and its probes so far."""

    group: Group | None
    labels: Labels
    model: str
    url: str
    next_at: float = 0.0
    next_prompt: int = 0
    is_asked: bool = False
    last: Reply | None = None
    last_at: float = 0.0
    ends: Counter[str] = field(default_factory=Counter)
    first: _Histogram = field(default_factory=lambda: _Histogram(catalog.PROBE_TIME_TO_FIRST_TOKEN))
    per_token: _Histogram = field(default_factory=lambda: _Histogram(catalog.PROBE_TIME_PER_TOKEN))
    answers: _Given = field(default_factory=_Given)


@dataclass(frozen=True)
class _Families:
    """What probes are told with."""

    up: Family
    reason: Family
    requests: Family


_OF_GROUPS = _Families(catalog.PROBE_UP, catalog.PROBE_REASON, catalog.PROBE_REQUESTS)
_OF_ROUTERS = _Families(
    catalog.PROBE_ROUTER_UP, catalog.PROBE_ROUTER_REASON, catalog.PROBE_ROUTER_REQUESTS
)


class ProbeCore:
    """Probes the groups of a topology, and models through its routers.

    Args:
        topology: names the groups; those of one model and revision are compared. Routers that it
            says where to ask are asked for each model of their region.
        interval_seconds: between two probes of a group, or of a model at a router.
        deadline_seconds: of a probe.
        now: in seconds of a monotonic clock, as everywhere here.
    """

    name = "probe"
    samples_itself = False

    def __init__(
        self, topology: Topology, interval_seconds: float, deadline_seconds: float, now: float
    ) -> None:
        self.cluster = topology.cluster
        self.targets: Sequence[Target[Any]] = ()
        self.interval_seconds = interval_seconds
        self.deadline_seconds = deadline_seconds
        self._comparisons: dict[tuple[str, str], tuple[float, dict[str, Comparison]]] = {}
        self._agreed: dict[tuple[str, str], dict[int, str]] = {}
        """Of each model and revision, by prompt."""
        self._watched: dict[str, _Watched] = {}
        self.follow(topology, now)

    def follow(self, topology: Topology, now: float) -> ProbeCore:
        """Go by another topology from now on; return the core itself.

        What stays keeps its probes so far. Answers of an earlier revision are not compared.
        """
        self.cluster = topology.cluster
        earlier, self._watched = self._watched, {}
        self._comparisons.clear()
        new = dict(_watch(topology))
        for number, (name, watched) in enumerate(new.items()):
            same = earlier.get(name)
            if same is None or (same.labels, same.url) != (watched.labels, watched.url):
                # Spread over the interval; neighbours ask the same, for answers are compared.
                watched.next_at = now + self.interval_seconds * number / len(new)
                self._watched[name] = watched
                continue
            if same.group and watched.group and same.group.revision != watched.group.revision:
                same.answers = _Given()
            same.group = watched.group
            self._watched[name] = same
        return self

    def due(self, now: float) -> list[Probe]:
        """Return the probes to send now. Each has to be noted in the end; nobody has two."""
        probes = []
        for name, watched in self._watched.items():
            if watched.is_asked or now < watched.next_at:
                continue
            # What was missed is not made up for.
            late = (now - watched.next_at) // self.interval_seconds
            watched.next_at += (late + 1) * self.interval_seconds
            watched.is_asked = True
            prompt = watched.next_prompt
            if watched.group:
                compared = self._compare(watched.group, now).get(name, _NOTHING_COMPARED)
                prompt = min(compared.unconfirmed, default=prompt)
            if prompt == watched.next_prompt:
                watched.next_prompt = (prompt + 1) % len(PROMPTS)
            probes.append(Probe(name, watched.url, prompt, watched.model))
        return probes

    def next_due(self) -> float:
        """Return when the next probe is due, of those who are not being asked."""
        waiting = [each.next_at for each in self._watched.values() if not each.is_asked]
        return min(waiting, default=float("inf"))

    def is_failing(self, to: str) -> bool:
        """Return whether the last probe of a group or through a router failed."""
        watched = self._watched.get(to)
        return bool(watched and watched.last and watched.last.outcome != "ok")

    def note(self, probe: Probe, reply: Reply, now: float) -> None:
        """Take what came of a probe; of nobody who is there no more, or elsewhere by now."""
        watched = self._watched.get(probe.to)
        if watched is None or watched.url != probe.url:
            return
        watched.is_asked = False
        watched.last, watched.last_at = reply, now
        watched.ends[reply.outcome] += 1
        if reply.outcome != "ok":
            return
        if reply.first_seconds is not None:
            watched.first.observe(reply.first_seconds)
        if reply.token_seconds is not None:
            watched.per_token.observe(reply.token_seconds)
        watched.answers.add(probe.prompt, reply.text, now)

    def observe(self, answers: Answers, now: float) -> Page:  # noqa: ARG002 - nothing is asked
        """Return the page: what probes have shown up to now."""
        page = Page()
        for watched in self._watched.values():
            self._add(page, watched, now)
        compared: set[tuple[str, str]] = set()
        for watched in self._watched.values():
            if watched.group is None:
                continue
            cohort = (watched.group.model, watched.group.revision)
            if cohort not in compared:
                compared.add(cohort)
                for name, comparison in self._compare(watched.group, now).items():
                    _add_comparison(page, self._watched[name].labels, comparison)
        return page

    def _add(self, page: Page, watched: _Watched, now: float) -> None:
        last, labels = watched.last, watched.labels
        patience = OVERDUE_INTERVALS * self.interval_seconds + self.deadline_seconds
        reason = last.reason if last else "not_yet"
        if last and now - watched.last_at > patience:
            reason = "overdue"
        families = _OF_GROUPS if watched.group else _OF_ROUTERS
        page.of(families.up)[labels] = float(reason == "none")
        page.of(families.reason)[*labels, reason] = 1.0
        for outcome in catalog.PROBE_OUTCOMES:
            page.of(families.requests)[*labels, outcome] = float(watched.ends[outcome])
        if watched.group:
            for histogram in (watched.first, watched.per_token):
                page.distributions_of(histogram.family)[labels] = histogram.distribution()

    def _compare(self, of: Group, now: float) -> dict[str, Comparison]:
        """Return how the groups of one model and revision compare, by their fresh answers.

        They are compared ten times an interval at most: there may be a thousand.
        """
        cohort = (of.model, of.revision)
        known = self._comparisons.get(cohort)
        if known is None or now - known[0] >= COMPARED_EVERY_INTERVALS * self.interval_seconds:
            known = self._comparisons[cohort] = (now, self._compare_now(of, now))
        return known[1]

    def _compare_now(self, of: Group, now: float) -> dict[str, Comparison]:
        oldest = now - REMEMBERED_ROUNDS * len(PROMPTS) * self.interval_seconds
        answers = {
            name: watched.answers.since(oldest)
            for name, watched in self._watched.items()
            if watched.group
            and (watched.group.model, watched.group.revision) == (of.model, of.revision)
        }
        agreed = self._agreed.setdefault((of.model, of.revision), {})
        compared = compare(answers, agreed)
        agreed.update(agreements(answers))
        return compared


def _watch(topology: Topology) -> Iterator[tuple[str, _Watched]]:
    """Yield whom to probe, by what no other is called: names have no spaces."""
    for group in topology.groups:
        labels = (topology.cluster, group.region, group.model, group.name)
        yield group.name, _Watched(group, labels, "", group.completions)
    for router in topology.routers:
        if url := router.completions:
            models = sorted(
                {each.model for each in topology.groups if each.region == router.region}
            )
            for model in models:
                labels = (topology.cluster, router.region, model, router.name)
                yield f"{router.name} {model}", _Watched(None, labels, model, url)


def _add_comparison(page: Page, labels: Labels, comparison: Comparison) -> None:
    page.of(catalog.PROBE_COMPARED)[labels] = float(comparison.compared)
    page.of(catalog.PROBE_DISAGREEING)[labels] = float(comparison.disagreeing)
    page.of(catalog.PROBE_DRIFTING)[labels] = float(comparison.drifting)
    if comparison.disagrees is not None:
        page.of(catalog.PROBE_DISAGREES)[labels] = float(comparison.disagrees)
