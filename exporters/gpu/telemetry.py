"""Reading a dcgm-exporter's page: readings per GPU, by UUID.

The page's quirks are dealt with here: names of DCGM 4.6 beside older ones, three spellings of the
label UUID, series repeated for pods and jobs, those of MIG instances beside the GPU's own, blanks
printed as huge numbers, and the empty page that dcgm-exporter serves while it reloads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from exporters.exposition import PageError, PageReader, Samples, Series
from exporters.gpu.readings import (
    FABRIC_HEALTH,
    FABRIC_STATES,
    RECOVERY_ACTIONS,
    GpuReadings,
    MigInstance,
    Reading,
    Xid,
)

MIB = 1024.0**2
SMALLEST_BLANK = float(0x7FFFFFFFFFFFFFF0)
"""DCGM's blanks of 64-bit integers; older dcgm-exporters print them as values."""
_HOTTEST_CELSIUS = 200.0
"""DCGM takes more for no temperature (DcgmCacheManager.cpp)."""

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
    times: float = 1.0
    """From DCGM's unit to the base unit: times this,"""
    over: float = 1.0
    """... over that."""
    whole: str = ""
    part: str = ""
    """Of ``of``, where it has a dot."""


def _field(number: int, names: str, of: str, times: float = 1.0, over: float = 1.0) -> Field:
    wire = tuple(f"DCGM_FI_{name}" for name in names.split())
    whole, _, part = of.partition(".")
    return Field(number, wire, of, times, over, whole, part)


