"""What the simulator does when a fault strikes, and how it is undone: one function a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from demo.sim.demand import storm, usual_rates
from demo.sim.engines.caches import DEVICE, STORE, forget
from demo.sim.engines.lifecycle import drain, kill_group, restart_if_up
from demo.sim.engines.rollout import begin_canary, end_canary, end_patch
from demo.sim.engines.rollouts import Patch
from demo.sim.fleet import Flags, Floats
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
from demo.sim.state import Phase, State
from exporters.catalog import TIERS

Place = Mapping[str, str]
Key = TypeVar("Key")
Undo = Callable[[], None]
Effect = Callable[[State, Place, float], tuple[Place, Undo | None]]
"""Strikes a state at a place with a strength; returns the place completed, and how to repair it.

Raises RefusedFaultError, with nothing changed, if it cannot."""

PATCHED_DRIVER = "580.105.08"


class RefusedFaultError(Exception):
    """There is no such fault or no such place, or it is there already. Says which."""


# --- places ---------------------------------------------------------------------------------------


def _group(state: State, place: Place) -> int:
    group = state.fleet.names.find_group(place["group"])
    if group is None:
        raise RefusedFaultError(
            f"found the group {place['group']!r}, which the topology does not have"
        )
    return group


def _gpu(state: State, place: Place) -> tuple[int, Place]:
    """Return one GPU of a group: the one named, or one by chance; and the place completed."""
    fleet, group = state.fleet, _group(state, place)
    left = [
        gpu
        for gpu in fleet.gpus_of_group(group)
        if place.get("uuid") in (None, fleet.names.uuid(gpu))
        and place.get("host") in (None, fleet.names.host(fleet.host_of_gpu(gpu)))
    ]
    if not left:
        of = ", ".join(f"{known} {place[known]!r}" for known in place)
        raise RefusedFaultError(f"found {of}, where the topology has no GPU")
    well = [gpu for gpu in left if not _is_lost(state, gpu)]
    if not well:
        raise RefusedFaultError(f"found group {place['group']!r}, where that GPU is lost already")
    gpu = int(state.rngs["faults"].choice(well))
    return gpu, {
        "group": place["group"],
        "host": fleet.names.host(fleet.host_of_gpu(gpu)),
        "uuid": fleet.names.uuid(gpu),
    }


def _is_lost(state: State, gpu: int) -> bool:
    condition = state.hardware.conditions.get(gpu)
    return condition is not None and bool(condition.losses)


def _cells(state: State, place: Place) -> Flags:
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
        raise RefusedFaultError(f"found {of}, expected {known}")
    return cells


def _groups(state: State, place: Place) -> Sequence[int]:
    """Return the groups of a place: one by its name, or all of a region or of its model."""
    if "group" in place:
        return [_group(state, place)]
    cells = _cells(state, place)
    return np.flatnonzero(cells[state.fleet.cell_of_group]).tolist()


def _region(state: State, place: Place) -> int:
    if place["region"] not in state.fleet.regions:
        raise RefusedFaultError(
            f"found the region {place['region']!r}, expected {one_of(state.fleet.regions)}"
        )
    return state.fleet.regions.index(place["region"])


def _hosts(state: State, place: Place) -> Sequence[int]:
    hosts = state.fleet.names.find_hosts(place["host"])
    if not hosts:
        raise RefusedFaultError(
            f"found the host {place['host']!r}, which the topology does not have"
        )
    return hosts


def one_of(names: Iterable[str]) -> str:
    """Return the names as an error lists them."""
    return f"one of: {', '.join(sorted(names))}"


# --- hardware -------------------------------------------------------------------------------------


def _lose_gpu(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    gpu, hit = _gpu(state, place)
    lose_gpu(state.hardware, state.fleet, gpu)

    def undo() -> None:
        return_gpu(state.hardware, state.fleet, gpu)
        restart_if_up(state, state.fleet.group_of_gpu(gpu))

    return hit, undo


def _ecc_error(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    gpu, hit = _gpu(state, place)
    contained = strength <= 0.5
    ecc_error(state.hardware, state.fleet, gpu, contained=contained)
    return hit, lambda: None if contained else reset_gpu(state.hardware, state.fleet, gpu)


def _nvlink_error(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    gpu, hit = _gpu(state, place)
    nvlink_error(state.hardware, state.fleet, gpu, strength)

    def undo() -> None:
        mend_nvlink(state.hardware, state.fleet, gpu, strength)
        if strength >= 1:
            restart_if_up(state, state.fleet.group_of_gpu(gpu))

    return hit, undo


def _heat(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    rack = int(state.fleet.rack_of_host[_hosts(state, place)[0]])
    cool_less(state.hardware, state.fleet, rack, strength)
    hosts = np.flatnonzero(state.fleet.rack_of_host == rack).tolist()
    names = ",".join(dict.fromkeys(state.fleet.names.host(host) for host in hosts))
    return {**place, "hosts": names}, lambda: cool(state.hardware, rack, strength)


def _slow(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    gpu, hit = _gpu(state, place)
    slow_gpu(state.hardware, state.fleet, gpu, strength)
    return hit, lambda: restore_gpu(state.hardware, state.fleet, gpu, strength)


def _lose_host(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    fleet, group = state.fleet, _group(state, place)
    names = {fleet.names.host(host): host for host in fleet.hosts_of_group(group)}
    name = place.get("host") or str(state.rngs["faults"].choice(sorted(names)))
    if name not in names:
        raise RefusedFaultError(f"found the host {name!r}, expected {one_of(names)}")
    hosts = fleet.names.find_hosts(name)
    for host in hosts:
        lose_host(state.hardware, fleet, host)

    def undo() -> None:
        for host in hosts:
            return_host(state.hardware, fleet, host)

    return {**place, "host": name}, undo


def _patch(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    patch = Patch(list(_groups(state, place)), PATCHED_DRIVER, strength)
    state.rollouts.patches.append(patch)
    return place, lambda: end_patch(state, patch)


def _corrupt(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    gpu, hit = _gpu(state, place)
    corruption, group = state.engines.corruption, state.fleet.group_of_gpu(gpu)
    corruption[group] += strength

    def undo() -> None:
        corruption[group] = max(corruption[group] - strength, 0.0)

    return hit, undo


# --- engines --------------------------------------------------------------------------------------


def _freeze(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    engines, group = state.engines, _group(state, place)
    if engines.phase[group] == Phase.LOADING:
        raise RefusedFaultError(f"found group {place['group']!r}, which is not up")
    engines.frozen[group] += 1
    process = int(engines.processes[group])

    def undo() -> None:
        if engines.processes[group] == process:  # SIGCONT: it goes on where it was
            engines.frozen[group] -= 1

    return {"rank": "1", **place}, undo


def _kill(state: State, place: Place, _: float) -> tuple[Place, None]:
    group = _group(state, place)
    if state.engines.phase[group] == Phase.LOADING:
        raise RefusedFaultError(f"found group {place['group']!r}, which is not up")
    kill_group(state, group)
    return place, None


def _restart(state: State, place: Place, _: float) -> tuple[Place, None]:
    group = _group(state, place)
    if state.engines.phase[group] != Phase.SERVING:
        raise RefusedFaultError(f"found group {place['group']!r}, which is restarting already")
    drain(state, group)
    return place, None


def _slow_weights(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    cells, slowness = _cells(state, place), state.rollouts.load_slowness
    slowness[cells] *= strength

    def undo() -> None:
        slowness[cells] /= strength

    return place, undo


def _canary(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    groups = [
        group
        for group in _groups(state, place)
        if state.engines.next_revision[group] == state.fleet.revision_of_group[group]
    ]
    if not groups:
        raise RefusedFaultError("found a canary there already, expected none")
    group = groups[-1]
    begin_canary(state, group, strength)
    hit = {**place, "group": state.fleet.names.group(group),
           "revision": state.fleet.revisions[state.engines.next_revision[group]]}  # fmt: skip
    return hit, lambda: end_canary(state, group)


def _flush(state: State, place: Place, strength: float) -> tuple[Place, None]:
    groups = np.array(_groups(state, place))
    forget(state.engines.caches, groups, slice(DEVICE, STORE + 1), strength)
    return place, None


# --- tools ----------------------------------------------------------------------------------------


def _tool(state: State, place: Place) -> tuple[str, str]:
    known = {(region, tool) for region, tool, _ in state.tools.cells.names}
    hit = (place["region"], place["tool"])
    if hit not in known:
        pairs = one_of(f"{tool} in {region}" for region, tool in known)
        raise RefusedFaultError(f"found the tool {hit[1]!r} in {hit[0]!r}, expected {pairs}")
    return hit


def _hold(table: dict[Key, float], key: Key, value: float, what: str) -> Undo:
    """Put a value into a table of faults; return what takes it out again."""
    if key in table:
        raise RefusedFaultError(f"found {what}, which is there already")
    table[key] = value

    def undo() -> None:
        del table[key]

    return undo


def _fail_tool(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    tool = _tool(state, place)
    return place, _hold(state.tools.failing, tool, strength, f"the outage of {tool[1]!r}")


def _slow_tool(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    tool = _tool(state, place)
    return place, _hold(state.tools.slowness, tool, strength, f"the slowness of {tool[1]!r}")


def _captchas(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    region = place["region"]
    if region not in {region for region, tool, _ in state.tools.cells.names if tool == "browser"}:
        raise RefusedFaultError(f"found the region {region!r}, where nobody browses")
    return place, _hold(state.tools.captchas, region, strength, f"the captchas of {region!r}")


# --- traffic --------------------------------------------------------------------------------------


def _spike(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    cells, spikes = _cells(state, place), state.demand.spikes
    spikes[cells] *= strength

    def undo() -> None:
        spikes[cells] /= strength

    return place, undo


def _storm(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    cells = _cells(state, place)
    if state.demand.storms[cells].any():
        raise RefusedFaultError("found a retry storm there already")
    storm(state.demand, cells, round(strength))
    return place, lambda: storm(state.demand, cells, 0)


def _flood(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    cell = int(np.flatnonzero(_cells(state, place))[0])
    tier = place.get("tier", "pro")
    if tier not in TIERS:
        raise RefusedFaultError(f"found the tier {tier!r}, expected {one_of(TIERS)}")
    floods, at = state.demand.floods, (cell, TIERS.index(tier))
    rate = strength * float(usual_rates(state.demand, state.service, state.now)[cell])
    floods[at] += rate

    def undo() -> None:
        floods[at] = max(floods[at] - rate, 0.0)

    return {**place, "tier": tier}, undo


def _drop(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    region, dropped = _region(state, place), state.locality.dropped
    if dropped[region]:
        raise RefusedFaultError(f"found the region {place['region']!r}, dropped already")
    dropped[region] = strength

    def undo() -> None:
        dropped[region] = 0.0

    return place, undo


def _lose_region(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    region = _region(state, place)
    if state.dark_regions[region]:
        raise RefusedFaultError(f"found the region {place['region']!r}, which is dark already")
    state.dark_regions[region] = True

    def undo() -> None:
        state.dark_regions[region] = False

    return place, undo


# --- around it ------------------------------------------------------------------------------------


def _share_of_cells(field: Callable[[State], Floats]) -> Effect:
    """Return the effect that sets a share of some cells, and back to 0."""

    def strike(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
        cells, shares = _cells(state, place), field(state)
        if shares[cells].any():
            raise RefusedFaultError("found that fault there already")
        shares[cells] = strength

        def undo() -> None:
            shares[cells] = 0.0

        return place, undo

    return strike


EFFECTS: dict[str, Effect] = {
    "lost-gpu": _lose_gpu,
    "ecc-error": _ecc_error,
    "nvlink-error": _nvlink_error,
    "thermal": _heat,
    "straggler": _slow,
    "lost-host": _lose_host,
    "driver-patch": _patch,
    "silent-corruption": _corrupt,
    "frozen-worker": _freeze,
    "killed-worker": _kill,
    "killed-engine": _kill,
    "engine-restart": _restart,
    "slow-weights": _slow_weights,
    "bad-canary": _canary,
    "cache-flush": _flush,
    "tool-outage": _fail_tool,
    "slow-tool": _slow_tool,
    "captcha-wave": _captchas,
    "traffic-spike": _spike,
    "retry-storm": _storm,
    "tenant-flood": _flood,
    "lb-blackout": _drop,
    "lost-region": _lose_region,
    "metering-loss": _share_of_cells(lambda state: state.metering.unbilled),
    "misrouted-data": _share_of_cells(lambda state: state.locality.misrouted),
    "safety-bypass": _share_of_cells(lambda state: state.safety.bypassed),
}
