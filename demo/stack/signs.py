"""Which cause alerts tell of which fault, as the alerts are today.

A fault that none tells of is no mistake of the stack's: burns may page for it, or nobody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.causes.gpus import GPU_LOST
from alerts.causes.groups import GROUP_DEAD, GROUP_STALLED
from alerts.causes.queues import QUEUE_SNOWBALL
from alerts.causes.tenants import TENANT_FLOOD
from alerts.causes.tools import LEAST_SUCCESS_RATIO, TOOL_OUTAGE
from demo.stack.truth import ActiveFault


@dataclass(frozen=True)
class Sign:
    """The alerts that tell of a fault: one of them must fire."""

    alerts: frozenset[str]
    within_seconds: float
    """After it struck; before that their silence is no mistake."""
    above_strength: float = 0.0
    """At less, they need not fire."""

    def is_due(self, fault: ActiveFault, now: float) -> bool:
        """Whether an alert must fire by now (UNIX seconds)."""
        is_strong = fault.strength is None or fault.strength > self.above_strength
        return is_strong and now - fault.since > self.within_seconds


SIGNS: Mapping[str, Sign] = {
    "lost-gpu": Sign(frozenset({GPU_LOST}), 45),
    # Two minutes of a dead group make an alert: an engine that is restarted is dead for as long.
    "ecc-error": Sign(frozenset({GPU_LOST, GROUP_DEAD}), 200, above_strength=0.5),
    "lost-host": Sign(frozenset({GPU_LOST, GROUP_DEAD}), 200),
    "lost-region": Sign(frozenset({GPU_LOST, GROUP_DEAD}), 200),
    # Engines are stalled after 30 s without a step.
    "frozen-worker": Sign(frozenset({GROUP_STALLED, GROUP_DEAD}), 90),
    # At its peak a region serves less than twice the usual; at night even three times.
    "traffic-spike": Sign(frozenset({QUEUE_SNOWBALL}), 240, above_strength=5),
    # A quarter of the others' traffic is within the tenant's limit.
    "tenant-flood": Sign(frozenset({TENANT_FLOOD}), 150, above_strength=0.75),
    # Calls time out, and the base window must fill with them.
    "tool-outage": Sign(
        frozenset({TOOL_OUTAGE}), 150, above_strength=1 - LEAST_SUCCESS_RATIO + 0.1
    ),
}


def tells_of(alert: Mapping[str, str], place: Mapping[str, str]) -> bool:
    """Whether an alert can be about a place: their labels agree where both have them."""
    shared = alert.keys() & place.keys()
    return bool(shared) and all(alert[key] == place[key] for key in shared)


def alerts_of(fault: ActiveFault, firing: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the firing alerts that tell of a fault."""
    sign = SIGNS.get(fault.name)
    return [
        each
        for each in firing
        if sign and each["alertname"] in sign.alerts and tells_of(each, fault.place)
    ]
