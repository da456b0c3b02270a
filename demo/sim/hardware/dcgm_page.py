"""The page of one host's dcgm-exporter, as of its last collection.

As there: labels in its order, whole numbers without a point, others with six digits. A field that
DCGM cannot read is left out without a word, so a lost GPU is an absence; only its XID stays, for
DCGM keeps that. A GPU that was not there when its host came up is not listed at all, and those
after it have other numbers. Its list of counters is the default one, and behind that the reasons
for lowered clocks and the errors of links, which a user adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp

import numpy as np

from demo.sim.fleet import Fleet, Floats
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.hardware.run import Use
from demo.sim.hardware.state import SLOWED_BELOW_RATIO, Hardware, SeenGpu, SeenHost
from exporters.dialects import read_dialect

MODEL_NAME = "NVIDIA H200"
DRIVER_VERSION = "580.95.05"
"""At the start."""
XID_FIELD = "DCGM_FI_DEV_XID_ERRORS"
XID_MESSAGES = {
    0: "No Error",
    74: "NVLINK Error",
    79: "GPU has fallen off the bus",
    94: "Contained ECC error",
    95: "Uncontained ECC error",
    119: "GSP RPC Timeout",
}
"""As in dcgm-exporter 4.8.2 (internal/pkg/collector/xid_errors.go)."""
_FAMILIES = (*read_dialect("dcgm_4").families, *read_dialect("dcgm_4_more").families)
_IDLE, _HW_SLOWDOWN, _SW_THERMAL, _HW_THERMAL = 0x01, 0x08, 0x20, 0x40
"""Bits of NVML's clock event reasons (nvml.h)."""
_RATIOS_AND_WATTS = frozenset(
    {
        "DCGM_FI_DEV_POWER_USAGE",
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
        "DCGM_FI_PROF_DRAM_ACTIVE",
    }
)
"""Fields that DCGM has as floating point."""
_BUSES = ("1B", "43", "52", "61", "9D", "C3", "D1", "DF")
"""Of an HGX board."""

# What a GPU at its usual load shows, chosen.
_TENSOR_RATIO, _DRAM_RATIO, _COPY_PERCENT, _NVLINK_MB = 0.3, 0.8, 60, 60_000
_PCIE_TX_BYTES, _PCIE_RX_BYTES, _PCIE_LOADING_BYTES, _PCIE_IDLE_BYTES = 2e8, 3e8, 6e9, 4e5


@dataclass(frozen=True)
class _Board:
    """What never changes of the GPUs of a host. All [n]."""

    strength: Floats
    """Factors near 1 to power and heat."""
    joules: Floats
    """Of the counter of energy at the start."""
    replays: Floats


