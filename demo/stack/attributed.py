"""What the record of reviews says that a scenario's incident cost, against what it really did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from slo.review.database import open_database
from slo.review.reading import known_services
from slo.review.reporting import read_figures


def attribution_error(database: str, report: Mapping[str, Any]) -> float:
    """Return how wrong the share of the incident is, as a share of what it cost.

    Of the cell that was hit most. Infinite, if the record has no incident with the report's cause.

    Args:
        database: address of the record, after the demo.
        report: ``report.json`` of it.
    """
    hit = max(report["budgets"], key=lambda each: each["truth"])
    attributed = attributed_events(database, hit["slo"], report["cause"], report["fault_at"])
    return math.inf if attributed is None else abs(attributed / hit["truth"] - 1)


def attributed_events(database: str, slo: str, cause: str, at: float) -> float | None:
    """Return the bad events of an objective that incidents with a cause had; None without any.

    Args:
        database: address of the record.
        slo: the objective.
        cause: that the incident names.
        at: UNIX seconds; the days before and after it are looked at.
    """
    day = datetime.fromtimestamp(at, UTC)
    period = f"{day - timedelta(days=1):%Y-%m-%d}..{day + timedelta(days=1):%Y-%m-%d}"
    engine = open_database(database)
    try:
        for service in known_services(engine):
            figures = read_figures(engine, service, period, at + 86_400)
            for objective in figures["objectives"]:
                causes = {each["name"]: each for each in objective["spent_by"]["cause"]}
                if objective["slo"] == slo and cause in causes:
                    return float(causes[cause]["events_bad"])
    finally:
        engine.dispose()
    return None
