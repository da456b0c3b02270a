"""What is wrong with objectives that can be read: alerts that could never be, or mean nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.burn import Tier, burn_factor, can_fire, error_ratio_needed, format_decimal
from slo.objective import Objective


def check_objectives(objectives: Iterable[Objective]) -> list[Problem]:
    """Return what an objective promises that its burn alerts cannot hold, sorted."""
    return sorted(
        found
        for objective in objectives
        for tier in objective.tiers
        for found in _check(objective, tier)
    )


def _check(objective: Objective, tier: Tier) -> Iterator[Problem]:
    period = objective.period_seconds
    if tier.long_seconds > period:
        yield _problem(
            objective,
            f"the {tier.severity} tier of {tier.name} looks back longer than the period of "
            f"{format_duration(period)}",
            "choose a longer period",
        )
    elif not can_fire(tier, objective.target, period):
        needed = error_ratio_needed(tier, objective.target, period)
        yield _problem(
            objective,
            f"the {tier.severity} tier of {tier.name} can never fire: it needs an error ratio "
            f"above {format_decimal(needed)}, and an outage is 1",
            f"choose a target above {format_decimal(_lowest_target(tier, period))}, or a shorter "
            "period",
        )


def _lowest_target(tier: Tier, period_seconds: int) -> Decimal:
    """Return the target from which on a tier can fire, rounded up."""
    return (1 - 1 / burn_factor(tier, period_seconds)).quantize(Decimal("0.0001"), ROUND_CEILING)


def _problem(objective: Objective, message: str, fix: str) -> Problem:
    return Problem(objective.file, objective.line, 0, objective.name, message, fix)
