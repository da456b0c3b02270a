"""What is wrong with objectives that can be read: alerts that could never be, or mean nothing.

A module for each group of checks, none of which prints. ``README.md`` has the table of all.
:mod:`slo.checks.live` asks a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from exporters.problems import Problem
from slo.checks.births import check_births
from slo.checks.counters import check_counters
from slo.checks.events import check_events
from slo.checks.labels import check_labels
from slo.checks.retention import check_retention
from slo.checks.series import check_series
from slo.checks.slices import check_slices
from slo.checks.table import CHECKS, Check, Severity, has_errors, severity_of
from slo.checks.tiers import check_tiers, firing_tiers
from slo.doubts import warnings_of
from slo.objective import Objective

__all__ = [
    "CHECKS",
    "Check",
    "Severity",
    "check_objectives",
    "firing_tiers",
    "has_errors",
    "severity_of",
]


def check_objectives(
    objectives: Iterable[Objective], *, retention_seconds: float | None = None
) -> list[Problem]:
    """Return what is wrong or doubtful with objectives, sorted: errors and warnings.

    Each has the id of its check; :func:`severity_of` says how grave it is.

    Args:
        objectives: that could be read.
        retention_seconds: how long the server keeps samples; if None, that is not looked at.
    """
    return sorted({found for each in objectives for found in _check(each, retention_seconds)})


def _check(objective: Objective, retention_seconds: float | None) -> Iterator[Problem]:
    yield from check_tiers(objective)
    yield from check_slices(objective)
    yield from check_births(objective)
    yield from check_labels(objective)
    yield from check_series(objective)
    yield from check_events(objective)
    yield from check_counters(objective)
    yield from warnings_of(objective)
    if retention_seconds is not None:
        yield from check_retention(objective, retention_seconds)
    yield from (replace(each, check=each.check or "not-translated") for each in objective.notes)
