"""One step of the whole cluster."""

from __future__ import annotations

import numpy as np

from demo.sim.cluster import Cluster, sum_by
from demo.sim.lifecycle import advance_phases
from demo.sim.routing import Routed, check_health, route_arrivals
from demo.sim.serving import ERROR, Served, serve
from demo.sim.state import State, in_flight_by_lane, start
from demo.sim.telemetry import run_hardware, usual_batch
from demo.sim.tools import call_tools
from demo.sim.vllm_finish import write_finished
from demo.sim.vllm_step import write_step
from demo.sim.workload import FIRST_TOKEN_DEADLINE_SECONDS
from exporters.catalog import OUTCOMES, TIME_TO_FIRST_TOKEN_BOUNDS

REJECTED, RATE_LIMITED = OUTCOMES.index("rejected"), OUTCOMES.index("rate_limited")
_NEVER_BUCKET = int(np.searchsorted(TIME_TO_FIRST_TOKEN_BOUNDS, FIRST_TOKEN_DEADLINE_SECONDS)) + 1
"""A first token that never came is observed at its deadline, and timers are a little late."""


def begin(
    cluster: Cluster, now: float, rng: np.random.Generator, *, dcgm_interval: float = 5.0
) -> State:
    """Return the cluster before its first step, with a first look of DCGM at every GPU."""
    state = start(cluster, now, rng, dcgm_interval=dcgm_interval)
    run_hardware(state, usual_batch(cluster), rng, everywhere=True)
    return state


def step(state: State, rng: np.random.Generator) -> None:
    """Move the cluster on by one step of its length, in place.

    The same state and the same draws give the same result; there is no other input.
    """
    cluster = state.cluster
    advance_phases(state)
    routed = route_arrivals(state, rng)
    served = serve(state, routed.accepted, rng)
    write_step(state, served, rng)
    write_finished(state, served, rng)
    run_hardware(state, served.batch, rng, everywhere=False)

    _count_requests(state, routed, served)
    finished = sum_by(cluster.cell_of_group, served.finished.sum(axis=1), len(cluster.cells))
    ended = call_tools(state.tools, cluster, state.steps, finished, rng)
    state.truth.count_tool_calls(ended)

    check_health(state)
    state.arrived += routed.arrived
    state.steps += 1
    state.now += cluster.step_seconds


def _count_requests(state: State, routed: Routed, served: Served) -> None:
    """Count what was decided in this step: at the routers by lane, in the truth by cell."""
    cluster, routers = state.cluster, state.routers
    ended = served.ended.copy()
    ended[:, :, ERROR] += routed.refused
    never = served.never + routed.refused
    at_no_group = np.zeros((len(cluster.cells), *ended.shape[1:]), np.int64)
    at_no_group[:, :, REJECTED] = routed.rejected
    at_no_group[:, :, RATE_LIMITED] = routed.rate_limited

    lanes = len(cluster.lanes)
    routers.requests += sum_by(cluster.lane_of_group, ended, lanes)
    routers.requests += sum_by(cluster.lane_of_cell, at_no_group, lanes)
    first = served.first_token_counts.copy()
    first[:, :, _NEVER_BUCKET] += never
    routers.first_token_counts += sum_by(cluster.lane_of_group, first, lanes)
    sums = served.first_token_sums + never * FIRST_TOKEN_DEADLINE_SECONDS
    routers.first_token_sums += sum_by(cluster.lane_of_group, sums, lanes)
    rejected = sum_by(cluster.lane_of_cell, routed.rejected, lanes)
    routers.first_token_counts[:, :, _NEVER_BUCKET] += rejected
    routers.first_token_sums += rejected * FIRST_TOKEN_DEADLINE_SECONDS
    routers.in_flight = in_flight_by_lane(state)

    cells = len(cluster.cells)
    by_cell = sum_by(cluster.cell_of_group, ended, cells) + at_no_group
    state.truth.count_requests(by_cell.sum(axis=1))
    state.truth.count_first_tokens(
        sum_by(cluster.cell_of_group, served.first_token_counts, cells).sum(axis=1),
        sum_by(cluster.cell_of_group, never, cells).sum(axis=1) + routed.rejected.sum(axis=1),
    )
