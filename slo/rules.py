"""The recording rules of an objective: from counters to burn rates and the budget left.

Each level reads the one below, never the raw series over a long window::

    counters ── rate over the base window ──> base, at the scrape interval
    base ── 5 m ──> counts of 5 minutes ── 1 h ──> counts of an hour ── period ──> full hours
    period = full hours + this hour's 5-minute counts + these 5 minutes' base samples
    burn rates: windows up to 6 h from the base, longer ones from counts of 5 minutes

Numerator and denominator go up the levels apart; a ratio is only taken at the end. How the sums
count each sample exactly once is told in :mod:`slo.tiling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exporters.durations import format_duration
from slo import conventions as names
from slo import tiling
from slo.burn import format_decimal
from slo.objective import BASE_WINDOW, Objective, Ratio

LONGEST_INTERVAL_SECONDS = 120
"""Of a rule group: Prometheus looks back 5 minutes for a sample, and alerts vanish beyond that."""

LEVELS_INTERVAL_SECONDS = 60
"""Of the slower rules, whose windows are hours and days."""

LONGEST_FROM_BASE_SECONDS = 6 * 3600
"""Burn rates over longer windows read counts of 5 minutes."""


@dataclass(frozen=True)
class RecordingRule:
    """Records the value of an expression as a series."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertingRule:
    """Fires for each element of an expression's result."""

    alert: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    for_seconds: float = 0


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after the other, all at the same timestamp."""

    name: str
    interval_seconds: float
    """At most :data:`LONGEST_INTERVAL_SECONDS`."""
    rules: tuple[Rule, ...]

    def followed_by(self, *rules: Rule) -> RuleGroup:
        """Return the group with more rules at its end; they see what its others just recorded."""
        return replace(self, rules=(*self.rules, *rules))


def objective_group(objective: Objective, scrape_interval_seconds: float) -> RuleGroup:
    """Return the rules of an objective that are evaluated at the scrape interval.

    Base rates, counts and coverage of 5 minutes, counts of the period, the budget left, burn
    rates of up to 6 h.
    Alerts are appended with :meth:`RuleGroup.followed_by`, so that they see all of these at the
    same timestamp.
    """
    rules = _Rules(objective, scrape_interval_seconds)
    return RuleGroup(
        f"slo-{objective.name}",
        scrape_interval_seconds,
        (
            *rules.base(),
            *rules.counts_of_5_minutes(),
            rules.coverage_of_5_minutes(),
            *rules.counts_of_the_period(),
            rules.budget_remaining(),
            *(
                rules.burn_rate_from_base(window)
                for window in objective.windows
                if window <= LONGEST_FROM_BASE_SECONDS
            ),
        ),
    )


def levels_group(objective: Objective, scrape_interval_seconds: float) -> RuleGroup:
    """Return the slower rules of an objective: hourly counts, coverage, burn rates over days."""
    rules = _Rules(objective, scrape_interval_seconds)
    return RuleGroup(
        f"slo-{objective.name}-levels",
        max(scrape_interval_seconds, LEVELS_INTERVAL_SECONDS),
        (
            *rules.counts_of_an_hour(),
            *rules.counts_of_full_hours(),
            *rules.coverage(),
            *(
                rules.burn_rate_from_counts(window)
                for window in objective.windows
                if window > LONGEST_FROM_BASE_SECONDS
            ),
            *rules.constants(),
        ),
    )


def base_window_seconds(scrape_interval_seconds: float) -> float:
    """Return the window of the base rates: max(1 minute, 4 scrape intervals)."""
    return max(60.0, 4 * scrape_interval_seconds)


def matching(series: str, objective: Objective, **labels: str) -> str:
    """Return the selector of one of the objective's series: ``series{slo="...",window="1h"}``."""
    matchers = {names.SLO: objective.name, **labels}
    return series + "{" + ",".join(f'{name}="{value}"' for name, value in matchers.items()) + "}"


