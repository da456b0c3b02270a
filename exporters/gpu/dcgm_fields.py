"""DCGM's fields that are read: number, names, unit, and which values are none.

Where DCGM has no value it gives one of its blanks: a number just above what the field's type is
used for, of which there are four (blank, not found, not supported, not permitted). dcgm-exporter
drops most of them and older ones print them; a value of 32 bits that was widened keeps the blank of
its narrow type. So each field has bounds, and the blanks of all types are none of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1024.0**2
_FIRST_BLANKS = (0x7FFFFFF0, 0x7FFFFFFFFFFFFFF0, 2**47)
"""``DCGM_INT32_BLANK``, ``DCGM_INT64_BLANK``, ``DCGM_FP64_BLANK`` (dcgm_structs.h)."""
BLANKS = frozenset(float(first + kind) for first in _FIRST_BLANKS for kind in range(4))
"""Of 32 and 64 bits and of floating point: blank, not found, not supported, not permitted."""
SMALLEST_BLANK = float(_FIRST_BLANKS[1])
"""From here on an integer of 64 bits is none, nor is any other number of DCGM's."""

XID = "xid"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """How one of DCGM's fields is read."""

    number: int
    """Of the field; names change (DCGM 4.6 renamed 200), numbers do not."""
    names: tuple[str, ...]
    """On a page, before and since DCGM 4.6."""
    of: str
    """Of :class:`Reading`; ``xid``, or ``clock_event_seconds.sw_thermal`` for a part of one."""
    least: float
    """Below it is no value, in DCGM's unit;"""
    most: float
    """... nor above it: far more than any GPU has."""
    times: float = 1.0
    """From DCGM's unit to the base unit: times this,"""
    over: float = 1.0
    """... over that."""
    whole: str = ""
    part: str = ""
    """Of ``of``, where it has a dot."""

    def holds(self, value: float) -> bool:
        """Return whether a number is a value of this field, and none of DCGM's blanks."""
        return self.least <= value <= self.most and value not in BLANKS


def _field(
    number: int, names: str, of: str, most: float, times: float = 1.0,
    *, over: float = 1.0, least: float = 0.0,
) -> Field:  # fmt: skip
    wire = tuple(f"DCGM_FI_{name}" for name in names.split())
    whole, _, part = of.partition(".")
    return Field(number, wire, of, least, most, times, over, whole, part)


_COLDEST, _HOTTEST = -100.0, 200.0
"""In degrees Celsius; DCGM takes more for no temperature (DcgmCacheManager.cpp)."""
_MHZ, _WATTS, _MIBS, _RATE = 1e5, 1e6, 1e9, 1e15
_RATIO, _PERCENT = 1.5, 100.0
"""A mean over cycles may come out a little above 1."""
_COUNT = SMALLEST_BLANK - 1024.0  # the next smaller number of 64 bits
_ROWS, _WORD, _LINK, _CODE = 1e6, 63.0, 64.0, 100_000.0

