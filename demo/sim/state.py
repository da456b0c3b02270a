"""What changes from step to step: engines and their queues, routers, hardware, tools, the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from demo.sim.blips import Blips, start_blips
from demo.sim.demand import Demand, start_demand, usual_rates
from demo.sim.engines.caches import Caches, start_caches
from demo.sim.engines.figures import STEP_SECONDS_EMPTY
from demo.sim.engines.queues import Queues, start_queues
from demo.sim.engines.registers import Registers, start_registers
from demo.sim.engines.rollouts import Rollouts, start_rollouts
from demo.sim.engines.streams import Streams, start_streams
from demo.sim.fleet import Counts, Flags, Fleet, Floats, Indices
from demo.sim.hardware.failures import Failures, start_failures
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS, start_hardware
from demo.sim.hardware.state import Hardware
from demo.sim.routers.counts import Routers, start_routers
from demo.sim.routers.locality import Locality, start_locality
from demo.sim.routers.metering import Metering, start_metering
from demo.sim.routers.safety import Safety, start_safety
from demo.sim.service import Service, service_of
from demo.sim.tools.calls import Tools, start_tools
from demo.sim.truth import Truth, start_truth

LONGEST_SUBSTEP_SECONDS = 5.0
"""Half the deadline of a first token: what a queue does in between is followed by its head."""


class Phase(IntEnum):
    """What an engine's process does."""

    SERVING = 0
    DRAINING = 1
    """Finishes what it has; its ``/health`` is 503."""
    LOADING = 2
    """Down, then reading weights: connections are refused."""


_LOADING = int(Phase.LOADING)


@dataclass
class Engines:
    """The engines, one a group. All [G] unless said otherwise."""

    phase: Counts
    load_left: Floats
    """Of the weights, in seconds at full speed; or of draining, in seconds."""
    stalled_seconds: Floats
    """Since the last step, while there is something to do."""
    frozen: Counts
    """How many faults stop it without a GPU being lost: a stopped worker, a software hang."""
    processes: Counts
    """How many processes it has had: what a fault did to one is nothing to the next."""
    corruption: Floats
    """Share of the answers that are wrong though nothing shows it."""
    failing: Floats
    """Share of the requests that fail beyond the background: a bad revision."""
    next_failing: Floats
    """The same, once it is started anew."""
    revision: Indices
    """What it runs, of the fleet's revisions."""
    next_revision: Indices
    """What it runs from its next start on."""
    weight: Floats
    """Its part of its cell's traffic, where the others have 1."""
    step_seconds: Floats
    """The time between two tokens."""
    batch: Floats
    """Mean number of streams in the last substep."""
    prefilling: Floats
    """Mean number of requests between queue and first token."""
    computing: Floats
    """Share of the time that prompts take."""
    first_token_seconds: Floats
    """Median from the queue to the first token."""
    queues: Queues
    streams: Streams
    caches: Caches
    registers: Registers


@dataclass
class State:
    """All that the simulation remembers."""

    fleet: Fleet
    service: Service
    now: float
    """UNIX seconds: the end of the last step."""
    started: float
    substeps: int
    """In which a step is taken."""
    demand: Demand
    engines: Engines
    routers: Routers
    rollouts: Rollouts
    locality: Locality
    metering: Metering
    safety: Safety
    blips: Blips
    hardware: Hardware
    failures: Failures
    tools: Tools
    truth: Truth
    dark_regions: Flags
    """[R]."""
    steps: int = 0
    rngs: dict[str, np.random.Generator] = field(default_factory=dict)
    """One for each part, so that one part's draws do not shift another's."""

    @property
    def moving(self) -> Flags:
        """Engines that can take steps: their process is up, and all members answer. [G]."""
        engines = self.engines
        moving: Flags = engines.phase != _LOADING
        moving &= engines.frozen == 0
        moving &= ~self.hardware.hung
        return moving

    @property
    def dark(self) -> Flags:
        """Groups in a region that is dark. [G]."""
        return self.dark_regions[self.fleet.region_of_group]

    def forget_truth(self) -> None:
        """Begin to count the truth now."""
        self.truth = start_truth(self.fleet, len(self.tools.cells.names))
        self.started = self.now


PARTS = ("demand", "engines", "routers", "tools", "hardware", "failures", "blips", "faults")
"""What draws at random."""


def start(
    fleet: Fleet,
    now: float,
    *,
    seed: int,
    dcgm_interval: float = DCGM_INTERVAL_SECONDS,
    failure_rate: float = 1.0,
    clock_offset: float = 0.0,
) -> State:
    """Return the cluster at the moment before its first request, engines up and caches warm.

    Args:
        fleet: what it is made of.
        now: UNIX seconds.
        seed: the same seed and the same faults at the same steps give the same bytes.
        dcgm_interval: seconds between two collections of a host's dcgm-exporter.
        failure_rate: of the hardware, in multiples of what was published; 0 for none.
        clock_offset: seconds by which the users' clock is ahead: the time of day and week.
    """
    groups, service = fleet.groups, service_of(fleet)
    substeps = int(np.ceil(fleet.step_seconds / LONGEST_SUBSTEP_SECONDS))
    demand = start_demand(fleet, service, clock_offset)
    tools = start_tools(fleet, usual_rates(demand, service, now))
    rngs = {part: np.random.default_rng([seed, at]) for at, part in enumerate(PARTS)}

    def none(*shape: int) -> Floats:
        return np.zeros(shape)

    return State(
        fleet=fleet,
        service=service,
        now=now,
        started=now,
        substeps=substeps,
        demand=demand,
        engines=Engines(
            phase=np.zeros(groups, np.int64),
            load_left=none(groups),
            stalled_seconds=none(groups),
            frozen=np.zeros(groups, np.int64),
            processes=np.ones(groups, np.int64),
            corruption=none(groups),
            failing=none(groups),
            next_failing=none(groups),
            revision=fleet.revision_of_group.copy(),
            next_revision=fleet.revision_of_group.copy(),
            weight=np.ones(groups),
            step_seconds=np.full(groups, STEP_SECONDS_EMPTY),
            batch=none(groups),
            prefilling=none(groups),
            computing=none(groups),
            first_token_seconds=np.full(groups, 0.1),
            queues=start_queues(groups, fleet.step_seconds / substeps),
            streams=start_streams(groups),
            caches=start_caches(service),
            registers=start_registers(groups, now),
        ),
        routers=start_routers(fleet),
        rollouts=start_rollouts(fleet),
        locality=start_locality(fleet),
        metering=start_metering(fleet),
        safety=start_safety(fleet),
        blips=start_blips(fleet),
        hardware=start_hardware(fleet, seed, dcgm_interval_seconds=dcgm_interval),
        failures=start_failures(fleet, now, rngs["failures"], rate=failure_rate),
        tools=tools,
        truth=start_truth(fleet, len(tools.cells.names)),
        dark_regions=np.zeros(len(fleet.regions), bool),
        rngs=rngs,
    )
