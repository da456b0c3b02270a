"""The core of the gpu exporter: hosts' telemetry in, a page with every expected GPU out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters import catalog
from exporters.catalog import Family
from exporters.gpu import telemetry
from exporters.gpu.members import WatchedGpus
from exporters.gpu.verdict import Verdict
from exporters.page import Labels, Page
from exporters.sources import Answers
from exporters.topology import Topology


@dataclass(frozen=True)
class _Served:
    """A field of telemetry that is served, in the family's unit."""

    family: Family
    times: float = 1.0
    over: float = 1.0


_SERVED: Mapping[str, _Served] = {
    telemetry.TEMPERATURE: _Served(catalog.GPU_TEMPERATURE),
    telemetry.MEMORY_TEMPERATURE: _Served(catalog.GPU_MEMORY_TEMPERATURE),
    telemetry.POWER: _Served(catalog.GPU_POWER),
    telemetry.ENERGY: _Served(catalog.GPU_ENERGY, over=1000.0),  # from mJ
    telemetry.UTILIZATION: _Served(catalog.GPU_UTILIZATION, over=100.0),  # from percent
    telemetry.TENSOR_ACTIVE: _Served(catalog.GPU_TENSOR_ACTIVE),
    telemetry.SM_CLOCK: _Served(catalog.GPU_SM_CLOCK, times=1e6),  # from MHz
    telemetry.MEMORY_USED: _Served(catalog.GPU_MEMORY_USED, times=1024.0**2),  # from MiB
    telemetry.MEMORY_FREE: _Served(catalog.GPU_MEMORY_FREE, times=1024.0**2),
}


class GpuCore:
    """Watches the GPUs of a topology. Nothing is served of a GPU whose host has no telemetry."""

    name = "gpu"
    samples_itself = True

    def __init__(self, topology: Topology) -> None:
        self.cluster = topology.cluster
        self._gpus = WatchedGpus(topology)
        self.targets = self._gpus.targets
        self._labels: dict[str, Labels] = {
            place.uuid: (
                topology.cluster,
                place.group.region,
                place.group.model,
                place.group.name,
                place.host,
                place.uuid,
            )
            for place in self._gpus.places
        }

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection."""
        verdicts = self._gpus.judge(answers, now)
        page = Page()
        for uuid, verdict in verdicts.items():
            _add_verdict(page, self._labels[uuid], verdict)
        for field, served in _SERVED.items():
            series = page.of(served.family)
            for uuid, verdict in verdicts.items():
                value = verdict.values.get(field)
                if verdict.answers and value is not None:
                    series[self._labels[uuid]] = value * served.times / served.over
        return page


def _add_verdict(page: Page, labels: Labels, verdict: Verdict) -> None:
    page.of(catalog.GPU_UP)[labels] = float(verdict.answers)
    page.choose(catalog.GPU_STATE, labels, catalog.GPU_STATES, verdict.state)
    page.of(catalog.GPU_REASON)[*labels, verdict.reason] = 1.0
    if verdict.answers or verdict.xid:
        page.of(catalog.GPU_LAST_XID)[labels] = float(verdict.xid)
