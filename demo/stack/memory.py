"""Whether a simulated cluster fits into this machine's memory, before anything is started."""

from __future__ import annotations

from pathlib import Path

from exporters.problems import InputError, problem

GIBIBYTE = 1 << 30
MEMINFO = Path("/proc/meminfo")


def available_bytes(meminfo: str) -> int | None:
    """Return the memory that can be had without swapping; None where the kernel does not say.

    Args:
        meminfo: the text of ``/proc/meminfo``.
    """
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def check_memory(groups: int, needed_bytes: int, found_bytes: int | None) -> None:
    """Refuse a size that does not fit; let it pass where it is unknown what there is.

    Raises:
        InputError: with what is needed and what was found.
    """
    if found_bytes is not None and needed_bytes > found_bytes:
        needed, found = needed_bytes / GIBIBYTE, found_bytes / GIBIBYTE
        said = f"{groups} groups need {needed:.1f} GiB of memory, found {found:.1f} GiB available"
        raise InputError([problem("--groups", said, fix="take fewer groups or free memory")])


def read_available_bytes() -> int | None:
    """Return the memory that can be had on this machine; None where nobody says."""
    try:
        return available_bytes(MEMINFO.read_text(encoding="ascii"))
    except OSError:
        return None
