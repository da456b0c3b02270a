"""Figures of plays: what was missed, and by how much a cause's alert is ahead of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from alerts.burn import ERROR_BUDGET_BURN
from alerts.causes.gpus import GPU_LOST
from alerts.causes.groups import GROUP_STALLED
from demo.lab.outcome import EXPECTED, STANDING, AlertOutcome, Outcome
from demo.lab.scoring import UNKNOWN
from demo.lab.snowballs import leads_of
from demo.lab.waking import is_page
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS
from exporters.benching import Figure, figure, unmeasured
from slo import conventions

QUIET_CELL, PROBES = "quiet-cell", "probe-success"
"""The scenario of a cell with too few users to tell of it, and the objective that has to."""
_NOT_PLAYED = "no play of a scenario that tells it"


def figures_of(outcomes: Sequence[Outcome], first_faults: Mapping[str, str]) -> list[Figure]:
    """Return the figures of plays by our rules, at the strengths that scenarios promise.

    Args:
        outcomes: of all plays.
        first_faults: by scenario, the name of the fault that strikes first.
    """
    ours = [each for each in outcomes if each.is_judged]
    least, leads = min(cause_leads(ours), default=None), leads_of(ours)

    def latest(name: str, fault: str, alert: str, delay_seconds: float = 0.0) -> Figure:
        told = [
            each for each in ours
            if first_faults.get(each.scenario) == fault and alert in each.expected
        ]  # fmt: skip
        return _latest(name, told, alert, delay_seconds)

    missed = sum(not each.is_good for each in ours) if ours else None
    unexpected = sum(each.unexpected_pages for each in ours) if ours else None
    per_fault = max((each.pages_per_fault for each in ours), default=None)
    return [
        _figure("lab.faults_missed", "plays", missed),
        _figure("lab.unexpected_pages", "pages", unexpected),
        _figure("lab.pages_per_fault", "pages", per_fault),
        latest("lab.stalled_group_seconds", "frozen-worker", GROUP_STALLED),
        latest("lab.lost_gpu_seconds", "lost-gpu", GPU_LOST, DCGM_INTERVAL_SECONDS),
        _figure("lab.quiet_cell_seconds", "s", _quiet_cell(ours)),
        _figure(
            "lab.snowball_lead_seconds",
            "s",
            min((each.lead for each in leads if each.builds_up), default=None),
        ),
        _figure("lab.snowball_least_lead_seconds", "s", min((e.lead for e in leads), default=None)),
        _figure("lab.cause_lead_evaluations", "evaluations", least),
        *_figures_of_boards(ours),
    ]


def _quiet_cell(outcomes: Iterable[Outcome]) -> float | None:
    """Return how long after the fault PagerDuty was told of the quiet cell by its probes.

    None if it was not, or if not all went as expected there: it would be the time of something
    else.
    """
    paged = [
        each.paged_seconds
        for of in outcomes
        if of.scenario == QUIET_CELL and of.is_good
        for each in of.alerts
        if is_page(each) and each.role == EXPECTED and each.labels.get(conventions.SLO) == PROBES
        and each.paged_seconds is not None
    ]  # fmt: skip
    return min(paged, default=None)


def _figures_of_boards(outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """Yield how much boards did not show, and the share of scenarios of which one showed any."""
    asked = [each for of in outcomes for each in of.boards]
    missed = sum(not each.is_shown for each in asked) if asked else None
    yield _figure("dashboards.faults_not_shown", "panels", missed)
    swept = any(each.queries_asked for each in outcomes)
    failed = sum(len(each.queries_failed) for each in outcomes) if swept else None
    yield _figure("dashboards.queries_failed_under_faults", "queries", failed)
    every = {each.scenario for each in outcomes}
    seen = {of.scenario for of in outcomes if any(each.is_shown for each in of.boards)}
    share = len(seen) / len(every) if every else None
    yield _figure("lab.scenarios_shown_ratio", "ratio", share)


def _figure(name: str, unit: str, value: float | None) -> Figure:
    return unmeasured(name, unit, _NOT_PLAYED) if value is None else figure(name, value, unit)


def _latest(name: str, outcomes: Sequence[Outcome], alert: str, delay_seconds: float) -> Figure:
    """Return how long after the first fault its alert first fired there, at the latest.

    Args:
        name: of the figure.
        outcomes: of plays that begin with the fault and expect the alert. One without it leaves
            nothing measured.
        alert: that tells of it.
        delay_seconds: for so long nobody can know.
    """
    found = []
    for each in outcomes:
        fired = [
            of.fired_seconds
            for of in each.alerts
            if of.alert == alert and of.role != STANDING and _is_at(of, each.place)
        ]
        if not fired:
            return unmeasured(name, "s", f"{alert} did not fire in {each.key}")
        found.append(min(fired) - delay_seconds)
    return _figure(name, "s", max(found, default=None))


def _is_at(alert: AlertOutcome, place: Mapping[str, str]) -> bool:
    """Return whether an alert is about a place, by the labels that both have."""
    return all(alert.labels[key] == place[key] for key in alert.labels.keys() & place.keys())


def cause_leads(outcomes: Iterable[Outcome]) -> Iterator[float]:
    """Yield by how many evaluations a cause's state was there before each burn that names one.

    Causes that page are there when their page is, and what any event breaks is broken by the first.
    """
    for each in outcomes:
        for of in each.alerts:
            if of.alert != ERROR_BUDGET_BURN:
                continue
            is_told = of.cause is not None and not of.cause.startswith(UNKNOWN)
            if of.role == EXPECTED and is_page(of) and of.paged_seconds is not None and is_told:
                yield of.cause_lead_evaluations or 0.0
