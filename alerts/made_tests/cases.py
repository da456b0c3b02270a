"""The cases that every objective's rules must stand: idle, healthy, burning, blackout and more.

All expectations are expressions that find something or nothing, so that no float is compared. Each
begins with a comment that says the case and what is expected: promtool prints it where it fails.

promtool evaluates all groups at one interval, a minute or more here, whatever their own: ratios are
then the same and counts are of fewer samples, which the examples make up for by more events.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.burn import ERROR_BUDGET_BURN, firing_tiers
from alerts.made_tests.story import Phase, values_over
from slo import conventions as names
from slo.burn import Tier, error_ratio_needed
from slo.examples.series import EVENTS_PER_SECOND, Example, InputSeries, example_of
from slo.objective import Objective, Ratio
from slo.rules import base_window_seconds, matching
from slo.testing import Expectation, RuleTest

MINUTE = 60
EVALUATED_AT_LEAST_EVERY_SECONDS = 60
LONGEST_CALM_BURN_SECONDS = 90 * MINUTE
"""Where a tier would need longer after some calm, an outage from the start is told instead."""
LONGEST_WINDOW_SECONDS = 12 * 3600
"""Alerts of tiers whose short window is longer are not awaited to end."""
_CALM_SECONDS = 10 * MINUTE
_BURN_SECONDS = 20 * MINUTE
_BLACKOUT_SECONDS = 70 * MINUTE
"""The long window of the fastest tier is then empty: nothing but the blackout holds its page."""
_SLACK_SECONDS = 10 * MINUTE
"""Longer windows are made of counts of 5 minutes, and of these the last is up to 5 minutes old."""
_COUNTED_BEFORE = 1_000_000
_NEXT_TO_NONE = 0.001
"""A rate of bad events below this share of all is none: counters of one scrape are extrapolated
apart by a hair."""


def evaluation_interval_seconds(scrape_interval_seconds: float) -> float:
    """Return the interval of evaluation in tests: whole scrapes, a minute at least."""
    scrapes = math.ceil(EVALUATED_AT_LEAST_EVERY_SECONDS / scrape_interval_seconds - 1e-9)
    return scrapes * scrape_interval_seconds


def made_cases(objective: Objective, scrape_interval_seconds: float) -> list[RuleTest]:
    """Return the cases that make sense for an objective, each a test that promtool can run.

    Raises:
        NoExampleError: if no series can be made up for its selectors.
    """
    cases = _Cases.made_for(objective, scrape_interval_seconds)
    return [
        *cases.idle(), *cases.healthy(), *cases.burning(), *cases.blackout(),
        *cases.standstill(), *cases.missing_errors(), *cases.reset(), *cases.new_group(),
    ]  # fmt: skip


@dataclass(frozen=True)
class _Cases:
    objective: Objective
    interval: float
    example: Example
    tiers: tuple[Tier, ...]

    @classmethod
    def made_for(cls, objective: Objective, interval: float) -> _Cases:
        return cls(objective, interval, example_of(objective), tuple(firing_tiers(objective)))

    @property
    def is_counted(self) -> bool:
        """Whether events are counted, and budgeted as they occur."""
        return isinstance(self.objective.indicator, Ratio) and self.objective.slices is None

    @property
    def evaluation(self) -> float:
        return evaluation_interval_seconds(self.interval)

    @property
    def settle(self) -> float:
        """Until what happens is all that the base knows of, and slices have been judged."""
        window = base_window_seconds(self.interval) + 2 * self.evaluation
        slices = self.objective.slices
        return window + (2 * slices.window_seconds if slices else 0)

    @property
    def times(self) -> float:
        """So many times the example's events: as many as evaluation leaves out, and enough."""
        enough = max(1.0, self.objective.minimum_bad_events / 1000)
        return math.ceil(enough * self.evaluation / self.interval)

    def idle(self) -> Iterator[RuleTest]:
        if not self.is_counted:
            return
        end = self.whole(_CALM_SECONDS + self.settle)
        case = _Case("idle", self)
        yield case.test(
            self.all_series([Phase("still", end)]),
            case.one(f"{self.of(names.EVENTS_RATE)} == 0", end, "the cell is seen, without events"),
            case.none(self.of(names.BURN_RATE), end, "0/0 is no burn rate"),
            case.no_alert(end),
        )

    def healthy(self) -> Iterator[RuleTest]:
        end = self.whole(2 * _CALM_SECONDS + self.settle)
        case = _Case("healthy", self)
        yield case.test(
            self.all_series([Phase("good", end)]),
            case.one(f"{self.of(names.EVENTS_RATE)} > 0", end, "events are counted"),
            case.no_bad_events(end),
            *case.burns(end),
            case.no_alert(end),
        )

    def burning(self) -> Iterator[RuleTest]:
        if not self.tiers:
            return
        calm, burn = self.burn_seconds()
        burnt = calm + burn
        ends = {
            tier: self.whole(burnt + tier.short_seconds + self.settle + _SLACK_SECONDS)
            for tier in self.tiers
            if tier.short_seconds <= LONGEST_WINDOW_SECONDS
        }
        last = max(ends.values(), default=burnt)
        case = _Case("burning", self)
        calmly = [case.no_alert(calm - self.evaluation)] if calm else []
        yield case.test(
            self.all_series([Phase("good", calm), Phase("bad", burn), Phase("good", last - burnt)]),
            *calmly,
            *(
                case.one(_alerts(self.objective, tier), burnt, f"{_tier(tier)} fires")
                for tier in self.tiers
            ),
            *(
                case.none(_alerts(self.objective, tier), end, f"{_tier(tier)} has ended")
                for tier, end in ends.items()
            ),
        )

    def blackout(self) -> Iterator[RuleTest]:
        yield from self._held("blackout", Phase("gone", _BLACKOUT_SECONDS), "nothing is seen")

    def standstill(self) -> Iterator[RuleTest]:
        if self.is_counted:
            yield from self._held("standstill", Phase("still", _BLACKOUT_SECONDS), "nobody comes")

    def _held(self, name: str, phase: Phase, what: str) -> Iterator[RuleTest]:
        if not self.tiers:
            return
        calm, burn = self.burn_seconds()
        end = self.whole(calm + burn + phase.seconds + self.settle)
        phases = [Phase("good", calm), Phase("bad", burn), Phase(phase.happening, end)]
        case = _Case(name, self)
        yield case.test(
            self.all_series(phases),
            *(
                case.one(_alerts(self.objective, tier), end, f"{_tier(tier)} holds while {what}")
                for tier in self.tiers
            ),
        )

    def missing_errors(self) -> Iterator[RuleTest]:
        born = [each for each in self.example.series if each.good or not each.bad]
        if not self.is_counted or len(born) == len(self.example.series):
            return
        end = self.whole(_CALM_SECONDS + self.settle)
        case = _Case("missing error series", self)
        yield case.test(
            self.written(born, [Phase("good", end)]),
            case.one(f"{self.of(names.EVENTS_BAD_RATE)} >= 0", end, "no errors are known to be 0"),
            case.no_bad_events(end),
            *case.burns(end),
            case.no_alert(end),
        )

    def reset(self) -> Iterator[RuleTest]:
        if not any(each.is_counter for each in self.example.series):
            return
        half = self.whole(_CALM_SECONDS + self.settle)
        case = _Case("counter reset", self)
        phases = [Phase("good", half), Phase("restart"), Phase("good", half)]
        # A reset of one source of two is what a rate of their sum would take for one of all.
        goes_on = example_of(self.objective, source="b").series if self.is_counted else ()
        yield case.test(
            {**self.all_series(phases), **self.written(goes_on, [Phase("good", 2 * half)])},
            *case.no_more_than(2, half, 2 * half),
            case.no_bad_events(2 * half),
            case.no_alert(2 * half),
        )

    def new_group(self) -> Iterator[RuleTest]:
        half = self.whole(_CALM_SECONDS + self.settle)
        other = example_of(self.objective, "b")
        cells = 1 + (other.labels != self.example.labels)
        if cells == 1 and not self.is_counted:
            return  # how two values of one cell are judged together, only its author knows
        case = _Case("new group", self)
        late = [Phase("gone", half), Phase("good", half)]
        yield case.test(
            {
                **self.all_series([Phase("good", 2 * half)]),
                **self.written(other.series, late, counted_before=_COUNTED_BEFORE),
            },
            case.found(self.of(names.EVENTS_RATE), 2 * half, "each cell is there", cells),
            *case.no_more_than(2, half, 2 * half),
            case.no_bad_events(2 * half, cells),
            case.no_alert(2 * half),
        )

    def burn_seconds(self) -> tuple[float, float]:
        """Return how long all is good, and then bad, until every tier must fire."""
        period = self.objective.period_seconds
        needed = float(
            max(error_ratio_needed(each, self.objective.target, period) for each in self.tiers)
        )
        calm = self.whole(_CALM_SECONDS + self.settle)
        burn = self.whole(
            max(_BURN_SECONDS, 1.2 * calm * needed / (1 - needed) + _SLACK_SECONDS) + self.settle
        )
        if burn > LONGEST_CALM_BURN_SECONDS + self.settle:
            return 0, self.whole(_BURN_SECONDS + self.settle)
        return calm, burn

    def whole(self, seconds: float) -> float:
        """Return whole evaluations, at least so many seconds."""
        return math.ceil(seconds / self.evaluation) * self.evaluation

    def all_series(self, phases: Sequence[Phase]) -> dict[str, str]:
        return self.written(self.example.series, phases)

    def written(
        self, series: Iterable[InputSeries], phases: Sequence[Phase], counted_before: float = 0
    ) -> dict[str, str]:
        return {
            each.series: values_over(
                each, phases, self.interval, times=self.times, counted_before=counted_before
            )
            for each in series
        }

    def of(self, series: str) -> str:
        return matching(series, self.objective)


