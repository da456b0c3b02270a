"""Figures of plays: what was missed, and by how much a cause's alert is ahead of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from alerts.burn import ERROR_BUDGET_BURN
from alerts.causes.gpus import GPU_LOST
from alerts.causes.groups import GROUP_STALLED
from alerts.causes.queues import QUEUE_SNOWBALL
from demo.lab.matrix import is_page
from demo.lab.outcome import EXPECTED, AlertOutcome, Outcome
from demo.lab.scoring import UNKNOWN
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS
from exporters.benching import Figure, figure, unmeasured

SNOWBALL = "creeping-snowball"
"""The retry storm that builds up: of one that is there at once nobody can be warned."""
_NOT_PLAYED = "no play of a scenario that tells it"


def figures_of(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return the figures of plays by our rules, at the strengths that scenarios promise."""
    ours = [each for each in outcomes if each.is_judged]
    lost = _latest(ours, GPU_LOST)
    return [
        figure("lab.faults_missed", sum(not each.is_good for each in ours), "plays"),
        _figure("lab.stalled_group_seconds", "s", _latest(ours, GROUP_STALLED)),
        _figure(
            "lab.lost_gpu_seconds", "s", None if lost is None else lost - DCGM_INTERVAL_SECONDS
        ),
        _figure("lab.snowball_lead_seconds", "s", _snowball_lead(ours)),
        _figure(
            "lab.cause_lead_evaluations", "evaluations", min(cause_leads(ours), default=None)
        ),
    ]  # fmt: skip


def _figure(name: str, unit: str, value: float | None) -> Figure:
    return unmeasured(name, unit, _NOT_PLAYED) if value is None else figure(name, value, unit)


def _latest(outcomes: Iterable[Outcome], alert: str) -> float | None:
    """Return how long after the first fault an expected alert first fired, at the latest.

    Only of scenarios in which it tells of the first fault: it is the first alert there.
    """
    found = []
    for each in outcomes:
        expected = [of for of in each.alerts if of.role == EXPECTED]
        first = min((of.fired_seconds for of in expected), default=None)
        mine = [of.fired_seconds for of in expected if of.alert == alert]
        if mine and min(mine) == first:
            found.append(min(mine))
    return max(found, default=None)


def _snowball_lead(outcomes: Iterable[Outcome]) -> float | None:
    """Return the least time from the warning of a snowball to the objective's page."""
    leads = []
    for each in outcomes:
        warned = _first(each.alerts, QUEUE_SNOWBALL)
        paged = _first((of for of in each.alerts if is_page(of)), ERROR_BUDGET_BURN)
        if each.scenario == SNOWBALL and warned is not None and paged is not None:
            leads.append(paged - warned)
    return min(leads, default=None)


def _first(alerts: Iterable[AlertOutcome], name: str) -> float | None:
    mine = (each.fired_seconds for each in alerts if each.alert == name and each.role == EXPECTED)
    return min(mine, default=None)


def cause_leads(outcomes: Iterable[Outcome]) -> Iterator[float]:
    """Yield by how many evaluations a cause's state was there before each page that names one."""
    for each in outcomes:
        for of in each.alerts:
            is_told = of.cause is not None and not of.cause.startswith(UNKNOWN)
            if of.role == EXPECTED and is_page(of) and of.paged_seconds is not None and is_told:
                yield of.cause_lead_evaluations or 0.0
