"""Routers that have served for days: counters that fit together, and a truth that begins now."""

from copy import deepcopy

import numpy as np
import pytest

from demo.sim.engines.figures import LOAD_SECONDS
from demo.sim.past import PARTS_OF_MEAN, SERVED_SECONDS, let_routers_have_served
from demo.sim.routers.counts import OK, RATE_LIMITED


@pytest.fixture
def old(warm):
    """The small cluster after days."""
    let_routers_have_served(warm.state)
    return warm


def test_old_counters_fit_together(old):
    """Each admitted request had a first attempt, an end and a first token, but for a few of now."""
    routers = old.state.routers
    admitted = np.delete(routers.requests, RATE_LIMITED, axis=-1).sum(axis=(1, 2))
    accepted = routers.attempts[..., 0].sum(axis=1)
    assert admitted == pytest.approx(accepted, rel=0.1)
    assert routers.first_token_counts.sum(axis=(1, 2)) == pytest.approx(accepted, rel=0.1)


def test_they_have_served_for_days(old):
    """Three, at what is usual."""
    served = old.state.routers.requests[..., OK].sum(axis=1)[:: len(old.fleet.revisions)]
    per_second = served / (SERVED_SECONDS * PARTS_OF_MEAN)
    chat = old.cell("eu", "chat")
    assert per_second[chat] == pytest.approx(old.state.service.peak_rates[chat], rel=0.1)


def test_the_truth_knows_nothing_of_the_past(warm):
    """It begins now."""
    before = deepcopy(warm.told())
    let_routers_have_served(warm.state)
    assert warm.told() == before


def test_requests_in_flight_are_those_of_now(warm):
    """A gauge has no past."""
    before = warm.state.routers.in_flight.copy()
    let_routers_have_served(warm.state)
    assert (warm.state.routers.in_flight == before).all()
    warm.seconds(30)
    assert (warm.state.routers.in_flight >= 0).all()


def test_a_cluster_that_never_served_has_no_past(run):
    """There is nothing to go by, and nothing is changed."""
    with pytest.raises(ValueError, match="nothing was served yet"):
        let_routers_have_served(run.state)
    assert run.state.routers.attempts.sum() == 0


def test_engines_have_loaded_weights_in_the_past(warm):
    """In the time that a load takes, with some reads that were tried again: what is usual."""
    let_routers_have_served(warm.state)
    loads = warm.state.loads
    assert (loads.ended >= 3).all()
    assert loads.seconds / loads.ended == pytest.approx(LOAD_SECONDS, rel=0.1)
