"""What the demo costs: memory and processor time of all its processes."""

from __future__ import annotations

import time
from collections.abc import Iterable

from exporters.costs import cpu_seconds, descendants, pss_bytes


class CpuMeter:
    """Measures how much of one core a demo takes, from its construction until it is read."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = tuple(roots)
        self._pids = descendants(self._roots)
        self._cpu = cpu_seconds(self._pids)
        self._since = time.monotonic()

    def ratio(self) -> float:
        """Return processor seconds used per second, of the processes there at the start."""
        return (cpu_seconds(self._pids) - self._cpu) / (time.monotonic() - self._since)

    def pss_bytes(self) -> int:
        """Return the proportional set size of all processes that live now."""
        return pss_bytes(descendants(self._roots))
