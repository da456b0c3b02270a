"""Alerts that no scenario of the demo can show, and why. Tests of rules show them all."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.causes.answers import PROBES_FAILING
from alerts.causes.caches import CACHE_EVICTION_PRESSURE
from alerts.causes.draining import DRAIN_OVERDUE
from alerts.causes.drivers import PATCH_SKEW, ROLL_OUT_OVERDUE
from alerts.causes.gpus import GPU_HUNG
from alerts.causes.routers import ROUTER_LOST
from alerts.causes.weights import REVISION_SKEW
from alerts.exhaustion import BUDGET_EXHAUSTED
from alerts.quiet import BURN_SUPPRESSED
from alerts.watch.exporters import (
    EXPORTER_CONFIG_STALE,
    EXPORTER_MISTAKE,
    TARGETS_UNPLACED,
)
from alerts.watch.notifications import NOTIFICATIONS_FAILING
from alerts.watch.rules import RULES_FAILING, RULES_LATE
from alerts.watch.scrapes import SCRAPE_LATE
from alerts.watch.storage import STORAGE_SHORT
from alerts.watchdog import WATCHDOG
from alerts.zero_tolerance import ZERO_TOLERANCE_BROKEN

UNSEEN: Mapping[str, str] = {
    BUDGET_EXHAUSTED: "minutes of a scenario do not spend the budget of 28 days",
    BURN_SUPPRESSED: "the demo's objectives have no minimum of bad events",
    ZERO_TOLERANCE_BROKEN: "the demo's objectives have a budget",
    GPU_HUNG: "simulated GPUs are lost or slow, and never hang",
    PATCH_SKEW: "drivers may differ for an hour, longer than a scenario",
    ROLL_OUT_OVERDUE: "a roll-out may take two days",
    ROUTER_LOST: "a region of the demo has one router, and without it is blind or down",
    DRAIN_OVERDUE: "a drain may take half an hour, longer than a scenario",
    REVISION_SKEW: "a roll-out of a revision may take a day",
    CACHE_EVICTION_PRESSURE: "simulated engines hardly ever preempt a request",
    PROBES_FAILING: "no cell of the demo is so quiet that only probes tell of it",
    EXPORTER_CONFIG_STALE: "the demo's files do not change while it runs",
    EXPORTER_MISTAKE: "a mistake that we knew of would be mended",
    TARGETS_UNPLACED: "the demo's topology is a file, and has a place for all",
    SCRAPE_LATE: "no fault slows the watch itself",
    RULES_LATE: "no fault slows the watch itself",
    RULES_FAILING: "rules that fail are none that we build",
    NOTIFICATIONS_FAILING: "the demo's receivers answer",
    STORAGE_SHORT: "the demo's Prometheus keeps 35 days",
    WATCHDOG: "it fires always, and so tells of no fault",
}
"""By the alert's name."""