FIELDS = (
    _field(100, "DEV_SM_CLOCK", "sm_clock_hertz", _MHZ, 1e6),
    _field(101, "DEV_MEM_CLOCK", "memory_clock_hertz", _MHZ, 1e6),
    _field(112, "DEV_CLOCKS_EVENT_REASONS DEV_CLOCK_THROTTLE_REASONS", "clock_events", 2.0**31),
    _field(140, "DEV_MEMORY_TEMP DEV_MEMORY_TEMP_CELSIUS", "memory_temperature_celsius", _HOTTEST,
           least=_COLDEST),
    _field(150, "DEV_GPU_TEMP DEV_GPU_TEMP_CELSIUS", "temperature_celsius", _HOTTEST,
           least=_COLDEST),
    _field(155, "DEV_POWER_USAGE DEV_BOARD_POWER_WATTS", "power_watts", _WATTS),
    _field(156, "DEV_TOTAL_ENERGY_CONSUMPTION", "energy_joules", _COUNT, over=1000.0),
    _field(164, "DEV_ENFORCED_POWER_LIMIT", "power_limit_watts", _WATTS),
    _field(170, "DEV_FABRIC_MANAGER_STATUS", "fabric_state", _WORD),
    _field(175, "DEV_FABRIC_HEALTH_SUMMARY", "fabric_health", _WORD),
    _field(202, "DEV_PCIE_REPLAY_COUNTER DEV_PCIE_REPLAY_TOTAL", "pcie_replays", _COUNT),
    _field(203, "DEV_GPU_UTIL DEV_GPU_UTIL_RATIO", "utilization_ratio", _PERCENT, over=100.0),
    _field(204, "DEV_MEM_COPY_UTIL", "copy_utilization_ratio", _PERCENT, over=100.0),
    _field(206, "DEV_ENC_UTIL", "encoder_utilization_ratio", _PERCENT, over=100.0),
    _field(207, "DEV_DEC_UTIL", "decoder_utilization_ratio", _PERCENT, over=100.0),
    _field(230, "DEV_XID_ERRORS DEV_XID_ERROR", XID, _CODE),
    _field(235, "DEV_PCIE_MAX_LINK_GEN", "pcie_generation_max", _LINK),
    _field(236, "DEV_PCIE_MAX_LINK_WIDTH", "pcie_width_max", _LINK),
    _field(237, "DEV_PCIE_LINK_GEN", "pcie_generation", _LINK),
    _field(238, "DEV_PCIE_LINK_WIDTH", "pcie_width", _LINK),
    _field(251, "DEV_FB_FREE", "memory_free_bytes", _MIBS, MIB),
    _field(252, "DEV_FB_USED", "memory_used_bytes", _MIBS, MIB),
    _field(253, "DEV_FB_RESERVED", "memory_reserved_bytes", _MIBS, MIB),
    _field(310, "DEV_ECC_SBE_VOL_TOTAL", "ecc_corrected_errors", _COUNT),
    _field(311, "DEV_ECC_DBE_VOL_TOTAL", "ecc_uncorrected_errors", _COUNT),
    _field(393, "DEV_UNCORRECTABLE_REMAPPED_ROWS DEV_ROW_REMAP_UNCORRECTABLE_TOTAL",
           "remapped_rows_uncorrectable", _ROWS),
    _field(394, "DEV_CORRECTABLE_REMAPPED_ROWS DEV_ROW_REMAP_CORRECTABLE_TOTAL",
           "remapped_rows_correctable", _ROWS),
    _field(395, "DEV_ROW_REMAP_FAILURE DEV_ROW_REMAP_FAILED", "row_remap_failure", 1.0),
    _field(396, "DEV_ROW_REMAP_PENDING", "row_remap_pending", 1.0),
    _field(409, "DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "nvlink_errors.crc", _COUNT),
    _field(429, "DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "nvlink_errors.replay", _COUNT),
    _field(439, "DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "nvlink_errors.recovery", _COUNT),
    _field(1001, "PROF_GR_ENGINE_ACTIVE PROF_GR_ENGINE_UTIL_RATIO", "graphics_active_ratio",
           _RATIO),
    _field(1002, "PROF_SM_ACTIVE", "sm_active_ratio", _RATIO),
    _field(1003, "PROF_SM_OCCUPANCY", "sm_occupancy_ratio", _RATIO),
    _field(1004, "PROF_PIPE_TENSOR_ACTIVE PROF_TENSOR_UTIL_RATIO", "tensor_active_ratio", _RATIO),
    _field(1005, "PROF_DRAM_ACTIVE PROF_DRAM_UTIL_RATIO", "memory_active_ratio", _RATIO),
    _field(1009, "PROF_PCIE_TX_BYTES", "pcie_sent_bytes_per_second", _RATE),
    _field(1010, "PROF_PCIE_RX_BYTES", "pcie_received_bytes_per_second", _RATE),
    _field(1523, "DEV_GPU_RECOVERY_ACTION DEV_GET_GPU_RECOVERY_ACTION", "recovery_action", _WORD),
)  # fmt: skip
"""Numbers and names: dcgm-exporter 4.8.2's default set and what else is worth having, DCGM 4.6.0's
``dcgm_fields.h``. Field 449 (NVLink bandwidth) is left out: announced as a counter, it is a rate in
MB/s, so neither."""

FIELD_OF_NAME: Mapping[str, Field] = {name: field for field in FIELDS for name in field.names}
