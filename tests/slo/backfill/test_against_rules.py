"""A filled past is what the rules would have recorded, by a real Prometheus that evaluates them.

Raw counters of 27 hours are written into it; then each rule is evaluated over all of that time, at
its group's interval, and its results are written back for the next one, with stale markers where
they end. What a backfill computes from the same counters must be the same at every step.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
import pytest

from slo import conventions as names
from slo.backfill.fill import fill
from slo.backfill.stretches import Stretch
from slo.objective import Calendar, RawRatio, Slices
from slo.prometheus import PrometheusClient
from slo.rules import levels_group, objective_group
from slo.series import STALE, Series
from slo.testing import running_prometheus

HOUR, STEP = 3600, 300
INTERVAL = 30.0
START = 1_760_054_400
"""Midnight, UTC."""
END = START + 27 * HOUR
SHORT_GAP = (START + 15 * HOUR - 400, START + 15 * HOUR + 280)
"""The exporter does not answer, across a full hour; a day of this is still covered enough."""
LONG_GAP = (START + 15 * HOUR + 1000, START + 17 * HOUR + 500)
BORN = START + 20 * HOUR + 130
"""When a second cell is first seen."""
TAKES_OLD = "storage: {tsdb: {out_of_order_time_window: 30d}}"


@dataclass
class Kept:
    """A sink that keeps what it is given."""

    batches: list[list[Series]] = field(default_factory=list)

    async def write(self, batch):
        """Keep it."""
        self.batches.append(list(batch))

    def samples(self):
        """Return values by series and time; the last before a gap stands 1 ms early."""
        return {
            (frozenset(each.labels.items()), -(-int(time) // 1000) * 1000): value
            for batch in self.batches
            for each in batch
            for time, value in zip(each.times_ms, each.values, strict=True)
        }


def raw_counters(gap):
    """Return requests of two routers and two cells: waves, an outage, a reset, a gap, a birth."""
    times = np.arange(START, END + 1, INTERVAL)
    wave = 20 + 10 * np.sin(times / 5000)
    outage = (times > START + 22 * HOUR) & (times < START + 22 * HOUR + 900)
    for cell, router, since in (("a", "1", 0), ("a", "2", 0), ("b", "1", BORN)):
        for outcome in ("ok", "error"):
            share = np.where(outage, 0.5, 0.002)
            rate = wave * (share if outcome == "error" else 1 - share)
            count = np.cumsum(rate * INTERVAL)
            if router == "2":
                reset = times > START + 9 * HOUR + 45
                count -= np.where(reset, count[reset][0], 0)
            seen = (times >= since) & ~((times > gap[0]) & (times < gap[1]))
            times_ms, values = times[seen] * 1000, count[seen]
            stale_at = times[(times > gap[0]) & (times < gap[1]) & (times >= since)][:1] * 1000
            order = np.argsort(np.concatenate([times_ms, stale_at]))
            yield Series(
                {"__name__": "requests_total", "cell": cell, "router": router, "outcome": outcome},
                np.concatenate([times_ms, stale_at])[order].astype(np.int64),
                np.concatenate([values, np.full(stale_at.shape, STALE)])[order],
            )


async def record(client, rule, interval, truth):
    """Evaluate a rule over all of the time and write what it gives."""
    step_ms = round(interval * 1000)
    for found in await client.query_range(rule.expr, START, END, interval):
        labels = {k: v for k, v in found.labels.items() if k != "__name__"}
        labels = {**labels, **rule.labels, "__name__": rule.record}
        key = frozenset(labels.items())
        truth |= {(key, int(t)): v for t, v in zip(found.times_ms, found.values, strict=True)}
        ends = np.append(np.diff(found.times_ms) > step_ms, True)
        stale = found.times_ms[ends] + step_ms
        times = np.concatenate([found.times_ms, stale])
        values = np.concatenate([found.values, np.full(stale.shape, STALE)])
        order = np.argsort(times, kind="stable")
        await client.remote_write([Series(labels, times[order], values[order])])


async def recorded(client, objective):
    """Evaluate an objective's rules in an order in which each finds what it reads."""
    truth = {}
    group, levels = (made(objective, INTERVAL) for made in (objective_group, levels_group))
    period = [n for n, rule in enumerate(group.rules) if rule.labels.get("window") == "1d"]
    first = min(period) if period else len(group.rules)
    for rule in group.rules[:first]:
        await record(client, rule, INTERVAL, truth)
    for rule in levels.rules:
        await record(client, rule, levels.interval_seconds, truth)
    for rule in group.rules[first:]:
        await record(client, rule, INTERVAL, truth)
    return truth