class HostPages:
    """The pages of all hosts of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def page(self, hardware: Hardware, host_places: Sequence[int]) -> bytes:
        """Return the page of a host, which has a place for each group that it serves.

        Whether the host answers at all is said by ``hardware.dark``.
        """
        labels: list[str | None] = []
        xids: list[int] = []
        readable: list[bool] = []
        fields: dict[str, list[float]] = {family.name: [] for family in _FAMILIES}
        number = 0
        for place in host_places:
            seen_host = hardware.seen_hosts.get(place)
            for gpu in self._fleet.gpus_of_host(place):
                seen = seen_host.gpus.get(gpu) if seen_host else None
                listed = seen.listed if seen else True
                driver = (seen_host.driver if seen_host else None) or DRIVER_VERSION
                labels.append(self._labels(place, gpu, len(labels), number, driver))
                number += listed
                if not listed:
                    labels[-1] = None
                xids.append(seen.xid if seen else 0)
                blind = seen_host.blind if seen_host else False
                readable.append(listed and not blind and not (seen and seen.lost))
            for name, values in _readings(hardware, self._fleet, place, seen_host).items():
                fields[name] += values.tolist()
        shown = [(at, labels[at]) for at, can_be_read in enumerate(readable) if can_be_read]
        told: list[str | float | None] = []
        for name, column in fields.items():
            if name == XID_FIELD:
                told += [label for label in labels if label is not None]
            else:
                told += [each for at, label in shown for each in (label, column[at])]
        listed_xids = [xid for xid, label in zip(xids, labels, strict=True) if label is not None]
        return (_text(tuple(listed_xids), len(shown)) % tuple(told)).encode()

    def _labels(self, place: int, gpu: int, slot: int, number: int, driver: str) -> str:
        bus = _BUSES[slot] if slot < len(_BUSES) else f"{slot:02X}"
        names = self._fleet.names
        # In the order of the dialect's labels, which a test compares.
        return (
            f'gpu="{number}",UUID="{names.uuid(gpu)}",pci_bus_id="00000000:{bus}:00.0",'
            f'device="nvidia{number}",modelName="{MODEL_NAME}",hostname="{names.host(place)}",'
            f'DCGM_FI_DRIVER_VERSION="{driver}"'
        )


@lru_cache(maxsize=256)
def _text(xids: tuple[int, ...], shown: int) -> str:
    """Return a page with holes, family by family: for labels and a value, or an XID's labels alone.

    Args:
        xids: the last of each GPU that is listed.
        shown: how many GPUs can be read.
    """
    lines: list[str] = []
    for family in _FAMILIES:
        name = family.name
        about = f"# HELP {name} {family.help}\n# TYPE {name} {family.type}\n"
        lines.append(about.replace("%", "%%"))
        if name == XID_FIELD:
            lines += [
                f'{name}{{%s,err_code="{xid}",err_msg="{XID_MESSAGES[xid]}"}} {xid}\n'
                for xid in xids
            ]
        else:
            hole = "%.6f" if name in _RATIOS_AND_WATTS else "%d"
            lines += [f"{name}{{%s}} {hole}\n"] * shown
    return "".join(lines)


def _readings(
    hardware: Hardware, fleet: Fleet, place: int, seen_host: SeenHost | None
) -> dict[str, Floats]:
    """Return the fields of the GPUs of a place, lost ones included."""
    gpu, heat = read_hardware_figures().gpu, read_hardware_figures().heat
    gpus = fleet.gpus_of_host(place)
    use, load, loaded, watts, warmth, counted, speed = hardware.seen[:, place].tolist()
    ones = np.ones(len(gpus))
    board = _board(hardware.seed, place, len(gpus))
    noise = _noise(hardware, place, len(gpus))
    working, waiting, loading = (use == each for each in (Use.WORKING, Use.WAITING, Use.LOADING))
    air = heat.inlet_celsius + (seen_host.excess_celsius if seen_host else 0.0)
    celsius = air + warmth * board.strength * noise[0]
    clock = ones * (seen_host.clock if seen_host else 1.0)
    rows, crc_errors, link_failures = ones * 0, ones * 0, ones * 0
    running = loaded > 0 or use != Use.IDLE
    events = ones * (0 if running else _IDLE)
    if clock[0] < SLOWED_BELOW_RATIO:
        is_beyond = air + warmth >= heat.slowdown_celsius
        events += _SW_THERMAL + is_beyond * (_HW_SLOWDOWN + _HW_THERMAL)
    if seen_host:
        for each, seen in seen_host.gpus.items():
            at = each - gpus.start
            clock[at] *= seen.clock
            rows[at] = seen.remapped_rows
            link_failures[at] = seen.link_failures
            crc_errors[at] = _crc_errors(hardware, fleet, place, seen)
            if seen.hot and working:
                celsius[at] = max(celsius[at], heat.limit_celsius)
                events[at] = int(events[at]) | _SW_THERMAL
    # The slowest is busy all the time; the others wait for it, spinning.
    crowd = (1 - exp(-load)) * working
    pipes = crowd * np.minimum(1.0, speed / clock)
    active = np.minimum(1.0, (1 - exp(-3 * load)) * noise[1]) if working else ones * waiting
    memory = gpu.memory_mib - gpu.reserved_mib
    used = np.floor(memory * (0.005 + (gpu.used_memory_ratio - 0.005) * loaded))
    dram = np.minimum(1.0, _DRAM_RATIO * pipes * noise[2])
    return {
        "DCGM_FI_DEV_SM_CLOCK": clock * gpu.sm_clock_mhz
        if running
        else ones * gpu.idle_sm_clock_mhz,
        "DCGM_FI_DEV_MEM_CLOCK": ones * gpu.memory_clock_mhz,
        "DCGM_FI_DEV_MEMORY_TEMP": np.rint(celsius + heat.memory_offset_celsius),
        "DCGM_FI_DEV_GPU_TEMP": np.rint(celsius),
        "DCGM_FI_DEV_POWER_USAGE": watts * board.strength * noise[3],
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": _millijoules(counted, board, seen_host, gpus.start),
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": board.replays,
        "DCGM_FI_DEV_GPU_UTIL": np.rint(100 * active),
        "DCGM_FI_DEV_MEM_COPY_UTIL": np.rint(_COPY_PERCENT * pipes * noise[2]),
        "DCGM_FI_DEV_ENC_UTIL": ones * 0,
        "DCGM_FI_DEV_DEC_UTIL": ones * 0,
        "DCGM_FI_DEV_FB_FREE": ones * (memory - used),
        "DCGM_FI_DEV_FB_USED": ones * used,
        "DCGM_FI_DEV_FB_RESERVED": ones * gpu.reserved_mib,
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL": _NVLINK_MB * crowd * speed * noise[4],
        "DCGM_FI_DEV_VGPU_LICENSE_STATUS": ones * 0,
        "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": rows,
        "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": ones * 0,
        "DCGM_FI_DEV_ROW_REMAP_FAILURE": ones * 0,
        "DCGM_FI_PROF_GR_ENGINE_ACTIVE": active,
        "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": _TENSOR_RATIO * pipes * noise[2],
        "DCGM_FI_PROF_DRAM_ACTIVE": dram + 0.01 * waiting,
        "DCGM_FI_PROF_PCIE_TX_BYTES": (_PCIE_TX_BYTES * crowd + _PCIE_IDLE_BYTES) * noise[4],
        "DCGM_FI_PROF_PCIE_RX_BYTES": (
            _PCIE_RX_BYTES * crowd + _PCIE_LOADING_BYTES * loading + _PCIE_IDLE_BYTES
        )
        * noise[4],
        "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": events,
        "DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL": crc_errors,
        "DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL": link_failures,
    }


def _crc_errors(hardware: Hardware, fleet: Fleet, place: int, seen: SeenGpu) -> float:
    """Return how many there had been at the host's last collection."""
    if not seen.has_noisy_links:
        return seen.crc_errors
    seconds = (int(hardware.seen_at[place]) - seen.crc_counted_at) * fleet.step_seconds
    per_second = read_hardware_figures().failures.nvlink_crc_per_second
    return seen.crc_errors + max(seconds, 0.0) * per_second


