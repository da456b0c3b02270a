"""The background of small errors: some all the time, most of it in blips of five minutes.

Healthy is not perfect. A blip is a deployment of something else, a network path, a full disk: a
part of a cell's requests fails for five minutes. With the errors that are there all the time, a
cell spends 30 to 50 % of the budget of a 99.9 % objective, and none of it may page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Fleet, Floats
from demo.weektime import DAY_SECONDS

BLIP_SECONDS = 300.0
DAYS_BETWEEN_BLIPS = 1.4
"""Mean, in each cell. Chosen: twenty in 28 days."""
FAILING_RATIO = (0.02, 0.06)
"""Share of the requests that fail in a blip, from and to. Chosen: five minutes at 4 % are a third
of a percent of an hour, which no burn tier takes for more than it is."""


@dataclass
class Blips:
    """The blips that are on."""

    seconds_left: Floats
    """[C]."""
    ratio: Floats
    """Share of the requests that fail. [C]."""


def start_blips(fleet: Fleet) -> Blips:
    """Return a moment without any."""
    cells = len(fleet.cells)
    return Blips(np.zeros(cells), np.zeros(cells))


def advance_blips(blips: Blips, dt: float, rng: np.random.Generator) -> Floats:
    """Move the blips on; return the share of the requests that fail in this step. [C]."""
    begin = rng.random(len(blips.ratio)) < dt / (DAYS_BETWEEN_BLIPS * DAY_SECONDS)
    if begin.any():
        blips.seconds_left[begin] = BLIP_SECONDS
        blips.ratio[begin] = rng.uniform(*FAILING_RATIO, size=int(begin.sum()))
    failing = blips.ratio * np.minimum(blips.seconds_left / dt, 1.0)
    blips.seconds_left = np.maximum(blips.seconds_left - dt, 0.0)
    return failing
