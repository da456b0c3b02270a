"""What the kernel tells of the exporter's own process."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from exporters import catalog
from exporters.page import Page

PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_FIRST = 3
"""Number of the field after the name, which may have spaces: proc_pid_stat(5)."""
_UTIME, _STIME, _STARTTIME, _VSIZE, _RSS = (number - _FIRST for number in (14, 15, 22, 23, 24))


def add_process(page: Page, proc: Path = PROC) -> None:
    """Add the families of this process; none where there is no ``/proc``."""
    try:
        fields = (proc / "self/stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "stat").read_text(encoding="utf-8")
        open_fds = sum(1 for _ in (proc / "self/fd").iterdir())
    except OSError:
        return
    told = fields.rpartition(")")[2].split()
    booted_at = next(
        int(line.split()[1]) for line in boot.splitlines() if line.startswith("btime ")
    )
    ticks = int(told[_UTIME]) + int(told[_STIME])
    most_fds, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    for family, value in (
        (catalog.PROCESS_CPU_SECONDS, ticks / _TICKS_PER_SECOND),
        (catalog.PROCESS_RESIDENT_MEMORY, int(told[_RSS]) * _PAGE_BYTES),
        (catalog.PROCESS_VIRTUAL_MEMORY, int(told[_VSIZE])),
        (catalog.PROCESS_START_TIME, booted_at + int(told[_STARTTIME]) / _TICKS_PER_SECOND),
        (catalog.PROCESS_OPEN_FDS, open_fds),
        (catalog.PROCESS_MAX_FDS, most_fds),
    ):
        page.of(family)[()] = float(value)