@lru_cache(maxsize=4096)
def _board(seed: int, place: int, count: int) -> _Board:
    gpu = read_hardware_figures().gpu
    rng = np.random.Generator(np.random.Philox(key=[seed, place]))
    return _Board(
        strength=1 + gpu.spread_ratio * rng.standard_normal(count),
        joules=rng.uniform(1e8, 9e8, count),
        replays=np.floor(rng.exponential(1.0, count)),
    )


def _noise(hardware: Hardware, place: int, count: int) -> Floats:
    """Return the noise of a host's last collection: factors near 1. [5, n]."""
    counter = [0, 0, 0, hardware.seen_at[place] + 1]
    rng = np.random.Generator(np.random.Philox(key=[hardware.seed, place], counter=counter))
    return 1 + read_hardware_figures().gpu.noise_ratio * rng.standard_normal((5, count))


def _millijoules(
    counted: float, board: _Board, seen_host: SeenHost | None, first_gpu: int
) -> Floats:
    """Return the counters of energy, each since its GPU or its host came up."""
    joules = board.joules + counted * board.strength
    if seen_host:
        if seen_host.joules_before is not None:
            joules = (counted - seen_host.joules_before) * board.strength
        for gpu, seen in seen_host.gpus.items():
            if seen.joules_before is not None:
                at = gpu - first_gpu
                joules[at] = (counted - seen.joules_before) * board.strength[at]
    return np.floor(joules * 1000)
