"""Reading a dcgm-exporter's page: readings per GPU, by UUID.

The page's quirks are dealt with here: names of DCGM 4.6 beside older ones, three spellings of the
label UUID, series repeated for pods and jobs, blanks printed as huge numbers, and the empty page
that dcgm-exporter serves while it reloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from exporters.exposition import PageError, PageReader, Samples

XID = "xid"
ROW_REMAP_FAILURE = "row_remap_failure"
TEMPERATURE = "temperature"
MEMORY_TEMPERATURE = "memory_temperature"
POWER = "power"
ENERGY = "energy"
UTILIZATION = "utilization"
TENSOR_ACTIVE = "tensor_active"
SM_CLOCK = "sm_clock"
MEMORY_USED = "memory_used"
MEMORY_FREE = "memory_free"

FIELDS: Mapping[str, str] = {
    "DCGM_FI_DEV_XID_ERRORS": XID,
    "DCGM_FI_DEV_XID_ERROR": XID,
    "DCGM_FI_DEV_ROW_REMAP_FAILURE": ROW_REMAP_FAILURE,
    "DCGM_FI_DEV_ROW_REMAP_FAILED": ROW_REMAP_FAILURE,
    "DCGM_FI_DEV_GPU_TEMP": TEMPERATURE,
    "DCGM_FI_DEV_GPU_TEMP_CELSIUS": TEMPERATURE,
    "DCGM_FI_DEV_MEMORY_TEMP": MEMORY_TEMPERATURE,
    "DCGM_FI_DEV_MEMORY_TEMP_CELSIUS": MEMORY_TEMPERATURE,
    "DCGM_FI_DEV_POWER_USAGE": POWER,
    "DCGM_FI_DEV_BOARD_POWER_WATTS": POWER,
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": ENERGY,
    "DCGM_FI_DEV_GPU_UTIL": UTILIZATION,
    "DCGM_FI_DEV_GPU_UTIL_RATIO": UTILIZATION,
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": TENSOR_ACTIVE,
    "DCGM_FI_PROF_TENSOR_UTIL_RATIO": TENSOR_ACTIVE,
    "DCGM_FI_DEV_SM_CLOCK": SM_CLOCK,
    "DCGM_FI_DEV_FB_USED": MEMORY_USED,
    "DCGM_FI_DEV_FB_FREE": MEMORY_FREE,
}
"""Names on the wire, old and of DCGM 4.6 (facts: dcgm-exporter 4.8.2, DCGM 4.6.0), to ours."""

OPTIONAL_FIELDS = frozenset({TENSOR_ACTIVE})
"""Profiling fields (DCGM_FI_PROF_*): DCGM drops them while a profiler has the GPU."""

_UUID_LABELS = ("UUID", "uuid", "gpu_uuid")
_SMALLEST_BLANK = float(0x7FFFFFFFFFFFFFF0)
"""DCGM's blanks of 64-bit integers; older dcgm-exporters print them as values."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page says of one GPU."""

    values: Mapping[str, float]
    """By field, in DCGM's units, XID left out. Empty if the GPU's fields are all blank."""
    xid: int
    """The last XID, which DCGM never clears; 0 if none, or if the page does not say."""


GpuReadings = dict[str, Reading]
"""By UUID."""


class TelemetryReader:
    """Reads the pages of one host."""

    def __init__(self) -> None:
        self._reader = PageReader(FIELDS.__contains__)

    def read(self, page: bytes) -> GpuReadings:
        """Return the readings of all GPUs on a page.

        Raises:
            PageError: if the page is malformed or names no GPU at all.
        """
        readings = readings_from(self._reader.read(page))
        if not readings:
            raise PageError(0, "found no GPU, expected dcgm-exporter's fields")
        return readings


def readings_from(samples: Samples) -> GpuReadings:
    """Return readings by UUID from a page's samples."""
    values: dict[str, dict[str, float]] = {}
    xids: dict[str, int] = {}
    for series, value in samples.items():
        field = FIELDS.get(series.name)
        uuid = _uuid(series.labels)
        if field is None or uuid is None or not isfinite(value) or value >= _SMALLEST_BLANK:
            continue
        fields = values.setdefault(uuid, {})
        if field == XID:
            xids[uuid] = int(value)
        else:
            # The first of several: dcgm-exporter repeats a GPU for each pod or job on it.
            fields.setdefault(field, value)
    return {uuid: Reading(fields, xids.get(uuid, 0)) for uuid, fields in values.items()}


def _uuid(labels: Mapping[str, str]) -> str | None:
    for name in _UUID_LABELS:
        if uuid := labels.get(name):
            return uuid
    return None
