"""The page of one host's dcgm-exporter.

As there: labels in its order, whole numbers without a point, others with six digits. A field that
DCGM cannot read is left out without a word, so a lost GPU is an absence; only its XID stays, for
DCGM keeps that.
"""

from __future__ import annotations

from collections.abc import Sequence

from demo.sim.cluster import Gpu
from demo.sim.hardware import DIALECT, FALLEN_OFF_THE_BUS
from demo.sim.latency import Floats

MODEL_NAME = "NVIDIA H200"
DRIVER_VERSION = "580.95.05"
XID_FIELD = "DCGM_FI_DEV_XID_ERRORS"
XID_MESSAGES = {0: "No Error", FALLEN_OFF_THE_BUS: "GPU has fallen off the bus"}
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


class HostPage:
    """The page of one host, whose text is made again only when a GPU is lost or comes back."""

    def __init__(self, host: str, gpus: Sequence[Gpu]) -> None:
        self._host = host
        self._gpus = gpus
        self._made_for: tuple[list[bool], list[int]] = ([], [])
        self._text = ""

    def fill(self, fields: Floats, lost: list[bool], xids: list[int]) -> bytes:
        """Return the page.

        Args:
            fields: of the host's GPUs, in the dialect's order. [F, its GPUs].
            lost: which of them DCGM could not read.
            xids: code of the last XID of each, 0 if none.
        """
        if (lost, xids) != self._made_for or not self._text:
            self._made_for = (lost, xids)
            self._text = self._make_text(lost, xids)
        readable = [at for at, gone in enumerate(lost) if not gone]
        values = fields if len(readable) == len(lost) else fields[:, readable]
        at = next(i for i, family in enumerate(DIALECT.families) if family.name == XID_FIELD)
        before, after = values[:at].ravel().tolist(), values[at + 1 :].ravel().tolist()
        return (self._text % (*before, *after)).encode()

    def _make_text(self, lost: list[bool], xids: list[int]) -> str:
        lines = []
        for family in DIALECT.families:
            lines.append(f"# HELP {family.name} {family.help}\n".replace("%", "%%"))
            lines.append(f"# TYPE {family.name} {family.type}\n")
            hole = "%f" if family.name in _RATIOS_AND_WATTS else "%d"
            for gpu, gone, xid in zip(self._gpus, lost, xids, strict=True):
                known = self._labels(gpu, xid)
                labels = ",".join(f'{label}="{known[label]}"' for label in family.labels)
                if family.name == XID_FIELD:
                    lines.append(f"{family.name}{{{labels}}} {xid}\n")
                elif not gone:
                    lines.append(f"{family.name}{{{labels}}} {hole}\n")
        return "".join(lines)

    def _labels(self, gpu: Gpu, xid: int) -> dict[str, str]:
        bus = _BUSES[gpu.number] if gpu.number < len(_BUSES) else f"{gpu.number:02X}"
        return {
            "gpu": str(gpu.number),
            "UUID": gpu.uuid.replace("%", "%%"),
            "pci_bus_id": f"00000000:{bus}:00.0",
            "device": f"nvidia{gpu.number}",
            "modelName": MODEL_NAME,
            "hostname": self._host.replace("%", "%%"),
            "DCGM_FI_DRIVER_VERSION": DRIVER_VERSION,
            "err_code": str(xid),
            "err_msg": XID_MESSAGES[xid],
        }
