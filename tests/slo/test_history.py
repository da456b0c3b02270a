"""The written past is what the rules would have recorded, and their sums are exact over it.

A real Prometheus answers the rules' own expressions at moments of our choice.
"""

import itertools
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from slo import conventions as names
from slo.calendars import period_starts
from slo.history import CellTraffic, history_batches
from slo.objective import Calendar, Slices
from slo.prometheus import PrometheusClient
from slo.rules import levels_group, matching, objective_group
from slo.series import Series
from slo.testing import running_prometheus

STEP, HOUR, DAY = 300, 3600, 86400
FULL_HOUR = 1_760_000_400
"""A full hour, UNIX seconds."""
INTERVAL = 5.0


def day_and_night(times):
    """Return bad events and all events per second: a daily wave, 0.3 % bad, a bad step a day."""
    total = 30 * (1 + 0.5 * np.sin(2 * np.pi * times / DAY))
    return total * np.where(times % DAY < STEP, 0.2, 0.003), total


@pytest.fixture
def long_objective(objective):
    """99 % over 28 days."""
    return replace(objective, period_seconds=28 * DAY)


def batches(objective, end, rates=day_and_night):
    """Return the history of one cell up to ``end``."""
    traffic = {objective: [CellTraffic({"cell": "a"}, rates)]}
    return list(history_batches(traffic, end, INTERVAL))


def rules_of(objective):
    """Return all rules of an objective."""
    groups = (group(objective, INTERVAL) for group in (objective_group, levels_group))
    return [rule for group in groups for rule in group.rules]


async def one(client, expr, time):
    """Return the only value of an expression."""
    (sample,) = await client.query(expr, time)
    return sample.value


def count_in_steps(first, last):
    """Return bad and all events of the 5-minute steps that end from ``first`` to ``last``."""
    bad, total = day_and_night(np.arange(first, last + 1, STEP) - STEP / 2)
    return bad.sum() * STEP, total.sum() * STEP


