"""dcgm-exporter's default set under its own names and labels, from readings in base units.

For boards and rules that know no other names. Left out is the state of a vGPU's licence, which only
a virtual GPU has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exporters.catalog import DCGM_FAMILIES
from exporters.gpu.dcgm_fields import FIELD_OF_NAME, MIB, XID
from exporters.gpu.readings import Reading
from exporters.page import Labels, Page

_XID_NAME = "DCGM_FI_DEV_XID_ERRORS"
_LINKS_NAME = "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL"

XID_MESSAGES: Mapping[int, str] = {
    0: "No Error",
    13: "Graphics Engine Exception",
    31: "GPU memory page fault",
    32: "Invalid or corrupted push buffer stream",
    43: "GPU stopped processing",
    45: "Preemptive cleanup, due to previous errors",
    48: "Double Bit ECC Error",
    63: "ECC page retirement or row remapping recording event",
    64: "ECC page retirement or row remapper recording failure",
    74: "NVLINK Error",
    79: "GPU has fallen off the bus",
    92: "High single-bit ECC error rate",
    94: "Contained ECC error",
    95: "Uncontained ECC error",
    119: "GSP RPC Timeout",
    120: "GSP Error",
}
UNKNOWN_MESSAGE = "Unknown Error"

_SHORTEST_SECONDS = 0.5
"""Between two looks whose difference is a rate."""


@dataclass
class _Looked:
    """A counter as it was, to make a rate of it."""

    at: float
    value: float


class DcgmPage:
    """Adds the families.

    Args:
        host: the label ``hostname``.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._looks: dict[str, _Looked] = {}
        self._rates: dict[str, float] = {}

    def add(self, page: Page, uuid: str, reading: Reading, now: float) -> None:
        """Add what dcgm-exporter would serve of a GPU; blanks are left out, as there.

        Args:
            page: to add to.
            uuid: of the GPU.
            reading: of it.
            now: seconds of a monotonic clock.
        """
        index = "" if reading.index is None else str(reading.index)
        labels: Labels = (
            index,
            uuid,
            reading.pci_bus_id or "",
            f"nvidia{index}",
            reading.model_name or "",
            self._host,
            reading.driver_version or "",
        )
        for name, value in _values(reading):
            page.of(DCGM_FAMILIES[name])[labels] = value
        rate = self._find_rate(uuid, reading, now - reading.age_seconds)
        if rate is not None:
            page.of(DCGM_FAMILIES[_LINKS_NAME])[labels] = rate
        code = reading.xids[-1].code if reading.xids else 0
        more = (str(code), XID_MESSAGES.get(code, UNKNOWN_MESSAGE))
        page.of(DCGM_FAMILIES[_XID_NAME])[*labels, *more] = float(code)

    def _find_rate(self, uuid: str, reading: Reading, at: float) -> float | None:
        """Return what goes over all NVLinks; None if it is not known."""
        if reading.nvlink_sent_bytes is None or reading.nvlink_received_bytes is None:
            return None
        # DCGM divides KiB by a thousand and calls it MB.
        value = (reading.nvlink_sent_bytes + reading.nvlink_received_bytes) / 1024 / 1000
        before = self._looks.get(uuid)
        if before is None or value < before.value:
            self._rates.pop(uuid, None)
            self._looks[uuid] = _Looked(at, value)
        elif at - before.at >= _SHORTEST_SECONDS:
            self._rates[uuid] = (value - before.value) / (at - before.at)
            self._looks[uuid] = _Looked(at, value)
        return self._rates.get(uuid)


def _values(reading: Reading) -> Iterator[tuple[str, float]]:
    measured = reading.measured
    for name in DCGM_FAMILIES:
        field = FIELD_OF_NAME.get(name)
        if field is None or field.of == XID or field.of not in measured:
            continue
        value = measured[field.of]
        if field.times == MIB:
            yield name, float(value // MIB)  # as DCGM does
        elif field.over == 100.0:
            yield name, float(round(value * 100.0))
        else:
            yield name, round(value / field.times * field.over, 3)
