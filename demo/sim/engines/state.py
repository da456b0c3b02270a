"""What engines remember from step to step, and the patches on their way through them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from demo.sim.engines.caches import Caches, start_caches
from demo.sim.engines.figures import STEP_SECONDS_EMPTY
from demo.sim.engines.queues import Queues, start_queues
from demo.sim.engines.registers import Registers, start_registers
from demo.sim.engines.streams import Streams, start_streams
from demo.sim.fleet import Counts, Fleet, Floats, Indices
from demo.sim.service import Service


class Phase(IntEnum):
    """What an engine's process does."""

    SERVING = 0
    DRAINING = 1
    """Finishes what it has; its ``/health`` is 503."""
    LOADING = 2
    """Down, then reading weights: connections are refused."""


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
    pace_seconds: Floats
    """The same in the mean of a request's life, as those see it that end now."""
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
class Patch:
    """A driver patch that goes from group to group."""

    groups: list[int]
    """Those to come, in their order."""
    driver: str
    failing: float
    """Share of the hosts that come back without a GPU."""
    current: int | None = None
    """The group that is being drained, patched or started."""
    patched: bool = False
    waited_seconds: float = 0.0
    """Since it was patched."""
    lost: list[int] = field(default_factory=list)
    """GPUs that did not come back."""


def start_engines(fleet: Fleet, service: Service, now: float, substep_seconds: float) -> Engines:
    """Return engines that are up, without requests, their caches warm."""
    groups = fleet.groups

    def none() -> Floats:
        return np.zeros(groups)

    return Engines(
        phase=np.zeros(groups, np.int64),
        load_left=none(),
        stalled_seconds=none(),
        frozen=np.zeros(groups, np.int64),
        processes=np.ones(groups, np.int64),
        corruption=none(),
        failing=none(),
        next_failing=none(),
        revision=fleet.revision_of_group.copy(),
        next_revision=fleet.revision_of_group.copy(),
        weight=np.ones(groups),
        step_seconds=np.full(groups, STEP_SECONDS_EMPTY),
        pace_seconds=np.full(groups, STEP_SECONDS_EMPTY),
        batch=none(),
        prefilling=none(),
        computing=none(),
        first_token_seconds=np.full(groups, 0.1),
        queues=start_queues(groups, substep_seconds),
        streams=start_streams(groups),
        caches=start_caches(service),
        registers=start_registers(groups, now),
    )
