"""What rollouts remember: loads of weights, and patches on their way through the hosts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.sim.fleet import Counts, Fleet, Floats


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


@dataclass
class Rollouts:
    """Loads since the start, and the patches that are under way."""

    load_slowness: Floats
    """What loads take in multiples of the usual. [C]."""
    loads: Counts
    """Engines that came up with their weights. [C]."""
    load_seconds: Floats
    """Spent on loading. [C]."""
    load_retries: Counts
    """Reads from the store that had to be tried again. [C]."""
    patches: list[Patch] = field(default_factory=list)


def start_rollouts(fleet: Fleet) -> Rollouts:
    """Return a moment without any."""
    cells = len(fleet.cells)
    return Rollouts(
        np.ones(cells), np.zeros(cells, np.int64), np.zeros(cells), np.zeros(cells, np.int64)
    )
