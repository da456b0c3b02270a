"""An objective's rules over a past: played as :mod:`slo.replay` does, at known moments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from slo.objective import Objective
from slo.replay.moments import Moments, TimedGroup
from slo.rule import RecordingRule, RuleGroup
from slo.rules import levels_group, objective_group

Timed = tuple[TimedGroup, TimedGroup]
"""An objective's rules at the scrape interval, and the slower ones."""


def groups_of(objective: Objective, scrape_interval_seconds: int) -> Timed:
    """Return what an objective records."""
    return due(
        objective_group(objective, scrape_interval_seconds),
        levels_group(objective, scrape_interval_seconds),
    )


def due(base: RuleGroup, levels: RuleGroup) -> Timed:
    """Return when an objective's two groups are evaluated, which may have states and alerts."""
    return (
        TimedGroup(base, Moments(base.interval_seconds, 7.3)),
        TimedGroup(levels, Moments(levels.interval_seconds, 21.9)),
    )


def recording(groups: Timed, only: Callable[[RecordingRule], bool] = lambda _: True) -> Timed:
    """Return groups of their recording rules alone, and of those only the wanted."""
    base, levels = (_recording(each, only) for each in groups)
    return base, levels


def _recording(timed: TimedGroup, only: Callable[[RecordingRule], bool]) -> TimedGroup:
    rules = tuple(
        each for each in timed.group.rules if isinstance(each, RecordingRule) and only(each)
    )
    return replace(timed, group=replace(timed.group, rules=rules))