@dataclass(frozen=True)
class _Case:
    name: str
    cases: _Cases

    def test(self, series: Mapping[str, str], *expectations: Expectation) -> RuleTest:
        return RuleTest(self.name, series, expectations)

    def found(self, expr: str, at: float, what: str, number: int) -> Expectation:
        samples = {"{}": float(number)} if number else {}
        return Expectation(f"# {self.name}: {what}\ncount({expr})", at, samples)

    def one(self, expr: str, at: float, what: str) -> Expectation:
        return self.found(expr, at, what, 1)

    def none(self, expr: str, at: float, what: str) -> Expectation:
        return self.found(expr, at, what, 0)

    def no_alert(self, at: float) -> Expectation:
        return self.none(_alerts(self.cases.objective), at, "no alert fires")

    def no_bad_events(self, at: float, cells: int = 1) -> Expectation:
        bad, total = self.cases.of(names.EVENTS_BAD_RATE), self.cases.of(names.EVENTS_RATE)
        expr = f"{bad} <= {_NEXT_TO_NONE} * {total}"
        return self.found(expr, at, "no event is bad", cells)

    def burns(self, at: float) -> Iterator[Expectation]:
        objective = self.cases.objective
        if objective.budget > 0 and objective.windows:
            expr = f"{self.cases.of(names.BURN_RATE)} < {_NEXT_TO_NONE / float(objective.budget):g}"
            yield self.found(expr, at, "no window burns", len(objective.windows))

    def no_more_than(self, times: int, seconds: float, at: float) -> Iterator[Expectation]:
        """Expect no events out of nothing, in any cell, so many seconds before."""
        if self.cases.is_counted:
            most = 1.5 * times * EVENTS_PER_SECOND * self.cases.times
            rate = self.cases.of(names.EVENTS_RATE)
            window = f"{round(seconds * 1000)}ms"
            expr = f"max_over_time({rate}[{window}]) > {most:g}"
            yield self.none(expr, at, "no events are counted that were none")


def _alerts(objective: Objective, tier: Tier | None = None) -> str:
    """Return the selector of an objective's burn alerts that fire, or of one tier's."""
    only = f',{names.BURN_TIER}="{tier.name}",{names.SEVERITY}="{tier.severity}"' if tier else ""
    return (
        f'ALERTS{{alertname="{ERROR_BUDGET_BURN}",alertstate="firing",'
        f'{names.SLO}="{objective.name}"{only}}}'
    )


def _tier(tier: Tier) -> str:
    return f"the {tier.severity} of {tier.name}"
