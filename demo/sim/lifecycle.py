"""Engines start, drain, die and load their weights again."""

from __future__ import annotations

import numpy as np

from demo.sim.cluster import Flags
from demo.sim.state import Phase, State
from demo.sim.workload import (
    CACHE_WARMING_SECONDS,
    DRAIN_SECONDS,
    EXECUTE_TIMEOUT_SECONDS,
    LOAD_SECONDS,
)


def drain(state: State, group: int) -> None:
    """Let an engine finish what it has, and then restart: a rolling restart."""
    state.engines.phase[group] = Phase.DRAINING
    state.engines.seconds_left[group] = DRAIN_SECONDS


def kill(state: State, group: int) -> None:
    """End an engine's process at once; it loads its weights again. What it had is lost."""
    state.engines.phase[group] = Phase.LOADING
    state.engines.seconds_left[group] = LOAD_SECONDS


def advance_phases(state: State) -> None:
    """Move each engine's life on by one step. An engine is not up before all its GPUs are."""
    engines, dt = state.engines, state.cluster.step_seconds
    busy = state.requests.in_flight().sum(axis=1) > 0
    was_draining = engines.phase == Phase.DRAINING
    was_loading = engines.phase == Phase.LOADING
    engines.seconds_left = np.maximum(engines.seconds_left - dt, 0.0)

    complete = ~state.hardware.groups_with_lost_gpus(state.cluster)
    _start(state, was_loading & (engines.seconds_left == 0) & complete)

    drained = was_draining & (~busy | (engines.seconds_left == 0))
    gave_up = engines.stalled_seconds >= EXECUTE_TIMEOUT_SECONDS
    for group in np.flatnonzero(drained | (gave_up & ~was_loading)):
        kill(state, int(group))

    moves = state.stepping
    engines.stalled_seconds = np.where(busy & ~moves, engines.stalled_seconds + dt, 0.0)
    engines.cache_warmth += (
        (1 - engines.cache_warmth) * moves * (1 - np.exp(-dt / CACHE_WARMING_SECONDS))
    )


def _start(state: State, started: Flags) -> None:
    engines = state.engines
    engines.phase[started] = Phase.SERVING
    engines.stalled_seconds[started] = 0.0
    engines.cache_warmth[started] = 0.0
    if started.any():
        engines.registers.restart(started, state.now)
