"""Families of GPUs: one series for each expected GPU, whether it answers or not."""

from __future__ import annotations

from exporters.catalog.family import counter, gauge
from exporters.catalog.names import (
    ACTION,
    BACKEND,
    CLUSTER,
    CODE,
    COMPUTE_INSTANCE,
    DIRECTION,
    EVENT,
    GPU_ACTIONS,
    GPU_BACKENDS,
    GPU_LABELS,
    GPU_REASONS,
    GPU_SEVERITIES,
    GPU_STATES,
    GROUP_LABELS,
    HEALTH,
    HOST,
    INSTANCE,
    KIND,
    OTHER,
    PROFILE,
    RANK,
    REASON,
    SEVERITY,
    STATE,
    VERSION,
    XID_CODES,
)

_SENT_OR_RECEIVED = {DIRECTION: ("sent", "received")}

GPU_UP = gauge("gpu_up", "1 if this expected GPU answered the last collection, else 0.", GPU_LABELS)
GPU_STATE = gauge(
    "gpu_state",
    "1 for the GPU's state, 0 for every other state.",
    (*GPU_LABELS, STATE),
    {STATE: GPU_STATES},
)
GPU_REASON = gauge(
    "gpu_reason",
    "1 for the current reason of the GPU's state.",
    (*GPU_LABELS, REASON),
    {REASON: GPU_REASONS},
)
GPU_VERDICT = gauge(
    "gpu_verdict_info",
    "Always 1: how urgent the reason is, and what to do.",
    (*GPU_LABELS, SEVERITY, ACTION),
    {SEVERITY: GPU_SEVERITIES, ACTION: GPU_ACTIONS},
)
GPU_SAMPLE_AGE = gauge(
    "gpu_sample_age_seconds",
    "Seconds since the GPU last answered; missing if it never did.",
    GPU_LABELS,
)
GPU_XID_EVENTS = counter(
    "gpu_xid_events",
    "XIDs of all codes, one of NVML's events and its line in the kernel log counted once; from a "
    "dcgm-exporter's page the changes of its gauge, so at least that many.",
    GPU_LABELS,
)
GPU_XID_BURSTS = counter(
    "gpu_xid_bursts",
    "Groups of XIDs without 3 minutes of silence between them.",
    GPU_LABELS,
)
GPU_XIDS = counter(
    "gpu_xid_errors",
    "XIDs by code, from the first one on.",
    (*GPU_LABELS, CODE),
    {CODE: (*XID_CODES, OTHER)},
)
GPU_XID_TIME = gauge(
    "gpu_xid_last_timestamp_seconds",
    "When a code was last seen, in Unix time.",
    (*GPU_LABELS, CODE),
    {CODE: (*XID_CODES, OTHER)},
)
GPU_LAST_XID = gauge(
    "gpu_last_xid_code",
    "Code of the last XID error, 0 if none; the source never clears it.",
    GPU_LABELS,
)
GPU_KERNEL_LOG = gauge(
    "gpu_kernel_log_readable",
    "Of the host whose GPUs are read without a page: 1 if its kernel log is read; 0 if not, then "
    "XIDs come from the driver's events only, which miss those of before the exporter began, of a "
    "GPU that fell off the bus without one, and while the child that waits for them is replaced.",
    (CLUSTER, HOST),
)
GPU_HOST_EXPECTED = gauge(
    "gpu_host_expected_gpus",
    "GPUs that a host is to have: those of the topology, or that were seen there before.",
    (CLUSTER, HOST),
)
GPU_HOST_FOUND = gauge(
    "gpu_host_found_gpus",
    "Of these, those that the driver or the host's page knows, be it as lost; absent while nothing "
    "can be read.",
    (CLUSTER, HOST),
)
GPU_HOST_UNEXPECTED = gauge(
    "gpu_host_unexpected_gpus",
    "GPUs that are there and in nobody's inventory, so that nothing else is served of them.",
    (CLUSTER, HOST),
)
GPU_DRIVER = gauge(
    "gpu_driver_info",
    "Always 1: the driver of a group's host; absent while nothing of the host can be read.",
    (*GROUP_LABELS, HOST, VERSION),
)
GPU_BACKEND_UP = gauge(
    "gpu_backend_up",
    "Of the host whose GPUs are read without a page: 1 for a library that readings come from, 0 "
    "for one that is installed and does not work.",
    (CLUSTER, HOST, BACKEND),
    {BACKEND: GPU_BACKENDS},
)
GPU_CHILDREN = counter(
    "gpu_children_started",
    "Processes that were started to call the library, one at first and one for each that hung or "
    "died.",
    (CLUSTER, HOST, BACKEND),
    {BACKEND: GPU_BACKENDS},
)
GPU_TEMPERATURE = gauge("gpu_temperature_celsius", "Temperature of the GPU.", GPU_LABELS)
GPU_MEMORY_TEMPERATURE = gauge(
    "gpu_memory_temperature_celsius", "Temperature of the memory.", GPU_LABELS
)
GPU_POWER = gauge("gpu_power_watts", "Power draw of the board.", GPU_LABELS)
GPU_ENERGY = counter("gpu_energy_joules", "Energy since the driver was loaded.", GPU_LABELS)
GPU_UTILIZATION = gauge("gpu_utilization_ratio", "Share of time in which a kernel ran.", GPU_LABELS)
GPU_TENSOR_ACTIVE = gauge(
    "gpu_tensor_active_ratio", "Share of cycles in which the tensor pipe was active.", GPU_LABELS
)
GPU_SM_CLOCK = gauge("gpu_sm_clock_hertz", "Clock of the SMs.", GPU_LABELS)
GPU_MEMORY_USED = gauge(
    "gpu_memory_used_bytes", "Memory in use, reserved memory left out.", GPU_LABELS
)
GPU_MEMORY_FREE = gauge("gpu_memory_free_bytes", "Memory free.", GPU_LABELS)
GPU_POWER_LIMIT = gauge("gpu_power_limit_watts", "Enforced limit of the board.", GPU_LABELS)
GPU_MEMORY_CLOCK = gauge("gpu_memory_clock_hertz", "Clock of the memory.", GPU_LABELS)
GPU_MEMORY_RESERVED = gauge(
    "gpu_memory_reserved_bytes", "Memory that the driver keeps for itself.", GPU_LABELS
)
GPU_GRAPHICS_ACTIVE = gauge(
    "gpu_graphics_active_ratio",
    "Share of time in which the graphics or compute engine was active.",
    GPU_LABELS,
)
GPU_SM_ACTIVE = gauge("gpu_sm_active_ratio", "Share of SMs that were busy.", GPU_LABELS)
GPU_SM_OCCUPANCY = gauge(
    "gpu_sm_occupancy_ratio",
    "Share of warps that were active, of the most there can be.",
    GPU_LABELS,
)
GPU_MEMORY_ACTIVE = gauge(
    "gpu_memory_active_ratio", "Share of the memory's bandwidth in use.", GPU_LABELS
)
GPU_ECC_ERRORS = counter(
    "gpu_ecc_errors",
    "Errors of memory since the driver was loaded.",
    (*GPU_LABELS, KIND),
    {KIND: ("corrected", "uncorrected")},
)
GPU_REMAPPED_ROWS = counter(
    "gpu_remapped_rows",
    "Rows of memory remapped in the GPU's life.",
    (*GPU_LABELS, KIND),
    {KIND: ("correctable", "uncorrectable")},
)
GPU_ROW_REMAP_PENDING = gauge(
    "gpu_row_remap_pending", "1 if a row is to be remapped at the next reset.", GPU_LABELS
)
GPU_ROW_REMAP_FAILURE = gauge(
    "gpu_row_remap_failure", "1 if a row could not be remapped.", GPU_LABELS
)
GPU_CLOCK_EVENT_SECONDS = counter(
    "gpu_clock_event_seconds",
    "Time in which clocks were lowered, by reason; where the source gives the present reasons "
    "only, the time between looks that saw them.",
    (*GPU_LABELS, EVENT),
    {EVENT: ("sw_power_cap", "sync_boost", "sw_thermal", "hw_thermal", "hw_power_brake")},
)
GPU_NVLINK_BYTES = counter(
    "gpu_nvlink_bytes",
    "Data over all NVLinks, without overhead.",
    (*GPU_LABELS, DIRECTION),
    _SENT_OR_RECEIVED,
)
GPU_NVLINK_ERRORS = counter(
    "gpu_nvlink_errors",
    "Errors of all NVLinks.",
    (*GPU_LABELS, KIND),
    {KIND: ("crc", "replay", "recovery")},
)
GPU_PCIE_THROUGHPUT = gauge(
    "gpu_pcie_bytes_per_second",
    "Data over PCIe, packets' headers included: the mean since the source last looked.",
    (*GPU_LABELS, DIRECTION),
    _SENT_OR_RECEIVED,
)
GPU_PCIE_REPLAYS = counter("gpu_pcie_replays", "Repeated packets of PCIe.", GPU_LABELS)
GPU_FABRIC = gauge(
    "gpu_fabric_info",
    "Always 1: state of the NVLink fabric, and its health.",
    (*GPU_LABELS, STATE, HEALTH),
    {
        STATE: ("not_supported", "not_started", "in_progress", "completed", "failed"),
        HEALTH: ("not_supported", "healthy", "unhealthy", "limited"),
    },
)
GPU_RECOVERY_ACTION = gauge(
    "gpu_recovery_action_info",
    "Always 1: what the driver asks for.",
    (*GPU_LABELS, ACTION),
    {
        ACTION: (
            "none",
            "gpu_reset",
            "node_reboot",
            "drain_p2p",
            "drain_and_reset",
            "recover_imex_domain",
            "bus_reset",
            "system_reboot",
        )
    },
)
GPU_MIG = gauge(
    "gpu_mig_instance_info",
    "Always 1: a part of the GPU.",
    (*GPU_LABELS, INSTANCE, COMPUTE_INSTANCE, PROFILE),
)
GPU_RANK = gauge(
    "gpu_rank_info", "Always 1: a worker of vLLM that runs there.", (*GPU_LABELS, RANK)
)