FIELDS = (
    _field(100, "DEV_SM_CLOCK", "sm_clock_hertz", 1e6),
    _field(101, "DEV_MEM_CLOCK", "memory_clock_hertz", 1e6),
    _field(112, "DEV_CLOCKS_EVENT_REASONS DEV_CLOCK_THROTTLE_REASONS", "clock_events"),
    _field(140, "DEV_MEMORY_TEMP DEV_MEMORY_TEMP_CELSIUS", "memory_temperature_celsius"),
    _field(150, "DEV_GPU_TEMP DEV_GPU_TEMP_CELSIUS", "temperature_celsius"),
    _field(155, "DEV_POWER_USAGE DEV_BOARD_POWER_WATTS", "power_watts"),
    _field(156, "DEV_TOTAL_ENERGY_CONSUMPTION", "energy_joules", over=1000.0),
    _field(164, "DEV_ENFORCED_POWER_LIMIT", "power_limit_watts"),
    _field(170, "DEV_FABRIC_MANAGER_STATUS", "fabric_state"),
    _field(175, "DEV_FABRIC_HEALTH_SUMMARY", "fabric_health"),
    _field(202, "DEV_PCIE_REPLAY_COUNTER DEV_PCIE_REPLAY_TOTAL", "pcie_replays"),
    _field(203, "DEV_GPU_UTIL DEV_GPU_UTIL_RATIO", "utilization_ratio", over=100.0),
    _field(204, "DEV_MEM_COPY_UTIL", "copy_utilization_ratio", over=100.0),
    _field(206, "DEV_ENC_UTIL", "encoder_utilization_ratio", over=100.0),
    _field(207, "DEV_DEC_UTIL", "decoder_utilization_ratio", over=100.0),
    _field(230, "DEV_XID_ERRORS DEV_XID_ERROR", XID),
    _field(235, "DEV_PCIE_MAX_LINK_GEN", "pcie_generation_max"),
    _field(236, "DEV_PCIE_MAX_LINK_WIDTH", "pcie_width_max"),
    _field(237, "DEV_PCIE_LINK_GEN", "pcie_generation"),
    _field(238, "DEV_PCIE_LINK_WIDTH", "pcie_width"),
    _field(251, "DEV_FB_FREE", "memory_free_bytes", MIB),
    _field(252, "DEV_FB_USED", "memory_used_bytes", MIB),
    _field(253, "DEV_FB_RESERVED", "memory_reserved_bytes", MIB),
    _field(310, "DEV_ECC_SBE_VOL_TOTAL", "ecc_corrected_errors"),
    _field(311, "DEV_ECC_DBE_VOL_TOTAL", "ecc_uncorrected_errors"),
    _field(393, "DEV_UNCORRECTABLE_REMAPPED_ROWS DEV_ROW_REMAP_UNCORRECTABLE_TOTAL",
           "remapped_rows_uncorrectable"),
    _field(394, "DEV_CORRECTABLE_REMAPPED_ROWS DEV_ROW_REMAP_CORRECTABLE_TOTAL",
           "remapped_rows_correctable"),
    _field(395, "DEV_ROW_REMAP_FAILURE DEV_ROW_REMAP_FAILED", "row_remap_failure"),
    _field(396, "DEV_ROW_REMAP_PENDING", "row_remap_pending"),
    _field(409, "DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "nvlink_errors.crc"),
    _field(429, "DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "nvlink_errors.replay"),
    _field(439, "DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "nvlink_errors.recovery"),
    _field(1001, "PROF_GR_ENGINE_ACTIVE PROF_GR_ENGINE_UTIL_RATIO", "graphics_active_ratio"),
    _field(1002, "PROF_SM_ACTIVE", "sm_active_ratio"),
    _field(1003, "PROF_SM_OCCUPANCY", "sm_occupancy_ratio"),
    _field(1004, "PROF_PIPE_TENSOR_ACTIVE PROF_TENSOR_UTIL_RATIO", "tensor_active_ratio"),
    _field(1005, "PROF_DRAM_ACTIVE PROF_DRAM_UTIL_RATIO", "memory_active_ratio"),
    _field(1009, "PROF_PCIE_TX_BYTES", "pcie_sent_bytes_per_second"),
    _field(1010, "PROF_PCIE_RX_BYTES", "pcie_received_bytes_per_second"),
    _field(1523, "DEV_GPU_RECOVERY_ACTION DEV_GET_GPU_RECOVERY_ACTION", "recovery_action"),
)  # fmt: skip
"""Numbers and names: dcgm-exporter 4.8.2's default set and what else is worth having, DCGM 4.6.0's
``dcgm_fields.h``. Field 449 (NVLink bandwidth) is left out: announced as a counter, it is a rate in
MB/s, so neither."""

FIELD_OF_NAME: Mapping[str, Field] = {name: field for field in FIELDS for name in field.names}

_GPU_INSTANCE = "GPU_I_ID"
_NUMBER, _PROFILE = re.compile(r"[0-9]{1,3}"), re.compile(r"[0-9a-z.+]{1,24}")
MOST_PARTS = 16
"""MIG instances of a GPU: NVIDIA makes 7 at most."""
_OF_A_PART = ("_ratio", "_bytes", "_bytes_per_second")
"""Ends of names of what a MIG instance has for itself."""
_UUID_LABELS = ("UUID", "uuid", "gpu_uuid")
_IDENTITY: Mapping[str, tuple[str, ...]] = {
    "pci_bus_id": ("pci_bus_id",),
    "model_name": ("modelName", "model_name"),
    "driver_version": ("DCGM_FI_DRIVER_VERSION", "DCGM_FI_SYSTEM_DRIVER_VERSION"),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """What a series of a page says, as its labels have it."""

    uuid: str
    field: Field
    identity: Mapping[str, Any]
    part: MigInstance | None
    """Of a GPU that is cut in parts."""


class TelemetryReader:
    """Reads the pages of one host."""

    def __init__(self) -> None:
        self._reader = PageReader(FIELD_OF_NAME.__contains__)
        self._places: dict[Series, _Place | None] = {}

    def read(self, page: bytes) -> GpuReadings:
        """Return the readings of all GPUs on a page.

        Raises:
            PageError: if the page is malformed or names no GPU at all.
        """
        samples = self._reader.read(page)
        readings = self._readings(samples)
        if not readings:
            raise PageError(0, "found no GPU, expected dcgm-exporter's fields")
        if len(self._places) > 2 * len(samples):
            self._places = {}
        return readings

    def _readings(self, samples: Samples) -> GpuReadings:
        """Return readings by UUID; a series is understood once, and read again and again."""
        places = self._places
        values: dict[str, dict[Field, float]] = {}
        identities: dict[str, dict[str, Any]] = {}
        for series, value in samples.items():
            if not -SMALLEST_BLANK < value < SMALLEST_BLANK:  # nor is NaN
                continue
            try:
                place = places[series]
            except KeyError:
                place = places[series] = _place_of(series)
            if place is None:
                continue
            uuid, field = place.uuid, place.field
            found = values.get(uuid)
            if found is None:
                found = values[uuid] = {}
                identities[uuid] = {**place.identity}
            if place.part is not None:
                # Where MIG is on, dcgm-exporter has nothing but the parts. What they share, such as
                # the temperature, is the GPU's; what each has for itself is not.
                _add_part(identities[uuid], place.part)
                if field.of.endswith(_OF_A_PART):
                    continue
            # The first of several: dcgm-exporter repeats a GPU for each pod or job on it. Only an
            # XID may come with several codes, a series each: the newest stands last.
            if field not in found or field.of == XID:
                found[field] = value
        return {uuid: reading_of(found, **identities[uuid]) for uuid, found in values.items()}


def _place_of(series: Series) -> _Place | None:
    """Return what a series says; None if it is of no GPU."""
    labels = series.labels
    field, uuid = FIELD_OF_NAME.get(series.name), _first(labels, _UUID_LABELS)
    if field is None or uuid is None:
        return None
    identity = {name: text for name, names in _IDENTITY.items() if (text := _first(labels, names))}
    return _Place(uuid, field, identity, _part_of(labels))


def _part_of(labels: Mapping[str, str]) -> MigInstance | None:
    number, profile = labels.get(_GPU_INSTANCE), labels.get("GPU_I_PROFILE", "")
    if number is None:
        return None
    known = profile if _PROFILE.fullmatch(profile) else "other"
    return MigInstance(int(number) if _NUMBER.fullmatch(number) else -1, 0, known)


def _add_part(identity: dict[str, Any], part: MigInstance) -> None:
    parts = identity.get("mig", ())
    if part.gpu_instance >= 0 and part not in parts and len(parts) < MOST_PARTS:
        identity["mig"] = (*parts, part)


def reading_of(values: Mapping[Field, float], **identity: Any) -> Reading:
    """Return the reading that fields in DCGM's units make; blanks are not among them."""
    content = identity
    for field, value in values.items():
        name = field.of
        if name in _CONVERTED:
            content[name] = _CONVERTED[name](value)
        elif field.part:
            content.setdefault(field.whole, {})[field.part] = value * field.times
        elif name == XID:
            content["xids"] = (Xid(int(value)),) if value else ()
        else:
            content[name] = value * field.times / field.over
    return Reading(**content)


def _word(words: tuple[str, ...], value: float) -> str | None:
    return words[int(value)] if 0 <= value < len(words) else None


def _celsius(value: float) -> float | None:
    return value if value <= _HOTTEST_CELSIUS else None


_CONVERTED: Mapping[str, Callable[[float], Any]] = {
    "fabric_state": partial(_word, FABRIC_STATES),
    "fabric_health": partial(_word, FABRIC_HEALTH),
    "clock_events": int,
    "recovery_action": lambda value: int(value) if 0 <= value < len(RECOVERY_ACTIONS) else None,
    "temperature_celsius": _celsius,
    "memory_temperature_celsius": _celsius,
}
"""What is more than a number times a factor."""


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := labels.get(name))), None)
