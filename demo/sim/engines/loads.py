"""What is counted of weights being loaded, and how slow their store is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Counts, Fleet, Floats


@dataclass
class Loads:
    """Loads of weights since the start, cell by cell. All [C]."""

    slowness: Floats
    """What they take in multiples of the usual."""
    ended: Counts
    """Engines that came up with their weights."""
    seconds: Floats
    """Spent on loading."""
    retries: Counts
    """Reads from the store that had to be tried again."""


def start_loads(fleet: Fleet) -> Loads:
    """Return a moment without any."""
    cells = len(fleet.cells)
    return Loads(
        np.ones(cells), np.zeros(cells, np.int64), np.zeros(cells), np.zeros(cells, np.int64)
    )
