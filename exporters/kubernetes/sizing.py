"""What exporters are given of processors and memory, of what ``make bench`` measured of them.

Requests are twice what was measured, for other machines are slower. Processors have no limit, for
an exporter that is held back answers late, and late is what it is there to tell. Memory's limit is
twice its request: a page of a hostile source is bounded long before.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporters.topology import Topology

_SPARE = 2


@dataclass(frozen=True)
class Cost:
    """Of one exporter."""

    idle_cpu_millicores: float
    idle_memory_mib: float
    cpu_millicores: float = 0.0
    """For each of what it reads."""
    memory_mib: float = 0.0


COSTS = {
    # groups.cpu_ms_per_engine_8_gpus_dcgm, at a look each 5 s, of an engine's page and a host's;
    # groups.rss_mb of 16 engines, and groups.rss_mb_of_500_engines.
    "groups": Cost(10, 72, cpu_millicores=0.2, memory_mib=0.28),
    # gpu.cpu_percent_of_core and gpu.rss_mb of 64 pages; 131 MB of 200 pages of 8 GPUs.
    "gpu": Cost(5, 70, cpu_millicores=0.25, memory_mib=0.3),
    # No more than an engine's page takes, by far: routers and gateways are few.
    "router": Cost(5, 64, cpu_millicores=1.0, memory_mib=1.0),
    "tools": Cost(5, 64, cpu_millicores=1.0, memory_mib=1.0),
    # Each group is asked every 10 s, 16 at once, for 16 tokens.
    "probe": Cost(10, 64, cpu_millicores=0.5, memory_mib=0.1),
}
LOCAL_GPU = Cost(25, 82)
"""gpu.collect_ms_per_gpu, of 8 GPUs each 2 s, and gpu.pss_mb: with the driver's library of a real
H100."""


def resources(cost: Cost, sources: int) -> dict[str, dict[str, str]]:
    """Return the resources of a container that reads so many sources."""
    cpu = _SPARE * (cost.idle_cpu_millicores + cost.cpu_millicores * sources)
    memory = _SPARE * (cost.idle_memory_mib + cost.memory_mib * sources)
    return {
        "requests": {"cpu": f"{round(cpu)}m", "memory": f"{round(memory)}Mi"},
        "limits": {"memory": f"{round(2 * memory)}Mi"},
    }


def sources_of(exporter: str, topology: Topology) -> int:
    """Return how many pages an exporter reads, or how many groups it asks."""
    hosts = {(each.region, member.host) for each in topology.groups for member in each.members}
    return {
        "groups": len(topology.groups) + len(hosts),
        "gpu": len(hosts),
        "router": len(topology.routers),
        "tools": len(topology.tools),
        "probe": len(topology.groups),
    }[exporter]
