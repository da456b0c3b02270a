"""What is known of a GPU that is asked again and again, and when it is to be asked next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporters.gpu.local.process import Child
from exporters.gpu.readings import MigInstance, Reading

FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class AskedGpu:
    """What is known of one."""

    uuid: str
    reading: Reading = field(default_factory=lambda: Reading(trouble="unread"))
    read_at: float | None = None
    """Also when it was asked in vain."""
    pci: str | None = None
    failures: int = 0
    """In a row: calls that did not come back."""
    retry_at: float = 0.0
    hanging: Child | None = None
    """The child that it hung in last."""
    is_deadly: bool = False
    """Whether a child died in its call."""

    def may_be_asked(self, child: Child, now: float) -> bool:
        """Return whether a call could come back, and it is time for one."""
        if not self.failures:
            return True
        if self.hanging is child:
            return True  # it owes nothing: that call did come back
        is_free = self.hanging is None or self.hanging.is_gone
        return is_free and now >= self.retry_at

    def take(self, content: Mapping[str, Any], now: float) -> None:
        """Take an answer: fields of a reading, as JSON has them."""
        self.failures, self.hanging, self.is_deadly = 0, None, False
        parts: dict[str, Any] = {**content}
        if "ranks" in parts:
            parts["ranks"] = tuple(parts["ranks"])
        if "mig" in parts:
            parts["mig"] = tuple(MigInstance(**each) for each in parts["mig"])
        self.reading, self.read_at = Reading(**parts), now
        self.pci = self.reading.pci_bus_id or self.pci

    def give_up(self, now: float) -> None:
        """Take note that there was none."""
        self.failures += 1
        # At first it may have been slow: without persistence mode, a GPU sleeps between calls.
        is_first = self.failures == 1
        self.retry_at = now + (0.0 if is_first else pause_seconds(self.failures - 1))
        self.reading = Reading(trouble="unread" if is_first else "unresponsive")
        self.read_at = now

    def reading_at(self, now: float, stale_seconds: float) -> Reading:
        """Return the newest reading with its age; one that is too old is none."""
        known = self.reading
        age = known.age_seconds + (now - self.read_at if self.read_at is not None else 0.0)
        if age > stale_seconds and not known.trouble:
            known = Reading(trouble="unread")
        content = {name: getattr(known, name) for name in Reading.__slots__}
        return Reading(**{**content, "age_seconds": age})


def pause_seconds(failures: int) -> float:
    """Return how long to leave alone what failed so often in a row."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