@dataclass(frozen=True)
class _Rules:
    objective: Objective
    interval: float

    @property
    def cell(self) -> str:
        return ", ".join(self.objective.grouping_labels)

    @property
    def period(self) -> str:
        return format_duration(self.objective.period_seconds)

    @property
    def budget(self) -> str:
        return format_decimal(self.objective.budget)

    def record(self, series: str, expr: str, **labels: str) -> RecordingRule:
        own = {names.SLO: self.objective.name, names.SERVICE: self.objective.service}
        return RecordingRule(series, expr, {**own, **labels})

    def of(self, series: str, **labels: str) -> str:
        return matching(series, self.objective, **labels)

    def base(self) -> tuple[RecordingRule, RecordingRule]:
        """Bad events are 0, and known, only where there is a source of events now.

        So both rules read the events themselves: the total that was recorded may be five minutes
        old where Prometheus has just started, and would make every event of that time a bad one.
        """
        indicator, on = self.objective.indicator, f"on ({self.cell})"
        if not isinstance(indicator, Ratio):
            raise NotImplementedError
        total = self._sum(indicator.total)
        if indicator.bad is not None:
            # The series of errors may be born with the first error; until then there are none.
            bad = f"({self._sum(indicator.bad)}\nand {on}\n{total})\nor {on}\n0 * {total}"
        else:
            # Good series that are not there are no good events. Buckets and counts of one scrape
            # are extrapolated apart by a hair: less than 0 bad events are none.
            good = self._sum(str(indicator.good))
            bad = f"clamp_min(\n({total}\n- {on}\n{good})\nor {on}\n{total}, 0)"
        return (
            self.record(names.EVENTS_RATE, total),
            self.record(names.EVENTS_BAD_RATE, bad),
        )

    def _sum(self, expression: str) -> str:
        window = format_duration(base_window_seconds(self.interval))
        return f"sum by ({self.cell}) ({expression.replace(BASE_WINDOW, window)})"

    def counts_of_5_minutes(self) -> list[RecordingRule]:
        return [
            self.record(count, tiling.count_of_samples(self.of(rate), self.interval), window="5m")
            for rate, count, _ in _SIDES
        ]

    def counts_of_an_hour(self) -> list[RecordingRule]:
        return [
            self.record(
                count, tiling.sum_of_5_minute_steps(self.of(count, window="5m")), window="1h"
            )
            for _, count, _ in _SIDES
        ]

    def counts_of_full_hours(self) -> list[RecordingRule]:
        return [
            self.record(
                full,
                tiling.sum_of_hours(self.of(count, window="1h"), self.objective.period_seconds)
                + f"\nor\n0 * {self.of(count, window='1h')}",
                window=self.period,
            )
            for _, count, full in _SIDES
        ]

    def counts_of_the_period(self) -> list[RecordingRule]:
        return [
            self.record(
                count,
                tiling.sum_of_period(
                    by=", ".join((names.SLO, names.SERVICE, *self.objective.grouping_labels)),
                    full_hours=self.of(full, window=self.period),
                    counts_of_5_minutes=self.of(count, window="5m"),
                    rate=self.of(rate),
                    interval_seconds=self.interval,
                ),
                window=self.period,
            )
            for rate, count, full in _SIDES
        ]

    def budget_remaining(self) -> RecordingRule:
        bad = self.of(names.EVENTS_BAD_COUNT, window=self.period)
        total = self.of(names.EVENTS_COUNT, window=self.period)
        known = f"{self.of(names.COVERAGE, window=self.period)} >= {names.COVERAGE_NEEDED}"
        return self.record(
            names.BUDGET_REMAINING,
            f"sum without ({names.WINDOW}) (\n"
            f"1 - {bad}\n/ ({self.budget} * {total} > 0)\nand\n{known}\n)",
        )

    def burn_rate_from_base(self, window_seconds: int) -> RecordingRule:
        window = format_duration(window_seconds)
        return self._burn_rate(
            window,
            f"sum_over_time({self.of(names.EVENTS_BAD_RATE)}[{window}])",
            f"sum_over_time({self.of(names.EVENTS_RATE)}[{window}])",
        )

    def burn_rate_from_counts(self, window_seconds: int) -> RecordingRule:
        window = format_duration(window_seconds)
        return self._burn_rate(
            window,
            f"sum_over_time({self.of(names.EVENTS_BAD_COUNT, window='5m')}[{window}:5m])",
            f"sum_over_time({self.of(names.EVENTS_COUNT, window='5m')}[{window}:5m])",
        )

    def _burn_rate(self, window: str, bad: str, total: str) -> RecordingRule:
        return self.record(
            names.BURN_RATE, f"{bad}\n/ ({self.budget} * {total} > 0)", window=window
        )

    def coverage_of_5_minutes(self) -> RecordingRule:
        """In the base's own group: another may look before the newest sample is there."""
        present = tiling.share_of_samples_present(self.of(names.EVENTS_RATE), self.interval)
        return self.record(names.COVERAGE, present, window="5m")

    def coverage(self) -> list[RecordingRule]:
        period = self.objective.period_seconds
        steps = tiling.sum_of_5_minute_steps(self.of(names.COVERAGE, window="5m"))
        hours = tiling.sum_of_hours(self.of(names.COVERAGE, window="1h"), period)
        return [
            self.record(names.COVERAGE, f"{steps} / 12", window="1h"),
            self.record(names.COVERAGE, f"{hours} / {period // 3600}", window=self.period),
        ]

    def constants(self) -> list[RecordingRule]:
        return [
            self.record(names.OBJECTIVE, f"vector({format_decimal(self.objective.target)})"),
            self.record(names.PERIOD, f"vector({self.objective.period_seconds})"),
        ]


_SIDES = (
    (names.EVENTS_BAD_RATE, names.EVENTS_BAD_COUNT, names.EVENTS_BAD_FULL_HOURS),
    (names.EVENTS_RATE, names.EVENTS_COUNT, names.EVENTS_FULL_HOURS),
)
