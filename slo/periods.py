"""Rules of what a period holds: its full hours, its counts up to now, its coverage, its budget.

A rolling period is a number of full hours. One of a calendar begins anywhere, at whole 5 minutes:
its sums are kept apart from those of the period before by the period's phase, its number modulo 3,
which is recorded and put on each 5-minute step as a label. At most the first minute of a period,
until the slower rules have noticed it, is still said of the period before. A period that begins at
no whole 5 minutes is exact to 5 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporters.durations import format_duration
from slo import calendars, tiling
from slo import conventions as names
from slo.burn import format_decimal
from slo.objective import Calendar, Objective
from slo.rule import RecordingRule, cell_labels, matching, record

SIDES = (
    (
        names.EVENTS_BAD_RATE,
        names.EVENTS_BAD_COUNT,
        names.EVENTS_BAD_OF_PERIOD,
        names.EVENTS_BAD_FULL_HOURS,
    ),
    (names.EVENTS_RATE, names.EVENTS_COUNT, names.EVENTS_OF_PERIOD, names.EVENTS_FULL_HOURS),
)
"""Bad events and all: the series of their rate, counts, counts of a period's part, full hours."""

LEAST_BAD_EVENTS = "0.01"
"""Where none may be bad: less than this is how sums are rounded."""


