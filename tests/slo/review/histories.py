"""A service's history to make figures of: a week of two cells, one of them hit."""

from dataclasses import replace
from typing import Any

import numpy as np

from slo.review.history import (
    CellHistory,
    IncidentHistory,
    ObjectiveHistory,
    PageHistory,
    ServiceHistory,
)
from slo.review.reviewed_period import parse_period

HOUR, STEP = 3600, 300
PERIOD = parse_period("2026-W39")
HIT = PERIOD.start + 50 * HOUR
"""When half of all requests in `eu` begin to fail, for 20 minutes; paged after 2."""
PLACE = {"cluster": "demo", "region": "eu", "model": "chat"}


def cell(region: str = "eu", *, bad_ratio: float = 0.0002, hit: bool = True) -> CellHistory:
    """Return a cell with 3,600 events an hour; hit, 600 more of them are bad within 20 minutes."""
    at = np.arange(PERIOD.start + HOUR, PERIOD.end + 1, HOUR, dtype=np.int64)
    steps = np.arange(HIT - HOUR + STEP, HIT + 2 * HOUR + 1, STEP, dtype=np.int64)
    is_hit = (steps > HIT) & (steps <= HIT + 1200) if hit else np.zeros(steps.shape, np.bool_)
    step_bad = np.where(is_hit, 150.0, 300 * bad_ratio)
    bad = np.full(at.shape, 3600 * bad_ratio)
    bad[at == HIT + HOUR] += 4 * (150 - 300 * bad_ratio) if hit else 0.0
    burning = at == HIT + HOUR if hit else np.zeros(at.shape, np.bool_)
    return CellHistory(
        f"cell-{region}",
        {"cluster": "demo", "region": region, "model": "chat", "tier": "pro"},
        at,
        bad,
        np.full(at.shape, 3600.0),
        np.ones(at.shape),
        np.full(at.shape, 0.001),
        0.4 if hit else 0.9,
        steps,
        step_bad,
        np.full(steps.shape, 300.0),
        at[burning],
        bad[burning],
    )


def objective(*cells: CellHistory, **changed: Any) -> ObjectiveHistory:
    """Return the objective `availability` of `chat`: 99.9 % over 28 days."""
    hours, none = PERIOD.hours, np.empty(0, np.int64)
    made = ObjectiveHistory(
        "availability", "chat", "0.999", (), 28 * 86_400, PERIOD.start, hours, hours, none, cells
    )
    return replace(made, **changed)


def page(starts: float = HIT + 120, ends: float = HIT + 1320, **labels: str) -> PageHistory:
    """Return a page of `eu`."""
    own = {"slo": "availability", "service": "chat", **PLACE, **labels}
    return PageHistory("ErrorBudgetBurn", own, starts, ends)


def incident(number: int = 7, **changed: Any) -> IncidentHistory:
    """Return the incident of the hit."""
    made = IncidentHistory(number, HIT + 120, HIT + 1320, "page", "GpuLost", PLACE, "r2", (page(),))
    return replace(made, **changed)


def service(**changed: Any) -> ServiceHistory:
    """Return the week of `chat`, in which `eu` was hit and `us` was not."""
    cells = cell(), cell("us", hit=False)
    return replace(ServiceHistory("chat", (objective(*cells),), (incident(),)), **changed)
