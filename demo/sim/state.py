"""What changes from step to step: engines and their queues, routers, hardware, tools, the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from demo.sim.blips import Blips, start_blips
from demo.sim.demand import Demand, start_demand, usual_rates
from demo.sim.engines.loads import Loads, start_loads
from demo.sim.engines.state import Engines, Patch, Phase, start_engines
from demo.sim.fleet import Flags, Fleet
from demo.sim.hardware.failures import Failures, start_failures
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS, start_hardware
from demo.sim.hardware.state import Hardware
from demo.sim.routers.counts import Routers, start_routers
from demo.sim.routers.locality import Locality, start_locality
from demo.sim.routers.metering import Metering, start_metering
from demo.sim.routers.safety import Safety, start_safety
from demo.sim.service import NONE_UNUSUAL, Service, service_of
from demo.sim.tools.calls import Tools, start_tools
from demo.sim.truth import Truth, start_truth

LONGEST_SUBSTEP_SECONDS = 5.0
"""Half the deadline of a first token: what a queue does in between is followed by its head."""
_LOADING = int(Phase.LOADING)


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
    loads: Loads
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
    patches: list[Patch] = field(default_factory=list)
    """Those under way."""
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

    def is_moving(self, group: int) -> bool:
        """Return :attr:`moving` of one group: less work than for all of them."""
        engines = self.engines
        is_up = engines.phase[group] != _LOADING and engines.frozen[group] == 0
        return bool(is_up and not self.hardware.hung[group])

    def is_dark(self, group: int) -> bool:
        """Return :attr:`dark` of one group."""
        return bool(self.dark_regions[self.fleet.region_of_group[group]])

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
    traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL,
) -> State:
    """Return the cluster at the moment before its first request, engines up and caches warm.

    Args:
        fleet: what it is made of.
        now: UNIX seconds.
        seed: the same seed and the same faults at the same steps give the same bytes.
        dcgm_interval: seconds between two collections of a host's dcgm-exporter.
        failure_rate: of the hardware, in multiples of what was published; 0 for none.
        clock_offset: seconds by which the users' clock is ahead: the time of day and week.
        traffic_ratios: by region and model, users in multiples of what is usual there.
    """
    service = service_of(fleet, traffic_ratios)
    substeps = int(np.ceil(fleet.step_seconds / LONGEST_SUBSTEP_SECONDS))
    demand = start_demand(fleet, service, clock_offset)
    tools = start_tools(fleet, usual_rates(demand, service, now))
    rngs = {part: np.random.default_rng([seed, at]) for at, part in enumerate(PARTS)}

    return State(
        fleet=fleet,
        service=service,
        now=now,
        started=now,
        substeps=substeps,
        demand=demand,
        engines=start_engines(fleet, service, now, fleet.step_seconds / substeps),
        routers=start_routers(fleet),
        loads=start_loads(fleet),
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
