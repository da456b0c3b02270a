"""The figures of a review, as data: what every format of the report shows, and a signature hashes.

Pure. Rounded to nine significant digits, so that the same record makes the same figures anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slo.review.attribution import (
    CellSpending,
    attribute,
    burning_bad,
    burning_bad_in_pages,
    total_bad,
)
from slo.review.budgets import Budget, budget_of, budget_of_cell, judge_target, would_be_met
from slo.review.facts import digest
from slo.review.history import Excluded, IncidentHistory, ObjectiveHistory, ServiceHistory
from slo.review.paging import judge_paging
from slo.review.policy import UNKNOWN, Policy
from slo.review.reviewed_period import ReviewedPeriod

VERSION = 3
"""Of how they are worked out: what an older one signed may come out otherwise, made again."""
DIMENSIONS = ("region", "model", "tier", "revision")
NO_CAUSE = "no cause seen"
NOT_TOLD = "all"
"""Of a cell that does not tell itself apart by a label."""
_DIGITS = 9


def review_figures(
    period: ReviewedPeriod,
    history: ServiceHistory,
    before: Sequence[tuple[ReviewedPeriod, ServiceHistory]],
    policy: Policy,
) -> dict[str, Any]:
    """Return all figures of a service's review.

    Args:
        period: that is reviewed.
        history: of the service over it.
        before: the periods before it, the latest first: the trend.
        policy: of error budgets.
    """
    spendings: list[CellSpending] = []
    objectives = []
    for objective in history.objectives:
        own = _spendings(objective, history)
        spendings += own
        objectives.append(_objective(objective, history, own, before, policy))
    paging = judge_paging(history.objectives, history.incidents, *_burning(history))
    figures = {
        "version": VERSION,
        "service": history.service,
        "period": period.name,
        "from": _when(period.start),
        "to": _when(period.end),
        "state": _state(objectives, policy),
        "policy": [each.model_dump() for each in policy.levels],
        "objectives": objectives,
        "incidents": [_incident(each, spendings) for each in history.incidents],
        "alerts": {
            "pages": paging.pages,
            "pages_by_hour": list(paging.pages_by_hour),
            "precision": paging.precision,
            "recall": paging.recall,
            "detect_seconds": paging.detect_seconds,
            "acknowledge_seconds": paging.acknowledge_seconds,
            "resolve_seconds": paging.resolve_seconds,
            "noise": [{"alert": name, "pages": count} for name, count in paging.noise],
        },
        "excluded": [_excluded(each, period, history) for each in history.excluded],
        "changes": list(history.changes),
        "actions": list(history.actions),
        "decisions": list(history.decisions),
        "annotations": list(history.annotations),
    }
    rounded: dict[str, Any] = _rounded(figures)
    return {**rounded, "digest": digest(rounded)}


def _objective(
    objective: ObjectiveHistory,
    history: ServiceHistory,
    spendings: Sequence[CellSpending],
    before: Sequence[tuple[ReviewedPeriod, ServiceHistory]],
    policy: Policy,
) -> dict[str, Any]:
    budget = budget_of(objective, history.excluded)
    left = [each.budget_remaining for each in objective.cells if each.budget_remaining is not None]
    worst = min(left, default=None)
    return {
        "slo": objective.slo,
        "target": objective.target,
        "period_seconds": objective.period_seconds,
        "changed_targets": [
            {"from": _when(at), "target": target} for at, target in objective.changed_targets
        ],
        **_budget(budget),
        "recorded_left": worst,
        "policy_level": UNKNOWN if worst is None else policy.level(1 - worst).name,
        "trend": [_past(objective, period, past) for period, past in before],
        "spent_by": _spent_by(objective, history, spendings, budget),
        "targets": [{"target": each, "met": met} for each, met in would_be_met(budget)],
        "target_is": judge_target(budget),
        "cells": sorted(
            (
                {
                    "labels": dict(cell.labels),
                    **_budget(budget_of_cell(objective, cell, history.excluded)),
                    "recorded_left": cell.budget_remaining,
                }
                for cell in objective.cells
            ),
            key=lambda each: (-(each["spent"] or 0), sorted(each["labels"].items())),
        ),
    }


def _budget(budget: Budget) -> dict[str, Any]:
    return {
        "verdict": budget.verdict,
        "attainment": budget.attainment,
        "events": budget.events,
        "events_bad": budget.events_bad,
        "spent": budget.spent,
        "left": budget.left,
        "unknown": budget.unknown_ratio,
    }


def _past(
    objective: ObjectiveHistory, period: ReviewedPeriod, history: ServiceHistory
) -> dict[str, Any]:
    """Return how the same objective did in a period before."""
    found = [each for each in history.objectives if each.slo == objective.slo]
    told = _budget(budget_of(found[0], history.excluded)) if found else {}
    keys = ("verdict", "attainment", "spent", "unknown")
    return {"period": period.name, **{key: told.get(key) for key in keys}}


def _burning(history: ServiceHistory) -> tuple[float, float]:
    """Return the bad events of hours that spent a budget too fast: those in pages, and all."""
    cells = [(each.budget, cell) for each in history.objectives for cell in each.cells]
    in_pages = (
        burning_bad_in_pages(cell, budget, history.incidents, history.excluded)
        for budget, cell in cells
    )
    return sum(in_pages), sum(burning_bad(cell, history.excluded) for _, cell in cells)


def _spendings(objective: ObjectiveHistory, history: ServiceHistory) -> list[CellSpending]:
    return [
        each
        for cell in objective.cells
        for each in attribute(cell, objective.budget, history.incidents, history.excluded)
    ]


def _spent_by(
    objective: ObjectiveHistory,
    history: ServiceHistory,
    spendings: Sequence[CellSpending],
    budget: Budget,
) -> dict[str, Any]:
    """Return the shares of an objective's bad events, each list the largest first.

    Incidents and causes add up to all with the unexplained; so does each of the dimensions.
    """
    by_incident: dict[str, float] = {}
    by_cause: dict[str, float] = {}
    for each in spendings:
        cause = history.by_number[each.incident].cause or NO_CAUSE
        number = str(each.incident)
        by_incident[number] = by_incident.get(number, 0.0) + each.events_bad
        by_cause[cause] = by_cause.get(cause, 0.0) + each.events_bad
    explained = sum(by_incident.values())
    found: dict[str, Any] = {
        "incident": _shares(by_incident, budget),
        "cause": _shares(by_cause, budget),
        "unexplained": _share("", max(budget.events_bad - explained, 0.0), budget),
    }
    for name in DIMENSIONS:
        sums: dict[str, float] = {}
        for cell in objective.cells:
            value = cell.labels.get(name, NOT_TOLD)
            sums[value] = sums.get(value, 0.0) + total_bad(cell, history.excluded)
        if name == "revision" and set(sums) <= {NOT_TOLD}:
            sums = _by_revision(history, by_incident)
        found[name] = _shares(sums, budget)
    return found


def _by_revision(history: ServiceHistory, by_incident: Mapping[str, float]) -> dict[str, float]:
    """Return what incidents spent by the revision that their causes name."""
    sums: dict[str, float] = {}
    for number, events_bad in by_incident.items():
        revision = history.by_number[int(number)].revision
        if revision:
            sums[revision] = sums.get(revision, 0.0) + events_bad
    return sums


def _shares(sums: Mapping[str, float], budget: Budget) -> list[dict[str, Any]]:
    ordered = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    return [_share(name, events_bad, budget) for name, events_bad in ordered if events_bad > 0]


def _share(name: str, events_bad: float, budget: Budget) -> dict[str, Any]:
    return {
        "name": name,
        "events_bad": events_bad,
        "share": events_bad / budget.events_bad if budget.events_bad > 0 else 0.0,
        "of_budget": events_bad / budget.allowed if budget.allowed > 0 else None,
    }


def _incident(incident: IncidentHistory, spendings: Iterable[CellSpending]) -> dict[str, Any]:
    own = [each for each in spendings if each.incident == incident.number]
    first = min((each.first_at for each in own), default=None)
    is_over = math.isfinite(incident.ended_at)
    return {
        "number": incident.number,
        "from": _when(incident.started_at),
        "to": _when(incident.ended_at) if is_over else None,
        "first_symptom": None if first is None else _when(first),
        "severity": incident.severity,
        "cause": incident.cause,
        "labels": dict(incident.labels),
        "pages": len(incident.pages),
        "events_bad": sum(each.events_bad for each in own),
    }


def _state(objectives: Sequence[Mapping[str, Any]], policy: Policy) -> str:
    """Return the gravest level of any objective; unknown, where none is known."""
    order = [each.name for each in policy.levels]
    levels = [each["policy_level"] for each in objectives if each["policy_level"] in order]
    return max(levels, key=order.index) if levels else UNKNOWN


def _excluded(window: Excluded, period: ReviewedPeriod, history: ServiceHistory) -> dict[str, Any]:
    cells = (cell for each in history.objectives for cell in each.cells)
    return {
        "from": _when(window.starts_at),
        "to": _when(window.ends_at),
        "labels": dict(window.labels),
        "cells": sum(window.is_of(cell.labels) for cell in cells),
        "hours": window.hours(period.start, period.end).size,
        "reason": window.reason,
    }


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(math.floor(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
