"""The sums of a run: bad events measured against the truth, and what theory says of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from demo.engine import EnginePlan, Habit
from demo.scenario import Scenario
from demo.stack.report import Budget, Report, find_page
from demo.stack.story import Told
from demo.stack.truth import Cell, TruthRecord
from slo import conventions
from slo.burn import theory_seconds
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.promql import selectors
from slo.rules import base_window_seconds

FIRST_SCRAPE_WITHIN_SECONDS = 300.0
"""After the rules began: until then the first scrape is looked for."""
SETTLE_SECONDS = 15.0
"""After the fault, before the error ratio it causes is read: the first deadlines must pass."""


@dataclass(frozen=True)
class Measured:
    """What a run is judged with, besides what was seen of it."""

    objectives: Sequence[Objective]
    truth: TruthRecord
    scrape_interval_seconds: float
    live_since: float
    """UNIX seconds: when the rules began; before it all is made-up history."""
    habits: Sequence[Habit] = ()
    """What cells usually do: what the budget of a whole period is reckoned from."""

    def budget_events(self, objective: Objective, labels: Mapping[str, str]) -> float | None:
        """Return the bad events that a cell may have in a period at its usual traffic."""
        for each in self.habits:
            if each.slo == objective.name and each.labels == labels:
                events = each.events_per_second * objective.period_seconds
                return float(objective.budget) * events
        return None


async def compare_budgets(
    measured: Measured, ended_at: float, prometheus: PrometheusClient
) -> list[Budget]:
    """Return, for each cell of each objective, its true events beside the recorded ones.

    Recorded is the sum of the base level times its interval: what budgets are made of. Truth
    counts over the time that this sum stands for. Its last sample stands for half an interval
    after it; and ``rate()`` takes a counter to have grown for half an interval before the first
    scrape that saw it. Nobody sees earlier events.
    """
    interval, since = measured.scrape_interval_seconds, measured.live_since
    live = f"[{int(ended_at - since)}s"
    first = min(ended_at, since + FIRST_SCRAPE_WITHIN_SECONDS)
    recorded = [
        await prometheus.query(f"sum_over_time({series}{live}]) * {interval:g}", ended_at)
        for series in (conventions.EVENTS_BAD_RATE, conventions.EVENTS_RATE)
    ]
    left = await prometheus.query(conventions.BUDGET_REMAINING, ended_at)
    budgets = []
    for objective in measured.objectives:
        counter = selectors(objective.indicator.expressions[0])[0]
        seen = await prometheus.query(
            f"min(min_over_time(timestamp({counter})[{int(first - since)}s:1s]))",
            first,
        )
        last = await prometheus.query(
            f'max(timestamp({conventions.EVENTS_RATE}{{{conventions.SLO}="{objective.name}"}}))',
            ended_at,
        )
        start = (seen[0].value if seen else since) - interval / 2
        end = (last[0].value if last else ended_at - interval) + interval / 2
        window = base_window_seconds(interval)
        share = interval / window
        for cell in sorted(each for each in measured.truth.bad if each[0] == objective.name):
            wanted = {conventions.SLO: cell[0], **dict(cell[1])}.items()
            remaining = [each.value for each in left if wanted <= each.labels.items()]
            bad, total = (
                sum(each.value for each in of_all if wanted <= each.labels.items())
                for of_all in recorded
            )
            budgets.append(
                Budget(
                    slo=objective.name,
                    labels=dict(cell[1]),
                    truth=measured.truth.bad_between(cell, start, end, window),
                    measured=bad,
                    budget_left_ratio=remaining[0] if remaining else None,
                    total_truth=measured.truth.total_between(cell, start, end, window),
                    total_measured=total,
                    budget_events=measured.budget_events(objective, dict(cell[1])),
                    unsettled=share * measured.truth.bad_between(cell, end - window, end),
                    unsettled_total=share * measured.truth.total_between(cell, end - window, end),
                )
            )
    return budgets


def count_gpus(plan: EnginePlan) -> int:
    """Return the GPUs of a plan's topology."""
    return sum(
        len(member.get("gpus", ()))
        for group in plan.topology["groups"]
        for member in group["members"]
    )


def count_pages(plan: EnginePlan) -> int:
    """Return the pages that the exporters read of a plan: engines, hosts, routers, gateways."""
    topology = plan.topology
    hosts = {
        member["telemetry"]
        for group in topology["groups"]
        for member in group["members"]
        if member.get("telemetry")
    }
    others = sum(len(topology.get(key, ())) for key in ("groups", "routers", "tools"))
    return len(hosts) + others


def theory_of_page(labels: Mapping[str, str], told: Told, measured: Measured) -> float | None:
    """Return the seconds that the fastest page tier needs at the error ratio that was caused.

    The ratio is the cell's true one between 15 s after the fault, when the first deadlines have
    passed, and the repair. None if it is unknown or no tier fires at it.

    Args:
        labels: of the page, which say its objective and cell.
        told: when the fault was and was repaired.
        measured: the truth, and the objectives.
    """
    slo = labels.get(conventions.SLO)
    objective = next((each for each in measured.objectives if each.name == slo), None)
    if objective is None or told.recovered_at is None:
        return None
    own = {k: v for k, v in labels.items() if k in objective.grouping_labels}
    cell: Cell = (objective.name, tuple(sorted(own.items())))
    ratio = measured.truth.error_ratio(cell, told.fault_at + SETTLE_SECONDS, told.recovered_at)
    times = [
        theory_seconds(tier, Decimal(str(ratio)), objective.target, objective.period_seconds)
        for tier in objective.tiers
        if ratio and tier.severity == conventions.PAGE
    ]
    return min((float(each) for each in times if each is not None), default=None)


def summarise(
    *,
    scenario: Scenario,
    plan: EnginePlan,
    told: Told,
    measured: Measured,
    budgets: list[Budget],
    first_data_seconds: float | None = None,
    panels_without_data: list[str] | None = None,
) -> Report:
    """Return the report of a run; of data in panels it says nothing if none was asked."""
    expected_page = next((each for each in scenario.expect if each.page), None)
    causes = [each for each in scenario.expect if not each.page]
    detected = [
        each.seconds
        for each in told.firings.all
        if any(each.matches(cause.alert, cause.labels) for cause in causes)
    ]
    resolves = [each.seconds for each in told.pages if each.action == "resolve"]
    report = Report(
        engine=plan.name,
        groups=len(plan.topology["groups"]),
        gpus=count_gpus(plan),
        scenario=scenario.name,
        first_data_seconds=None if panels_without_data else first_data_seconds,
        panels_without_data=panels_without_data,
        fault_at=told.fault_at,
        place=told.place,
        theory_seconds=theory_of_page(expected_page.labels, told, measured)
        if expected_page
        else None,
        detected_seconds=min(detected, default=None),
        paged_seconds=None,
        resolved_seconds=max(resolves) if resolves and not told.open_pages else None,
        cause=None,
        firings=told.firings.all,
        pages=told.pages,
        budgets=[replace(each, seen=not scenario.hides(each.labels)) for each in budgets],
        strength=scenario.strength,
        conditions=told.conditions,
        resources=told.resources,
    )
    page = find_page(report, expected_page) if expected_page else None
    return report if page is None else report.with_page(page)
