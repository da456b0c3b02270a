"""What one source says of one GPU at one time: the shape that every source is brought into.

Base units (bytes, hertz, joules, seconds), ratios from 0 to 1. None means that the source does not
say, be it that it cannot, or that it may not: a missing value is never a 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Literal

Trouble = Literal["", "lost", "unresponsive", "missing", "unread"]
"""Why a source that knows a GPU has no values of it.

``lost``: NVML or DCGM says GPU_IS_LOST. ``unresponsive``: calls do not come back, time after time.
``missing``: there is no such GPU. ``unread``: it was not asked, or did not answer for once, and
nobody can say.
"""

CLOCK_EVENTS: Mapping[int, str] = {
    0x004: "sw_power_cap",
    0x010: "sync_boost",
    0x020: "sw_thermal",
    0x040: "hw_thermal",
    0x080: "hw_power_brake",
}
"""Bits of NVML's clock event reasons that slow a GPU down (nvml.h,
``nvmlClocksEventReason...``)."""

FABRIC_STATES = ("not_supported", "not_started", "in_progress", "completed", "failed")
"""NVML's ``NVML_GPU_FABRIC_STATE_...`` by number; the last is DCGM's alone."""
FABRIC_HEALTH = ("not_supported", "healthy", "unhealthy", "limited")
"""NVML's ``NVML_GPU_FABRIC_HEALTH_SUMMARY_...`` by number."""
RECOVERY_ACTIONS = (
    "none",
    "gpu_reset",
    "node_reboot",
    "drain_p2p",
    "drain_and_reset",
    "recover_imex_domain",
    "bus_reset",
    "system_reboot",
)
"""NVML's ``NVML_GPU_RECOVERY_ACTION_...`` by number."""


@dataclass(frozen=True, slots=True)
class Xid:
    """What is known of one XID of one GPU."""

    code: int
    count: int = 1
    """Seen so far, 0 of one of before we looked; a gauge that shows the last one cannot tell more
    than 1."""
    last_at: float | None = None
    """When it was last seen, in Unix seconds; None of a gauge that stuck there before we came."""
    previous_at: float | None = None
    """When the burst before the last one was."""
    is_fatal: bool | None = None
    """What NVLink 5's codes (144 to 150) say of themselves in the kernel log; None if unknown."""
    is_history: bool = False
    """Whether it is of before we looked and from too long ago to say anything of today."""


@dataclass(frozen=True, slots=True)
class MigInstance:
    """A part of a GPU."""

    gpu_instance: int
    compute_instance: int
    profile: str
    """As NVIDIA names them: ``1g.18gb``."""
    uuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One GPU. Counters are cumulative since the driver was loaded, unless they say otherwise."""

    trouble: Trouble = ""
    age_seconds: float = 0.0
    """Since it was read, or asked for in vain."""
    xids: tuple[Xid, ...] = ()
    """Known whether the GPU answers or not; one for each code, the latest last."""
    xid_bursts: int | None = None
    """Groups of XIDs without ``taxonomy.BURST_SECONDS`` of silence; None if the source cannot
    tell."""

    temperature_celsius: float | None = None
    memory_temperature_celsius: float | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    energy_joules: float | None = None
    utilization_ratio: float | None = None
    copy_utilization_ratio: float | None = None
    encoder_utilization_ratio: float | None = None
    decoder_utilization_ratio: float | None = None
    sm_clock_hertz: float | None = None
    memory_clock_hertz: float | None = None
    memory_used_bytes: float | None = None
    """Reserved memory left out."""
    memory_free_bytes: float | None = None
    memory_reserved_bytes: float | None = None
    ecc_corrected_errors: float | None = None
    """Volatile: since the driver was loaded. Lifetime counts never alert."""
    ecc_uncorrected_errors: float | None = None
    """Volatile."""
    remapped_rows_correctable: float | None = None
    """Of the GPU's whole life, like the next."""
    remapped_rows_uncorrectable: float | None = None
    row_remap_pending: float | None = None
    row_remap_failure: float | None = None
    clock_events: int | None = None
    """The bits of ``CLOCK_EVENTS`` that are set now."""
    clock_event_seconds: Mapping[str, float] | None = None
    """Time slowed down, by the names of ``CLOCK_EVENTS``."""
    nvlink_sent_bytes: float | None = None
    nvlink_received_bytes: float | None = None
    nvlink_errors: Mapping[str, float] | None = None
    """``crc``, ``replay``, ``recovery``."""
    pcie_sent_bytes_per_second: float | None = None
    pcie_received_bytes_per_second: float | None = None
    pcie_replays: float | None = None
    pcie_generation: float | None = None
    pcie_generation_max: float | None = None
    pcie_width: float | None = None
    pcie_width_max: float | None = None
    fabric_state: str | None = None
    """One of ``FABRIC_STATES``."""
    fabric_health: str | None = None
    """One of ``FABRIC_HEALTH``."""
    recovery_action: int | None = None
    """Index into ``RECOVERY_ACTIONS``."""
    graphics_active_ratio: float | None = None
    sm_active_ratio: float | None = None
    sm_occupancy_ratio: float | None = None
    tensor_active_ratio: float | None = None
    memory_active_ratio: float | None = None
    """Of the device memory's bandwidth."""
    processes: int | None = None
    """That compute on it."""
    ranks: tuple[str, ...] = ()
    """Of vLLM's workers among them, such as ``TP0``."""
    mig: tuple[MigInstance, ...] = ()
    pci_bus_id: str | None = None
    model_name: str | None = None
    driver_version: str | None = None
    index: int | None = None
    pods: tuple[str, ...] = ()
    """``NAMESPACE/POD`` of those that it was given to."""

    @property
    def measured(self) -> Mapping[str, float]:
        """The plain numbers that the source gives, by name; empty if all of them are blank."""
        values = zip(MEASURED_NAMES, _measured(self), strict=True)
        return {name: value for name, value in values if value is not None}

    @property
    def is_blank(self) -> bool:
        """Whether the source gives no plain number."""
        return all(value is None for value in _measured(self))


MEASURED_NAMES = tuple(field.name for field in fields(Reading) if field.type == "float | None")
"""Names of the plain numbers."""

_measured = attrgetter(*MEASURED_NAMES)

PROFILING_NAMES = frozenset(
    {
        "graphics_active_ratio",
        "sm_active_ratio",
        "sm_occupancy_ratio",
        "tensor_active_ratio",
        "memory_active_ratio",
        "pcie_sent_bytes_per_second",
        "pcie_received_bytes_per_second",
    }
)
"""Numbers that go by themselves, while a profiler has the GPU (DCGM's ``DCGM_FI_PROF_...``)."""


class GpuReadings(dict[str, Reading]):
    """Of one host, by UUID.

    Args:
        readings: likewise.
        is_whole: whether a GPU that is not among them is not there; else what told of them may
            have been cut, and nobody knows.
    """

    def __init__(self, readings: Mapping[str, Reading] = {}, *, is_whole: bool = True) -> None:
        super().__init__(readings)
        self.is_whole = is_whole
