r"""XIDs in the kernel's log: lines of NVIDIA's driver in, events out.

Three forms (the last two carry no ``Xid``, for the driver cannot reach the GPU any more)::

    NVRM: Xid (PCI:0000:9b:00): 119, pid=2024380, name=nvidia-smi, Timeout after 6s ...
    NVRM: GPU 0000:a1:00.0: GPU has fallen off the bus.
    NVRM: The NVIDIA GPU 0000:b3:00.0
    NVRM: (PCI ID: 10de:26b5) installed in this system has
    NVRM: fallen off the bus and is not responding to commands.

Of one exception of the graphics engine (13) the driver writes several lines, a millisecond or two
apart, and NVML tells of one event; read on an H200, driver 580.159.04, of one misaligned access of
one thread (of a kernel that does so everywhere, an H100 wrote 393)::

    NVRM: Xid (PCI:0000:00:06): 13, Graphics SM Warp Exception on (GPC 0, TPC 3, SM 0): ...
    NVRM: Xid (PCI:0000:00:06): 13, Graphics Exception: ESR 0x508730=0x500000f 0x508734=0x0 ...
    NVRM: Xid (PCI:0000:00:06): 13, pid=626, name=xid, Graphics Exception: channel 0x0000001e, ...

A record of ``/dev/kmsg`` is ``PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT`` with lines of properties
after it that begin with a space; a line break within the text is ``\x0a``
(https://www.kernel.org/doc/Documentation/ABI/testing/dev-kmsg).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

KERNEL_LOG = Path("/dev/kmsg")
FALLEN_OFF_CODE = 79
SEVERAL_LINES = (13,)
"""XIDs of which one event is several lines. Of all others, each line is an event."""
LINES_APART_SECONDS = 0.1
"""At most, by the kernel's clock, between lines of one event: a slow console takes milliseconds."""
LARGEST_RECORD_BYTES = 8192
"""The kernel's own limit of a record read from /dev/kmsg (CONSOLE_EXT_LOG_MAX)."""

_LOG = logging.getLogger("shardwatch")

_RECORD = re.compile(r"\d+,\d+,(\d{1,18}),[^;]*;(.*)", re.DOTALL)
_PCI = r"([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2})"
_XID = re.compile(rf"NVRM: Xid \(PCI:{_PCI}(?:\.\d)?\): (\d{{1,6}})\b(.*)", re.DOTALL)
_FALLEN_OFF = re.compile(rf"NVRM: GPU {_PCI}(?:\.\d)?: GPU has fallen off the bus")
_NAMED = re.compile(rf"NVRM: The NVIDIA GPU {_PCI}")
_NOT_RESPONDING = "fallen off the bus and is not responding"
_FATAL = re.compile(r"\b(Fatal|Nonfatal|Non-fatal)\b", re.IGNORECASE)
_LINES_OF_ONE_MESSAGE = 3


@dataclass(frozen=True)
class LogEvent:
    """One XID that the driver wrote down."""

    pci: str
    """As :func:`pci_key` writes it."""
    code: int
    at: float
    """Unix seconds."""
    is_fatal: bool | None = None


def pci_key(bus_id: str) -> str:
    """Return one spelling of a PCI address: NVML has 8 digits of domain, the kernel 4.

    >>> pci_key("00000000:9B:00.0")
    '0:9b:0'
    """
    domain, bus, device = bus_id.partition(".")[0].split(":")
    return f"{int(domain, 16):x}:{int(bus, 16):x}:{int(device, 16):x}"


class LogParser:
    """Understands records, one after another.

    Args:
        booted_at: Unix seconds at which the kernel's clock was 0.
    """

    def __init__(self, booted_at: float) -> None:
        self._booted_at = booted_at
        self._named: str | None = None
        self._lines_left = 0
        self._last_line: dict[tuple[str, int], float] = {}

    def parse(self, record: str) -> LogEvent | None:
        """Return the event that a record tells of; None if it tells of none."""
        found = _RECORD.match(record)
        if not found:
            return None
        at, text = self._booted_at + int(found[1]) / 1e6, found[2]
        if xid := _XID.search(text):
            said = _FATAL.search(xid[3])
            is_fatal = said[1].lower() == "fatal" if said else None
            event = LogEvent(pci_key(xid[1]), int(xid[2]), at, is_fatal)
            return None if self._goes_on(event) else event
        if fallen := _FALLEN_OFF.search(text):
            return LogEvent(pci_key(fallen[1]), FALLEN_OFF_CODE, at)
        return self._parse_message(text, at)

    def _goes_on(self, event: LogEvent) -> bool:
        """Return whether a line is one more of the event that the last one told of."""
        if event.code not in SEVERAL_LINES:
            return False
        key = (event.pci, event.code)
        last = self._last_line.get(key, float("-inf"))
        self._last_line[key] = event.at
        return event.at - last <= LINES_APART_SECONDS

    def _parse_message(self, text: str, at: float) -> LogEvent | None:
        """Follow the form of three lines, which are one record or three."""
        if named := _NAMED.search(text):
            self._named, self._lines_left = pci_key(named[1]), _LINES_OF_ONE_MESSAGE
        if self._named is None or "NVRM" not in text:
            return None
        self._lines_left -= 1
        pci, self._named = self._named, self._named if self._lines_left > 0 else None
        if _NOT_RESPONDING in text:
            self._named = None
            return LogEvent(pci, FALLEN_OFF_CODE, at)
        return None


class KernelLog:
    """Follows the kernel's log, from what it still holds on.

    Args:
        take: gets each event.
        file: to read.
    """

    def __init__(self, take: Callable[[LogEvent], None], file: Path = KERNEL_LOG) -> None:
        self._take = take
        self._file = file
        self._parser = LogParser(time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))
        self._descriptor: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is being followed."""
        return self._descriptor is not None

    def open(self) -> bool:
        """Begin, within a running event loop; return whether the log can be read."""
        try:
            self._descriptor = os.open(self._file, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            _LOG.warning("%s cannot be read, XIDs come from the driver only: %s", self._file,
                         error.strerror)  # fmt: skip
            return False
        while self._read_record(is_new=False):
            pass
        if self._descriptor is None:
            return False
        asyncio.get_running_loop().add_reader(self._descriptor, self._read_record)
        return True

    def close(self) -> None:
        """Leave it."""
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _read_record(self, *, is_new: bool = True) -> bool:
        """Read one record; return whether there was one."""
        if self._descriptor is None:
            return False
        try:
            data = os.read(self._descriptor, LARGEST_RECORD_BYTES)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno == errno.EPIPE:
                return True  # records were overwritten before we came to them; others follow
            _LOG.warning("%s cannot be read any more: %s", self._file, error.strerror)
            self.close()
            return False
        if not data:
            self.close()
            return False
        for line in data.decode("utf-8", "replace").split("\n"):
            if line and not line.startswith(" ") and (event := self._parser.parse(line)):
                # The kernel's clock of its log drifts from all others by seconds in a month.
                self._take(replace(event, at=time.time()) if is_new else event)
        return True
