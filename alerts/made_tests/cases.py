"""The cases that every objective's rules must stand: idle, healthy, burning, blackout and more."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.burn import ERROR_BUDGET_BURN
from alerts.made_tests.counts import budget_cases, count_cases
from alerts.made_tests.expecting import Expecting, firing, tier_fires, tier_name
from alerts.made_tests.factors import factor_cases, window_cases
from alerts.made_tests.setting import CALM_SECONDS, MINUTE, SLACK_SECONDS, Setting
from alerts.made_tests.story import Phase
from alerts.quiet import BURN_SUPPRESSED
from alerts.zero_tolerance import HOLDS_SECONDS, ZERO_TOLERANCE_BROKEN
from slo import conventions as names
from slo.examples.series import example_of
from slo.examples.values import EVENTS_PER_SECOND
from slo.objective import Objective
from slo.testing import RuleTest

LONGEST_WINDOW_SECONDS = 12 * 3600
"""Alerts of tiers whose short window is longer are not awaited to end."""
_BLACKOUT_SECONDS = 70 * MINUTE
"""The long window of the fastest tier is then empty: nothing but the blackout holds its page."""
_COUNTED_BEFORE = 1_000_000


def made_cases(
    objective: Objective, scrape_interval_seconds: float, lag_seconds: float = 0
) -> list[RuleTest]:
    """Return the cases that make sense for an objective, each a test that promtool can run.

    Raises:
        NoExampleError: if no series can be made up for its selectors.
    """
    setting = Setting.made_for(objective, scrape_interval_seconds, lag_seconds)
    return [case for cases in _CASES for case in cases(setting)]


def made_period_cases(objective: Objective, scrape_interval_seconds: float) -> list[RuleTest]:
    """Return the cases of a whole period, for an evaluation an hour, the slower rules first.

    Raises:
        NoExampleError: if no series can be made up for its selectors.
    """
    return list(budget_cases(Setting.made_for(objective, scrape_interval_seconds)))


def _idle(setting: Setting) -> Iterator[RuleTest]:
    if not setting.is_counted:
        return
    end = setting.whole(CALM_SECONDS + setting.settle)
    case = Expecting("idle", setting)
    yield case.test(
        setting.all_series([Phase("still", end)]),
        case.one(f"{setting.of(names.EVENTS_RATE)} == 0", end, "the cell is seen, without events"),
        case.none(setting.of(names.BURN_RATE), end, "0/0 is no burn rate"),
        case.no_alert(end),
    )


def _healthy(setting: Setting) -> Iterator[RuleTest]:
    end = setting.whole(2 * CALM_SECONDS + setting.settle)
    case = Expecting("healthy", setting)
    yield case.test(
        setting.all_series([Phase("good", end)]),
        case.one(f"{setting.of(names.EVENTS_RATE)} > 0", end, "events are counted"),
        case.no_bad_events(end),
        *case.no_burn(end),
        case.no_alert(end),
    )


def _burning(setting: Setting) -> Iterator[RuleTest]:
    if not setting.tiers:
        return
    calm, burn = setting.burn_seconds()
    burnt = calm + burn
    ends = {
        tier: setting.whole(burnt + tier.short_seconds + setting.settle + SLACK_SECONDS)
        for tier in setting.tiers
        if tier.short_seconds <= LONGEST_WINDOW_SECONDS
    }
    last = max(ends.values(), default=burnt)
    case = Expecting("burning", setting)
    calmly = [case.no_alert(calm - setting.evaluation)] if calm else []
    yield case.test(
        setting.all_series([Phase("good", calm), Phase("bad", burn), Phase("good", last - burnt)]),
        *calmly,
        *(
            case.one(tier_fires(setting.objective, tier), burnt, f"{tier_name(tier)} fires")
            for tier in setting.tiers
        ),
        *(
            case.none(tier_fires(setting.objective, tier), end, f"{tier_name(tier)} has ended")
            for tier, end in ends.items()
        ),
    )


def _blackout(setting: Setting) -> Iterator[RuleTest]:
    yield from _held(setting, "blackout", Phase("gone", _BLACKOUT_SECONDS), "nothing is seen")


def _standstill(setting: Setting) -> Iterator[RuleTest]:
    if setting.is_counted:
        yield from _held(setting, "standstill", Phase("still", _BLACKOUT_SECONDS), "nobody comes")


def _held(setting: Setting, name: str, phase: Phase, what: str) -> Iterator[RuleTest]:
    if not setting.tiers:
        return
    calm, burn = setting.burn_seconds()
    end = setting.whole(calm + burn + phase.seconds + setting.settle)
    phases = [Phase("good", calm), Phase("bad", burn), Phase(phase.happening, end)]
    case = Expecting(name, setting)
    yield case.test(
        setting.all_series(phases),
        *(
            case.one(
                tier_fires(setting.objective, tier), end, f"{tier_name(tier)} holds while {what}"
            )
            for tier in setting.tiers
        ),
    )


def _missing_errors(setting: Setting) -> Iterator[RuleTest]:
    born = [each for each in setting.example.series if each.good or not each.bad]
    if not setting.is_counted or len(born) == len(setting.example.series):
        return
    end = setting.whole(CALM_SECONDS + setting.settle)
    case = Expecting("missing error series", setting)
    yield case.test(
        setting.written(born, [Phase("good", end)]),
        case.one(f"{setting.of(names.EVENTS_BAD_RATE)} >= 0", end, "no errors are known to be 0"),
        case.no_bad_events(end),
        *case.no_burn(end),
        case.no_alert(end),
    )


def _reset(setting: Setting) -> Iterator[RuleTest]:
    if not any(each.is_counter for each in setting.example.series):
        return
    half = setting.whole(CALM_SECONDS + setting.settle)
    case = Expecting("counter reset", setting)
    phases = [Phase("good", half), Phase("restart"), Phase("good", half)]
    # A reset of one source of two is what a rate of their sum would take for one of all.
    goes_on = example_of(setting.objective, source="b").series if setting.is_counted else ()
    yield case.test(
        {**setting.all_series(phases), **setting.written(goes_on, [Phase("good", 2 * half)])},
        *case.no_more_than(2, half, 2 * half),
        case.no_bad_events(2 * half),
        case.no_alert(2 * half),
    )


def _new_group(setting: Setting) -> Iterator[RuleTest]:
    half = setting.whole(CALM_SECONDS + setting.settle)
    other = example_of(setting.objective, "b")
    cells = 1 + (other.labels != setting.example.labels)
    if cells == 1 and not setting.is_counted:
        return  # how two values of one cell are judged together, only its author knows
    case = Expecting("new group", setting)
    late = [Phase("gone", half), Phase("good", half)]
    yield case.test(
        {
            **setting.all_series([Phase("good", 2 * half)]),
            **setting.written(other.series, late, counted_before=_COUNTED_BEFORE),
        },
        case.found(setting.of(names.EVENTS_RATE), 2 * half, "each cell is there", cells),
        *case.no_more_than(2, half, 2 * half),
        case.no_bad_events(2 * half, cells),
        case.no_alert(2 * half),
    )


def _few_bad_events(setting: Setting) -> Iterator[RuleTest]:
    fewest = setting.objective.minimum_bad_events
    if not fewest or not setting.tiers or not setting.is_counted:
        return
    calm, burn = setting.burn_seconds()
    times = fewest / 4 / (burn * EVENTS_PER_SECOND) * setting.evaluation / setting.interval
    case = Expecting("few bad events", setting)
    phases = [Phase("good", calm), Phase("bad", burn)]
    yield case.test(
        setting.written(setting.example.series, phases, times=times),
        case.none(firing(setting.objective, ERROR_BUDGET_BURN), calm + burn, "no tier fires"),
        case.one(
            f"group({firing(setting.objective, BURN_SUPPRESSED)})",
            calm + burn,
            "that it burns is a ticket",
        ),
    )


def _broken(setting: Setting) -> Iterator[RuleTest]:
    if not setting.objective.is_zero_tolerance:
        return
    calm = setting.whole(CALM_SECONDS + setting.settle)
    seen = setting.whole(calm + setting.settle)
    end = setting.whole(seen + HOLDS_SECONDS + setting.settle)
    phases = [Phase("good", calm), Phase("bad", seen - calm), Phase("good", end - seen)]
    alert, spent = (
        firing(setting.objective, ZERO_TOLERANCE_BROKEN),
        setting.of(names.BUDGET_REMAINING),
    )
    case = Expecting("broken", setting)
    yield case.test(
        setting.all_series(phases),
        case.no_alert(calm - setting.evaluation),
        case.one(alert, seen, "a bad event is a page"),
        case.one(f"{spent} == 0", seen, "nothing is left"),
        case.none(alert, end, "the page has ended"),
        case.one(f"{spent} == 0", end, "nothing is left until the period ends"),
    )


_CASES = (
    _idle, _healthy, _burning, _blackout, _standstill, _missing_errors, _reset, _new_group,
    _few_bad_events, _broken, count_cases, factor_cases, window_cases,
)  # fmt: skip