async def test_the_period_is_exact_until_slower_rules_have_seen_a_new_hour(
    prometheus, tmp_path, long_objective
):
    """Just after a full hour their sum still ends with the hour before."""
    (count,) = (
        rule.expr
        for rule in rules_of(long_objective)
        if rule.record == names.EVENTS_BAD_COUNT and rule.labels[names.WINDOW] == "28d"
    )
    seconds = [0, 5, 59, 119]
    expected, found = [], []
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            for batch in batches(long_objective, FULL_HOUR - 1):
                await client.remote_write(batch)
            for batch in batches(long_objective, FULL_HOUR + 120):
                faster = [
                    Series(each.labels, each.times_ms[late], each.values[late])
                    for each in batch
                    if each.labels["__name__"] == names.EVENTS_BAD_RATE
                    or each.labels.get(names.WINDOW) == "5m"
                    if (late := each.times_ms >= FULL_HOUR * 1000).any()
                ]
                if faster:
                    await client.remote_write(faster)
            for since in seconds:
                # The period's far end moves with the full hours, an hour before.
                bad, _ = count_in_steps(FULL_HOUR - HOUR - 28 * DAY, FULL_HOUR)
                rate_bad, _ = day_and_night(np.array([FULL_HOUR + STEP / 2]))
                expected.append(bad + rate_bad[0] * (since // INTERVAL * INTERVAL))
                found.append(await one(client, count, FULL_HOUR + since))

    assert expected == pytest.approx(found, rel=1e-9)


KINDS = {
    "rolling": {},
    "slices of a minute": {"slices": Slices(60, Decimal("0.995")), "target": Decimal("0.9")},
    "slices of 7 minutes, by ratio": {"slices": Slices(420, None)},
    "slices of a minute with many events": {"slices": Slices(60, Decimal("0.995"),
                                                             fewest_events=1500),
                                            "target": Decimal("0.9")},
    "months": {"calendar": Calendar("month", 1, "2025-01-01 00:00:00", "Europe/Berlin")},
    "weeks from a half hour on": {"calendar": Calendar("week", 1, "2025-01-06 00:00:00",
                                                       "Asia/Kolkata"),
                                  "period_seconds": 7 * DAY},
    "zero tolerance": {"target": Decimal(1)},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_history_is_what_the_rules_record(prometheus, tmp_path, long_objective, kind):
    """At the last full step, every rule but those that read counters gives what was written."""
    objective = replace(long_objective, **KINDS[kind])
    first = {
        names.SLICE_EVENTS_RATE if objective.slices else names.EVENTS_RATE,
        names.SLICE_EVENTS_BAD_RATE if objective.slices else names.EVENTS_BAD_RATE,
    }
    derived = [rule for rule in rules_of(objective) if rule.record not in first]
    for after in (100, 1700, 3599.5):
        end = FULL_HOUR + after
        step = int(end // STEP) * STEP
        (folder := tmp_path / str(after)).mkdir()
        with running_prometheus(prometheus, folder) as url:
            async with PrometheusClient(url) as client:
                for batch in batches(objective, end):
                    await client.remote_write(batch)
                for rule in derived:
                    window = {k: v for k, v in rule.labels.items() if k == names.WINDOW}
                    written = await one(client, matching(rule.record, objective, **window), step)
                    computed = await one(client, rule.expr, step)
                    assert written == pytest.approx(computed, rel=1e-9), (after, rule)


async def test_the_period_is_exact_at_any_moment(prometheus, tmp_path, long_objective):
    """Around full hours, around full steps, between samples: each sample counts once."""
    moments = [-0.001, 0, 0.001, 2.5, 5, 299.999, 300, 300.001, 304, 1234.5, 3299, 3300, 3599.999]
    counts = {
        rule.record: rule.expr
        for rule in rules_of(long_objective)
        if rule.labels.get(names.WINDOW) == "28d"
        and rule.record in (names.EVENTS_BAD_COUNT, names.EVENTS_COUNT)
    }
    expected, found = [], []
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            for batch in batches(long_objective, FULL_HOUR + HOUR):
                await client.remote_write(batch)
            for moment in moments:
                time = FULL_HOUR + moment
                newest = int(time // INTERVAL) * int(INTERVAL)
                step = newest // STEP * STEP
                bad, total = count_in_steps((step - 28 * DAY) // HOUR * HOUR, step)
                rate_bad, rate = day_and_night(np.array([step + STEP / 2]))
                expected.append(bad + rate_bad[0] * (newest - step))
                expected.append(total + rate[0] * (newest - step))
                found.append(await one(client, counts[names.EVENTS_BAD_COUNT], time))
                found.append(await one(client, counts[names.EVENTS_COUNT], time))

    assert expected == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("kind", ["months", "weeks from a half hour on"])
async def test_a_calendars_period_holds_what_came_since_it_began(
    prometheus, tmp_path, long_objective, kind
):
    """Nothing of the period before, and each sample once: in its first minutes, at full hours."""
    objective = replace(long_objective, **KINDS[kind])
    starts = np.array(period_starts(objective.calendar))
    began = int(starts[starts <= FULL_HOUR][-1])
    seconds = [0, 5, 299.999, 300, 304, 1234.5, 1800, 3599.999, 3600, 3605, 5400, 7213, 9000]
    (count,) = (
        rule.expr
        for rule in rules_of(objective)
        if rule.record == names.EVENTS_BAD_COUNT and rule.labels[names.WINDOW] not in ("5m", "1h")
    )
    expected, found = [], []
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            for batch in batches(objective, began + 9000):
                await client.remote_write(batch)
            for since in seconds:
                newest = int((began + since) // INTERVAL) * int(INTERVAL)
                step = newest // STEP * STEP
                rate_bad, _ = day_and_night(np.array([step + STEP / 2]))
                expected.append(
                    count_in_steps(began + STEP, step)[0] + rate_bad[0] * (newest - step)
                )
                found.append(await one(client, count, began + since))

    assert expected == pytest.approx(found, rel=1e-9, abs=1e-9)


async def test_the_budget_follows_an_outage_within_seconds(prometheus, tmp_path, long_objective):
    """The count of bad events holds all samples but the newest."""
    outage = FULL_HOUR + STEP

    def rates(times):
        total = np.full(times.shape, 30.0)
        return np.where(times > outage, total, 0.0), total

    (bad,) = (
        rule.expr
        for rule in rules_of(long_objective)
        if rule.record == names.EVENTS_BAD_COUNT and rule.labels[names.WINDOW] == "28d"
    )
    with running_prometheus(prometheus, tmp_path) as url:
        async with PrometheusClient(url) as client:
            for batch in batches(long_objective, outage + 60, rates):
                await client.remote_write(batch)
            found = [await one(client, bad, outage + seconds) for seconds in (0, 5, 9.9, 10, 57)]

    assert [0, 150, 150, 300, 1650] == pytest.approx(found)


def test_batches_are_in_time_order_and_leave_no_sample_out(long_objective):
    """Prometheus takes nothing older than what it has; a sample in two batches it would refuse."""
    end = FULL_HOUR + 1700.0
    found = batches(long_objective, end)

    spans = [
        (min(each.times_ms[0] for each in batch), max(each.times_ms[-1] for each in batch))
        for batch in found
    ]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))
    base = [
        each for batch in found for each in batch if each.labels["__name__"] == names.EVENTS_RATE
    ]
    assert sum(each.times_ms.size for each in base) == 6 * HOUR / INTERVAL
    assert spans[-1][1] == end * 1000


def test_an_idle_past_has_counts_and_no_ratios(long_objective):
    """0/0 is no data there either."""
    found = {
        each.labels["__name__"]
        for batch in batches(long_objective, FULL_HOUR, lambda t: (0 * t, 0 * t))
        for each in batch
    }

    assert names.EVENTS_COUNT in found
    assert not {names.BURN_RATE, names.BUDGET_REMAINING} & found
