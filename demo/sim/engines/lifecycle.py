"""Engines start, drain, die and load their weights again."""

from __future__ import annotations

import numpy as np

from demo.sim.engines.caches import DEVICE, STORE, forget
from demo.sim.engines.figures import (
    DRAIN_SECONDS,
    EXECUTE_TIMEOUT_SECONDS,
    LOAD_RETRIES_PER_LOAD,
    LOAD_SECONDS,
)
from demo.sim.engines.state import Phase
from demo.sim.fleet import Flags, total_by
from demo.sim.state import State

RETRY_COST = 0.25
"""Of a load, for each read from the store that had to be tried again."""
_LOADING = int(Phase.LOADING)
LOADS_AT_FULL_SPEED = 8
"""In one region at a time: what its store of weights gives."""


def drain(state: State, group: int) -> None:
    """Let an engine finish what it has, and then restart: a rolling restart."""
    if state.engines.phase[group] == Phase.SERVING:
        state.engines.phase[group] = Phase.DRAINING
        state.engines.load_left[group] = DRAIN_SECONDS


def kill(state: State, groups: Flags) -> None:
    """End some engines' processes at once; they load their weights again. What they had is lost."""
    engines, count = state.engines, int(groups.sum())
    engines.phase[groups] = Phase.LOADING
    engines.frozen[groups] = 0  # a new process has workers that run
    engines.processes[groups] += 1
    retries = state.rngs["engines"].poisson(LOAD_RETRIES_PER_LOAD, count)
    engines.load_left[groups] = LOAD_SECONDS * (1 + RETRY_COST * retries)
    state.loads.retries[state.fleet.cell_of_group[groups]] += retries


def kill_group(state: State, group: int) -> None:
    """End one engine's process at once."""
    one = np.zeros(state.fleet.groups, bool)
    one[group] = True
    kill(state, one)


def restart_if_up(state: State, group: int) -> None:
    """Start a group again that was repaired while it hung: a collective does not come back."""
    if state.engines.phase[group] != Phase.LOADING:
        kill_group(state, group)


def advance_phases(state: State) -> None:
    """Move each engine's life on by one step. An engine is not up before all its GPUs are."""
    engines, dt = state.engines, state.fleet.step_seconds
    busy = engines.queues.waiting() + engines.streams.count + engines.streams.preempted > 0.5
    stalled = busy & ~state.moving
    stalled &= engines.phase != _LOADING
    engines.stalled_seconds += dt
    engines.stalled_seconds *= stalled
    dies = state.hardware.crashed | (engines.stalled_seconds >= EXECUTE_TIMEOUT_SECONDS)
    dies |= state.dark
    if not (engines.phase.any() or dies.any()):
        return
    dies &= engines.phase != _LOADING
    _load(state)
    draining = engines.phase == Phase.DRAINING
    engines.load_left = np.where(
        draining, np.maximum(engines.load_left - dt, 0.0), engines.load_left
    )
    kill(state, dies | (draining & (~busy | (engines.load_left <= 0))))


def _load(state: State) -> None:
    """Read weights for a step; start the engines that have theirs, and all their members."""
    engines, fleet = state.engines, state.fleet
    loading = (engines.phase == Phase.LOADING) & state.hardware.complete & ~state.dark
    if not loading.any():
        return
    region = fleet.region_of_group
    at_once = total_by(region, loading * 1.0, len(fleet.regions))
    speed = np.minimum(1.0, LOADS_AT_FULL_SPEED / np.maximum(at_once, 1.0))[region]
    speed = speed / state.loads.slowness[fleet.cell_of_group]
    left = engines.load_left - np.where(loading, speed * fleet.step_seconds, 0.0)
    engines.load_left = np.maximum(left, 0.0)
    state.loads.seconds += (
        total_by(fleet.cell_of_group, loading * 1.0, len(fleet.cells)) * fleet.step_seconds
    )
    started = loading & (engines.load_left <= 0)
    if started.any():
        engines.phase[started] = Phase.SERVING
        engines.revision[started] = engines.next_revision[started]
        engines.failing[started] = engines.next_failing[started]
        engines.stalled_seconds[started] = 0.0
        engines.queues.empty(started)
        forget(engines.caches, np.flatnonzero(started), slice(DEVICE, STORE))
        engines.registers.restart(started, state.now)
        np.add.at(state.loads.ended, fleet.cell_of_group[started], 1)