@dataclass(frozen=True)
class PeriodRules:
    """The rules of one objective at one scrape interval."""

    objective: Objective
    interval_seconds: float
    lag_seconds: float = 0
    """How late what was recorded is seen."""

    def beginning(self) -> list[RecordingRule]:
        """Return the rules of when a calendar's period began and ends, and of its phase."""
        calendar = self.objective.calendar
        if calendar is None:
            return []
        return [
            record(self.objective, series, expr_of(calendar))
            for series, expr_of in (
                (names.PERIOD_START, calendars.period_start),
                (names.PERIOD_END, calendars.period_end),
                (names.PERIOD_PHASE, calendars.period_phase),
            )
        ]

    def hours_of_phases(self) -> list[RecordingRule]:
        """Return the rules of the parts of an hour that belong to a calendar's period."""
        if self.objective.calendar is None:
            return []
        levels = [(part, self._of(count, window="5m")) for _, count, part, _ in SIDES]
        levels.append((names.COVERED_OF_PERIOD, self._of(names.COVERAGE, window="5m")))
        return [
            record(
                self.objective,
                part,
                tiling.sum_of_5_minute_steps(self._with_phase(level)),
                window="1h",
            )
            for part, level in levels
        ]

    def full_hours(self) -> list[RecordingRule]:
        """Return the rules of the counts of full hours; 0 where no hour of the period is full."""
        return [
            record(
                self.objective,
                full,
                f"{self._full_hours(count, part)}\nor\n0 * {self._of(count, window='1h')}",
                window=self._period,
            )
            for _, count, part, full in SIDES
        ]

    def counts(self) -> list[RecordingRule]:
        """Return the rules of the period's counts up to now.

        Bad events that are a difference of counters may be fewer than none in what these sum up;
        here, where nothing is added any more, less than none are none.
        """
        bad, total = (
            tiling.sum_of_period(
                by=cell_labels(self.objective),
                full_hours=self._of(full, window=self._period),
                counts_of_5_minutes=self._with_phase(self._of(count, window="5m")),
                rate=self._of(rate),
                interval_seconds=self.interval_seconds,
                lag_seconds=self.lag_seconds,
                keep=self._in_this_phase,
            )
            + self._since_it_began(self._of(full, window=self._period))
            for rate, count, _, full in SIDES
        )
        counts = ((names.EVENTS_BAD_COUNT, f"clamp_min(\n{bad}\n, 0)"), (names.EVENTS_COUNT, total))
        return [record(self.objective, count, expr, window=self._period) for count, expr in counts]

    def coverage(self) -> RecordingRule:
        """Return the rule of the share of base samples that are there, of those expected."""
        calendar = self.objective.calendar
        if calendar is None:
            hours = tiling.sum_of_hours(
                self._of(names.COVERAGE, window="1h"), self.objective.period_seconds
            )
            expr = f"{hours} / {self.objective.period_seconds // 3600}"
        else:
            hours = self._full_hours(names.COVERAGE, names.COVERED_OF_PERIOD)
            steps = tiling.steps_of_the_hour(
                self._with_phase(self._of(names.COVERAGE, window="5m")), self._in_this_phase
            )
            parts = "\nor\n".join((hours, *steps))
            elapsed = f"time() - {self._of(names.PERIOD_START)}"
            expr = (
                f"clamp_max(\nsum by ({cell_labels(self.objective)}) (\n{parts}\n)\n"
                f"/ on () group_left ()\n(floor(({elapsed}) / {tiling.STEP_SECONDS}) > 0), 1)"
            )
        return record(self.objective, names.COVERAGE, expr, window=self._period)

    def budget_remaining(self) -> RecordingRule:
        """Return the rule of the share of the budget that is left."""
        bad = self._of(names.EVENTS_BAD_COUNT, window=self._period)
        total = self._of(names.EVENTS_COUNT, window=self._period)
        known = f"{self._of(names.COVERAGE, window=self._period)} >= {names.COVERAGE_NEEDED}"
        if self.objective.is_zero_tolerance:
            # That there was one is known even where not all could be seen.
            left = (
                f"0 * ({bad} >= {LEAST_BAD_EVENTS})\nor\n"
                f"({bad} < bool {LEAST_BAD_EVENTS})\nand\n{known}"
            )
        else:
            budget = format_decimal(self.objective.budget)
            left = f"1 - {bad}\n/ ({budget} * {total} > 0){self._elapsed_share}\nand\n{known}"
        return record(
            self.objective, names.BUDGET_REMAINING, f"sum without ({names.WINDOW}) (\n{left}\n)"
        )

    @property
    def _period(self) -> str:
        return format_duration(self.objective.period_seconds)

    @property
    def _elapsed_share(self) -> str:
        """Traffic is taken to go on as it has so far, up to the end of a calendar's period."""
        if self.objective.calendar is None:
            return ""
        start, end = self._of(names.PERIOD_START), self._of(names.PERIOD_END)
        return f"\n* on () group_left ()\nclamp_max((time() - {start}) / ({end} - {start}), 1)"

    @property
    def _in_this_phase(self) -> str:
        if self.objective.calendar is None:
            return ""
        return f"\nand on ({names.PERIOD_PHASE_LABEL})\n{self._phase_as_label('')}"

    def _of(self, series: str, **labels: str) -> str:
        return matching(series, self.objective, **labels)

    def _with_phase(self, level: str) -> str:
        """A step is what came before it, so that its phase is the one of the second before."""
        if self.objective.calendar is None:
            return level
        label = names.PERIOD_PHASE_LABEL
        return f"({level} * on () group_left ({label}) {self._phase_as_label(' offset 1s')})"

    def _phase_as_label(self, offset: str) -> str:
        phase = self._of(names.PERIOD_PHASE)
        return f'count_values("{names.PERIOD_PHASE_LABEL}", {phase}{offset})'

    def _full_hours(self, level: str, part: str) -> str:
        calendar = self.objective.calendar
        if calendar is None:
            level = self._of(level, window="1h")
            return tiling.sum_of_hours(level, self.objective.period_seconds)
        hours = tiling.sum_of_hours(self._of(part, window="1h"), _longest_seconds(calendar))
        return f"sum without ({names.PERIOD_PHASE_LABEL}) (\n{hours}{self._in_this_phase}\n)"

    def _since_it_began(self, full_hours: str) -> str:
        """Full hours of the period before must not be added to the steps of this one."""
        if self.objective.calendar is None:
            return ""
        start, by = self._of(names.PERIOD_START), cell_labels(self.objective)
        return f"\nand on ({by})\n(timestamp({full_hours}) >= on () group_left ()\n{start})"


def _longest_seconds(calendar: Calendar) -> int:
    """With an hour more, for the hour that a period begins in; it holds no third period."""
    return -(-calendars.longest_period_seconds(calendar) // 3600) * 3600 + 3600
