"""What Prometheus would have scraped while a scenario played, in virtual time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demo.stack.truth import TruthRecord
from slo.series import Series


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
