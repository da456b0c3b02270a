"""GPUs: power, heat, clocks and use that follow what their engine does, and what DCGM saw last.

Calibrated to an H200 (SXM): 700 W limit, 627 W at full draw, 1980 MHz SM, 3201 MHz memory, 150.75e9
B of memory of which 0.644e9 B are reserved (recorded captures, facts on GPUs). A GPU that waits in
a collective for one that is lost runs a kernel all the time and draws little.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from demo.sim.cluster import Cluster, Counts, Flags
from demo.sim.latency import Floats
from exporters.dialects import read_dialect

DIALECT = read_dialect("dcgm_4")
FIELDS = tuple(family.name for family in DIALECT.families)
"""Fields of a GPU, in the page's order."""
FALLEN_OFF_THE_BUS = 79
"""The XID of a GPU that the driver cannot reach any more."""

MEMORY_MIB = 143_767
RESERVED_MIB = 614
WEIGHTS_AND_CACHE_RATIO = 0.92
"""Of the memory: vLLM's ``--gpu-memory-utilization``."""
AMBIENT_CELSIUS = 28.0
CELSIUS_PER_WATT = 0.055
HEATING_SECONDS = 40.0


class Use(IntEnum):
    """What a GPU does."""

    IDLE = 0
    WORKING = 1
    WAITING = 2
    """For a member of its group that does not answer."""
    LOADING = 3


@dataclass(frozen=True)
class Work:
    """What GPUs are made to do. All [N]."""

    use: Counts
    """Values of :class:`Use`."""
    load: Floats
    """The batch of its engine, in multiples of the usual."""
    loaded: Floats
    """How much of weights and cache is in memory, 0 to 1."""


@dataclass
class Hardware:
    """The state of all GPUs. All [N] unless said otherwise."""

    lost: Flags
    xid: Counts
    """Code of the last XID, 0 if none."""
    watts: Floats
    celsius: Floats
    millijoules: Floats
    """Since the driver was loaded."""
    strength: Floats
    """What tells one GPU from the next: a factor near 1."""

    collect_every: int
    """Steps between two collections of a host."""
    collect_at: Counts
    """When a GPU's host collects: the step, modulo ``collect_every``."""
    seen: Floats
    """Fields at the last collection. [F, N]."""
    seen_lost: Flags
    seen_xid: Counts

    def groups_with_lost_gpus(self, cluster: Cluster) -> Flags:
        """Return which groups miss a GPU. [G]."""
        lost = np.zeros(len(cluster.groups), bool)
        lost[cluster.group_of_gpu[self.lost]] = True
        return lost


def start_hardware(cluster: Cluster, rng: np.random.Generator, *, dcgm_interval: float) -> Hardware:
    """Return GPUs that are well and at work, and that DCGM has not looked at yet."""
    count = len(cluster.gpus)
    every = max(1, round(dcgm_interval / cluster.step_seconds))
    strength = rng.normal(1.0, 0.02, count)
    watts = _watts(np.full(count, Use.WORKING), np.ones(count)) * strength
    return Hardware(
        lost=np.zeros(count, bool),
        xid=np.zeros(count, np.int64),
        watts=watts,
        celsius=AMBIENT_CELSIUS + CELSIUS_PER_WATT * watts,
        millijoules=rng.uniform(1e11, 9e11, count),
        strength=strength,
        collect_every=every,
        collect_at=cluster.host_of_gpu % every,
        seen=np.zeros((len(FIELDS), count)),
        seen_lost=np.zeros(count, bool),
        seen_xid=np.zeros(count, np.int64),
    )


def run_gpus(hardware: Hardware, work: Work, dt: float) -> None:
    """Move power, heat and energy on by ``dt`` seconds, in place."""
    hardware.watts = _watts(work.use, work.load) * hardware.strength
    target = AMBIENT_CELSIUS + CELSIUS_PER_WATT * hardware.watts / hardware.strength**2
    hardware.celsius += (target - hardware.celsius) * (1 - np.exp(-dt / HEATING_SECONDS))
    hardware.millijoules += hardware.watts * dt * 1000 * ~hardware.lost


def collect(hardware: Hardware, due: Flags, work: Work, rng: np.random.Generator) -> None:
    """Let the hosts of some GPUs read them, as dcgm-exporter does at its interval.

    Args:
        hardware: ``seen`` is changed in place.
        due: which GPUs. [N].
        work: what they do.
        rng: for the noise of readings.
    """
    use, load, loaded = work.use[due], work.load[due], work.loaded[due]
    noise = rng.normal(1.0, 0.02, (3, len(use)))
    working, waiting, loading = (use == each for each in (Use.WORKING, Use.WAITING, Use.LOADING))
    active = np.clip((1 - np.exp(-3 * load)) * working * noise[0] + waiting, 0.0, 1.0)
    crowd = (1 - np.exp(-load)) * working * noise[1]
    used = np.floor(
        (MEMORY_MIB - RESERVED_MIB) * (0.01 + (WEIGHTS_AND_CACHE_RATIO - 0.01) * loaded)
    )
    celsius = hardware.celsius[due]
    ones = np.ones(len(use))
    readings = {
        "DCGM_FI_DEV_SM_CLOCK": np.where(use == Use.IDLE, 345, 1980) * ones,
        "DCGM_FI_DEV_MEM_CLOCK": 3201 * ones,
        "DCGM_FI_DEV_MEMORY_TEMP": np.rint(celsius + 8),
        "DCGM_FI_DEV_GPU_TEMP": np.rint(celsius),
        "DCGM_FI_DEV_POWER_USAGE": hardware.watts[due] * noise[2],
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": np.floor(hardware.millijoules[due]),
        "DCGM_FI_DEV_GPU_UTIL": np.rint(100 * active),
        "DCGM_FI_DEV_MEM_COPY_UTIL": np.rint(60 * crowd),
        "DCGM_FI_DEV_FB_FREE": MEMORY_MIB - RESERVED_MIB - used,
        "DCGM_FI_DEV_FB_USED": used,
        "DCGM_FI_DEV_FB_RESERVED": RESERVED_MIB * ones,
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": np.floor(60_000 * crowd),
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": active,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": 0.3 * crowd,
        "DCGM_FI_PROF_DRAM_ACTIVE": 0.8 * crowd + 0.01 * waiting,
        "DCGM_FI_PROF_PCIE_TX_BYTES": np.floor(2e8 * crowd + 1e5),
        "DCGM_FI_PROF_PCIE_RX_BYTES": np.floor(3e8 * crowd + 6e9 * loading + 1e5),
    }
    for name, values in readings.items():
        hardware.seen[FIELDS.index(name), due] = values
    hardware.seen_lost[due] = hardware.lost[due]
    hardware.seen_xid[due] = hardware.xid[due]


def _watts(use: Counts, load: Floats) -> Floats:
    working = 160 + 540 * (1 - np.exp(-0.7 * load))
    return np.select(
        [use == Use.WORKING, use == Use.WAITING, use == Use.LOADING], [working, 205.0, 140.0], 118.0
    )
