"""The core of the groups exporter: engines, their health and their GPUs in, a page out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from exporters import catalog
from exporters.folding import Folder
from exporters.gpu.members import WatchedGpus
from exporters.gpu.verdict import Verdict
from exporters.groups.engine import EngineReader, EngineReading
from exporters.groups.state import EngineSighting, GroupSighting, GroupStatus, Members, assess
from exporters.page import Labels, Page
from exporters.sources import Answers, Target
from exporters.topology import Group, Topology

_SUSPECT = ("starting", "telemetry_unreachable")
"""Reasons of a GPU's state that are a lack of knowledge."""


@dataclass(frozen=True)
class _Watched:
    """A group and where it is read."""

    group: Group
    labels: Labels
    engine: Target[EngineReading]
    health: Target[bool]
    gpus: tuple[str, ...]
    """UUIDs of the members that are watched."""


class GroupsCore:
    """Watches the shard groups of a topology."""

    name = "groups"
    samples_itself = True

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._gpus = WatchedGpus(topology, shown=False)
        watched = {place.uuid for place in self._gpus.places}
        self._groups = [_watch(topology, group, watched) for group in topology.groups]
        self._statuses: dict[str, GroupStatus] = {}
        self._folder = Folder(self.name, (catalog.FINISH_REASON,))
        self.targets: list[Target[Any]] = [
            *(each.engine for each in self._groups),
            *(each.health for each in self._groups),
            *self._gpus.targets,
        ]

    def take_over(self, earlier: GroupsCore) -> None:
        """Go on from what another topology's groups were seen doing, where both have a group."""
        self._gpus.take_over(earlier._gpus)
        self._folder.take_over(earlier._folder)
        names = {each.group.name for each in self._groups}
        self._statuses = {n: status for n, status in earlier._statuses.items() if n in names}

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection."""
        verdicts = self._gpus.judge(answers, now)
        page = Page()
        for watched in self._groups:
            reading = answers[watched.engine].content
            members = _count_members(watched, verdicts)
            health_status = answers[watched.health].status
            seen = GroupSighting(_sight(reading), health_status, members)
            status = assess(seen, self._statuses.get(watched.group.name), now)
            self._statuses[watched.group.name] = status
            _add_state(page, watched, seen, status)
            if reading:
                _add_reading(page, watched.labels, reading)
                for value in reading.folded:
                    self._folder.count(catalog.FINISH_REASON, value)
        self._folder.add_to(page)
        return page


def health_url(metrics_url: str) -> str:
    """Return the address of an engine's ``/health``, which stands beside its ``/metrics``."""
    parts = urlsplit(metrics_url)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/health", "", ""))


def _watch(topology: Topology, group: Group, watched: set[str]) -> _Watched:
    return _Watched(
        group,
        (topology.cluster, group.region, group.model, group.name),
        Target(group.name, group.region, group.metrics, EngineReader(group.engine).read),
        Target(
            f"{group.name} health",
            group.region,
            health_url(group.metrics),
            lambda _: True,
            shown=False,
        ),
        tuple(uuid for member in group.members for uuid in member.gpus if uuid in watched),
    )


def _sight(reading: EngineReading | None) -> EngineSighting | None:
    if reading is None:
        return None
    return EngineSighting(reading.steps, reading.is_busy, reading.is_awake, reading.started_at)


def _count_members(watched: _Watched, verdicts: dict[str, Verdict]) -> Members:
    of_group = [verdicts[uuid] for uuid in watched.gpus]
    states = Counter(
        "unknown" if verdict.reason in _SUSPECT else verdict.state for verdict in of_group
    )
    return Members(
        expected=sum(len(member.gpus) for member in watched.group.members),
        answering=sum(verdict.answers for verdict in of_group),
        lost=states["lost"],
        impaired=states["degraded"] + states["hung"],
        unknown=states["unknown"],
    )


def _add_state(page: Page, watched: _Watched, seen: GroupSighting, status: GroupStatus) -> None:
    labels, group = watched.labels, watched.group
    page.of(catalog.GROUP_UP)[labels] = float(seen.engine is not None)
    page.of(catalog.GROUP_HEALTH)[labels] = float(seen.health_status == 200)
    page.choose(catalog.GROUP_STATE, labels, catalog.GROUP_STATES, status.state)
    page.of(catalog.GROUP_REASON)[*labels, status.reason] = 1.0
    info = (*labels, group.revision, group.engine, group.failure_domain or group.name)
    page.of(catalog.GROUP_INFO)[info] = 1.0
    page.of(catalog.GROUP_CAPACITY)[labels] = status.capacity
    page.of(catalog.GROUP_GPUS_EXPECTED)[labels] = float(seen.members.expected)
    if len(watched.gpus) == seen.members.expected:
        # Else some have no telemetry: nobody knows how many are up.
        page.of(catalog.GROUP_GPUS_UP)[labels] = float(seen.members.answering)
    if status.seconds_since_step is not None:
        page.of(catalog.GROUP_SECONDS_SINCE_STEP)[labels] = status.seconds_since_step


def _add_reading(page: Page, labels: Labels, reading: EngineReading) -> None:
    for (name, more), value in reading.values.items():
        page.of(catalog.FAMILIES[name])[*labels, *more] = value
    for name, distribution in reading.distributions.items():
        page.distributions_of(catalog.FAMILIES[name])[labels] = distribution
