"""Rolling driver patches: groups are drained, patched and started again, one after the other."""

from __future__ import annotations

from demo.sim.engines.lifecycle import drain, restart_if_up
from demo.sim.engines.state import Patch, Phase
from demo.sim.hardware.faults import lose_gpu, patch_host, return_gpu
from demo.sim.hardware.state import NEVER_LISTED
from demo.sim.state import State

PATIENCE_SECONDS = 120.0
"""A rolling patch goes on to the next group after so long, whether this one is back or not."""


def advance_patches(state: State) -> None:
    """Move rolling patches on by one step."""
    for patch in state.patches:
        _advance(state, patch)


def end_patch(state: State, patch: Patch) -> None:
    """Stop a patch where it is, and repair what it broke."""
    state.patches.remove(patch)
    for gpu in patch.lost:
        return_gpu(state.hardware, state.fleet, gpu)
        restart_if_up(state, state.fleet.group_of_gpu(gpu))


def _advance(state: State, patch: Patch) -> None:
    phase = state.engines.phase
    if patch.current is None:
        if patch.groups:
            patch.current, patch.patched = patch.groups.pop(0), False
            drain(state, patch.current)
        return
    if not patch.patched:
        if phase[patch.current] == Phase.LOADING:
            _patch_hosts(state, patch, patch.current)
            patch.patched, patch.waited_seconds = True, 0.0
        return
    patch.waited_seconds += state.fleet.step_seconds
    if phase[patch.current] == Phase.SERVING or patch.waited_seconds > PATIENCE_SECONDS:
        patch.current = None


def _patch_hosts(state: State, patch: Patch, group: int) -> None:
    fleet, rng = state.fleet, state.rngs["faults"]
    for host in fleet.hosts_of_group(group):
        patch_host(state.hardware, fleet, host, patch.driver)
        if rng.random() < patch.failing and fleet.gpus_of_host(host):
            gpu = int(rng.choice(fleet.gpus_of_host(host)))
            lose_gpu(state.hardware, fleet, gpu, NEVER_LISTED)
            patch.lost.append(gpu)
