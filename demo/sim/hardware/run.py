"""Hosts and GPUs, step by step: power, heat and energy that follow what their groups do.

All GPUs of a group do the same, so this is worked out once for each group; what tells one GPU from
the next is added where it is looked at, on the page of its host. Calibrated to an H200, see
``hardware.yaml``. A GPU that waits in a collective for one that is lost runs a kernel all the time
and draws little.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from math import exp
from zlib import crc32

import numpy as np

from demo.sim.fleet import Counts, Fleet, Floats, Indices
from demo.sim.hardware.cooling import run_racks
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.hardware.state import Hardware, Quantity, see_host

# As plain numbers: to look a member of an enumeration up takes as long as to add.
_USE, _LOAD, _LOADED, _WATTS, _WARMTH, _JOULES = map(
    int,
    (
        Quantity.USE,
        Quantity.LOAD,
        Quantity.LOADED,
        Quantity.WATTS,
        Quantity.WARMTH,
        Quantity.JOULES,
    ),
)
DCGM_INTERVAL_SECONDS = 5.0
"""Between two collections; dcgm-exporter's own default is 30 s."""


class Use(IntEnum):
    """What a GPU does."""

    IDLE = 0
    WORKING = 1
    WAITING = 2
    """For a member of its group that does not answer."""
    LOADING = 3


@dataclass(frozen=True)
class Work:
    """What GPUs are made to do. All [G]."""

    use: Counts
    """Values of :class:`Use`."""
    load: Floats
    """The batch of its engine, in multiples of the usual."""
    loaded: Floats
    """How much of weights and cache is in memory, 0 to 1."""


def start_hardware(
    fleet: Fleet, seed: int, *, dcgm_interval_seconds: float = DCGM_INTERVAL_SECONDS
) -> Hardware:
    """Return hardware that is well, at its usual work for long, and was collected just now.

    Args:
        fleet: its parts.
        seed: of what tells GPUs apart, and of the noise of readings.
        dcgm_interval_seconds: between two collections of a host; a step is the least.
    """
    groups, hosts = fleet.groups, fleet.hosts
    state = np.zeros((len(Quantity), groups))
    for quantity in (Quantity.LOAD, Quantity.LOADED, Quantity.SPEED):
        state[quantity] = 1.0
    state[Quantity.USE] = Use.WORKING
    ones = np.ones(groups)
    watts = _watts(Work(np.full(groups, int(Use.WORKING)), ones, ones))
    state[Quantity.WATTS] = watts
    state[Quantity.WARMTH] = read_hardware_figures().heat.celsius_per_watt * watts
    return Hardware(
        seed=seed,
        dcgm_interval_seconds=dcgm_interval_seconds,
        steps=0,
        state=state,
        seen=state[:, fleet.group_of_host],
        seen_at=np.zeros(hosts, np.int64),
        turns=_turns(fleet, max(1, round(dcgm_interval_seconds / fleet.step_seconds))),
        hung=np.zeros(groups, bool),
        complete=np.ones(groups, bool),
        crashed=np.zeros(groups, bool),
        dark=np.zeros(hosts, bool),
    )


def run_hardware(hardware: Hardware, fleet: Fleet, work: Work) -> None:
    """Move all hardware on by one step, and let the hosts collect whose turn it is.

    Faults of this step come before it: ``crashed`` is theirs, until the next step.
    """
    state, heat = hardware.state, read_hardware_figures().heat
    hardware.steps += 1
    state[_USE], state[_LOAD], state[_LOADED] = work.use, work.load, work.loaded
    watts = _watts(work)
    resting = read_hardware_figures().gpu.resting_watts
    for group, factor in hardware.draws.items():
        if watts[group] > resting:
            watts[group] = resting + (watts[group] - resting) * factor
    state[_WATTS] = watts
    warmth = state[_WARMTH]
    share = 1 - exp(-fleet.step_seconds / heat.heating_seconds)
    warmth *= 1 - share
    warmth += watts * (share * heat.celsius_per_watt)
    watts *= fleet.step_seconds
    state[_JOULES] += watts
    if hardware.racks:
        run_racks(hardware, fleet)
    hardware.crashed[:] = False
    if hardware.dying:
        hardware.crashed[list(hardware.dying)] = True
        hardware.dying.clear()
    _collect(hardware, fleet)


def _watts(work: Work) -> Floats:
    """Return what an ordinary GPU draws. [G]."""
    at_most, swing, process = _draws()
    watts: Floats = at_most[work.use]
    watts -= swing[work.use] * np.exp(work.load * -read_hardware_figures().gpu.power_growth)
    watts += process[work.use] * work.loaded
    return watts


@cache
def _draws() -> tuple[Floats, Floats, Floats]:
    """Return, by use: the watts at the most, what little work takes off, what a process adds."""
    gpu = read_hardware_figures().gpu
    at_most = (gpu.idle_watts, gpu.most_working_watts, gpu.waiting_watts, gpu.loading_watts)
    swing = (0.0, gpu.most_working_watts - gpu.least_working_watts, 0.0, 0.0)
    process = (gpu.resting_watts - gpu.idle_watts, 0.0, 0.0, 0.0)
    return np.array(at_most), np.array(swing), np.array(process)


def _turns(fleet: Fleet, every: int) -> list[tuple[Indices, Indices]]:
    """Return which hosts collect in which steps: by name, for a host of two groups has one page."""
    if every == 1:
        return [(np.arange(fleet.hosts), fleet.group_of_host)]
    names = fleet.names
    turn = np.array([crc32(names.host(at).encode()) % every for at in range(fleet.hosts)])
    hosts = [np.flatnonzero(turn == at) for at in range(every)]
    return [(each, fleet.group_of_host[each]) for each in hosts]


def _collect(hardware: Hardware, fleet: Fleet) -> None:
    every = len(hardware.turns)
    hosts, groups = hardware.turns[hardware.steps % every]
    if every == 1:
        np.take(hardware.state, groups, axis=1, out=hardware.seen, mode="clip")
        hardware.seen_at[:] = hardware.steps
    else:
        hardware.seen[:, hosts] = hardware.state[:, groups]
        hardware.seen_at[hosts] = hardware.steps
    for host in hardware.started:
        hardware.seen[:, host] = hardware.state[:, fleet.group_of_host[host]]
        hardware.seen_at[host] = hardware.steps
    hardware.started.clear()
    if hardware.changed:
        for host in [at for at in hardware.changed if hardware.seen_at[at] == hardware.steps]:
            see_host(hardware, fleet, host)
