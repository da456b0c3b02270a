"""Metering: what is billed must be what was served."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Fleet, Floats


@dataclass
class Metering:
    """What metering does not see."""

    unbilled: Floats
    """Share of a cell's tokens. [C]."""


def start_metering(fleet: Fleet) -> Metering:
    """Return a metering that sees everything."""
    return Metering(np.zeros(len(fleet.cells)))
