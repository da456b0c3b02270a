"""Gaps in what is recorded of events: over the last hour, and over each objective's period.

A system that was set up an hour ago covers little of four weeks, and nothing is wrong: what counts
is what is missing of the time since its rules run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen
from exporters.durations import format_duration
from slo import conventions
from slo.objective import Objective
from slo.rule import matching

HOUR_SECONDS = 3600
MISSING_SHARE = 1 - conventions.COVERAGE_NEEDED


def hour_gap(interval_seconds: float) -> str:
    """Return the expression of the seconds that cells lack, of the last hour or since they began.

    Args:
        interval_seconds: at which the base is recorded.
    """
    base, step = conventions.EVENTS_RATE, format_duration(interval_seconds)
    began = f"min_over_time(timestamp({base})[1h:{step}])"
    lasted = f"clamp_max(time() - {began} + {interval_seconds:g}, {HOUR_SECONDS})"
    return f"{lasted} - {interval_seconds:g} * count_over_time({base}[1h])"


def period_gap(objective: Objective) -> str:
    """Return the expression of the seconds that cells lack, of the period or since rules run."""
    period = format_duration(objective.period_seconds)
    covered = matching(conventions.COVERAGE, objective, window=period)
    target = matching(conventions.OBJECTIVE, objective)
    began = f"min by (slo) (min_over_time(timestamp({target})[{period}:1h]))"
    age = f"clamp_max(time() - {began}, {objective.period_seconds})"
    return f"-({objective.period_seconds} * {covered} - on (slo) group_left () {age})"


def find_gaps(seen: Seen) -> Iterator[Found]:
    """Yield objectives whose base has gaps of more than 1 % of the last hour."""
    least = max(MISSING_SHARE * HOUR_SECONDS, 2 * seen.interval_seconds)
    gaps: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for each in seen.vector(hour_gap(seen.interval_seconds)):
        if each.value > least:
            labels = dict(each.labels)
            slo = labels.pop(conventions.SLO, "")
            labels.pop(conventions.SERVICE, None)
            gaps[slo].append((each.value, ", ".join(map(str, labels.values()))))
    for slo, cells in sorted(gaps.items()):
        longest = max(seconds for seconds, _ in cells)
        yield Found(
            slo,
            f"nothing was recorded for {longest:.0f} s of the last hour, in "
            f"{listed(cell for _, cell in cells)}",
            f"less than {least:.0f} s: below a coverage of 99 % a budget is unknown",
            "see which scrapes or rules stopped then (boards: shardwatch itself); mend what this "
            "list says of scrapes and rules, and `shardwatch slo backfill` fills what raw series "
            "still tell",
        )


def find_period_gaps(seen: Seen) -> Iterator[Found]:
    """Yield objectives whose budget is unknown for gaps, and not for being new."""
    for objective in _with_periods(seen):
        cells = [
            each
            for each in seen.vector(period_gap(objective))
            if each.value > MISSING_SHARE * objective.period_seconds
        ]
        if cells:
            longest = max(each.value for each in cells)
            names = conventions.SLO, conventions.SERVICE, conventions.WINDOW
            named = (
                ", ".join(text for name, text in each.labels.items() if name not in names)
                for each in cells
            )
            yield Found(
                objective.name,
                f"{longest / HOUR_SECONDS:.1f} h of the period of "
                f"{format_duration(objective.period_seconds)} are missing, in {listed(named)}: "
                "the budget is unknown",
                "a coverage of 99 %",
                f"shardwatch slo backfill --config {seen.config.path.name} fills what raw series "
                "still tell",
            )


def _with_periods(seen: Seen) -> list[Objective]:
    """Of a calendar coverage is of what has elapsed: its first days are no gap."""
    return [each for each in seen.objectives if each.calendar is None]


CHECKS = (
    Check("coverage/hour", Harm.WRONG_DATA, "Gaps of more than 1 % of the last hour in what is "
          "recorded of events.", find_gaps, lambda seen: [hour_gap(seen.interval_seconds)],
          series=(conventions.EVENTS_RATE,)),
    Check("coverage/period", Harm.WRONG_DATA, "Gaps of more than 1 % of a period since rules run: "
          "the budget is unknown.", find_period_gaps,
          lambda seen: [period_gap(each) for each in _with_periods(seen)],
          series=(conventions.COVERAGE,)),
)  # fmt: skip
