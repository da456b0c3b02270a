"""Every check, those of the gravest harm first; within one, in the order in which to mend."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.doctor.checks import (
    alert_path,
    coverage,
    heartbeat,
    joins,
    labels,
    links,
    muting,
    namesakes,
    objectives,
    routes,
    rules,
    scrapes,
    servers,
    sources,
    trials,
)
from alerts.doctor.finding import Check

_MODULES = (
    trials, alert_path, routes, namesakes, muting, heartbeat, servers, rules, scrapes, sources,
    joins, objectives, labels, coverage, links,
)  # fmt: skip

CHECKS: tuple[Check, ...] = tuple(
    sorted((check for module in _MODULES for check in module.CHECKS), key=lambda each: each.harm)
)
"""All of them."""
BY_ID: Mapping[str, Check] = {each.id: each for each in CHECKS}
