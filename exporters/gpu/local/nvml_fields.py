"""The values that NVML gives by field number: all in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pynvml as nvml

_ALL_LINKS = 0xFFFFFFFF
_HOTTEST_CELSIUS = 200
KIB = 1024.0


@dataclass(frozen=True)
class _Field:
    number: int
    of: str
    """Of a Reading; with a part after a dot."""
    times: float = 1.0
    scope: int = 0


FIELDS = (
    _Field(nvml.NVML_FI_DEV_MEMORY_TEMP, "memory_temperature_celsius"),
    _Field(nvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION, "energy_joules", 1e-3),
    _Field(nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER, "pcie_replays"),
    # NVLink 5 counts bytes; where the older counters are there too, the later rows are taken.
    _Field(nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_BYTES, "nvlink_sent_bytes", 1.0, _ALL_LINKS),
    _Field(nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_BYTES, "nvlink_received_bytes", 1.0, _ALL_LINKS),
    _Field(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, "nvlink_sent_bytes", KIB, _ALL_LINKS),
    _Field(nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, "nvlink_received_bytes", KIB, _ALL_LINKS),
    _Field(nvml.NVML_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL, "nvlink_errors.crc"),
    _Field(nvml.NVML_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL, "nvlink_errors.replay"),
    _Field(nvml.NVML_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL, "nvlink_errors.recovery"),
    _Field(nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_POWER_CAP,
           "clock_event_seconds.sw_power_cap", 1e-9),
    _Field(nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SYNC_BOOST,
           "clock_event_seconds.sync_boost", 1e-9),
    _Field(nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN,
           "clock_event_seconds.sw_thermal", 1e-9),
    _Field(nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN,
           "clock_event_seconds.hw_thermal", 1e-9),
    _Field(nvml.NVML_FI_DEV_CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN,
           "clock_event_seconds.hw_power_brake", 1e-9),
    _Field(nvml.NVML_FI_DEV_GET_GPU_RECOVERY_ACTION, "recovery_action"),
)  # fmt: skip
"""Units: nvml.h, ``NVML_FI_DEV_...``. That those of NVLink 5 take all links together is from DCGM
(``NvmlFieldRequiresNvLinkAggregate``)."""

_MEMBER = {0: "dVal", 1: "uiVal", 2: "ulVal", 3: "ullVal", 4: "sllVal", 5: "siVal", 6: "usVal"}
"""Of the union, by ``valueType`` (nvml.h, ``nvmlValueType_t``)."""
_ASKED = [(field.number, field.scope) for field in FIELDS]


def read_fields(handle: Any) -> dict[str, Any]:
    """Return the fields of a Reading that come by number; what this GPU does not have is left out.

    Raises:
        NVMLError: if the GPU is lost; any other failure is as if it had none.
    """
    try:
        values = nvml.nvmlDeviceGetFieldValues(handle, _ASKED)
    except nvml.NVMLError as error:
        if error.value == nvml.NVML_ERROR_GPU_IS_LOST:
            raise
        return {}
    content: dict[str, Any] = {}
    for field, value in zip(FIELDS, values, strict=True):
        if value.nvmlReturn != nvml.NVML_SUCCESS:
            continue
        number = _number(field, value)
        if number is None:
            continue
        name, _, part = field.of.partition(".")
        if part:
            content.setdefault(name, {})[part] = number
        else:
            content[name] = number
    return content


def _number(field: _Field, value: Any) -> float | None:
    if field.number == nvml.NVML_FI_DEV_MEMORY_TEMP:
        # Some drivers give a wrong valueType here (NVIDIA's bug 4300930).
        celsius = float(value.value.uiVal)
        return celsius if celsius <= _HOTTEST_CELSIUS else None
    member = _MEMBER.get(value.valueType)
    if member is None:
        return None
    number = getattr(value.value, member)
    if field.of == "recovery_action":
        return int(number) if 0 <= number <= 7 else None
    return float(number * field.times if field.times >= 1 else number / round(1 / field.times))
