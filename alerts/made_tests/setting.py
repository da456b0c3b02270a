"""What a case is set in: an objective, series made up for it, and how long things take.

promtool evaluates all groups at one interval, up to two minutes here, whatever their own. Ratios
are then the same; counts are of fewer samples, which the examples make up for by more events.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.made_tests.story import Phase, values_over
from slo.burn import Tier, error_ratio_needed
from slo.checks import firing_tiers
from slo.examples.series import Example, InputSeries, example_of, mixed_events
from slo.examples.values import NoExampleError
from slo.objective import Objective, Ratio
from slo.promql import memory_seconds
from slo.rules import LONGEST_INTERVAL_SECONDS, base_window_seconds, matching

MINUTE = 60
CALM_SECONDS = 10 * MINUTE
LONGEST_CALM_BURN_SECONDS = 90 * MINUTE
"""Where a tier would need longer after some calm, an outage from the start is told instead."""
SLACK_SECONDS = 10 * MINUTE
"""Longer windows are made of counts of 5 minutes, and of these the last is up to 5 minutes old."""
_BURN_SECONDS = 20 * MINUTE


def evaluation_interval_seconds(scrape_interval_seconds: float) -> float:
    """Return the interval of evaluation in tests: as many scrapes as a group may wait."""
    scrapes = int(LONGEST_INTERVAL_SECONDS / scrape_interval_seconds + 1e-9)
    return max(1, scrapes) * scrape_interval_seconds


@dataclass(frozen=True)
class Setting:
    """One objective, the series made up for it, and how long things take."""

    objective: Objective
    interval: float
    """Of scrapes, seconds, as all times here."""
    example: Example
    tiers: tuple[Tier, ...]
    """Those that have alerts."""
    lag: float = 0
    """How late counts see what was recorded: none in Prometheus's rules."""

    @classmethod
    def made_for(cls, objective: Objective, interval: float, lag: float = 0) -> Setting:
        """Return the setting of an objective; raises what ``example_of`` does."""
        tiers = tuple(firing_tiers(objective))
        return cls(objective, interval, example_of(objective), tiers, lag)

    @property
    def is_counted(self) -> bool:
        """Whether events are counted, and budgeted as they occur."""
        is_ratio = isinstance(self.objective.indicator, Ratio)
        are_counters = all(each.is_counter for each in self.example.series)
        return is_ratio and are_counters and self.objective.slices is None

    @property
    def is_mixed(self) -> bool:
        """Whether a share of the events may be bad, so that the budget burns at any rate."""
        indicator = self.objective.indicator
        if not self.is_counted or not isinstance(indicator, Ratio):
            return False
        try:
            found = [mixed_events(indicator, self.example, each) for each in (0, 0.25, 0.5, 1)]
        except NoExampleError:
            return False
        shares = [bad / total for bad, total in found if total > 0]
        return all(map(math.isclose, (0, 0.25, 0.5, 1), shares)) and len(shares) == len(found)

    def events(self, bad_share: float) -> tuple[float, float]:
        """Return bad and all events per second; only of what is mixed, and ``times`` as many."""
        indicator = self.objective.indicator
        if not isinstance(indicator, Ratio):
            raise TypeError("only ratios have events")
        bad, total = mixed_events(indicator, self.example, bad_share)
        return self.times * bad, self.times * total

    @property
    def evaluation(self) -> float:
        """Return the interval of evaluation."""
        return evaluation_interval_seconds(self.interval)

    @property
    def settle(self) -> float:
        """Until what happens is all that the base knows of, and slices have been judged."""
        base = base_window_seconds(self.interval)
        expressions = self.objective.indicator.expressions
        window = max(memory_seconds(each, base) for each in expressions) + 2 * self.evaluation
        slices = self.objective.slices
        return window + (2 * slices.window_seconds if slices else 0)

    @property
    def times(self) -> float:
        """So many times the example's events: as many as evaluation leaves out, and enough."""
        enough = max(1.0, self.objective.minimum_bad_events / 1000)
        return math.ceil(enough * self.evaluation / self.interval)

    def burn_seconds(self) -> tuple[float, float]:
        """Return how long all is good, and then bad, until every tier must fire."""
        period = self.objective.period_seconds
        needed = float(
            max(error_ratio_needed(each, self.objective.target, period) for each in self.tiers)
        )
        calm = self.whole(CALM_SECONDS + self.settle)
        after = self.settle + max(each.for_seconds for each in self.tiers)
        burn = max(_BURN_SECONDS, 1.2 * calm * needed / (1 - needed) + SLACK_SECONDS)
        if burn > LONGEST_CALM_BURN_SECONDS:
            return 0, self.whole(_BURN_SECONDS + after)
        return calm, self.whole(burn + after)

    def times_for(self, bad_events_per_second: float, seconds: float) -> float:
        """Return so many times the example's events that the objective's fewest are bad in time.

        Args:
            bad_events_per_second: of the example.
            seconds: in which twice the fewest bad events must be counted.
        """
        enough = 2 * self.objective.minimum_bad_events / (bad_events_per_second * seconds)
        return max(self.times, math.ceil(enough * self.evaluation / self.interval))

    def whole(self, seconds: float) -> float:
        """Return whole evaluations, at least so many seconds."""
        return math.ceil(seconds / self.evaluation) * self.evaluation

    def all_series(self, phases: Sequence[Phase]) -> dict[str, str]:
        """Return every series of the example over some phases."""
        return self.written(self.example.series, phases)

    def written(
        self,
        series: Iterable[InputSeries],
        phases: Sequence[Phase],
        counted_before: float = 0,
        times: float | None = None,
    ) -> dict[str, str]:
        """Return series over some phases, in promtool's notation; ``times`` as many if not None."""
        return {
            each.series: values_over(
                each,
                phases,
                self.interval,
                times=self.times if times is None else times,
                counted_before=counted_before,
            )
            for each in series
        }

    def of(self, series: str, **labels: str) -> str:
        """Return the selector of a recorded series."""
        return matching(series, self.objective, **labels)
