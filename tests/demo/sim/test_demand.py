"""Who comes: day and night, bursts, agents in a closed loop, clients that try again, floods."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from demo.sim.demand import (
    MOST_ATTEMPTS,
    RETRY_SHARE,
    TENANT_LIMIT_RATIO,
    draw_arrivals,
    note_failures,
    rhythm,
    start_demand,
    storm,
    usual_rates,
)
from demo.sim.service import service_of
from demo.traffic.figures import figures
from exporters.catalog import TIERS

MONDAY = datetime(2026, 9, 21, tzinfo=UTC).timestamp()
AFTERNOON = MONDAY + 14 * 3600


@pytest.fixture
def demand(run):
    """The demand of a small cluster on an ordinary day."""
    return start_demand(run.fleet, service_of(run.fleet), 0.0)


@pytest.fixture
def arrive(run, demand):
    """Lets some steps of a second pass; returns each step's arrivals."""
    service, rng = service_of(run.fleet), np.random.default_rng(1)

    def steps(count, *, failing=0.0, now=AFTERNOON):
        found = []
        for _ in range(count):
            found.append(draw_arrivals(demand, service, now, 1.0, rng))
            note_failures(demand, failing * found[-1].requests.sum(axis=1))
        return found

    return steps


def _requests(arrivals):
    return np.array([each.requests.sum(axis=1) for each in arrivals])


class TestRhythm:
    """Day and night, week and weekend, by the clock on the wall of the users."""

    def test_a_day_is_highest_at_its_peak_hour_and_lowest_twelve_hours_later(self):
        """1 and (1 - swing) / (1 + swing)."""
        shape = figures().rhythm
        hours = rhythm(MONDAY + np.arange(24) * 3600.0, np.zeros(24))
        assert hours.argmax() == shape.peak_hour.value
        assert hours.argmin() == (shape.peak_hour.value + 12) % 24
        assert hours.max() == pytest.approx(1.0)
        swing = shape.day_swing_ratio.value
        assert hours.min() == pytest.approx((1 - swing) / (1 + swing))

    def test_saturdays_and_sundays_are_quieter(self):
        """At the same hour."""
        days = rhythm(AFTERNOON + np.arange(7) * 86_400.0, np.zeros(7))
        assert days[:5] == pytest.approx(np.ones(5))
        assert days[5:] == pytest.approx(np.full(2, figures().rhythm.weekend_ratio.value))

    def test_each_region_has_its_own_noon(self, run, demand):
        """It is afternoon in eu an hour before it is in UTC, and in us five hours after."""
        service = service_of(run.fleet)
        rates = [usual_rates(demand, service, MONDAY + hour * 3600) for hour in range(24)]
        busiest = np.argmax(rates, axis=0)
        peak = {region: busiest[run.cell(region, "chat")] for region in run.fleet.regions}
        assert peak == {"eu": 13, "us": 19, "us-gov": 19}

    def test_the_users_clock_may_be_ahead(self, run, demand):
        """Twelve hours after the busiest comes the quietest."""
        service = service_of(run.fleet)
        ahead = replace(demand, clock_offset=12 * 3600.0)
        now = MONDAY + 13 * 3600
        eu = run.cell("eu", "chat")
        assert usual_rates(ahead, service, now)[eu] < 0.5 * usual_rates(demand, service, now)[eu]


def test_bursts_change_nothing_in_the_mean(run, demand, arrive):
    """Over hours; what follows a tool's answer is not there without tools."""
    mean = _requests(arrive(4000)).mean(axis=0)
    usual = usual_rates(demand, service_of(run.fleet), AFTERNOON)
    assert mean == pytest.approx(usual * (1 - demand.continued_share), rel=0.05)


def test_code_comes_in_bursts_and_chat_hardly(run, arrive):
    """Deviation in multiples of that of a Poisson process, as in the traces."""
    counts = _requests(arrive(4000))
    over = counts.std(axis=0) / np.sqrt(counts.mean(axis=0))
    assert over[run.cell("eu", "chat")] == pytest.approx(1.0, abs=0.06)
    assert over[run.cell("eu", "code")] > 1.15


def test_tiers_come_as_often_as_they_are(run, arrive):
    """Governments have a cloud of their own in us; in eu they come as everywhere."""
    counts = sum(each.requests for each in arrive(600))
    eu = counts[run.cell("eu", "chat")]
    shares = [figures().tier_shares.value[tier] for tier in TIERS]
    assert eu / eu.sum() == pytest.approx(shares, abs=0.01)
    gov = TIERS.index("gov")
    assert counts[run.cell("us", "chat"), gov] == 0
    cloud = counts[run.cell("us-gov", "chat")]
    assert cloud[gov] == cloud.sum() > 0


