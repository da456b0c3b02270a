"""``rules/interval``."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.lint.rules import Rules
from exporters.durations import format_duration
from exporters.problems import Problem
from slo.rule_reading.rules import Rule
from slo.rules import LONGEST_INTERVAL_SECONDS


def check_interval(rule: Rule, _: Rules) -> Iterator[Problem]:
    """Yield a group that is evaluated too seldom, once."""
    seconds = rule.group.interval_seconds
    if seconds is None or seconds <= LONGEST_INTERVAL_SECONDS or rule.place[-1] != 0:
        return
    source, place = rule.group.source, (*rule.group.place, "interval")
    line, column = source.position(place)
    yield Problem(
        rule.file,
        line,
        column,
        rule.group.name,
        f"is evaluated every {format_duration(seconds)}, expected every "
        f"{format_duration(LONGEST_INTERVAL_SECONDS)} or more often",
        "shorten the interval: alerts come so much later",
        "rules/interval",
    )
