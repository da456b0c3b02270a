"""The sums of a run: bad events measured against the truth, and what theory says of the page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from demo.engine import EnginePlan
from demo.scenario import Expectation, Scenario
from demo.stack.observe import Truth, error_ratio
from demo.stack.report import Budget, Report, find_page
from demo.stack.story import Told
from slo import conventions
from slo.burn import Tier, theory_seconds
from slo.objective import Objective
from slo.prometheus import PrometheusClient


async def compare_budgets(
    begun: Truth, ended: Truth, prometheus: PrometheusClient, interval_seconds: float
) -> list[Budget]:
    """Return, for each class of the truth, its bad events beside those in the recorded series.

    Measured is the sum of the base level between the two moments times its interval: what the
    budget's arithmetic itself is made of.
    """
    window = f"{round(ended.time - begun.time)}s"
    measured = await prometheus.query(
        f"sum_over_time({conventions.EVENTS_BAD_RATE}[{window}]) * {interval_seconds:g}", ended.time
    )
    left = await prometheus.query(conventions.BUDGET_REMAINING, ended.time)
    budgets = []
    for last in ended.classes:
        first = begun.find(last.slo, last.labels)
        wanted = {conventions.SLO: last.slo, **last.labels}
        found = [each.value for each in measured if wanted.items() <= each.labels.items()]
        remaining = [each.value for each in left if wanted.items() <= each.labels.items()]
        budgets.append(
            Budget(
                slo=last.slo,
                labels=last.labels,
                truth=last.bad - (first.bad if first else 0.0),
                measured=sum(found),
                budget_left_ratio=remaining[0] if remaining else None,
            )
        )
    return sorted(budgets, key=lambda each: (each.slo, *each.labels.values()))


def count_gpus(plan: EnginePlan) -> int:
    """Return the GPUs of a plan's topology."""
    return sum(
        len(member.get("gpus", ()))
        for group in plan.topology["groups"]
        for member in group["members"]
    )


def theory_of_page(
    expected: Expectation, told: Told, objectives: Sequence[Objective], tiers: Sequence[Tier]
) -> float | None:
    """Return the seconds that the fastest page tier needs at the error ratio that was caused.

    The ratio is the cell's true one between 15 s after the fault, when the first deadlines have
    passed, and the repair. None if it is unknown or spends no budget.
    """
    slo = expected.labels.get(conventions.SLO)
    objective = next((each for each in objectives if each.name == slo), None)
    if objective is None or told.settled is None or told.repaired is None:
        return None
    labels = {k: v for k, v in expected.labels.items() if k in objective.grouping_labels}
    ratio = error_ratio(told.settled, told.repaired, objective.name, labels)
    if not ratio:
        return None
    times = [
        theory_seconds(tier, Decimal(str(ratio)), objective.target, objective.period_seconds)
        for tier in tiers
        if tier.severity == conventions.PAGE
    ]
    return min((float(each) for each in times if each is not None), default=None)


def summarise(
    *,
    scenario: Scenario,
    plan: EnginePlan,
    told: Told,
    objectives: Sequence[Objective],
    tiers: Sequence[Tier],
    budgets: list[Budget],
    first_data_seconds: float,
    panels_without_data: list[str],
) -> Report:
    """Return the report of a run."""
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
        theory_seconds=theory_of_page(expected_page, told, objectives, tiers)
        if expected_page
        else None,
        detected_seconds=min(detected, default=None),
        paged_seconds=None,
        resolved_seconds=max(resolves) if resolves and not told.open_pages else None,
        cause=None,
        firings=told.firings.all,
        pages=told.pages,
        budgets=budgets,
        conditions=told.conditions,
        resources=told.resources,
    )
    page = find_page(report, expected_page) if expected_page else None
    return report if page is None else report.with_page(page)
