"""All causes, and which of them can explain what."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.causes.answers import answer_causes
from alerts.causes.caches import cache_causes
from alerts.causes.canaries import canary_worse
from alerts.causes.captchas import captcha_wave
from alerts.causes.cause import Cause
from alerts.causes.draining import draining_causes
from alerts.causes.drivers import driver_causes
from alerts.causes.failing_regions import failing_region_causes
from alerts.causes.governance import governance_causes
from alerts.causes.gpus import gpu_causes
from alerts.causes.groups import group_causes
from alerts.causes.hosts import host_causes
from alerts.causes.looping import agents_looping
from alerts.causes.queues import queue_causes
from alerts.causes.regions import region_causes
from alerts.causes.routers import router_causes
from alerts.causes.safety import safety_causes
from alerts.causes.slow_tools import tool_slow
from alerts.causes.tenants import tenant_causes
from alerts.causes.tools import tool_causes
from alerts.causes.weights import weight_causes
from alerts.sources import find_source, names_causes
from exporters.notifying import Alertmanager
from slo.objective import Objective
from slo.rules import base_window_seconds

_USUAL = Alertmanager()
"""As ``shardwatch.yaml`` has it where it says nothing."""


def causes(scrape_interval_seconds: float, notifying: Alertmanager = _USUAL) -> tuple[Cause, ...]:
    """Return all causes, the highest rank first.

    Ranks by family: hardware 900 to 999, groups 800, rollouts 700, tools 600, caches 500, tenants
    400, governance 300, queues 200, answers 100: what breaks ranks above what it breaks.

    Args:
        scrape_interval_seconds: at which states are recorded.
        notifying: when alerts are told.
    """
    window_seconds = base_window_seconds(scrape_interval_seconds)
    every = (
        agents_looping(window_seconds),
        *answer_causes(window_seconds),
        *cache_causes(window_seconds),
        canary_worse(window_seconds),
        captcha_wave(window_seconds),
        *draining_causes(),
        *driver_causes(),
        *failing_region_causes(scrape_interval_seconds, notifying),
        *governance_causes(window_seconds, scrape_interval_seconds),
        *gpu_causes(),
        *group_causes(),
        *host_causes(),
        *queue_causes(window_seconds),
        *region_causes(window_seconds),
        *router_causes(window_seconds),
        *safety_causes(window_seconds),
        *tenant_causes(window_seconds),
        *tool_causes(window_seconds),
        tool_slow(window_seconds),
        *weight_causes(window_seconds),
    )
    return tuple(sorted(every, key=lambda each: -each.rank))


def explaining(every: Sequence[Cause], objective: Objective) -> tuple[Cause, ...]:
    """Return the causes that can explain an objective's burn.

    A lost GPU is none for a tool that fails, nor the reverse. What hurts requests explains probes
    and groups as well. All are, where it is not known which of our exporters counts the events;
    none, where the events are not the fleet's.
    """
    if not names_causes(objective):
        return ()
    source = find_source(objective)
    if source is None:
        return tuple(each for each in every if each.explains)
    fitting = {source, source.hurt_by}
    return tuple(each for each in every if not fitting.isdisjoint(each.explains))
