"""Requests come and are given to groups."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from demo.sim.cluster import build_cluster, sum_by
from demo.sim.routing import FIRST, RETRY, _deal, request_rates
from demo.sim.state import Phase
from exporters.topology import Topology

from .conftest import START, small_topology

CLUSTER = build_cluster(Topology.model_validate(small_topology()))


@given(
    st.lists(st.integers(0, 50), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.lists(st.integers(0, 1), min_size=4, max_size=4),
)
def test_round_robin_gives_each_eligible_group_its_share(requests, eligible, turn):
    """To one request, and the others get nothing."""
    requests, turn = np.array(requests)[:, None], np.array(turn)[:, None]
    eligible = np.array(eligible)
    dealt = _deal(CLUSTER, requests, eligible, turn)
    assert (dealt[~eligible] == 0).all()
    for cell in range(4):
        shares = dealt[(CLUSTER.cell_of_group == cell) & eligible, 0]
        assert shares.sum() == (requests[cell, 0] if len(shares) else 0)
        assert len(shares) == 0 or shares.max() - shares.min() <= 1


def test_round_robin_goes_on_where_it_stopped():
    """Two single requests go to two groups."""
    turn = np.zeros((4, 1), np.int64)
    one, both = np.ones((4, 1), np.int64), np.ones(8, bool)
    first, second = _deal(CLUSTER, one, both, turn), _deal(CLUSTER, one, both, turn)
    assert (first + second == 1).all()


def test_traffic_swings_mildly_around_fifteen_a_group():
    """By a tenth, within a quarter of an hour."""
    rates = np.array([request_rates(CLUSTER, START + at).sum(axis=1) for at in range(900)])
    assert np.allclose(rates.mean(axis=0), 30.0)
    assert np.allclose(rates.max(axis=0), 33.0, rtol=1e-3)


def test_a_group_whose_health_is_not_200_gets_nothing(warm):
    """What it has, it finishes."""
    group = warm.group("eu-chat-0")
    warm.strike("engine-restart", group="eu-chat-0")
    warm.steps(1)  # the router learns of it at the end of this step
    before = warm.state.requests.in_flight()[group].sum()
    warm.steps(3)
    assert warm.state.requests.waiting[group, :, :3].sum() == 0
    assert 0 < warm.state.requests.in_flight()[group].sum() < before


def test_a_refused_connection_is_tried_once_on_another_group(warm):
    """And only until the router has seen /health."""
    attempts = warm.state.routers.attempts.copy()
    bad = warm.ended("eu", "chat")["error"]
    in_flight = warm.state.requests.in_flight()
    warm.state.engines.phase[warm.group("eu-chat-0")] = Phase.LOADING
    warm.state.engines.seconds_left[warm.group("eu-chat-0")] = 20.0
    killed = in_flight[warm.group("eu-chat-0")].sum()
    warm.steps(1)
    lane = warm.cluster.lanes.index(("eu", "chat", "r1"))
    made = (warm.state.routers.attempts - attempts)[lane].sum(axis=0)
    assert 0 < made[RETRY] <= made[FIRST] / 2 + 4
    assert warm.ended("eu", "chat")["error"] - bad == killed
    warm.steps(5)
    assert (warm.state.routers.attempts - attempts)[lane, :, RETRY].sum() == made[RETRY]


def test_with_no_group_left_requests_fail_and_then_are_rejected(warm):
    """Refused everywhere at first, then turned away at once."""
    cell = warm.cluster.cell_of_group == warm.cell("us", "code")
    warm.state.engines.phase[cell] = Phase.LOADING
    warm.state.engines.seconds_left[cell] = 20.0
    before = warm.ended("us", "code")
    warm.steps(1)
    after_one = warm.ended("us", "code")
    assert after_one["error"] > before["error"]
    assert after_one["rejected"] == before["rejected"] == 0
    warm.steps(5)
    assert warm.ended("us", "code")["rejected"] > 0
    assert warm.ended("us", "code")["error"] == after_one["error"]


def test_sums_by_place_lose_nothing():
    """Values of groups become sums of cells."""
    values = np.arange(16).reshape(8, 2)
    sums = sum_by(CLUSTER.cell_of_group, values, 4)
    assert sums.tolist() == [[2, 4], [10, 12], [18, 20], [26, 28]]
