"""What Prometheus would have scraped while a scenario played: samples, and what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demo.stack.truth import TruthRecord
from demo.weektime import WEEK_SECONDS, read_week_time
from slo.series import Series

WEEK_ZERO = 2943 * WEEK_SECONDS - 3 * 86400
"""UNIX seconds: a Monday, 00:00, in May 2026. Plays lie in the week from here on."""


@dataclass(frozen=True)
class Readings:
    """All that was scraped of a simulated cluster, and what really happened meanwhile."""

    series: Sequence[Series]
    """Names and labels as Prometheus stores them, ``job`` and ``instance`` among them, with a
    stale marker where a series vanished; sorted by labels."""
    start: float
    """UNIX seconds: before the first scrape."""
    began_at: float
    """UNIX seconds: when the scenario's time 0 was; before it all was well."""
    end: float
    """UNIX seconds: not before the last scrape."""
    fault_at: float
    """UNIX seconds: of the first fault."""
    recovered_at: float | None
    """UNIX seconds: of the last repair; None where nothing is repaired."""
    place: Mapping[str, str]
    """What the first fault really hit."""
    truth: TruthRecord
    """Bad and all events of the objectives' cells from ``start`` on."""
    interval_seconds: float
    """Between two scrapes of an exporter."""


def began_at(starts_at: str) -> float:
    """Return when a scenario's time 0 is that starts at a time of the week, UNIX seconds."""
    return WEEK_ZERO + read_week_time(starts_at)
