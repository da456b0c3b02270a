"""Alerts that no scenario of the demo can show: why, and which test of rules shows them instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.causes.caches import CACHE_EVICTION_PRESSURE
from alerts.causes.drivers import PATCH_SKEW, ROLL_OUT_OVERDUE
from alerts.causes.gpus import GPU_HUNG
from alerts.causes.routers import ROUTER_LOST
from alerts.causes.weights import REVISION_SKEW
from alerts.watchdog import WATCHDOG


@dataclass(frozen=True)
class Unseen:
    """One of them."""

    why: str
    """Why no scenario shows it."""
    test: str
    """The file of promtool's tests that does, from the repository's root."""


UNSEEN: Mapping[str, Unseen] = {
    GPU_HUNG: Unseen(
        "it takes the number of a GPU's processes, which NVML tells on its host and the pages of a "
        "dcgm-exporter, which is what is simulated, do not",
        "tests/promtool/gpus.yaml",
    ),
    PATCH_SKEW: Unseen(
        "a simulated patch takes the hosts of a group together, and a group is its own failure "
        "domain: within none do drivers ever differ",
        "tests/promtool/drivers.yaml",
    ),
    ROLL_OUT_OVERDUE: Unseen(
        "a roll-out may take two days: a play of them would take longer than all others",
        "tests/promtool/drivers.yaml",
    ),
    REVISION_SKEW: Unseen(
        "a roll-out of a revision may take a day: a play of it would take longer than all others",
        "tests/promtool/skew.yaml",
    ),
    CACHE_EVICTION_PRESSURE: Unseen(
        "simulated engines queue what does not fit and hardly ever preempt or evict for it",
        "tests/promtool/caches.yaml",
    ),
    ROUTER_LOST: Unseen(
        "a region of the demo has one router, and without it is blind or down",
        "tests/promtool/routers.yaml",
    ),
    WATCHDOG: Unseen(
        "it fires always, and so tells of no fault: its silence does",
        "tests/promtool/watch.yaml",
    ),
}
"""By the alert's name."""
