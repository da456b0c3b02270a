"""What the exporter counts itself, because a source shows only how things are now.

These counters start anew with the exporter, as Prometheus expects of counters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from exporters.gpu.readings import CLOCK_EVENTS, Reading, Xid
from exporters.gpu.xids import XidLog

LONGEST_LOOK_SECONDS = 60.0
"""Time between two looks that still counts as seen."""


class Tally:
    """Of one GPU."""

    def __init__(self) -> None:
        self.log = XidLog()
        self.clock_event_seconds: dict[str, float] = defaultdict(float)
        self.bursts = 0
        """Of XIDs: the source's own count where it has one."""
        self._shown: frozenset[int] | None = None
        self._looked_at: float | None = None
        self._clock_events = 0

    def take(self, reading: Reading | None, now: float, wall: float) -> None:
        """Take what one collection saw; None if it saw nothing.

        Args:
            reading: of the GPU.
            now: seconds of a monotonic clock.
            wall: Unix time.
        """
        if reading is None:
            self._looked_at = None
            return
        self._count_shown(reading.xids, wall)
        told = reading.xid_bursts
        self.bursts = max(self.bursts, self.log.bursts if told is None else told)
        if reading.clock_event_seconds is None and reading.clock_events is not None:
            self._count_time(reading.clock_events, now)

    def xids(self, xids: tuple[Xid, ...]) -> tuple[Xid, ...]:
        """Return those that are known as events: a source's own, or what its gauge showed."""
        told = tuple(xid for xid in xids if xid.last_at is not None)
        return told or self.log.xids

    def clock_seconds(self, reading: Reading) -> Mapping[str, float] | None:
        """Return the time slowed down, by the names of ``CLOCK_EVENTS``."""
        if reading.clock_event_seconds is not None:
            return reading.clock_event_seconds
        if reading.clock_events is None:
            return None
        return {name: self.clock_event_seconds[name] for name in CLOCK_EVENTS.values()}

    def _count_shown(self, xids: tuple[Xid, ...], wall: float) -> None:
        shown = frozenset(xid.code for xid in xids if xid.last_at is None)
        # What a gauge shows at the first look came at a time that nobody knows.
        for code in sorted(shown - self._shown) if self._shown is not None else ():
            self.log.add(code, wall, "gauge")
        self._shown = shown

    def _count_time(self, clock_events: int, now: float) -> None:
        if self._looked_at is not None and now - self._looked_at <= LONGEST_LOOK_SECONDS:
            for bit, name in CLOCK_EVENTS.items():
                # Both looks saw it: of one that began or ended between them nobody knows when.
                if bit & clock_events & self._clock_events:
                    self.clock_event_seconds[name] += now - self._looked_at
        self._looked_at, self._clock_events = now, clock_events
