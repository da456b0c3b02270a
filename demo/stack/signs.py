"""Which cause alerts tell of which fault, as the alerts are today.

A fault that none tells of is no mistake of the stack's: burns may page for it, or nobody sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.causes.answers import ANSWERS_DISAGREE, ANSWERS_WRONG
from alerts.causes.caches import CACHE_EVICTION_PRESSURE, CACHE_HIT_COLLAPSE
from alerts.causes.canaries import CANARY_WORSE
from alerts.causes.captchas import CAPTCHA_WAVE
from alerts.causes.draining import DRAIN_OVERDUE, DRAINING
from alerts.causes.drivers import PATCH_SKEW, ROLL_OUT_OVERDUE
from alerts.causes.failing_regions import REGION_SPEAKS
from alerts.causes.governance import (
    DATA_OUTSIDE,
    GOV_DATA_OUTSIDE,
    TOKENS_UNBILLED,
)
from alerts.causes.gpus import GPU_FAULTY, GPU_LOST, GPU_NEEDS_ATTENTION, GPU_THROTTLED
from alerts.causes.groups import GROUP_DEAD, GROUP_DEGRADED, GROUP_STALLED
from alerts.causes.hosts import HOST_DOWN
from alerts.causes.looping import AGENTS_LOOPING
from alerts.causes.queues import QUEUE_METASTABLE, QUEUE_SNOWBALL
from alerts.causes.regions import CAPACITY_LOW, REGION_DOWN, REGION_FAILING, RESERVE_GONE
from alerts.causes.safety import GOV_SAFETY_BYPASSED, SAFETY_BYPASSED
from alerts.causes.slow_tools import TOOL_SLOW
from alerts.causes.tenants import PAID_THROTTLED, TENANT_FLOOD
from alerts.causes.tools import LEAST_SUCCESS_RATIO, TOOL_OUTAGE
from alerts.causes.weights import WEIGHTS_SLOW
from demo.stack.truth import ActiveFault
from exporters import catalog


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
    "ecc-error": Sign(frozenset({GPU_FAULTY, GPU_NEEDS_ATTENTION}), 90),
    "nvlink-error": Sign(frozenset({GPU_FAULTY}), 60),
    # The rack needs minutes to grow hot, and heat that lasts two is a ticket.
    "thermal": Sign(frozenset({GPU_THROTTLED}), 450, above_strength=0.5),
    # A batch must fill up first: a GPU that has speed to spare shows nothing.
    "straggler": Sign(frozenset({GROUP_DEGRADED}), 450, above_strength=0.35),
    # Two minutes of a dead group make an alert: an engine that is restarted is dead for as long.
    "lost-host": Sign(frozenset({HOST_DOWN, GROUP_DEAD}), 200),
    "lost-power": Sign(frozenset({HOST_DOWN, GROUP_DEAD, REGION_FAILING}), 200),
    "lost-region": Sign(frozenset({REGION_DOWN}), 200),
    # Engines are stalled after 30 s without a step.
    "frozen-worker": Sign(frozenset({GROUP_STALLED, GROUP_DEAD}), 90),
    # Probes must find it on several prompts, twice.
    "silent-corruption": Sign(frozenset({ANSWERS_DISAGREE}), 300, above_strength=0.25),
    # Windows of five minutes must fill with them; bills are compared over half an hour.
    "captcha-wave": Sign(frozenset({CAPTCHA_WAVE}), 360, above_strength=0.2),
    "safety-bypass": Sign(
        frozenset({SAFETY_BYPASSED, GOV_SAFETY_BYPASSED}), 300, above_strength=0.02
    ),
    "misrouted-data": Sign(frozenset({DATA_OUTSIDE}), 300, above_strength=0.01),
    "metering-loss": Sign(frozenset({TOKENS_UNBILLED}), 1500, above_strength=0.04),
    # At its peak a region serves less than twice the usual; at night even three times.
    "traffic-spike": Sign(frozenset({QUEUE_SNOWBALL}), 240, above_strength=5),
    # A quarter of the others' traffic is within the tenant's limit.
    "tenant-flood": Sign(frozenset({TENANT_FLOOD}), 150, above_strength=0.75),
    # Calls time out, and the base window must fill with them.
    "tool-outage": Sign(
        frozenset({TOOL_OUTAGE}), 150, above_strength=1 - LEAST_SUCCESS_RATIO + 0.1
    ),
}

CONSEQUENCES = frozenset(
    {
        *(CAPACITY_LOW, DRAINING, DRAIN_OVERDUE, GPU_NEEDS_ATTENTION, PATCH_SKEW, RESERVE_GONE),
        *(AGENTS_LOOPING, ANSWERS_DISAGREE, ANSWERS_WRONG, CANARY_WORSE, CAPTCHA_WAVE),
        *(DATA_OUTSIDE, GOV_DATA_OUTSIDE, SAFETY_BYPASSED, GOV_SAFETY_BYPASSED),
        *(TOKENS_UNBILLED, TOOL_SLOW),
        *(CACHE_EVICTION_PRESSURE, CACHE_HIT_COLLAPSE, PAID_THROTTLED),
        *(QUEUE_METASTABLE, QUEUE_SNOWBALL, REGION_FAILING, REGION_SPEAKS),
        *(ROLL_OUT_OVERDUE, WEIGHTS_SLOW),
    }
)
"""Alerts of what comes of faults, some of them elsewhere or on purpose; or about the last minutes,
so that they may be of a fault that is repaired by now."""


def tells_of(alert: Mapping[str, str], place: Mapping[str, str]) -> bool:
    """Whether an alert can be about a place: their labels agree where both have them."""
    shared = alert.keys() & place.keys()
    # What is wrong with data is wrong where it belongs.
    home = {catalog.REGION: alert[catalog.HOME_REGION]} if catalog.HOME_REGION in alert else {}
    at = {**alert, **home}
    return bool(shared) and all(at[key] == place[key] for key in shared)


def alerts_of(fault: ActiveFault, firing: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the firing alerts that tell of a fault."""
    sign = SIGNS.get(fault.name)
    return [
        each
        for each in firing
        if sign and each["alertname"] in sign.alerts and tells_of(each, fault.place)
    ]
