"""Routers that have served for days: counters that fit together, and a truth that begins now."""

import numpy as np

from demo.sim.cluster import build_cluster
from demo.sim.past import let_routers_have_served
from demo.sim.plan import cluster_topology
from demo.sim.step import begin
from exporters.catalog import OUTCOMES
from exporters.topology import Topology


def test_old_counters_fit_together():
    """Each admitted request had one first attempt, one end and one first token."""
    state = _state()
    before = state.truth.requests.copy()
    let_routers_have_served(state)

    routers = state.routers
    admitted = np.delete(routers.requests, OUTCOMES.index("rate_limited"), axis=-1).sum(axis=-1)
    assert (admitted == routers.attempts[..., 0]).all()
    assert (admitted == routers.first_token_counts.sum(axis=-1)).all()
    assert (routers.first_token_counts >= 0).all()
    assert (state.truth.requests == before).all()


def test_no_counter_of_a_kind_that_happens_is_young():
    """Also the smallest tier has had its errors and time-outs."""
    state = _state()
    let_routers_have_served(state)

    for outcome in ("ok", "error", "timeout", "aborted"):
        assert (state.routers.requests[..., OUTCOMES.index(outcome)] > 20).all()


def _state():
    topology = Topology.model_validate(cluster_topology("http://127.0.0.1:1"))
    return begin(build_cluster(topology), 1e9, np.random.default_rng(1))