def test_agents_come_again_when_their_tools_have_answered(run, demand, arrive):
    """And only then."""
    agent, chat = run.cell("eu", "agent"), run.cell("eu", "chat")
    alone = _requests(arrive(300)).mean(axis=0)
    demand.calls_ended[:] = 100
    after = _requests(arrive(300)).mean(axis=0)
    expected = 100 * demand.per_ended_call[agent]
    assert after[agent] - alone[agent] == pytest.approx(expected, rel=0.05)
    assert after[chat] == pytest.approx(alone[chat], rel=0.05)


def test_the_loop_of_agents_brings_the_traffic_that_is_usual(make_run):
    """Turn by turn: opened tasks, answers, calls, next turns. Some leave on the way."""
    run = make_run(step_seconds=15.0, warm_up_seconds=1800.0)
    cells = [run.cell("eu", "agent"), run.cell("us", "agent")]
    before = run.state.truth.offered.sum(axis=1)
    usual = []
    for _ in range(240):
        run.seconds(15)
        usual.append(usual_rates(run.state.demand, run.state.service, run.state.now))
    rates = (run.state.truth.offered.sum(axis=1) - before) / 3600
    assert rates[cells] == pytest.approx(np.mean(usual, axis=0)[cells], rel=0.15)


def test_most_of_those_who_fail_try_twice_more_and_then_leave(run, arrive):
    """Of a request that always fails come 1 + 0.7 + 0.49."""
    chat = run.cell("eu", "chat")
    alone = _requests(arrive(200)).mean(axis=0)[chat]
    all_fail = _requests(arrive(600, failing=1.0)[200:]).mean(axis=0)[chat]
    expected = 1 + RETRY_SHARE + RETRY_SHARE**2
    assert all_fail / alone == pytest.approx(expected, rel=0.05)


def test_retries_are_told_apart(run, arrive):
    """They are those beyond what would have come."""
    found = arrive(600, failing=1.0)[200:]
    requests = sum(each.requests.sum() for each in found)
    retries = sum(each.retries.sum() for each in found)
    more = RETRY_SHARE + RETRY_SHARE**2
    assert retries / requests == pytest.approx(more / (1 + more), rel=0.05)


def test_clients_that_storm_all_try_again_at_once_and_more_often(run, demand, arrive):
    """Ten retries each: eleven times the traffic while all fails."""
    alone = _requests(arrive(200)).mean(axis=0)[run.cell("us", "chat")]
    cells = np.zeros(len(run.fleet.cells), bool)
    cells[run.cell("us", "chat")] = True
    storm(demand, cells, 10)
    stormed = _requests(arrive(900, failing=1.0)[500:]).mean(axis=0)
    assert stormed[run.cell("us", "chat")] / alone == pytest.approx(11, rel=0.1)
    storm(demand, cells, 0)
    calm = _requests(arrive(900, failing=1.0)[500:]).mean(axis=0)
    assert calm[run.cell("us", "chat")] / alone < 2.5


def test_nobody_tries_more_often_than_is_counted(demand):
    """The longest storm there is."""
    assert demand.waiting_retries.shape[1] == MOST_ATTEMPTS == 21


def test_where_all_is_well_nobody_tries_again(arrive):
    """A retry needs a failure."""
    assert sum(each.retries.sum() for each in arrive(300)) == 0


def test_a_tier_has_its_own_limit(run, arrive):
    """Four in a thousand of the free, none of the enterprises."""
    found = arrive(2000)
    over = sum(each.over_limit for each in found)
    requests = sum(each.requests for each in found)
    free, enterprise = TIERS.index("free"), TIERS.index("enterprise")
    expected = figures().rate_limited_ratios.value["free"]
    assert over[:, free].sum() / requests[:, free].sum() == pytest.approx(expected, rel=0.2)
    assert over[:, enterprise].sum() == 0


def test_a_tenant_that_floods_is_turned_away_beyond_its_limit(run, demand, arrive):
    """A quarter of the usual traffic comes through, the rest is over its limit."""
    cell, tier = run.cell("eu", "chat"), TIERS.index("pro")
    usual = usual_rates(demand, service_of(run.fleet), AFTERNOON)[cell]
    demand.floods[cell, tier] = 2 * usual
    found = arrive(200)
    over = sum(each.over_limit[cell, tier] for each in found)
    requests = sum(each.requests[cell, tier] for each in found)
    through = requests - over - 200 * usual * demand.tier_shares[cell, tier]
    assert through / 200 == pytest.approx(TENANT_LIMIT_RATIO * usual, rel=0.1)
