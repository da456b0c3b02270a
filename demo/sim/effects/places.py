"""Which parts of the fleet a fault's place names; FaultError where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demo.orders import FaultError, one_of
from demo.sim.effects.effect import Place
from demo.sim.fleet import Flags
from demo.sim.state import State


def group_of(state: State, place: Place) -> int:
    """Return the group that a place names."""
    group = state.fleet.names.find_group(place["group"])
    if group is None:
        raise FaultError(f"found the group {place['group']!r}, which the topology does not have")
    return group


def gpu_of(state: State, place: Place) -> tuple[int, Place]:
    """Return one GPU of a group: the one named, or one by chance; and the place completed."""
    fleet, group = state.fleet, group_of(state, place)
    left = [
        gpu
        for gpu in fleet.gpus_of_group(group)
        if place.get("uuid") in (None, fleet.names.uuid(gpu))
        and place.get("host") in (None, fleet.names.host(fleet.host_of_gpu(gpu)))
    ]
    if not left:
        of = ", ".join(f"{known} {place[known]!r}" for known in place)
        raise FaultError(f"found {of}, where the topology has no GPU")
    well = [gpu for gpu in left if not _is_lost(state, gpu)]
    if not well:
        raise FaultError(f"found group {place['group']!r}, where that GPU is lost already")
    gpu = int(state.rngs["faults"].choice(well))
    return gpu, {
        "group": place["group"],
        "host": fleet.names.host(fleet.host_of_gpu(gpu)),
        "uuid": fleet.names.uuid(gpu),
    }


def _is_lost(state: State, gpu: int) -> bool:
    condition = state.hardware.conditions.get(gpu)
    return condition is not None and bool(condition.losses)


def cells_of(state: State, place: Place) -> Flags:
    """Return the cells of a region, and of a model if the place names one. [C]."""
    cells = np.array(
        [
            region == place["region"] and place.get("model") in (None, model)
            for region, model in state.fleet.cells
        ]
    )
    if not cells.any():
        of = ", ".join(f"{key} {place[key]!r}" for key in ("region", "model") if key in place)
        known = one_of(f"{model} in {region}" for region, model in state.fleet.cells)
        raise FaultError(f"found {of}, expected {known}")
    return cells


def groups_of(state: State, place: Place) -> Sequence[int]:
    """Return the groups of a place: one by its name, or all of a region or of its model."""
    if "group" in place:
        return [group_of(state, place)]
    cells = cells_of(state, place)
    return np.flatnonzero(cells[state.fleet.cell_of_group]).tolist()


def region_of(state: State, place: Place) -> int:
    """Return the region that a place names."""
    if place["region"] not in state.fleet.regions:
        raise FaultError(
            f"found the region {place['region']!r}, expected {one_of(state.fleet.regions)}"
        )
    return state.fleet.regions.index(place["region"])


def hosts_of(state: State, place: Place) -> Sequence[int]:
    """Return the hosts of the name that a place has; of several groups, there are several."""
    hosts = state.fleet.names.find_hosts(place["host"])
    if not hosts:
        raise FaultError(f"found the host {place['host']!r}, which the topology does not have")
    return hosts
