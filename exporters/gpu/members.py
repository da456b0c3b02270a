"""The verdicts on all GPUs that a topology expects, from one collection to the next.

The gpu exporter serves them; the groups exporter counts them.
"""

from __future__ import annotations

from exporters.gpu.telemetry import GpuReadings, TelemetryReader
from exporters.gpu.verdict import Sighting, Unread, Verdict, judge
from exporters.sources import Answers, Target
from exporters.topology import GpuPlace, Topology


class WatchedGpus:
    """The GPUs of hosts that have telemetry.

    Args:
        topology: names the GPUs and the hosts' pages; a page shared by groups is read once.
        shown: whether the pages are listed among the exporter's own sources.
    """

    def __init__(self, topology: Topology, *, shown: bool = True) -> None:
        self.places: list[GpuPlace] = []
        self._target_of: dict[str, Target[GpuReadings]] = {}
        self._verdicts: dict[str, Verdict] = {}
        by_url: dict[str, Target[GpuReadings]] = {}
        for group in topology.groups:
            for member in group.members:
                url = member.telemetry
                if url is None or not member.gpus:
                    continue
                if url not in by_url:
                    reader = TelemetryReader()
                    by_url[url] = Target(member.host, group.region, url, reader.read, shown)
                for uuid in member.gpus:
                    self.places.append(GpuPlace(uuid, member.host, group))
                    self._target_of[uuid] = by_url[url]
        self.targets = list(by_url.values())

    def judge(self, answers: Answers, now: float) -> dict[str, Verdict]:
        """Return the verdict on each GPU, by UUID, in the topology's order."""
        for uuid, target in self._target_of.items():
            answer = answers[target]
            sighting: Sighting
            if answer.content is None:
                sighting = Unread.UNREACHABLE
            else:
                sighting = answer.content.get(uuid, Unread.MISSING)
            self._verdicts[uuid] = judge(sighting, self._verdicts.get(uuid), now)
        return self._verdicts

    def take_over(self, earlier: WatchedGpus) -> None:
        """Go on from the verdicts of another topology, on the GPUs that both expect."""
        for uuid, verdict in earlier._verdicts.items():
            if uuid in self._target_of:
                self._verdicts[uuid] = verdict
