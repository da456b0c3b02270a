"""Healthy weeks of cells' requests: day and night, errors that are always there, blips, restarts.

Drawn by the simulator's own figures of demand and of background errors, minute by minute and by
chance (Poisson), for whole clusters cannot be simulated for 280 days. Nights have a fiftieth of the
traffic of noons, and quiet cells see single requests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demo.objectives import AVAILABILITY
from demo.sim.blips import BLIP_SECONDS, DAYS_BETWEEN_BLIPS, FAILING_RATIO
from demo.sim.demand import HOURS_FROM_UTC, rhythm
from demo.sim.habits import BAD_REQUEST_RATIO, habits_of
from demo.sim.plan import CELLS, DEFAULT_GROUPS, groups_of_cells
from demo.weektime import DAY_SECONDS, WEEK_SECONDS
from slo.burn import Tier, error_ratio_needed
from slo.objective import Objective
from slo.replay.grids import Bools
from slo.series import Series
from slo.steps import Floats

STEP_SECONDS = 60
"""Between two scrapes and two evaluations: at 15 s, 280 days take hours."""
PEAK_TO_NIGHT = 50.0
BURST_SIGMA = 0.1
"""Deviation of the logarithm of a minute's traffic around its mean. Chosen."""
RESTARTS_A_DAY = 1.0
"""Of a cell's router, after which it counts from zero. Chosen."""
DEPLOYS_A_WEEK = 2.0
DEPLOY_SECONDS, DEPLOY_RATIO = 900.0, 0.003
"""A rolling deploy: so long such a share of the requests fails, on engines that go away. Chosen."""
QUIET = ("quiet", "chat")
QUIET_PER_SECOND = 0.05
"""Of a cell with hardly any users, in the mean."""
PLAYED = (("eu", "chat"), ("us", "agent"), ("us-gov", "chat"), QUIET)
"""Cells of each seed."""
COUNTER = "healthy_requests_total"
CELL = "cell"


@dataclass(frozen=True)
class HealthyCell:
    """A cell's requests over days, none of which is out of the ordinary."""

    region: str
    model: str
    seed: int
    start: int
    """UNIX seconds, a multiple of a day."""
    days: int

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.region}-{self.model}-{self.seed}"

    @cached_property
    def events(self) -> tuple[Floats, Floats]:
        """Bad and all requests of each minute, each shape (n,)."""
        key = [self.seed, *(self.region + self.model).encode()]
        rng = np.random.default_rng(key)
        minutes = np.arange(self.days * DAY_SECONDS // STEP_SECONDS)
        times = self.start + (minutes.astype(np.float64) + 0.5) * STEP_SECONDS
        rates = self._mean_rate * _wave(times, HOURS_FROM_UTC.get(self.region, 0.0))
        rates *= np.exp(BURST_SIGMA * rng.standard_normal(rates.shape))
        ratio = np.full(rates.shape, BAD_REQUEST_RATIO)
        for each_days, seconds, (low, high) in (
            (DAYS_BETWEEN_BLIPS, BLIP_SECONDS, FAILING_RATIO),
            (7 / DEPLOYS_A_WEEK, DEPLOY_SECONDS, (DEPLOY_RATIO, DEPLOY_RATIO)),
        ):
            for begin in rng.integers(0, len(ratio), rng.poisson(self.days / each_days)).tolist():
                ratio[begin : begin + round(seconds / STEP_SECONDS)] += rng.uniform(low, high)
        total = rng.poisson(rates * STEP_SECONDS)
        bad = rng.binomial(total, ratio)
        return bad.astype(np.float64), total.astype(np.float64)

    @property
    def _mean_rate(self) -> float:
        if (self.region, self.model) == QUIET:
            return QUIET_PER_SECOND
        count = groups_of_cells(DEFAULT_GROUPS)[CELLS.index((self.region, self.model))]
        habits = habits_of(self.region, self.model, count)
        return next(each.events_per_second for each in habits if each.slo == AVAILABILITY)

    def series(self) -> list[Series]:
        """Return its counters as they are scraped: every minute, at some moment within it."""
        bad, total = self.events
        rng = np.random.default_rng([self.seed, len(self.name)])
        phase_ms = int(rng.integers(1000 * STEP_SECONDS))
        minutes = np.arange(1, len(total) + 1, dtype=np.int64)
        times_ms = self.start * 1000 + minutes * 1000 * STEP_SECONDS + phase_ms
        restarts = rng.integers(1, len(total), rng.poisson(RESTARTS_A_DAY * self.days))
        found = []
        for outcome, counts in (("ok", total - bad), ("error", bad)):
            counter = np.cumsum(counts)
            for at in np.unique(restarts).tolist():
                counter[at:] -= counter[at - 1]
            labels = {"__name__": COUNTER, CELL: self.name, "outcome": outcome}
            found.append(Series(labels, times_ms, counter))
        return found

    def burns(self, tier: Tier, objective: Objective) -> Bools:
        """Return at the end of which minutes a tier burns by the truth, shape (n,)."""
        needed = float(error_ratio_needed(tier, objective.target, objective.period_seconds))
        found = np.ones(self.events[0].shape, bool)
        for seconds in (tier.long_seconds, tier.short_seconds):
            bad, total = (_within(each, seconds // STEP_SECONDS) for each in self.events)
            found &= bad > needed * total
        return found


def healthy_cells(start: int, seeds: Iterable[int], days: int) -> list[HealthyCell]:
    """Return the cells of some seeds, over the same days."""
    return [
        HealthyCell(region, model, seed, start, days) for seed in seeds for region, model in PLAYED
    ]


def _wave(times: Floats, hours: float) -> Floats:
    """Return the week's rhythm, stretched until its noons have 50 times the traffic of nights."""
    shape = rhythm(times, np.full_like(times, hours))
    week = np.arange(0.0, WEEK_SECONDS, 600.0)
    usual = rhythm(week, np.zeros_like(week))
    stretch = math.log(PEAK_TO_NIGHT) / math.log(usual.max() / usual.min())
    waves = shape**stretch
    parts: Floats = waves / waves.mean()
    return parts


def _within(counts: Floats, steps: int) -> Floats:
    """Return the sum of the last so many steps at each; of fewer where there are not so many."""
    sums = np.concatenate([np.zeros(steps), np.cumsum(counts)])
    within: Floats = sums[steps:] - sums[:-steps]
    return within
