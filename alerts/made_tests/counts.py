"""The cases that count: so many bad events make so many, and leave so much of the budget.

The budget is of a whole period, which would be evaluated for hours. It is told of what the rules
recorded for each 5 minutes of one, at an evaluation an hour, in a file of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alerts.made_tests.expecting import Expecting
from alerts.made_tests.setting import MINUTE, Setting
from alerts.made_tests.story import Phase
from exporters.durations import format_duration
from slo import conventions as names
from slo.examples.labels import series_text
from slo.rules import LONGEST_FROM_BASE_SECONDS
from slo.testing import RuleTest

HOUR = 60 * MINUTE
STEP_SECONDS = 5 * MINUTE
"""Of the counts that the slower rules read."""
LONGEST_PERIOD_SECONDS = 92 * 24 * HOUR
"""Longer ones would be read for minutes."""
_BAD_SHARE = 0.25
_SPENT = 0.25
"""Of the budget, in the last hours of the period."""
_BAD_SECONDS = 12 * HOUR
_SEEN_TOO_LITTLE = 0.98
_EVENTS_OF_A_STEP = 3000


def count_cases(setting: Setting) -> Iterator[RuleTest]:
    """Yield a case of a known number of events: so many are counted in 5 minutes."""
    if not setting.is_mixed:
        return
    good = setting.whole(15 * MINUTE + setting.settle)
    end = setting.whole(good + 15 * MINUTE + setting.settle)
    bad, total = setting.events(_BAD_SHARE)
    # The rules count each sample of the base for one interval, and here evaluations are further
    # apart: of 5 minutes that many are there, the last of them as old as counts are late.
    newest = math.ceil(setting.lag / setting.evaluation)
    samples = math.floor((setting.lag + STEP_SECONDS - 0.001) / setting.evaluation) - newest + 1
    seconds = samples * setting.interval
    case = Expecting("a quarter bad", setting)
    count, bad_count = (
        setting.of(each, window="5m") for each in (names.EVENTS_COUNT, names.EVENTS_BAD_COUNT)
    )
    yield case.test(
        setting.all_series([Phase("good", good), Phase("mixed", end - good, _BAD_SHARE)]),
        case.near(count, total * seconds, end, "the count of all events"),
        case.near(bad_count, bad * seconds, end, "the count of bad events"),
        case.near(setting.of(names.EVENTS_RATE), total, end, "the rate of all events"),
        case.near(setting.of(names.EVENTS_BAD_RATE), bad, end, "the rate of bad events"),
    )


def budget_cases(setting: Setting) -> Iterator[RuleTest]:
    """Yield a case of a whole period, for rules that are evaluated once an hour.

    Not of a calendar's periods: a test's time is in 1970, before any of theirs.
    """
    objective = setting.objective
    period, budget = objective.period_seconds, float(objective.budget)
    if (
        objective.calendar
        or budget <= 0
        or not 2 * _BAD_SECONDS <= period <= LONGEST_PERIOD_SECONDS
    ):
        return
    spent = min(_SPENT, 0.5 * _BAD_SECONDS / (budget * period))
    bad = spent * budget * _EVENTS_OF_A_STEP * period / _BAD_SECONDS
    every, last = period // STEP_SECONDS, _BAD_SECONDS // STEP_SECONDS
    too_little = math.floor(_SEEN_TOO_LITTLE * period / HOUR) * HOUR
    case = Expecting("a period", setting)
    left = setting.of(names.BUDGET_REMAINING)
    an_hour, whole = 12 * bad, spent * budget * _EVENTS_OF_A_STEP * every
    window = format_duration(period)

    def of(series: str, window: str) -> str:
        return setting.of(series, window=window)

    yield case.test(
        {
            _step_of(setting, names.EVENTS_COUNT): f"_ {_EVENTS_OF_A_STEP}+0x{every - 1}",
            _step_of(setting, names.EVENTS_BAD_COUNT): (
                f"_ 0+0x{every - last - 1} {bad:.12g}+0x{last - 1}"
            ),
            _step_of(setting, names.COVERAGE): f"_ 1+0x{every - 1}",
        },
        case.none(left, too_little, f"{too_little / period:.1%} of the period are too little"),
        case.near(of(names.EVENTS_BAD_COUNT, "1h"), an_hour, period, "an hour's bad events"),
        case.near(of(names.EVENTS_BAD_COUNT, window), whole, period, "the period's bad events"),
        case.near(left, 1 - spent, period, "what is left of the budget"),
        *(
            case.near(
                of(names.BURN_RATE, format_duration(seconds)),
                spent * period / max(seconds, _BAD_SECONDS),
                period,
                f"the burn rate over {format_duration(seconds)}",
            )
            for seconds in objective.windows
            if LONGEST_FROM_BASE_SECONDS < seconds <= period
        ),
    )


def _step_of(setting: Setting, series: str) -> str:
    """Return a series of counts of 5 minutes, as it is recorded."""
    return series_text(
        {
            "__name__": series,
            **setting.example.labels,
            names.SLO: setting.objective.name,
            names.SERVICE: setting.objective.service,
            names.WINDOW: "5m",
        }
    )
