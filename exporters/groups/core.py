"""The core of the groups exporter: engines, their health and their GPUs in, a page out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from exporters import catalog
from exporters.access import HttpAccess
from exporters.folding import Folder
from exporters.gpu.members import WatchedGpus
from exporters.gpu.reported import MemberReader
from exporters.gpu.verdict import Verdict
from exporters.groups.engine import EngineReader, EngineReading
from exporters.groups.layout import Layout
from exporters.groups.pages import EnginePages
from exporters.groups.peers import Load, Peers, Speed
from exporters.groups.probing import HttpProber, Prober, Question
from exporters.groups.stalling import UNSUPPORTED, EngineSighting
from exporters.groups.state import GroupSighting, GroupStatus, Members, assess
from exporters.page import Labels, Page
from exporters.sources import Answer, Answers, Target
from exporters.topology import Group, Topology, VanishedGroup

_SUSPECT = ("starting", "telemetry_unreachable")
"""Reasons of a GPU's state that are a lack of knowledge."""
_FOLDED = (catalog.FINISH_REASON, catalog.REASON, catalog.TOKEN_SOURCE, catalog.CACHE_TIER)
"""Labels whose values engines give."""


def probing_core(topology: Topology, access: HttpAccess | None = None) -> GroupsCore:
    """Return the core of a topology that asks engines that seem stalled, over HTTP."""
    return GroupsCore(topology, HttpProber(access=access))


@dataclass(frozen=True)
class _Watched:
    """A group and where it is read."""

    group: Group
    labels: Labels
    engine: Target[EngineReading]
    health: Target[bool]
    reader: EngineReader
    has_router: bool


@dataclass(frozen=True)
class _Places:
    """Where the values of pages of one layout go: a family, and the labels of the series."""

    layout: Layout
    keys: list[tuple[str, Labels]]
    """In the order of a reading's values."""


