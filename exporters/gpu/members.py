"""The verdicts on all GPUs that a topology expects, from one collection to the next.

The gpu exporter serves them; the groups exporter counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from exporters.gpu.readings import GpuReadings, Reading
from exporters.gpu.telemetry import TelemetryReader
from exporters.gpu.verdict import LINK_REASONS, Reports, Setting, Sighting, Unread, Verdict, judge
from exporters.sources import Answers, Target
from exporters.topology import GpuPlace, Topology


class LocalSource(Protocol):
    """What reads the GPUs of the host that the exporter runs on, without a page."""

    @property
    def host(self) -> str:
        """As the topology calls it."""

    @property
    def url(self) -> str:
        """Of no scheme that anybody could fetch: ``nvml://HOST``."""

    @property
    def follows_kernel_log(self) -> bool | None:
        """Whether XIDs come from the kernel's log as well; None where it is left alone."""

    def expect(self, uuids: Sequence[str]) -> None:
        """Take these for the GPUs of the host, as the topology has them now."""

    def read(self, body: bytes) -> GpuReadings:
        """Return the newest readings; the body says nothing."""


class HostReader(Protocol):
    """Reads the pages of one host."""

    def read(self, page: bytes) -> GpuReadings | Reports:
        """Return what is said of the GPUs on a page; raise PageError."""


class WatchedGpus:
    """The GPUs of hosts that have telemetry, and of the local host.

    Args:
        topology: names the GPUs and the hosts' pages; a page shared by groups is read once.
        shown: whether the pages are listed among the exporter's own sources.
        local: reads the local host's GPUs, whether it has a page or not.
        make_reader: makes what reads the pages of one host.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        shown: bool = True,
        local: LocalSource | None = None,
        make_reader: Callable[[], HostReader] = TelemetryReader,
    ) -> None:
        self._sizes = {
            group.name: sum(len(member.gpus) for member in group.members)
            for group in topology.groups
        }
        self._sightings: dict[str, Sighting] = {}
        self.places: list[GpuPlace] = []
        self._target_of: dict[str, Target[GpuReadings | Reports]] = {}
        self._verdicts: dict[str, Verdict] = {}
        by_url: dict[str, Target[GpuReadings | Reports]] = {}
        for group in topology.groups:
            for member in group.members:
                is_local = local is not None and member.host == local.host
                url = local.url if local and is_local else member.telemetry
                if url is None or not member.gpus:
                    continue
                if url not in by_url:
                    read = local.read if local and is_local else make_reader().read
                    kind = "" if local and is_local else "hosts"
                    by_url[url] = Target(member.host, group.region, url, read, shown, kind)
                for uuid in member.gpus:
                    self.places.append(GpuPlace(uuid, member.host, group))
                    self._target_of[uuid] = by_url[url]
        self.targets = list(by_url.values())
        self._local_target = by_url.get(local.url) if local else None
        if local:
            local.expect([place.uuid for place in self.places if place.host == local.host])

    def judge(self, answers: Answers, now: float) -> dict[str, Verdict]:
        """Return the verdict on each GPU, by UUID, in the topology's order."""
        before, self._verdicts = self._verdicts, {}
        sightings = {uuid: self._see(uuid, answers) for uuid in self._target_of}
        self._sightings = sightings
        gone: Counter[str] = Counter()
        for place in self.places:
            uuid, setting = place.uuid, Setting(self._sizes[place.group.name])
            verdict = judge(sightings[uuid], before.get(uuid), now, setting)
            self._verdicts[uuid] = verdict
            gone[place.host] += verdict.state in ("lost", "hung")
        for place in self.places:
            uuid = place.uuid
            if gone[place.host] and self._verdicts[uuid].reason in LINK_REASONS:
                setting = Setting(self._sizes[place.group.name], has_lost_peer=True)
                verdict = judge(sightings[uuid], before.get(uuid), now, setting)
                self._verdicts[uuid] = verdict
        return self._verdicts

    def take_over(self, earlier: WatchedGpus) -> None:
        """Go on from the verdicts of another topology, on the GPUs that both expect."""
        for uuid, verdict in earlier._verdicts.items():
            if uuid in self._target_of:
                self._verdicts[uuid] = verdict

    def is_local(self, uuid: str) -> bool:
        """Return whether a GPU is read on this host, without a page."""
        return self._target_of[uuid] is self._local_target

    def reading(self, uuid: str) -> Reading | None:
        """Return what the last collection read of a GPU; None if nothing."""
        sighting = self._sightings.get(uuid)
        return sighting if isinstance(sighting, Reading) else None

    def _see(self, uuid: str, answers: Answers) -> Sighting:
        content = answers[self._target_of[uuid]].content
        if content is None:
            return Unread.UNREACHABLE
        # A dcgm-exporter leaves out what is lost; an exporter of ours leaves out nothing it knows.
        absent = Unread.UNREACHABLE if isinstance(content, Reports) else Unread.MISSING
        return content.get(uuid, absent)
