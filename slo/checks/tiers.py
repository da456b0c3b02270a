"""Burn alerts that could never fire, that fire at anything, and burns that none of them catches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.burn import Tier, burn_factor, can_fire, error_ratio_needed, format_decimal
from slo.checks.finding import finding
from slo.objective import Objective, RawRatio
from slo.windows import NO_TIERS


def firing_tiers(objective: Objective) -> list[Tier]:
    """Return the tiers that make sense for an objective; :func:`check_tiers` tells the others.

    Those that can fire at all, for with a lax target an outage may burn too slowly, and that do not
    look back longer than the budget's period. None where no event may be bad.
    """
    if objective.is_zero_tolerance:
        return []
    return [each for each in objective.tiers if _what_stops(objective, each) is None]


def check_tiers(objective: Objective) -> Iterator[Problem]:
    """Yield what is wrong with the tiers of an objective, each and all together."""
    if objective.is_zero_tolerance:
        return
    for tier in objective.tiers:
        stopped = _what_stops(objective, tier)
        if stopped is not None:
            yield stopped if objective.has_chosen_tiers else _left_out(objective, stopped)
        elif _fires_on_one_slice(objective, tier):
            yield _one_slice(objective, tier)
    yield from _what_escapes(objective)
    yield from _check_slices(objective)


def _what_stops(objective: Objective, tier: Tier) -> Problem | None:
    """Return why a tier can never fire, or None if it can."""
    period, named = objective.period_seconds, f"the {tier.severity} tier of {tier.name}"
    if tier.long_seconds > period:
        return finding(
            objective,
            "tier-outlasts-period",
            f"{named} looks back longer than the period of {format_duration(period)}",
            "choose a longer period",
        )
    if not can_fire(tier, objective.target, period):
        needed = error_ratio_needed(tier, objective.target, period)
        return finding(
            objective,
            "tier-cannot-fire",
            f"{named} can never fire: it needs an error ratio above {format_decimal(needed)}, and "
            "an outage is 1",
            f"choose a target above {format_decimal(_lowest_target(tier, period))}"
            + (", or a smaller threshold" if tier.factor is not None else ", or a shorter period"),
        )
    most, what = _most_events(objective, tier)
    if most is not None and most < objective.minimum_bad_events - Decimal("0.5"):
        return finding(
            objective,
            "tier-cannot-fire",
            f"{named} can never fire: it waits for {objective.minimum_bad_events} bad events, and "
            f"its window holds {format_decimal(most.quantize(Decimal('0.1')))} {what}",
            "lower minimum-bad-events, or choose longer windows",
        )
    return None


def _left_out(objective: Objective, stopped: Problem) -> Problem:
    """Return the same of a tier that nobody asked for: doing without it may be what is wanted."""
    names = ",".join(each.name for each in firing_tiers(objective))
    chosen = f"workbook:{names}" if names else NO_TIERS
    fix = f'{stopped.fix}, or do without by shardwatch.dev/tiers: "{chosen}"'
    return replace(stopped, check="default-tier-left-out", fix=fix)


def _lowest_target(tier: Tier, period_seconds: int) -> Decimal:
    """Return the target from which on a tier can fire, rounded up."""
    return (1 - 1 / burn_factor(tier, period_seconds)).quantize(Decimal("0.0001"), ROUND_CEILING)


def _most_events(objective: Objective, tier: Tier) -> tuple[Decimal | None, str]:
    """Return how many events a tier's long window can hold, where that is known, and what of."""
    seconds = Decimal(tier.long_seconds)
    if objective.slices is not None:
        return seconds / objective.slices.window_seconds, "slices"
    if isinstance(objective.indicator, RawRatio):
        return seconds, "seconds, each of which is one event"
    return None, ""


def _bad_seconds_needed(objective: Objective, tier: Tier) -> Decimal:
    """Return how long all must be bad until a tier fires, where every moment weighs the same."""
    needed = error_ratio_needed(tier, objective.target, objective.period_seconds)
    return tier.long_seconds * needed


def _fires_on_one_slice(objective: Objective, tier: Tier) -> bool:
    """A bad slice is bad time of its length, and fills the short window as long as it lasts."""
    if objective.slices is None or objective.minimum_bad_events > 1:
        return False
    return _bad_seconds_needed(objective, tier) < objective.slices.window_seconds


def _one_slice(objective: Objective, tier: Tier) -> Problem:
    slices = objective.slices
    if slices is None:
        raise ValueError("there are no slices")
    needed = _bad_seconds_needed(objective, tier)
    return finding(
        objective,
        "tier-fires-on-one-slice",
        f"the {tier.severity} tier of {tier.name} fires on a single bad slice: "
        f"{format_decimal(needed.quantize(Decimal(1), ROUND_CEILING))} s of bad time are enough, "
        f"and a slice is {format_duration(slices.window_seconds)}",
        'take shorter slices or a lower target, or add shardwatch.dev/minimum-bad-events: "2"',
    )


def _what_escapes(objective: Objective) -> Iterator[Problem]:
    firing = firing_tiers(objective)
    slowest = min((burn_factor(each, objective.period_seconds) for each in firing), default=None)
    if not objective.tiers or (slowest is not None and slowest <= 1):
        return
    if slowest is None:
        yield finding(
            objective,
            "burn-escapes",
            "no tier is left that could fire: the budget is spent in silence, however it burns",
            "choose a target or tiers that go together",
        )
        return
    exhausted = Decimal(objective.period_seconds) / slowest
    yield finding(
        objective,
        "burn-escapes",
        f"no tier catches a burn rate from 1 to {format_decimal(slowest)}, at which the budget "
        f"is gone after {format_duration(int(exhausted // 60 * 60))} of "
        f"{format_duration(objective.period_seconds)} at the soonest",
        "take the workbook's tier of 3d too (shardwatch.dev/tiers), or add an alert policy with a "
        "threshold of 1",
    )


def _check_slices(objective: Objective) -> Iterator[Problem]:
    slices = objective.slices
    if slices is None:
        return
    allowed = objective.budget * objective.period_seconds
    if allowed < slices.window_seconds:
        period = format_duration(objective.period_seconds)
        yield finding(
            objective,
            "slice-spends-budget",
            f"one bad slice of {format_duration(slices.window_seconds)} is more than the budget of "
            f"{format_decimal(allowed.quantize(Decimal('0.1')))} s in {period}",
            "take shorter slices, a lower target or a longer period",
        )
