"""What faults do to engines: their processes, weights and caches; and how that is undone."""

from __future__ import annotations

import numpy as np

from demo.orders import FaultError
from demo.sim.effects.effect import Place, Undo
from demo.sim.effects.places import cells_of, group_of, groups_of
from demo.sim.engines.caches import DEVICE, STORE, forget
from demo.sim.engines.canaries import begin_canary, end_canary
from demo.sim.engines.lifecycle import drain, kill_group
from demo.sim.engines.state import Phase
from demo.sim.state import State


def freeze_worker(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    """Stop a worker of an engine; it waits for it."""
    engines, group = state.engines, group_of(state, place)
    if engines.phase[group] == Phase.LOADING:
        raise FaultError(f"found group {place['group']!r}, which is not up")
    engines.frozen[group] += 1
    process = int(engines.processes[group])

    def undo() -> None:
        if engines.processes[group] == process:  # SIGCONT: it goes on where it was
            engines.frozen[group] -= 1

    return {"rank": "1", **place}, undo


def kill_engine(state: State, place: Place, _: float) -> tuple[Place, None]:
    """End an engine's process; it starts again by itself."""
    group = group_of(state, place)
    if state.engines.phase[group] == Phase.LOADING:
        raise FaultError(f"found group {place['group']!r}, which is not up")
    kill_group(state, group)
    return place, None


def restart_engine(state: State, place: Place, _: float) -> tuple[Place, None]:
    """Drain an engine and start it again."""
    group = group_of(state, place)
    if state.engines.phase[group] != Phase.SERVING:
        raise FaultError(f"found group {place['group']!r}, which is restarting already")
    drain(state, group)
    return place, None


def slow_weights(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let loads of weights take longer."""
    cells, slowness = cells_of(state, place), state.loads.slowness
    slowness[cells] *= strength

    def undo() -> None:
        slowness[cells] /= strength

    return place, undo


def start_canary(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Start one group of a place with the next revision, which fails a share of its requests."""
    groups = [
        group
        for group in groups_of(state, place)
        if state.engines.next_revision[group] == state.fleet.revision_of_group[group]
    ]
    if not groups:
        raise FaultError("found a canary there already, expected none")
    group = groups[-1]
    begin_canary(state, group, strength)
    hit = {**place, "group": state.fleet.names.group(group),
           "revision": state.fleet.revisions[state.engines.next_revision[group]]}  # fmt: skip
    return hit, lambda: end_canary(state, group)


def flush_caches(state: State, place: Place, strength: float) -> tuple[Place, None]:
    """Take a share of what prefix caches hold, in all their tiers."""
    groups = np.array(groups_of(state, place))
    forget(state.engines.caches, groups, slice(DEVICE, STORE + 1), strength)
    return place, None
