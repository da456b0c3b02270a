"""What came of an alerting rule: one stretch of time for each set of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Firing:
    """An alert from when it became active until it ended. Times are moments, UNIX seconds."""

    alert: str
    labels: Mapping[str, str]
    """As Alertmanager gets them: templates rendered, ``alertname`` among them."""
    active_at: float
    """The first moment at which its expression held: pending, or firing at once."""
    firing_at: float | None
    """None, if it ended before it had held for long enough."""
    ended_at: float | None
    """The first moment at which it was neither pending nor firing; None while it is."""
