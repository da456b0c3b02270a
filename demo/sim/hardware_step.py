"""One step of the hardware: it does what the engines do, and they suffer what it does."""

from __future__ import annotations

import numpy as np

from demo.sim.engines.figures import LOAD_SECONDS
from demo.sim.engines.lifecycle import restart_if_up
from demo.sim.engines.state import Phase
from demo.sim.hardware.failures import advance_failures
from demo.sim.hardware.run import Use, Work, run_hardware
from demo.sim.state import State

_LOADING, _WAITING = int(Phase.LOADING), int(Use.WAITING)
_BY_MOTION = np.array([Use.IDLE, Use.WORKING], np.int64)
_IDLE_STREAMS = 0.01
"""Streams, or share of the time that prompts take, below which an engine's GPUs rest."""


def run_hardware_step(state: State) -> None:
    """Move all GPUs and hosts on by one step, and let some of them fail or be repaired."""
    engines, hardware, fleet = state.engines, state.hardware, state.fleet
    at_work = (engines.batch > _IDLE_STREAMS) | (engines.computing > _IDLE_STREAMS)
    use = _BY_MOTION[at_work.astype(np.int64)]
    loaded = np.ones(fleet.groups)
    stuck = hardware.hung | (engines.frozen > 0)
    use[stuck] = _WAITING
    down = engines.phase == _LOADING
    if down.any():
        use[down] = np.where(hardware.complete[down], int(Use.LOADING), int(Use.IDLE))
        loaded[down] = 1 - np.minimum(engines.load_left[down] / LOAD_SECONDS, 1.0)
    service = state.service
    load = engines.batch / service.usual_streams + engines.computing / service.usual_computing
    load *= 0.5  # at the daily peak both are 1
    hung = hardware.hung.copy()
    run_hardware(hardware, fleet, Work(use, load, loaded))
    _fail(state)
    hung &= ~hardware.hung
    for group in np.flatnonzero(hung).tolist():
        restart_if_up(state, group)


def _fail(state: State) -> None:
    """Let the background fail and be repaired; software and wrong results are the engines' own."""
    engines = state.engines
    struck = advance_failures(
        state.failures, state.hardware, state.fleet, state.now, state.rngs["failures"]
    )
    for each in struck:
        if each.cause == "software-hang":
            engines.frozen[each.group] += 1
        elif each.cause == "silent-corruption":
            engines.corruption[each.group] += each.share
    for each in state.failures.repaired:
        if each.cause == "software-hang":
            if engines.frozen[each.group]:  # vLLM may have ended the process itself
                restart_if_up(state, each.group)
        elif each.cause == "silent-corruption":
            engines.corruption[each.group] = max(engines.corruption[each.group] - each.share, 0.0)
