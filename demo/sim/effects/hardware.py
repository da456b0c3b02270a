"""What faults do to GPUs, hosts and racks, and how that is undone."""

from __future__ import annotations

import numpy as np

from demo.orders import FaultError, one_of
from demo.sim.effects.effect import Place, Undo
from demo.sim.effects.places import gpu_of, group_of, groups_of, hosts_of, region_of
from demo.sim.engines.lifecycle import restart_if_up
from demo.sim.engines.patches import end_patch
from demo.sim.engines.state import Patch
from demo.sim.hardware.faults import (
    cool,
    cool_less,
    ecc_error,
    lose_gpu,
    lose_host,
    mend_nvlink,
    nvlink_error,
    reset_gpu,
    restore_gpu,
    return_gpu,
    return_host,
    slow_gpu,
)
from demo.sim.state import State

PATCHED_DRIVER = "580.105.08"


def lose_one_gpu(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    """Take a GPU off the bus; its group hangs until it is back and started again."""
    gpu, hit = gpu_of(state, place)
    lose_gpu(state.hardware, state.fleet, gpu)

    def undo() -> None:
        return_gpu(state.hardware, state.fleet, gpu)
        restart_if_up(state, state.fleet.group_of_gpu(gpu))

    return hit, undo


def break_memory(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a GPU's memory have an error that cannot be corrected: contained up to 0.5."""
    gpu, hit = gpu_of(state, place)
    contained = strength <= 0.5
    ecc_error(state.hardware, state.fleet, gpu, contained=contained)
    return hit, lambda: None if contained else reset_gpu(state.hardware, state.fleet, gpu)


def break_nvlink(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let NVLink fail between two GPUs; 1 hangs the group."""
    gpu, hit = gpu_of(state, place)
    nvlink_error(state.hardware, state.fleet, gpu, strength)

    def undo() -> None:
        mend_nvlink(state.hardware, state.fleet, gpu, strength)
        if strength >= 1:
            restart_if_up(state, state.fleet.group_of_gpu(gpu))

    return hit, undo


def heat_rack(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Take a share of a rack's cooling away."""
    rack = int(state.fleet.rack_of_host[hosts_of(state, place)[0]])
    cool_less(state.hardware, state.fleet, rack, strength)
    hosts = np.flatnonzero(state.fleet.rack_of_host == rack).tolist()
    names = ",".join(dict.fromkeys(state.fleet.names.host(host) for host in hosts))
    return {**place, "hosts": names}, lambda: cool(state.hardware, rack, strength)


def slow_one_gpu(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Take a share of the speed of a GPU away."""
    gpu, hit = gpu_of(state, place)
    slow_gpu(state.hardware, state.fleet, gpu, strength)
    return hit, lambda: restore_gpu(state.hardware, state.fleet, gpu, strength)


def lose_one_host(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    """Let a host go dark, with all groups that need it."""
    fleet, group = state.fleet, group_of(state, place)
    names = {fleet.names.host(host): host for host in fleet.hosts_of_group(group)}
    name = place.get("host") or str(state.rngs["faults"].choice(sorted(names)))
    if name not in names:
        raise FaultError(f"found the host {name!r}, expected {one_of(names)}")
    hosts = fleet.names.find_hosts(name)
    for host in hosts:
        lose_host(state.hardware, fleet, host)

    def undo() -> None:
        for host in hosts:
            return_host(state.hardware, fleet, host)

    return {**place, "host": name}, undo


def lose_power(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let the hosts of a share of a region's groups go dark: the first of each cell, and so on."""
    fleet = state.fleet
    region_of(state, place)  # refuses one that there is not
    turns: dict[int, int] = {}
    by_turns = []
    for group in groups_of(state, place):
        cell = int(fleet.cell_of_group[group])
        turns[cell] = turns.get(cell, -1) + 1
        by_turns.append((turns[cell], cell, group))
    lost = [group for _, _, group in sorted(by_turns)[: round(strength * len(by_turns))]]
    hosts = sorted({host for group in lost for host in fleet.hosts_of_group(group)})
    for host in hosts:
        lose_host(state.hardware, fleet, host)

    def undo() -> None:
        for host in hosts:
            return_host(state.hardware, fleet, host)

    return place, undo


def patch_drivers(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a driver patch roll through the groups of a place."""
    patch = Patch(list(groups_of(state, place)), PATCHED_DRIVER, strength)
    state.patches.append(patch)
    return place, lambda: end_patch(state, patch)


def corrupt_answers(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a share of a group's answers be wrong."""
    gpu, hit = gpu_of(state, place)
    corruption, group = state.engines.corruption, state.fleet.group_of_gpu(gpu)
    corruption[group] += strength

    def undo() -> None:
        corruption[group] = max(corruption[group] - strength, 0.0)

    return hit, undo
