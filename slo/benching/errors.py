"""How far burn rates and the budget left are from the truth, over a month of traffic.

The fleet of :mod:`slo.benching.traffic` is scraped every 30 s for 30 days; the objective's rules
are played over all of it. Then

*   at 1,000 random evaluations from the fourth day on, the error ratio of each window of an hour
    and more is compared with that of all requests that came in exactly that time. The error is a
    share of the error ratio at which a tier fires that reads the window (the lowest of them); of
    each window the 95th percentile is taken, and the worst window is the figure;
*   at 200 random evaluations of the last day, the budget left of 28 days is compared with what the
    requests of exactly 28 days leave; the largest difference is the figure. Most of it comes from
    the period's beginning, where whole hours leave it at once and up to 65 minutes late. No
    incident is there, in the traffic's first two days: it would be forgotten late, never early.

The same is asked of what Sloth writes: windows from raw counters, a period of mean ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slo import conventions as names
from slo.benching.counted import counted, events_of
from slo.benching.playing import groups_of, recording
from slo.benching.raw_windows import error_ratio, mean_of_ratios
from slo.benching.traffic import DAY, DAYS, HOUR, SCRAPE_SECONDS, Fleet, Truth
from slo.burn import burn_factor
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.replay.moments import Moments, TimedGroup
from slo.rule import RecordingRule, RuleGroup, matching
from slo.steps import Floats

CELL = "model"
THRESHOLD_TIMES, BUDGET_TIMES = 1000, 200
_BASELINE_EVERY = 5
"""Windows over raw series take long: every so many of the random times are asked of them."""
_SHORTEST_SECONDS = HOUR
_RAW_RATIO = "raw:error_ratio"
_REQUESTS = events_of("fleet_requests_total")
OBJECTIVE = counted("month", _REQUESTS, CELL)


@dataclass(frozen=True)
class Errors:
    """Each by ours and by Sloth's rules."""

    threshold: tuple[float, float]
    """Of windows, as shares of the thresholds."""
    budget: tuple[float, float]
    """Of the share of the budget that is left."""


async def measure_errors(client: PrometheusClient, start: int) -> Errors:
    """Return how wrong the rules are.

    Args:
        client: of a server that holds nothing younger than ``start``.
        start: a full day, UNIX seconds.
    """
    fleet = Fleet(start, {"__name__": "fleet_requests_total", CELL: "chat"})
    await _record(client, fleet)
    truth, random = fleet.truth(), np.random.default_rng(7)
    moments = groups_of(OBJECTIVE, SCRAPE_SECONDS)[0].moments
    end = start + DAYS * DAY
    at = _random_moments(random, moments, THRESHOLD_TIMES, start + 3 * DAY + HOUR, end)
    of_last_day = _random_moments(random, moments, BUDGET_TIMES, end - DAY + HOUR, end)
    return Errors(
        await _threshold_errors(client, truth, at),
        await _budget_errors(client, truth, of_last_day),
    )


async def _record(client: PrometheusClient, fleet: Fleet) -> None:
    """Write the month day by day, for a server takes nothing that is much older than the newest."""
    groups = groups_of(OBJECTIVE, SCRAPE_SECONDS)
    raw_ratio = RecordingRule(_RAW_RATIO, error_ratio(_REQUESTS, CELL, 300))
    raw = TimedGroup(RuleGroup("raw", SCRAPE_SECONDS, (raw_ratio,)), groups[0].moments)
    # Only of the last day is anybody asked what is not read by rules of later moments.
    replay = Replay(client, [*recording(groups, _is_read_later), raw], fleet.start)
    for day, scraped in enumerate(fleet.scraped()):
        start = fleet.start + day * DAY
        await client.remote_write(scraped)
        if day == DAYS - 1:
            replay = Replay(client, [*recording(groups), raw], start)
        await replay.advance(start + DAY)


def _is_read_later(rule: RecordingRule) -> bool:
    """Tell whether sums over time read what a rule records: base rates, counts, coverage."""
    window = rule.labels.get(names.WINDOW)
    if window is None:
        return rule.record in (names.EVENTS_RATE, names.EVENTS_BAD_RATE)
    return window in ("5m", "1h") and rule.record != names.BURN_RATE


def _random_moments(
    random: np.random.Generator, moments: Moments, count: int, start: float, end: float
) -> Floats:
    """Return some of a group's moments after ``start`` up to ``end``, sorted."""
    first, last = moments.between(start, end)
    numbers = random.integers(0, round((last - first) / moments.interval_seconds) + 1, count)
    return np.asarray(first + np.sort(numbers) * moments.interval_seconds, np.float64)


async def _threshold_errors(
    client: PrometheusClient, truth: Truth, at: Floats
) -> tuple[float, float]:
    burn_rates = {
        rule.labels[names.WINDOW]: rule.expr
        for group in groups_of(OBJECTIVE, SCRAPE_SECONDS)
        for rule in group.group.rules
        if isinstance(rule, RecordingRule) and rule.record == names.BURN_RATE
    }
    ours, theirs = [], []
    for window, (name, threshold) in thresholds(OBJECTIVE).items():
        measured = await _ask(client, burn_rates[name], at) * float(OBJECTIVE.budget)
        ours.append(percentile_95((measured - truth.error_ratio(at, window)) / threshold))
        some = at[::_BASELINE_EVERY]
        raw = await _ask(client, error_ratio(_REQUESTS, CELL, window), some)
        theirs.append(percentile_95((raw - truth.error_ratio(some, window)) / threshold))
    return max(ours), max(theirs)


async def _budget_errors(client: PrometheusClient, truth: Truth, at: Floats) -> tuple[float, float]:
    budget, period = float(OBJECTIVE.budget), OBJECTIVE.period_seconds
    expected = 1 - truth.error_ratio(at, period) / budget
    left = await _ask(client, matching(names.BUDGET_REMAINING, OBJECTIVE), at)
    some = at[::_BASELINE_EVERY]
    mean = await _ask(client, mean_of_ratios(_RAW_RATIO, period), some)
    theirs = 1 - mean / budget - expected[::_BASELINE_EVERY]
    return float(np.abs(left - expected).max()), float(np.abs(theirs).max())


def thresholds(objective: Objective) -> dict[int, tuple[str, float]]:
    """Return the label and the lowest error ratio that fires a tier, of each window of an hour on.

    Of several tiers that read a window, the lowest: there an error weighs most.
    """
    found: dict[int, tuple[str, float]] = {}
    for tier in objective.tiers:
        ratio = float(burn_factor(tier, objective.period_seconds) * objective.budget)
        for window, label in (
            (tier.long_seconds, tier.long_window),
            (tier.short_seconds, tier.short_window),
        ):
            if window >= _SHORTEST_SECONDS:
                found[window] = (label, min(ratio, found.get(window, (label, ratio))[1]))
    return found


def percentile_95(errors: Floats) -> float:
    """Return what 95 of 100 errors are at most, either way."""
    return float(np.percentile(np.abs(errors), 95))


async def _ask(client: PrometheusClient, expr: str, at: Floats) -> Floats:
    """Return the only value of an expression at each time."""
    return np.array([await _one(client, expr, time) for time in at.tolist()])


async def _one(client: PrometheusClient, expr: str, time: float) -> float:
    found: Sequence[float] = [each.value for each in await client.query(expr, time)]
    if len(found) != 1:
        raise ValueError(f"found {len(found)} values of {expr} at {time}, expected one")
    return found[0]
