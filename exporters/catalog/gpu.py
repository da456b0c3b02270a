"""Families of GPUs: one series for each expected GPU, whether it answers or not."""

from __future__ import annotations

from exporters.catalog.family import counter, gauge
from exporters.catalog.names import GPU_LABELS, REASON, STATE

GPU_UP = gauge("gpu_up", "1 if this expected GPU answered the last collection, else 0.", GPU_LABELS)
GPU_STATE = gauge(
    "gpu_state", "1 for the GPU's state, 0 for every other state.", (*GPU_LABELS, STATE)
)
GPU_REASON = gauge(
    "gpu_reason", "1 for the current reason of the GPU's state.", (*GPU_LABELS, REASON)
)
GPU_LAST_XID = gauge(
    "gpu_last_xid_code",
    "Code of the last XID error, 0 if none; the source never clears it.",
    GPU_LABELS,
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
