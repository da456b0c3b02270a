"""The cases that hold tiers to their numbers: the factor, the long window.

How fast a tier lets the budget burn is told here a second time, of the tiers alone: what is wrong
in :mod:`slo.burn` makes a case fail, and no expectation move along.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts.made_tests.expecting import Expecting, tier_fires, tier_name
from alerts.made_tests.setting import MINUTE, Setting
from alerts.made_tests.story import Phase
from slo.burn import Tier
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.testing import RuleTest

_UNDER, _OVER = 0.99, 1.01
_EARLY, _LATE = 0.85, 1.15
"""Of the time that fills a window: evaluations are minutes apart."""
_STEADY_SECONDS = 20 * MINUTE


def factor_of(tier: Tier, period_seconds: int) -> float:
    """Return how many times too fast the budget must burn for a tier to fire.

    The workbook's formula (chapter 5, table 5-8): the share of the budget that is spent in the
    long window; never below what spends the budget in the period.
    """
    if tier.factor is not None:
        return float(tier.factor)
    return max(1.0, float(tier.budget_share) * period_seconds / tier.long_seconds)


def factor_cases(setting: Setting) -> Iterator[RuleTest]:
    """Yield a case just under each factor and one just over it: a steady share of bad events."""
    if not setting.is_mixed or not setting.tiers:
        return
    budget, period = float(setting.objective.budget), setting.objective.period_seconds
    needed = {each: factor_of(each, period) * budget for each in setting.tiers}
    for ratio in sorted({each for each in needed.values() if each < 1}, reverse=True):
        burn = f"{ratio / budget:.6g}"
        yield _steady(setting, f"just under {burn}", _UNDER * ratio, needed)
        over = min(_OVER * ratio, (ratio + 1) / 2)
        yield _steady(setting, f"just over {burn}", over, needed)


def _steady(setting: Setting, name: str, share: float, needed: dict[Tier, float]) -> RuleTest:
    fires = [tier for tier, ratio in needed.items() if ratio < share]
    waits = max(each.for_seconds for each in setting.tiers)
    end = setting.whole(_STEADY_SECONDS + setting.settle + waits)
    case = Expecting(name, setting)
    bad, _ = setting.events(share)
    times = setting.times_for(bad / setting.times, _STEADY_SECONDS)
    series = setting.written(setting.example.series, [Phase("mixed", end, share)], times=times)
    who = ", ".join(map(tier_name, fires)) or "no alert"
    fire = "fires" if len(fires) <= 1 else "fire"
    return case.test(series, case.alerts(end, fires, f"with {share:.4%} bad events {who} {fire}"))


def window_cases(setting: Setting) -> Iterator[RuleTest]:
    """Yield a case for each window of up to 6 h: it fires when enough of its window was bad."""
    if not setting.is_mixed:
        return
    budget, period = float(setting.objective.budget), setting.objective.period_seconds
    for tier in setting.tiers:
        ratio = factor_of(tier, period) * budget
        if ratio < 1 and tier.long_seconds <= LONGEST_FROM_BASE_SECONDS:
            yield _filling(setting, tier, ratio)


def _filling(setting: Setting, tier: Tier, ratio: float) -> RuleTest:
    share = min(1.0, 2 * ratio)
    fills = tier.long_seconds * ratio / share
    calm = setting.whole(tier.long_seconds + setting.settle)
    early = setting.whole(calm + _EARLY * fills) - setting.evaluation
    late = setting.whole(calm + _LATE * fills + setting.settle + tier.for_seconds)
    case = Expecting(f"long window of {tier_name(tier)}", setting)
    bad, _ = setting.events(share)
    times = setting.times_for(bad / setting.times, fills)
    phases = [Phase("good", calm), Phase("mixed", late - calm, share)]
    return case.test(
        setting.written(setting.example.series, phases, times=times),
        case.none(
            tier_fires(setting.objective, tier),
            early,
            f"after {(early - calm) / MINUTE:.0f}m of {share:.4%} bad events it does not fire",
        ),
        case.one(
            tier_fires(setting.objective, tier),
            late,
            f"after {(late - calm) / MINUTE:.0f}m it fires",
        ),
    )
