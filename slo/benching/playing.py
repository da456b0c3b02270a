"""Rules played over a past: recorded as a server would have, had it evaluated them then.

Each rule is one range query at its group's interval, and its result is written back before the
next rule reads it. That is equal to evaluating the group time and again, for no rule reads what
comes after its moment. Two things must be seen to: a rule comes after those that it reads, and
where a series ends a server would write a marker, so that a gap is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from exporters.durations import format_duration
from slo import conventions as names
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup
from slo.rules import levels_group, objective_group
from slo.series import Series

MOST_MOMENTS = 10_000
"""Prometheus answers a range query with at most 11,000."""


@dataclass(frozen=True)
class Moments:
    """When a group is evaluated: every interval, some time after its full multiples."""

    interval_seconds: int
    offset_seconds: float
    """Of groups in Prometheus, a hash of their names; at least 0, below the interval."""

    def last(self, until: float) -> float:
        """Return the last moment at or before a time, UNIX seconds."""
        number = (until - self.offset_seconds) // self.interval_seconds
        return number * self.interval_seconds + self.offset_seconds

    def between(self, start: float, end: float) -> tuple[float, float]:
        """Return the first moment after ``start`` and the last up to ``end``, UNIX seconds."""
        return self.last(start) + self.interval_seconds, self.last(end)


@dataclass(frozen=True)
class Evaluated:
    """A group of rules, and when it is evaluated."""

    rules: tuple[RecordingRule, ...]
    moments: Moments
    alerts: tuple[AlertingRule, ...] = ()
    """Evaluated after them, and not played: they record nothing that a rule reads."""

    @property
    def expressions(self) -> tuple[str, ...]:
        """Return what is evaluated, in order."""
        rules: tuple[Rule, ...] = (*self.rules, *self.alerts)
        return tuple(each.expr for each in rules)


def groups_of(objective: Objective, scrape_interval_seconds: int) -> tuple[Evaluated, Evaluated]:
    """Return an objective's rules at the scrape interval, and the slower ones."""
    return evaluated(
        objective_group(objective, scrape_interval_seconds),
        levels_group(objective, scrape_interval_seconds),
    )


def evaluated(base: RuleGroup, levels: RuleGroup) -> tuple[Evaluated, Evaluated]:
    """Return when an objective's two groups are evaluated, which may have states and alerts."""
    return _evaluated(base, 7.3), _evaluated(levels, 21.9)


async def play_objective(
    client: PrometheusClient,
    objective: Objective,
    scrape_interval_seconds: int,
    start: float,
    end: float,
    *,
    only: Callable[[RecordingRule], bool] | None = None,
    groups: tuple[Evaluated, Evaluated] | None = None,
) -> None:
    """Record what an objective's rules make of the time after ``start`` up to ``end``.

    As :func:`play` does, each level after the one that it reads: the period's counts are in the
    group at the scrape interval, and read full hours that the slower group records, as what
    follows there reads its burn rates.

    Args:
        client: of the server, which holds what was scraped.
        objective: whose rules.
        scrape_interval_seconds: at which the base is recorded.
        start: UNIX seconds.
        end: UNIX seconds.
        only: tells which rules to play; if None, all.
        groups: what to play, of :func:`evaluated`; if None, the recording rules alone.
    """
    base, levels = groups or groups_of(objective, scrape_interval_seconds)
    period = format_duration(objective.period_seconds)
    of_period = [each.labels.get(names.WINDOW) == period for each in base.rules]
    cut = of_period.index(True)
    first, last = base.rules[:cut], base.rules[cut:]
    for rules, moments in (
        (first, base.moments),
        (levels.rules, levels.moments),
        (last, base.moments),
    ):
        chosen = [each for each in rules if only is None or only(each)]
        await play(client, chosen, moments, start, end)


async def play(
    client: PrometheusClient,
    rules: Iterable[RecordingRule],
    moments: Moments,
    start: float,
    end: float,
) -> None:
    """Record what rules make of the time after ``start`` up to ``end`` (UNIX seconds).

    Args:
        client: of the server, which holds all that the rules read.
        rules: recording rules, each after those that it reads.
        moments: of their group; at most :data:`MOST_MOMENTS` lie in that time.
        start: see above.
        end: see above.

    Raises:
        ValueError: if what a rule makes has a gap.
    """
    first, last = moments.between(start, end)
    for rule in rules:
        found = await client.query_range(rule.expr, first, last, moments.interval_seconds)
        for each in found:
            require_no_gap(each, last, moments.interval_seconds)
        if found:
            await client.remote_write([_recorded(rule, each) for each in found])


def _evaluated(group: RuleGroup, offset_seconds: float) -> Evaluated:
    return Evaluated(
        tuple(each for each in group.rules if isinstance(each, RecordingRule)),
        Moments(round(group.interval_seconds), offset_seconds),
        tuple(each for each in group.rules if isinstance(each, AlertingRule)),
    )


def require_no_gap(series: Series, last: float, interval_seconds: int) -> None:
    """Raise ValueError unless a series goes on, from where it begins, up to ``last``."""
    expected = np.arange(round(last * 1000), series.times_ms[0] - 1, -1000 * interval_seconds)
    if not np.array_equal(series.times_ms, expected[::-1]):
        raise ValueError(f"{dict(series.labels)} has a gap, expected every {interval_seconds} s")


def _recorded(rule: RecordingRule, found: Series) -> Series:
    labels = {**found.labels, **rule.labels, "__name__": rule.record}
    return Series(labels, found.times_ms, found.values)