class GroupsCore:
    """Watches the shard groups of a topology.

    Args:
        topology: names the groups.
        prober: asks engines that seem stalled; without one their pages alone are believed.
        wall: tells the time of day, in UNIX seconds.
    """

    name = "groups"
    samples_itself = True

    def __init__(
        self,
        topology: Topology,
        prober: Prober | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.cluster = topology.cluster
        self._gpus = WatchedGpus(topology, shown=False, make_reader=MemberReader)
        sharing = Counter(group.metrics for group in topology.groups)
        pages = {url: EnginePages(engines) for url, engines in sharing.items()}
        self._groups = [_watch(topology, group, pages[group.metrics]) for group in topology.groups]
        self._prober = prober
        self._wall = wall
        self._peers = Peers({each.name: (each.model, each.revision) for each in topology.groups})
        self._speeds: Mapping[str, Speed] = {}
        self._statuses: dict[str, GroupStatus] = {}
        self._places: dict[str, _Places] = {}
        self._folder = Folder(self.name, _FOLDED)
        self.targets: list[Target[Any]] = [
            *(each.engine for each in self._groups),
            *(each.health for each in self._groups),
            *self._gpus.targets,
        ]

    def take_over(self, earlier: GroupsCore) -> None:
        """Go on from what another topology's groups were seen doing, where both have a group."""
        self._gpus.take_over(earlier._gpus)
        self._folder.take_over(earlier._folder)
        self._prober = earlier._prober
        names = {each.group.name for each in self._groups}
        self._statuses = {n: status for n, status in earlier._statuses.items() if n in names}

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection."""
        verdicts = self._gpus.judge(answers, now)
        page, wall = Page(), self._wall()
        loads: dict[str, Load | None] = {}
        for watched in self._groups:
            name = watched.group.name
            answer = answers[watched.engine]
            reading = answer.content
            watched.reader.expect(self._gpus.size(name))
            seen = self._see(watched, answer, answers[watched.health].status, verdicts, wall)
            status = assess(seen, self._statuses.get(name), now)
            self._statuses[name] = status
            loads[name] = _load(reading, status)
            _add_state(page, watched, seen, status)
            self._add_comparison(page, watched)
            if reading:
                self._probe(watched, reading, status, now)
                self._add_reading(page, watched, reading)
                for label, value in reading.folded:
                    self._folder.count(label, value)
        # Of this look, for the next: a group is compared with peers that were seen as well.
        self._speeds = self._peers.compare(loads, now)
        self._folder.add_to(page, now)
        return page

    def _see(
        self,
        watched: _Watched,
        answer: Answer[EngineReading],
        health_status: int | None,
        verdicts: dict[str, Verdict],
        wall: float,
    ) -> GroupSighting:
        group, name = watched.group, watched.group.name
        speed = self._speeds.get(name)
        return GroupSighting(
            _sight(answer.content),
            health_status,
            self._count_members(name, verdicts),
            self._prober.last(name) if self._prober else UNSUPPORTED,
            is_below_peers=speed is not None and speed.is_slow,
            is_unasked=answer.is_ours,
            is_taken_out=group.drains_until is not None and wall < group.drains_until,
            is_vanished=isinstance(group, VanishedGroup),
        )

    def _count_members(self, name: str, verdicts: dict[str, Verdict]) -> Members:
        of_group = [verdicts[uuid] for uuid in self._gpus.of_group(name)]
        states = Counter(
            "unknown" if verdict.reason in _SUSPECT else verdict.state for verdict in of_group
        )
        spinning = sum(verdict.reason == "hung_kernel" for verdict in of_group)
        return Members(
            expected=self._gpus.size(name),
            watched=len(of_group),
            answering=sum(verdict.answers for verdict in of_group),
            lost=states["lost"],
            hung=states["hung"] - spinning,
            spinning=spinning,
            impaired=states["degraded"],
            unknown=states["unknown"],
            states=states,
        )

    def _probe(
        self, watched: _Watched, reading: EngineReading, status: GroupStatus, now: float
    ) -> None:
        if self._prober and status.wants_probe:
            group, layout = watched.group, reading.layout
            rank = group.engine if layout.shares_page else None
            question = Question(group.completions, layout.model, rank)
            self._prober.ask(group.name, question, now)

    def _add_comparison(self, page: Page, watched: _Watched) -> None:
        name, labels = watched.group.name, watched.labels
        speed = self._speeds.get(name)
        if speed and speed.ratio is not None:
            page.of(catalog.GROUP_SPEED_TO_PEERS)[labels] = speed.ratio
        if self._prober:
            page.of(catalog.GROUP_PROBE_REFUSED)[labels] = float(self._prober.is_refused(name))
            counts = self._prober.counts(name)
            for outcome in catalog.STALL_PROBE_OUTCOMES:
                page.of(catalog.GROUP_PROBES)[*labels, outcome] = float(counts.get(outcome, 0))

    def _add_reading(self, page: Page, watched: _Watched, reading: EngineReading) -> None:
        layout, labels = reading.layout, watched.labels
        places = self._places.get(watched.group.name)
        if places is None or places.layout is not layout:
            keys = [(name, labels + more) for name, more in reading.values]
            places = self._places[watched.group.name] = _Places(layout, keys)
        of_page = page.values
        for (name, of_series), value in zip(places.keys, reading.values.values(), strict=True):
            if isnan(value):
                continue
            family = of_page.get(name)
            if family is None:
                family = of_page[name] = {}
            family[of_series] = value
        for name, distribution in reading.distributions.items():
            page.distributions.setdefault(name, {})[labels] = distribution
        page.of(catalog.GROUP_DIALECT_INFO)[*labels, layout.dialect, layout.cache_unit] = 1.0
        for name, missing in layout.missing_bounds.items():
            page.of(catalog.GROUP_MISSING_BOUNDS)[*labels, name] = float(missing)


def _watch(topology: Topology, group: Group, pages: EnginePages) -> _Watched:
    gpus = sum(len(member.gpus) for member in group.members)
    reader = EngineReader(group.engine, gpus, pages)
    return _Watched(
        group,
        (topology.cluster, group.region, group.model, group.name),
        Target(group.name, group.region, group.metrics, reader.read, kind="engines"),
        Target(
            f"{group.name} health",
            group.region,
            group.health,
            lambda _: True,
            shown=False,
            kind="engines",
        ),
        reader,
        has_router=any(router.region == group.region for router in topology.routers),
    )


def _sight(reading: EngineReading | None) -> EngineSighting | None:
    if reading is None:
        return None
    return EngineSighting(
        reading.steps, reading.is_busy, reading.is_awake, reading.started_at, reading.ended
    )


def _load(reading: EngineReading | None, status: GroupStatus) -> Load | None:
    """Return the load of a group that steps."""
    if reading is None or status.watch is None or not status.watch.has_moved:
        return None
    return Load(reading.generated_tokens, reading.running)


def _add_state(page: Page, watched: _Watched, seen: GroupSighting, status: GroupStatus) -> None:
    labels, group = watched.labels, watched.group
    page.of(catalog.GROUP_UP)[labels] = float(seen.engine is not None)
    page.of(catalog.GROUP_HEALTH)[labels] = float(seen.health_status == 200)
    page.choose(catalog.GROUP_STATE, labels, catalog.GROUP_STATES, status.state)
    page.of(catalog.GROUP_REASON)[*labels, status.reason] = 1.0
    info = (*labels, group.revision, group.engine, group.failure_domain or group.name)
    page.of(catalog.GROUP_INFO)[info] = 1.0
    page.of(catalog.GROUP_CAPACITY)[labels] = status.capacity
    page.of(catalog.GROUP_DRAINING)[labels] = float(status.is_draining)
    if group.drains_until is not None:
        page.of(catalog.GROUP_DRAINING_UNTIL)[labels] = group.drains_until
    page.of(catalog.GROUP_ROUTER_MISSING)[labels] = float(not watched.has_router)
    page.of(catalog.GROUP_GPUS_EXPECTED)[labels] = float(seen.members.expected)
    for state in catalog.GPU_STATES:
        page.of(catalog.GROUP_MEMBERS)[*labels, state] = float(seen.members.states.get(state, 0))
    unseen = seen.members.expected - seen.members.watched
    page.of(catalog.GROUP_MEMBERS)[*labels, "unknown"] = float(seen.members.unknown + unseen)
    if not unseen:
        # Else some have no telemetry: nobody knows how many are up.
        page.of(catalog.GROUP_GPUS_UP)[labels] = float(seen.members.answering)
    if status.seconds_since_step is not None:
        page.of(catalog.GROUP_SECONDS_SINCE_STEP)[labels] = status.seconds_since_step
