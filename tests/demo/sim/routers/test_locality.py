"""Which region serves a request, and which requests nobody serves."""

import numpy as np
import pytest

from demo.sim.routers.locality import FAILOVER_SECONDS, MOVABLE, place, start_locality
from exporters.catalog import TIERS

GOV = TIERS.index("gov")


@pytest.fixture
def locality(run):
    """Ways on which nothing is wrong."""
    return start_locality(run.fleet)


@pytest.fixture
def send(run, locality):
    """Sends a thousand requests of each tier to each cell, for some steps of a second."""
    rng = np.random.default_rng(1)

    def steps(count=1, *, dark=()):
        flags = np.array([region in dark for region in run.fleet.regions])
        requests = np.full((len(run.fleet.cells), len(TIERS)), 1000)
        found = None
        for _ in range(count):
            found = place(locality, run.fleet, flags, requests, dt=1.0, rng=rng)
            assert found.requests.sum() + found.unreachable.sum() == requests.sum()
            assert (found.from_outside.sum(axis=2) == found.requests).all()
        return found

    return steps


def test_all_are_served_at_home(run, send):
    """As long as nothing is wrong."""
    placed = send()
    assert (placed.requests == 1000).all()
    at_home = placed.from_outside[np.arange(len(run.fleet.cells)), :, run.fleet.region_of_cell]
    assert (at_home == 1000).all()
    assert placed.unreachable.sum() == 0


def test_nobody_gets_to_a_dark_region_until_it_is_noticed(run, send):
    """A minute of health checks and names' time to live."""
    placed = send(int(FAILOVER_SECONDS), dark=["eu"])
    eu, us = run.cell("eu", "chat"), run.cell("us", "chat")
    assert placed.requests[eu].sum() == 0
    assert (placed.unreachable[eu] == 1000).all()
    assert (placed.requests[us] == 1000).all()


def test_then_those_who_may_go_elsewhere_and_governments_never(run, send):
    """All of the free and the pro, half of the enterprises."""
    placed = send(int(FAILOVER_SECONDS) + 1, dark=["eu"])
    eu, us = run.cell("eu", "chat"), run.cell("us", "chat")
    moved = placed.from_outside[us, :, run.fleet.regions.index("eu")]
    assert moved / 1000 == pytest.approx([MOVABLE[tier] for tier in TIERS], abs=0.05)
    assert moved[GOV] == 0
    assert (placed.unreachable[eu] == 1000 - moved).all()


def test_nobody_is_sent_to_the_governments_cloud(run, send):
    """Even if nothing else is left."""
    placed = send(int(FAILOVER_SECONDS) + 1, dark=["eu", "us"])
    assert (placed.requests[run.cell("us-gov", "chat")] == 1000).all()
    assert placed.unreachable[run.cell("us", "chat")].sum() == 4000


def test_a_region_that_is_back_is_home_at_once(run, send):
    """And must be dark for a minute again until users move."""
    send(100, dark=["eu"])
    assert (send().requests == 1000).all()
    placed = send(dark=["eu"])
    assert placed.unreachable[run.cell("eu", "chat")].sum() == 4000


def test_a_load_balancer_drops_its_share_of_all_tiers(run, locality, send):
    """In its region only."""
    locality.dropped[run.fleet.regions.index("us")] = 0.3
    placed = send()
    assert placed.unreachable[run.cell("us", "code")] / 1000 == pytest.approx([0.3] * 4, abs=0.06)
    assert placed.unreachable[run.cell("eu", "code")].sum() == 0


def test_misrouted_requests_are_counted_by_the_region_they_belong_to(run, locality, send):
    """Where they are served."""
    eu, us = run.cell("eu", "code"), run.cell("us", "code")
    locality.misrouted[eu] = 0.1
    placed = send()
    abroad = placed.from_outside[us, :, run.fleet.regions.index("eu")]
    assert abroad / 1000 == pytest.approx([0.1] * 4, abs=0.04)
    assert placed.requests[eu].sum() == 4000 - abroad.sum()
    assert placed.requests[us].sum() == 4000 + abroad.sum()
    assert placed.unreachable.sum() == 0


def test_nobody_is_misrouted_to_the_dark_or_to_the_governments_cloud(run, locality, send):
    """Whose requests can be: from there to all others that have the model."""
    us, gov = run.cell("us", "chat"), run.cell("us-gov", "chat")
    locality.misrouted[run.cell("eu", "chat")] = 0.1
    placed = send()
    assert placed.requests[us].sum() > 4000
    assert (placed.requests[gov] == 1000).all()
    placed = send(dark=["us"])  # nowhere is left
    assert (placed.requests[run.cell("eu", "chat")] == 1000).all()
    assert placed.requests[us].sum() == 0
    locality.misrouted[gov] = 0.1
    assert send().requests[gov].sum() < 4000


def test_a_cluster_of_one_region_has_nowhere_to_send_anybody(make_run, make_topology):
    """Nor to send anybody wrongly."""
    fleet = make_run(topology=make_topology(cells=(("eu", "chat"),))).fleet
    locality = start_locality(fleet)
    locality.misrouted[:] = 1.0
    requests = np.full((1, len(TIERS)), 10)
    rng = np.random.default_rng(1)
    placed = place(locality, fleet, np.array([False]), requests, dt=1.0, rng=rng)
    assert (placed.requests == 10).all()
    dark = place(locality, fleet, np.array([True]), requests, dt=100.0, rng=rng)
    assert (dark.unreachable == 10).all()