async def filled(client, objective):
    """Return what a backfill writes of the same time."""
    sink = Kept()
    await fill(
        objective, [Stretch(START, END + 0.5)], client, sink,
        interval_seconds=INTERVAL, start=START, now=END, tell=lambda _: None,
    )  # fmt: skip
    return sink.samples()


def is_written(sample, objective, born):
    """Tell whether a backfill writes a recorded sample: of the base the newest, of others steps.

    Nothing of it before the first event, nor slice, was there.
    """
    name, seconds = dict(sample[0])["__name__"], sample[1] / 1000
    if seconds < born:
        return False
    if name in (names.EVENTS_RATE, names.EVENTS_BAD_RATE):
        return seconds > END - 6 * HOUR
    if name in (names.SLICE_EVENTS_RATE, names.SLICE_EVENTS_BAD_RATE):
        return seconds > END - 2 * objective.slices.window_seconds
    return seconds > START and seconds % STEP == 0


WEEK = Calendar("week", 1, "2026-01-02 03:10:00", "Europe/Berlin")
GOOD_SHARE = RawRatio(
    'sum by (cell) (rate(requests_total{outcome="ok"}[$window]))'
    " / sum by (cell) (rate(requests_total[$window]))",
    is_good=True,
)


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({}, SHORT_GAP),
        ({}, LONG_GAP),
        ({"calendar": WEEK}, SHORT_GAP),
        ({"slices": Slices(600, Decimal("0.98"))}, LONG_GAP),
        ({"slices": Slices(900, None, idle_is_good=True)}, SHORT_GAP),
        ({"slices": Slices(600, Decimal("0.98"), fewest_events=15_000)}, SHORT_GAP),
        ({"slices": Slices(900, None, fewest_events=20_000)}, SHORT_GAP),
        ({"target": Decimal(1)}, SHORT_GAP),
        ({"indicator": GOOD_SHARE}, LONG_GAP),
    ],
    ids=[
        "rolling",
        "long gap",
        "calendar",
        "slices",
        "shares of slices",
        "slices of many",
        "shares of many",
        "zero",
        "raw ratio",
    ],
)
async def test_a_filled_past_is_what_the_rules_record(change, gap, prometheus, tmp_path, objective):
    """Every series at every step, nothing else, and the same values."""
    tried = replace(objective, **change)
    with running_prometheus(prometheus, tmp_path, TAKES_OLD) as url:
        async with PrometheusClient(url) as client:
            await client.remote_write(list(raw_counters(gap)))
            truth = await recorded(client, tried)
            found = await filled(client, tried)

    base = (at for series, at in truth if dict(series)["__name__"] == names.EVENTS_RATE)
    born = min(base) / 1000
    expected = {key: value for key, value in truth.items() if is_written(key, tried, born)}
    assert expected.keys() == found.keys()
    order = list(found)
    wanted, values = (np.array([each[key] for key in order]) for each in (expected, found))
    assert wanted == pytest.approx(values, rel=1e-9, abs=1e-9)
    has_budget = any(dict(key[0])["__name__"] == names.BUDGET_REMAINING for key in found)
    assert has_budget == (gap == SHORT_GAP)
