"""The recording rules of an objective: from counters to burn rates and the budget left.

Each level reads the one below, never the raw series over a long window::

    counters ── rate over the base window ──> base, at the scrape interval
    base ── 5 m ──> counts of 5 minutes ── 1 h ──> counts of an hour ── period ──> full hours
    period = full hours + this hour's 5-minute counts + these 5 minutes' base samples
    burn rates: windows up to 6 h from the base, longer ones from counts of 5 minutes

Where time is budgeted in slices, there is one more level below the base (:mod:`slo.slices`).
Where a calendar says when periods begin, hours are kept apart by period (:mod:`slo.periods`).

Numerator and denominator go up the levels apart; a ratio is only taken at the end. How the sums
count each sample exactly once is told in :mod:`slo.tiling`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from exporters.durations import format_duration
from slo import conventions as names
from slo import tiling
from slo.base import events_per_second
from slo.burn import format_decimal
from slo.fingerprint import fingerprint
from slo.objective import Objective
from slo.periods import SIDES, PeriodRules
from slo.rule import (
    AlertingRule,
    RecordingRule,
    Rule,
    RuleGroup,
    base_window_seconds,
    matching,
    record,
)
from slo.slices import verdicts

__all__ = [
    "LEVELS_INTERVAL_SECONDS",
    "LONGEST_FROM_BASE_SECONDS",
    "LONGEST_INTERVAL_SECONDS",
    "AlertingRule",
    "RecordingRule",
    "Rule",
    "RuleGroup",
    "bad_events",
    "base_window_seconds",
    "lag_of_vmalert",
    "levels_group",
    "matching",
    "objective_group",
]

LONGEST_INTERVAL_SECONDS = 120
"""Of a rule group: Prometheus looks back 5 minutes for a sample, and alerts vanish beyond that."""

LEVELS_INTERVAL_SECONDS = 60
"""Of the slower rules, whose windows are hours and days."""

LONGEST_FROM_BASE_SECONDS = 6 * 3600
"""Burn rates over longer windows read counts of 5 minutes."""


def group_names(objective: str) -> tuple[str, str]:
    """Return what the groups of an objective are called: of its rules, and of its slower ones."""
    return f"slo-{objective}", f"slo-{objective}-levels"


def objective_group(
    objective: Objective, scrape_interval_seconds: float, lag_seconds: float = 0
) -> RuleGroup:
    """Return the rules of an objective that are evaluated at the scrape interval.

    Base rates, counts and coverage of 5 minutes, counts of the period, the budget left, burn
    rates of up to 6 h.
    Alerts are appended with :meth:`RuleGroup.followed_by`, so that they see all of these at the
    same timestamp.

    Args:
        objective: whose rules.
        scrape_interval_seconds: at which they are evaluated.
        lag_seconds: after so long rules see what others have recorded: none in Prometheus, for
            vmalert :func:`lag_of_vmalert`. Slices are judged, and events counted, as much later,
            so that none is missed; burn rates wait for nothing.
    """
    rules = _Rules(objective, scrape_interval_seconds, lag_seconds)
    periods = PeriodRules(objective, scrape_interval_seconds, lag_seconds)
    of_now = (
        *rules.base(),
        *rules.counts_of_5_minutes(),
        rules.coverage_of_5_minutes(),
        *periods.counts(),
    )
    return RuleGroup(
        group_names(objective.name)[0], scrape_interval_seconds, of_now, inseparable=len(of_now)
    ).followed_by(
        periods.budget_remaining(),
        *(
            rules.burn_rate(window)
            for window in objective.windows
            if window <= LONGEST_FROM_BASE_SECONDS
        ),
    )


def levels_group(objective: Objective, scrape_interval_seconds: float) -> RuleGroup:
    """Return the slower rules of an objective: hourly counts, coverage, burn rates over days."""
    rules = _Rules(objective, scrape_interval_seconds, 0)
    periods = PeriodRules(objective, scrape_interval_seconds, 0)
    return RuleGroup(
        group_names(objective.name)[1],
        max(scrape_interval_seconds, LEVELS_INTERVAL_SECONDS),
        (
            *periods.beginning(),
            *rules.counts_of_an_hour(),
            *periods.hours_of_phases(),
            *periods.full_hours(),
            rules.coverage_of_an_hour(),
            periods.coverage(),
            *(
                rules.burn_rate(window)
                for window in objective.windows
                if window > LONGEST_FROM_BASE_SECONDS
            ),
            *rules.constants(),
        ),
    )


def lag_of_vmalert(scrape_interval_seconds: float) -> float:
    """Return how late vmalert may see what it recorded: whole intervals, at least 10 s.

    It writes every 5 s unless told otherwise (``-remoteWrite.flushInterval``), and the next rules
    of a group do not wait for that. Seen in 1.79 with VictoriaMetrics at
    ``-search.latencyOffset=0s``.
    """
    return scrape_interval_seconds * math.ceil(10 / scrape_interval_seconds)


def bad_events(
    objective: Objective, window_seconds: int, scrape_interval_seconds: float, side: int = 0
) -> str:
    """Return the expression of the bad events within a window, up to now.

    Args:
        objective: whose events.
        window_seconds: any length of at least the base window.
        scrape_interval_seconds: at which the base is recorded.
        side: 0 for bad events, 1 for all.
    """
    factor, events = _events(objective, window_seconds, side)
    seconds = f"{scrape_interval_seconds:.3f}".rstrip("0").rstrip(".")
    return f"{seconds} * {events}" if factor else events


def _events(objective: Objective, window_seconds: int, side: int) -> tuple[bool, str]:
    """Return whether a sum is still to be multiplied by the interval, and the sum."""
    # One millisecond less: no sample or step too many, see slo.tiling.
    window = format_duration(window_seconds - 0.001)
    rate, count, *_ = SIDES[side]
    if window_seconds <= LONGEST_FROM_BASE_SECONDS:
        return True, f"sum_over_time({matching(rate, objective)}[{window}])"
    return False, f"sum_over_time({matching(count, objective, window='5m')}[{window}:5m])"


@dataclass(frozen=True)
class _Rules:
    objective: Objective
    interval: float
    lag: float

    def record(self, series: str, expr: str, **labels: str) -> RecordingRule:
        return record(self.objective, series, expr, **labels)

    def of(self, series: str, **labels: str) -> str:
        return matching(series, self.objective, **labels)

    def base(self) -> Iterator[RecordingRule]:
        sliced = self.objective.slices is not None
        # Where rules see late what others record, nothing recorded is of this moment.
        recorded = (
            "" if self.lag else self.of(names.SLICE_EVENTS_RATE if sliced else names.EVENTS_RATE)
        )
        bad, total = events_per_second(self.objective, self.interval, recorded)
        if self.objective.slices is not None:
            yield self.record(names.SLICE_EVENTS_RATE, total)
            yield self.record(names.SLICE_EVENTS_BAD_RATE, bad)
            bad, total = verdicts(
                self.objective.slices,
                self.of(names.SLICE_EVENTS_BAD_RATE),
                self.of(names.SLICE_EVENTS_RATE),
                self.interval,
                self.lag,
            )
        yield self.record(names.EVENTS_RATE, total)
        yield self.record(names.EVENTS_BAD_RATE, bad)

    def counts_of_5_minutes(self) -> list[RecordingRule]:
        return [
            self.record(
                count,
                tiling.count_of_samples(self.of(rate), self.interval, self.lag),
                window="5m",
            )
            for rate, count, *_ in SIDES
        ]

    def counts_of_an_hour(self) -> list[RecordingRule]:
        return [
            self.record(
                count, tiling.sum_of_5_minute_steps(self.of(count, window="5m")), window="1h"
            )
            for _, count, *_ in SIDES
        ]

    def burn_rate(self, window_seconds: int) -> RecordingRule:
        bad, total = (_events(self.objective, window_seconds, side)[1] for side in (0, 1))
        budget = format_decimal(self.objective.budget)
        return self.record(
            names.BURN_RATE,
            f"clamp_min({bad}, 0)\n/ ({budget} * {total} > 0)",
            window=format_duration(window_seconds),
        )

    def coverage_of_5_minutes(self) -> RecordingRule:
        """In the base's own group: another may look before the newest sample is there."""
        rate = self.of(names.EVENTS_RATE)
        present = tiling.share_of_samples_present(rate, self.interval, self.lag)
        return self.record(names.COVERAGE, present, window="5m")

    def coverage_of_an_hour(self) -> RecordingRule:
        steps = tiling.sum_of_5_minute_steps(self.of(names.COVERAGE, window="5m"))
        return self.record(names.COVERAGE, f"{steps} / 12", window="1h")

    def constants(self) -> list[RecordingRule]:
        return [
            self.record(names.OBJECTIVE, f"vector({format_decimal(self.objective.target)})"),
            self.record(names.PERIOD, f"vector({self.objective.period_seconds})"),
            self.record(names.FINGERPRINT, f"vector({fingerprint(self.objective)})"),
        ]
