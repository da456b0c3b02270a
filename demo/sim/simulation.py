"""A simulation that runs: a state, its random numbers, its faults, and a clock that moves it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from demo.sim.faults import FaultBook
from demo.sim.fleet import Fleet
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS
from demo.sim.service import NONE_UNUSUAL
from demo.sim.state import start
from demo.sim.step import step

LARGEST_GAP_STEPS = 300
"""After a longer pause (a laptop that slept) the simulation goes on from now, not from then."""
LATE_SECONDS = 10.0
"""Of real time: a simulation whose next step is overdue for so long is not well."""
LATE_STEPS = 20
"""In which one that can keep up becomes less late, as after its start."""
WARM_UP_SECONDS = 1800.0
"""Before anybody looks: queues, caches and the rounds of agents become what they usually are."""

Clock = Callable[[], float]
"""UNIX seconds, never going back."""


class Simulation:
    """A cluster that is in its usual state when anybody looks at it.

    Args:
        fleet: what is simulated.
        seed: the same seed and the same faults at the same steps give the same pages.
        now: UNIX seconds.
        dcgm_interval: seconds between two collections of a host's dcgm-exporter.
        failure_rate: of the hardware, in multiples of what was published; 0 for none.
        clock_offset: seconds by which the users' clock is ahead.
        traffic_ratios: by region and model, users in multiples of what is usual there.
        warm_up_seconds: simulated before, and in no truth.
    """

    def __init__(
        self,
        fleet: Fleet,
        *,
        seed: int,
        now: float,
        dcgm_interval: float = DCGM_INTERVAL_SECONDS,
        failure_rate: float = 1.0,
        clock_offset: float = 0.0,
        traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL,
        warm_up_seconds: float = WARM_UP_SECONDS,
    ) -> None:
        steps = round(warm_up_seconds / fleet.step_seconds)
        self.faults = FaultBook()
        self.state = start(
            fleet,
            now - steps * fleet.step_seconds,
            seed=seed,
            dcgm_interval=dcgm_interval,
            failure_rate=failure_rate,
            clock_offset=clock_offset,
            traffic_ratios=traffic_ratios,
        )
        for _ in range(steps):
            step(self.state)
        self.state.forget_truth()

    def step(self) -> None:
        """Take one step."""
        step(self.state)


async def follow_clock(simulation: Simulation, clock: Clock, *, speed: float = 1.0) -> None:
    """Step a simulation as time passes, for ever; catch up where the process was late.

    What cannot keep up is said on stderr, once.

    Args:
        simulation: whose ``now`` follows the clock.
        clock: to be followed.
        speed: of the clock, in multiples of real time: it is real time that is slept.
    """
    state = simulation.state
    length = state.fleet.step_seconds
    lateness = _Lateness(length + LATE_SECONDS * speed)
    while True:
        behind = clock() - state.now
        lateness.note(behind)
        if behind > LARGEST_GAP_STEPS * length:
            state.now += behind - length
        elif behind < length:
            await asyncio.sleep((length - behind) / speed)
            continue
        simulation.step()
        await asyncio.sleep(0)


@dataclass
class _Lateness:
    """Says once on stderr that a simulation is late and does not catch up."""

    most_seconds: float
    """Of the simulation's time: what is no more than this behind is well."""
    _at_first: float | None = None
    """How late it was when it began to be."""
    _steps: int = 0
    """Since then."""
    _is_told: bool = False

    def note(self, behind: float) -> None:
        """Take how many seconds it is behind before a step."""
        if behind <= self.most_seconds:
            self._at_first = None
        elif self._at_first is None:
            self._at_first, self._steps = behind, 0
        else:
            self._steps += 1
            if self._steps >= LATE_STEPS and behind >= self._at_first and not self._is_told:
                self._is_told = True
                sys.stderr.write(
                    f"the simulation is {behind:.0f} s of its time late and cannot keep up: take "
                    "a longer --step, a lower --speed, or fewer groups\n"
                )
