"""A simulation that runs: a state, its random numbers, its faults, and a clock that moves it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from demo.sim.cluster import Cluster
from demo.sim.faults import FaultBook
from demo.sim.step import begin, step

LARGEST_GAP_STEPS = 300
"""After a longer pause (a laptop that slept) the simulation goes on from now, not from then."""


Clock = Callable[[], float]
"""UNIX seconds, never going back."""


class Simulation:
    """A cluster, from its first step on.

    Args:
        cluster: what is simulated.
        seed: the same seed and the same faults at the same steps give the same pages.
        now: UNIX seconds.
        dcgm_interval: seconds between two collections of a host's dcgm-exporter.
    """

    def __init__(
        self, cluster: Cluster, *, seed: int, now: float, dcgm_interval: float = 5.0
    ) -> None:
        self._rng = np.random.default_rng([seed, 0])
        self.fault_rng = np.random.default_rng([seed, 1])
        self.faults = FaultBook()
        self.state = begin(cluster, now, self._rng, dcgm_interval=dcgm_interval)

    def step(self) -> None:
        """Take one step."""
        step(self.state, self._rng)


async def follow_clock(simulation: Simulation, clock: Clock) -> None:
    """Step a simulation as time passes, for ever; catch up where the process was late.

    Args:
        simulation: whose ``now`` follows the clock.
        clock: to be followed.
    """
    state = simulation.state
    length = state.cluster.step_seconds
    while True:
        behind = clock() - state.now
        if behind > LARGEST_GAP_STEPS * length:
            state.now += behind - length
        elif behind < length:
            await asyncio.sleep(length - behind)
            continue
        simulation.step()
        await asyncio.sleep(0)
