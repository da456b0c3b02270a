"""What the simulator does when a fault strikes and when it is repaired: one entry a fault.

Which faults there are, and what places they have, stands in :mod:`demo.faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from demo.faults import FAULTS
from demo.sim.hardware import FALLEN_OFF_THE_BUS
from demo.sim.lifecycle import drain, kill
from demo.sim.state import Phase, State

Place = Mapping[str, str]


class RefusedFaultError(Exception):
    """There is no such fault or no such place, or it is there already. Says which."""


@dataclass(frozen=True)
class Effect:
    """What one kind of fault does to the state."""

    begin: Callable[[State, Place, np.random.Generator], Place]
    """Strikes, and returns the place completed with what was hit; raises RefusedFaultError."""
    end: Callable[[State, Place], None] = lambda _state, _place: None
    """Repairs; nothing for an event that passes by itself."""


@dataclass(frozen=True)
class ActiveFault:
    """A fault that has struck."""

    id: str
    name: str
    place: Place


@dataclass
class FaultBook:
    """The faults that have struck a state, by their ids."""

    active: dict[str, ActiveFault] = field(default_factory=dict)
    _last_id: int = 0

    def strike(
        self, state: State, name: str, place: Mapping[str, Any], rng: np.random.Generator
    ) -> ActiveFault:
        """Let a fault strike.

        Raises:
            RefusedFaultError: if it cannot; nothing is changed then.
        """
        if name not in EFFECTS:
            raise RefusedFaultError(f"found the fault {name!r}, expected {_one_of(EFFECTS)}")
        _check_keys(name, place)
        hit = EFFECTS[name].begin(state, place, rng)
        self._last_id += 1
        fault = ActiveFault(str(self._last_id), name, hit)
        self.active[fault.id] = fault
        return fault

    def repair(self, state: State, fault_id: str) -> bool:
        """Repair a fault; return False if there is none of that id."""
        fault = self.active.pop(fault_id, None)
        if fault is None:
            return False
        EFFECTS[fault.name].end(state, fault.place)
        return True


def _check_keys(name: str, place: Mapping[str, Any]) -> None:
    kind = FAULTS[name]
    for key, value in place.items():
        if key not in kind.needs | kind.allows:
            expected = _one_of(kind.needs | kind.allows)
            raise RefusedFaultError(f"found {key!r} in the place of {name}, expected {expected}")
        if not isinstance(value, str):
            raise RefusedFaultError(f"found {value!r} as {key}, expected a text")
    for key in sorted(kind.needs - place.keys()):
        raise RefusedFaultError(f"{name} needs {key!r} in its place")


def _find_group(state: State, place: Place) -> int:
    index = state.cluster.group_index(place["group"])
    if index is None:
        raise RefusedFaultError(
            f"found the group {place['group']!r}, which the topology does not have"
        )
    return index


def _lose_gpu(state: State, place: Place, rng: np.random.Generator) -> Place:
    gpus = [gpu for gpu in state.cluster.gpus if gpu.group == place["group"]]
    _find_group(state, place)
    for key in ("host", "uuid"):
        if key in place:
            gpus = [gpu for gpu in gpus if getattr(gpu, key) == place[key]]
        if not gpus:
            of = ", ".join(f"{known} {place[known]!r}" for known in place)
            raise RefusedFaultError(f"found {of}, where the topology has no GPU")
    places = [state.cluster.gpus.index(gpu) for gpu in gpus]
    left = [at for at in places if not state.hardware.lost[at]]
    if not left:
        raise RefusedFaultError(f"found group {place['group']!r}, where that GPU is lost already")
    at = int(rng.choice(left))
    state.hardware.lost[at] = True
    state.hardware.xid[at] = FALLEN_OFF_THE_BUS
    gpu = state.cluster.gpus[at]
    return {"group": gpu.group, "host": gpu.host, "uuid": gpu.uuid}


def _bring_gpu_back(state: State, place: Place) -> None:
    at = next(i for i, gpu in enumerate(state.cluster.gpus) if gpu.uuid == place["uuid"])
    state.hardware.lost[at] = False  # its XID stays: DCGM's gauge never forgets the last one
    kill(state, _find_group(state, place))


def _restart_engine(state: State, place: Place, _rng: np.random.Generator) -> Place:
    group = _find_group(state, place)
    if state.engines.phase[group] != Phase.SERVING:
        raise RefusedFaultError(f"found group {place['group']!r}, which is restarting already")
    drain(state, group)
    return dict(place)


def _take_tool_away(state: State, place: Place, _rng: np.random.Generator) -> Place:
    known = {(region, tool) for region, tool, _ in state.cluster.tool_cells}
    hit = (place["region"], place["tool"])
    if hit not in known:
        pairs = _one_of(f"{tool} in {region}" for region, tool in known)
        raise RefusedFaultError(f"found the tool {hit[1]!r} in {hit[0]!r}, expected {pairs}")
    if hit in state.tools.outages:
        raise RefusedFaultError(f"found the tool {hit[1]!r} in {hit[0]!r}, which is out already")
    state.tools.outages.add(hit)
    return dict(place)


def _give_tool_back(state: State, place: Place) -> None:
    state.tools.outages.discard((place["region"], place["tool"]))


def _one_of(names: Iterable[str]) -> str:
    return f"one of: {', '.join(sorted(names))}"


EFFECTS: dict[str, Effect] = {
    "lost-gpu": Effect(_lose_gpu, _bring_gpu_back),
    "tool-outage": Effect(_take_tool_away, _give_tool_back),
    "engine-restart": Effect(_restart_engine),
}
