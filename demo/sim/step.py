"""One step of the whole cluster."""

from __future__ import annotations

import numpy as np

from demo.sim.blips import advance_blips
from demo.sim.demand import draw_arrivals, note_failures
from demo.sim.engines.lifecycle import advance_phases
from demo.sim.engines.numbers import write_numbers
from demo.sim.engines.patches import advance_patches
from demo.sim.engines.serving import Served, serve
from demo.sim.fleet import Counts, total_by
from demo.sim.hardware_step import run_hardware_step
from demo.sim.routers.accounting import Ended, account
from demo.sim.routers.counts import ERROR, OK, REJECTED, TIMEOUT
from demo.sim.routers.locality import place
from demo.sim.routers.routing import check_health, route
from demo.sim.routers.safety import check
from demo.sim.state import State
from demo.sim.tools.calls import call_tools
from demo.sim.truth import LATE_BUCKETS
from exporters.catalog import OUTCOMES

RATE_LIMITED = OUTCOMES.index("rate_limited")
_LATE = LATE_BUCKETS.astype(np.int64)


def step(state: State) -> None:
    """Move the cluster on by one step of its length, in place.

    The same state and the same draws give the same result; there is no other input.
    """
    fleet, dt, rngs = state.fleet, state.fleet.step_seconds, state.rngs
    advance_phases(state)
    if state.patches:
        advance_patches(state)
    # What a limit turns away, and what never gets to a router, is no request of any group.
    arrivals = draw_arrivals(state.demand, state.service, state.now, dt, rngs["demand"])
    limited = np.minimum(arrivals.over_limit, arrivals.requests)
    placed = place(
        state.locality,
        fleet,
        state.dark_regions,
        arrivals.requests - limited,
        dt=dt,
        rng=rngs["demand"],
    )
    routed = route(state, placed.requests, np.minimum(arrivals.retries, placed.requests))
    failing = advance_blips(state.blips, dt, rngs["blips"])
    served = serve(state, routed.arrivals, routed.share, failing)
    write_numbers(state, served)
    ended = account(state, routed, served, limited)

    run_hardware_step(state)
    outcomes = _by_cell(state, ended.outcomes)
    by_outcome = outcomes.sum(axis=1)  # [C, outcome]
    finished = by_outcome[:, OK]
    calls = call_tools(state.tools, fleet, state.steps, finished, rngs["tools"])
    state.demand.calls_ended = calls.by_cell
    state.truth.tool_calls += calls.calls
    check(state.safety, placed.requests.sum(axis=1).astype(float), finished.astype(float))
    state.truth.offered += arrivals.requests
    state.truth.outcomes += outcomes
    state.truth.outcomes[:, :, RATE_LIMITED] += limited
    _tell_first_tokens(state, ended)
    state.truth.unreachable += placed.unreachable
    state.routers.from_outside += placed.from_outside
    _corrupt(state, served)
    failed = by_outcome[:, ERROR] + by_outcome[:, TIMEOUT] + by_outcome[:, REJECTED]
    note_failures(state.demand, (failed + placed.unreachable.sum(axis=1)).astype(float))

    check_health(state)
    state.steps += 1
    state.now += dt


def _by_cell(state: State, by_lane: Counts) -> Counts:
    """Return the sums over the lanes of each cell. [C, ...]."""
    shape = (len(state.fleet.cells), len(state.fleet.revisions), *by_lane.shape[1:])
    sums: Counts = by_lane.reshape(shape).sum(axis=1)
    return sums


def _tell_first_tokens(state: State, ended: Ended) -> None:
    """Write the first tokens of one step into the truth: in time, late, never."""
    first = _by_cell(state, ended.first_tokens)
    late = first @ _LATE
    told = state.truth.first_tokens
    told[:, 0] += first.sum(axis=1) - late
    told[:, 1] += late
    told[:, 2] += _by_cell(state, ended.never)


def _corrupt(state: State, served: Served) -> None:
    """Count the answers that are wrong though nothing shows it."""
    if state.engines.corruption.any():
        wrong = served.finished * np.minimum(state.engines.corruption, 1.0)
        cells = state.fleet.cell_of_group
        state.truth.wrong_answers += total_by(cells, wrong, len(state.fleet.cells))
