"""Routers give requests to groups whose ``/health`` is 200."""

import numpy as np
import pytest

from demo.sim.engines.lifecycle import kill_group
from demo.sim.routers.routing import ADMITTED_PER_GROUP, FIRST, RETRY, check_health, route
from exporters.catalog import TIERS


@pytest.fixture
def send(warm):
    """Routes two hundred and fifty requests of each cell and tier, ten of them retries."""

    def once():
        shape = (len(warm.fleet.cells), len(TIERS))
        return route(warm.state, np.full(shape, 250), np.full(shape, 10))

    return once


def test_groups_of_a_cell_get_the_same_but_for_chance(warm, send):
    """All that comes, and each about half."""
    routed = send()
    cell = warm.fleet.cell_of_group
    assert np.bincount(cell, routed.arrivals) == pytest.approx(np.full(7, 1000.0))
    assert routed.arrivals == pytest.approx(np.full(14, 500.0), rel=0.16)
    assert routed.share == pytest.approx(np.full(14, 0.5))
    assert len(set(routed.arrivals.tolist())) == 14


def test_every_request_is_a_first_attempt_or_a_further_one(warm, send):
    """And in flight from now on."""
    routers = warm.state.routers
    attempts, in_flight = routers.attempts.copy(), routers.in_flight.copy()
    send()
    made = (routers.attempts - attempts).reshape(7, 2, len(TIERS), 2)[:, 0]
    assert (made[:, :, FIRST] == 240).all()
    assert (made[:, :, RETRY] == 10).all()
    assert ((routers.in_flight - in_flight)[::2] == 250).all()
    assert ((routers.in_flight - in_flight)[1::2] == 0).all()


def test_a_group_that_has_gone_is_avoided_after_the_health_check(warm, send):
    """Its cell's others get its share."""
    gone, left = warm.group("eu-code-0"), warm.group("eu-code-1")
    kill_group(warm.state, gone)
    check_health(warm.state)
    routed = send()
    assert routed.arrivals[gone] == 0
    assert routed.arrivals[left] == pytest.approx(1000)
    assert routed.refused.sum() == 0


def test_what_a_dead_group_refuses_is_tried_again_elsewhere(warm, send):
    """Until the health check sees it: nothing is lost, and it is a further attempt."""
    gone, left = warm.group("eu-code-0"), warm.group("eu-code-1")
    kill_group(warm.state, gone)
    attempts = warm.state.routers.attempts.copy()
    routed = send()
    assert routed.arrivals[gone] == 0
    assert routed.arrivals[left] == pytest.approx(1000)
    lane = 2 * warm.cell("eu", "code")
    again = (warm.state.routers.attempts - attempts)[lane, :, RETRY].sum()
    assert again == pytest.approx(40 + 500, rel=0.12)


def test_where_all_are_dead_requests_fail_and_then_are_rejected(warm, send):
    """Refused everywhere at first, then turned away at once."""
    for number in (0, 1):
        kill_group(warm.state, warm.group(f"us-code-{number}"))
    cell = warm.cell("us", "code")
    refused = send()
    assert refused.refused.sum() == pytest.approx(1000)
    assert refused.rejected.sum() == 0
    check_health(warm.state)
    rejected = send()
    assert (rejected.rejected[cell] == 250).all()
    assert rejected.rejected.sum() == 1000
    assert rejected.refused.sum() == 0


def test_tiers_of_few_and_of_many_are_turned_away_alike(warm):
    """Where a fifth finds no room: exactly as many as find none, whoever they are."""
    state, cell = warm.state, warm.cell("eu", "chat")
    lane = cell * len(warm.fleet.revisions)
    admitted = np.zeros((len(warm.fleet.cells), len(TIERS)), np.int64)
    admitted[cell] = (90, 7, 2, 1)
    turned_away = np.zeros(len(TIERS))
    for _ in range(500):
        state.routers.in_flight[lane] = 0
        state.routers.in_flight[lane, 0] = 2 * ADMITTED_PER_GROUP - 80
        rejected = route(state, admitted, np.zeros_like(admitted)).rejected
        assert rejected.sum() == 20
        turned_away += rejected[cell]
    assert turned_away / 500 / admitted[cell] == pytest.approx([0.2] * 4, abs=0.06)


def test_a_hung_group_goes_on_getting_its_share(warm, send):
    """A router sees /health, which is 200, and nothing else."""
    warm.strike("lost-gpu", group="eu-code-0")
    check_health(warm.state)
    assert send().arrivals[warm.group("eu-code-0")] == pytest.approx(500, rel=0.16)


def test_what_a_small_lane_gets_follows_its_groups_to_one_request(warm):
    """A twentieth of very few: none is lost, and in the end each tier has had its part."""
    state = warm.state
    group, cell = warm.group("eu-chat-1"), warm.cell("eu", "chat")
    state.engines.revision[group] = 1
    state.engines.weight[group] = 0.05 / 0.95
    fluid, sent, came = 0.0, np.zeros(len(TIERS)), 0
    admitted = np.zeros((len(warm.fleet.cells), len(TIERS)), np.int64)
    for step in range(2000):
        admitted[cell] = [step % 3, 1, step % 2, 1]
        state.routers.in_flight[:] = 0
        fluid += route(state, admitted, np.zeros_like(admitted)).arrivals[group]
        sent += state.routers.in_flight[2 * cell + 1]
        came += state.routers.in_flight.sum() - admitted.sum()
    assert sent.sum() == pytest.approx(fluid, abs=1.0)
    assert sent / sent.sum() == pytest.approx([2 / 7, 2 / 7, 1 / 7, 2 / 7], abs=0.06)
    assert came == 0
