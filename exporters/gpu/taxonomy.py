"""What readings mean, as data: the classes of GPU failures, worst first, and what to do.

Sources: NVIDIA's XID catalogue (https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html,
2025-10-29) for what each code asks for; DCGM's health watches (modules/health/DcgmHealthWatch.cpp)
and limits (common/DcgmGPUHardwareLimits.h) for which are devastating; NVML's header for bits and
numbers. How a class is told from readings, with its guards against false alarms, is in
:mod:`exporters.gpu.conditions`; here stands what it makes of a GPU.

Not here, because no reading of one GPU shows them: stragglers and silent corruption (peers do, and
probes), and full memory, which is no fault: vLLM takes 90 % of it beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINUTE, DAY = 60.0, 24 * 3600.0


@dataclass(frozen=True)
class Row:
    """One class of failure."""

    reason: str
    """Its name: one of ``catalog.GPU_REASONS``."""
    state: str
    """One of ``catalog.GPU_STATES``."""
    severity: str
    """One of ``catalog.GPU_SEVERITIES``."""
    action: str
    """One of ``catalog.GPU_ACTIONS``."""
    why: str
    guard: str
    """What keeps it from crying wolf; empty if nothing needs to."""
    source: str


ROWS = (
    Row("xid_79", "lost", "page", "reboot_host",
        "the GPU has fallen off the bus; no second look is needed",
        "a code that stuck in a gauge before the first look counts only once the fields are gone",
        "catalogue: RESTART_BM; DCGM: devastating"),
    Row("gpu_is_lost", "lost", "page", "reboot_host",
        "NVML or DCGM says GPU_IS_LOST; no second look is needed", "",
        "nvml.h: NVML_ERROR_GPU_IS_LOST, 'fallen off the bus or otherwise inaccessible'"),
    Row("absent", "lost", "page", "reboot_host",
        "the GPU is expected and its source does not have it",
        "two samples of the source, not two looks at one; not if the page was cut: sources have "
        "gaps while they reload, or a GPU is reset",
        "DCGM: blank on all fields; dcgm-exporter drops blanks"),
    Row("gsp_dead", "hung", "page", "reset_gpu",
        "the GPU's system processor does not answer; each call to it takes 6 s and fails; of all "
        "GPUs of a host that have no values: of one of them, which took DCGM's calls along",
        "without the XID half a minute: pages are empty while dcgm-exporter reloads",
        "catalogue 119, 120: RESET_GPU; DCGM: devastating, and no driver call after 119"),
    Row("unresponsive", "hung", "page", "reset_gpu",
        "calls to the GPU do not come back, for another reason or one not yet known",
        "two looks: the first call without persistence mode is slow",
        "NVML blocks in the driver; the call is given up after its deadline"),
    Row("hung_kernel", "hung", "page", "restart_engine",
        "busy to the last, at a rest's power, without a byte to memory: a kernel that waits for "
        "ever",
        "5 minutes, power below a fifth of its limit, memory idle, a process there: loading "
        "weights, capturing graphs and long prompts move memory",
        "util counts kernels that are resident, not work (nvml.h: nvmlUtilization_t)"),
    Row("xid_uncontained", "degraded", "page", "reset_gpu",
        "an error of memory that was not contained, or a fault of firmware that only a reset "
        "repairs: results may be wrong",
        "48 with 94 in its burst was contained; only codes since the last repair count",
        "catalogue 46, 48, 62, 95, 109, 140, 143, 158, 171, 172: RESET_GPU; DCGM: devastating "
        "(48, 95, 140)"),
    Row("ecc_uncorrected", "degraded", "page", "reset_gpu",
        "the count of uncorrectable errors of memory grew",
        "volatile counts that grow under our eyes; a lifetime's count never alerts",
        "nvml.h: NVML_VOLATILE_ECC; DCGM: memory watch"),
    Row("row_remap_failure", "degraded", "page", "replace_gpu",
        "a faulty row of memory could not be remapped", "",
        "catalogue 64: RESET_GPU, contact support; DCGM: memory watch fails"),
    Row("recovery_reboot", "degraded", "page", "reboot_host",
        "the driver asks for a reboot of the host", "",
        "nvml.h: NVML_GPU_RECOVERY_ACTION_NODE_REBOOT (2), _SYSTEM_REBOOT (7)"),
    Row("recovery_drain", "degraded", "ticket", "drain",
        "the driver asks to drain the GPU", "",
        "nvml.h: NVML_GPU_RECOVERY_ACTION_DRAIN_P2P (3), _DRAIN_AND_RESET (4)"),
    Row("recovery_reset", "degraded", "ticket", "reset_gpu",
        "the driver asks for a reset of the GPU, its bus or its fabric's domain", "",
        "nvml.h: NVML_GPU_RECOVERY_ACTION_GPU_RESET (1), _RECOVER_IMEX_DOMAIN (5), _BUS_RESET (6)"),
    Row("nvlink", "degraded", "page", "reset_gpu",
        "a link between GPUs failed, or fails more and more",
        "144 to 150 only if they say Fatal; not while a peer of the host is lost, whose links take "
        "others along; a ticket where the group has one GPU only",
        "catalogue 74: WORKFLOW_NVLINK_ERR, 144-150: WORKFLOW_NVLINK5_ERR, 155: RESET_GPU; DCGM's "
        "limits: CRC >= 100/s, other errors >= 1"),
    Row("fabric", "degraded", "page", "restart_fabric_manager",
        "the NVLink fabric is not there, or not well",
        "2 minutes: the fabric manager takes its time after a boot; a ticket where the group has "
        "one GPU only",
        "nvml.h: nvmlGpuFabricInfo_v3_t"),
    Row("contained_repeatedly", "degraded", "ticket", "reset_gpu",
        "contained errors of memory come again within a day",
        "bursts count once (3 minutes)",
        "catalogue 94: RESTART_APP; NVIDIA Fleet Intelligence on bursts"),
    Row("hw_thermal", "degraded", "ticket", "check_cooling",
        "the hardware slows the GPU down because of its temperature",
        "5 minutes on end; before that for information",
        "nvml.h: nvmlClocksEventReasonHwThermalSlowdown (0x40)"),
    Row("hw_power_brake", "degraded", "ticket", "check_power",
        "the power supply asks the GPU to slow down",
        "5 minutes on end, before that for information; the software's power cap (0x04) is usual "
        "under load",
        "nvml.h: nvmlClocksEventReasonHwPowerBrakeSlowdown (0x80)"),
    Row("sw_thermal", "degraded", "ticket", "check_cooling",
        "the driver slows the GPU down because of its temperature",
        "30 minutes on end; before that for information",
        "nvml.h: nvmlClocksEventReasonSwThermalSlowdown (0x20)"),
    Row("pcie", "degraded", "ticket", "reseat_gpu",
        "the PCIe link is narrower or slower than it can be, or repeats itself",
        "5 minutes at work: an idle link slows down to save power; more than 8 replays a minute",
        "DCGM: DCGM_FR_PCI_REPLAY_RATE (8 a minute)"),
    Row("row_remap_pending", "healthy", "ticket", "reset_gpu_in_window",
        "a row of memory is to be remapped at the next reset", "",
        "catalogue 63: no action at once; nvml.h: nvmlDeviceGetRemappedRows"),
    Row("xid_contained", "healthy", "ticket", "restart_engine",
        "an error of memory was contained: it cost its process, not the GPU", "for a day",
        "catalogue 94: RESTART_APP"),
    Row("application_fault", "healthy", "info", "restart_engine",
        "a process did something wrong on the GPU, or was stopped", "for ten minutes, never a page",
        "catalogue 8, 13, 31, 32, 43, 45, 69: RESTART_APP or IGNORE"),
    Row("utilization_latch", "healthy", "info", "open_context",
        "busy to the last without a process and at a rest's power: the counter is stuck",
        "5 minutes", "Blackwell after a kill during a kernel; no XID"),
)  # fmt: skip
"""The first that applies is the verdict: by ``catalog.GPU_STATES``, then by urgency."""

ROW_OF_REASON: Mapping[str, Row] = {row.reason: row for row in ROWS}
RANK_OF_REASON: Mapping[str, int] = {row.reason: rank for rank, row in enumerate(ROWS)}


@dataclass(frozen=True)
class XidRule:
    """What some XIDs make of a GPU."""

    codes: tuple[int, ...]
    reason: str
    """Of a row."""
    lasts_seconds: float | None = None
    """How long a code counts after it came; until the GPU is repaired if None."""
    only_fatal: bool = False
    """Whether it counts only if the code says ``Fatal`` of itself."""
    unless_with: int | None = None
    """A code whose presence in the same burst takes its place."""

    @property
    def state(self) -> str:
        """Of the row."""
        return ROW_OF_REASON[self.reason].state


XID_RULES = (
    XidRule((79,), "xid_79"),
    XidRule((119, 120), "gsp_dead"),
    XidRule((48,), "xid_uncontained", unless_with=94),
    XidRule((46, 62, 95, 109, 140, 143, 158, 171, 172), "xid_uncontained"),
    XidRule((64,), "row_remap_failure"),
    XidRule((74, 155), "nvlink"),
    XidRule((144, 145, 146, 147, 148, 149, 150), "nvlink", only_fatal=True),
    XidRule((94,), "xid_contained", lasts_seconds=DAY),
    XidRule((8, 13, 31, 32, 43, 45, 69), "application_fault", lasts_seconds=10 * MINUTE),
)
"""63, 92, 121, 137, 157, 160, 161 and all others ask for nothing: they are counted, not judged."""

RULE_OF_XID: Mapping[int, XidRule] = {code: rule for rule in XID_RULES for code in rule.codes}

BURST_SECONDS = 3 * MINUTE
"""Codes that follow one another closer than this are one burst (NVIDIA Fleet Intelligence)."""
