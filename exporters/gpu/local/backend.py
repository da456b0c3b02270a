"""What a child reads GPUs with, and what it says to its parent. Kept light: the child imports it.

Parent and child talk in lines of JSON over the child's standard input and output::

    > {"of": "GPU-...", "pci": "00000000:1B:00.0"}
    > {"of": ""}                                which GPUs are there?
    < {"ready": "590.48.01"}                    after the library is there
    < {"failed": "no library", "detail": ...}   or it is not, and the child ends
    < {"of": "GPU-...", "reading": {...}}       fields of a Reading, or {"trouble": "lost"}
    < {"of": "", "found": ["GPU-...", ...]}
    < {"of": "GPU-...", "failed": ...}          the library does not work any more; the child ends
    < {"xid": 79, "of": "GPU-...", "at": 1790000000.0}

Each GPU is asked one thing at a time, and several GPUs at once: an answer comes when it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

Content: TypeAlias = Mapping[str, Any]
"""Keyword arguments of a Reading, as JSON has them."""
TellXid: TypeAlias = Callable[[str, int, float], None]
"""Told of an XID: UUID, code, Unix seconds. From any thread."""


class BackendError(Exception):
    """The library cannot be used: ``reason`` in a word or two, and the detail."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class Backend(Protocol):
    """A library that knows GPUs. Any of its calls may block for ever, and comes from any thread."""

    def open(self) -> str:
        """Load it; return the driver's version, or as much as is known.

        Raises:
            BackendError: if there is none, or it does not work.
        """

    def watch(self, uuids: list[str], tell: TellXid) -> None:
        """Tell of XIDs from now on, in a thread of its own."""

    def find(self) -> list[str]:
        """Return the GPUs that are there and can be called, by UUID.

        Raises:
            BackendError: if the library does not work any more.
        """

    def read(self, uuid: str, pci: str | None) -> Content:
        """Return what there is to know of a GPU now.

        Args:
            uuid: as NVML gives it.
            pci: where it stood when it was last found, if ever.

        Raises:
            BackendError: if the library does not work any more, which is not the GPU's fault.
        """
