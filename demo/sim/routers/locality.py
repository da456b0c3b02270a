"""Which region serves a request: its own, unless that is dark, or somebody routes it wrongly.

Users whose data may leave their region are sent elsewhere once a dark region is noticed; those of
governments, and half of the enterprises, may not go and are not served. A government's region is
nobody's elsewhere, not even by mistake: it is a cloud of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demo.sim.demand import GOVERNMENT_SUFFIX
from demo.sim.fleet import Counts, Flags, Fleet, Floats
from exporters.catalog import TIERS

FAILOVER_SECONDS = 60.0
"""Until users of a dark region are sent elsewhere: health checks and names' time to live."""
MOVABLE = {"free": 1.0, "pro": 1.0, "enterprise": 0.5, "gov": 0.0}
"""Share of a tier whose data may leave its region. Chosen."""
_MOVABLE = np.array([MOVABLE[tier] for tier in TIERS])


@dataclass
class Locality:
    """What is wrong with the way to the regions."""

    dark_seconds: Floats
    """How long each region has been dark; 0 if it is not. [R]."""
    dropped: Floats
    """Share of what comes to a region that its load balancer drops. [R]."""
    misrouted: Floats
    """Share of a cell's requests that are served in another region. [C]."""
    others: dict[int, list[int]] = field(default_factory=dict)
    """Cells of other regions with the same model, without those of governments."""


@dataclass(frozen=True)
class Placed:
    """Where one step's requests came to."""

    requests: Counts
    """At the routers. [C, T]."""
    from_outside: Counts
    """Of those, by the region they belong to. [C, T, R]."""
    unreachable: Counts
    """Requests that reached no router, by the cell they belong to. [C, T]."""


def start_locality(fleet: Fleet) -> Locality:
    """Return ways on which nothing is wrong."""
    models = [model for _, model in fleet.cells]
    others = {
        at: [
            other
            for other, (region, model) in enumerate(fleet.cells)
            if model == models[at]
            and region != fleet.cells[at][0]
            and not region.endswith(GOVERNMENT_SUFFIX)
        ]
        for at in range(len(models))
    }
    return Locality(
        np.zeros(len(fleet.regions)), np.zeros(len(fleet.regions)), np.zeros(len(models)), others
    )


def place(
    locality: Locality,
    fleet: Fleet,
    dark: Flags,
    requests: Counts,
    *,
    dt: float,
    rng: np.random.Generator,
) -> Placed:
    """Send one step's requests to routers.

    Args:
        locality: changed in place.
        fleet: its regions and cells.
        dark: which regions are dark. [R].
        requests: by the cell they belong to. [C, T].
        dt: the step's seconds.
        rng: for the draws.
    """
    cells, regions = len(fleet.cells), len(fleet.regions)
    home = fleet.region_of_cell
    locality.dark_seconds = np.where(dark, locality.dark_seconds + dt, 0.0)
    placed = np.zeros((cells, len(TIERS), regions), np.int64)
    placed[np.arange(cells), :, home] = requests
    unreachable = np.zeros(requests.shape, np.int64)
    if not (dark.any() or locality.dropped.any() or locality.misrouted.any()):
        return Placed(requests, placed, unreachable)
    for cell in range(cells):
        region = home[cell]
        here = requests[cell].copy()
        lit = [other for other in locality.others[cell] if not dark[home[other]]]
        if dark[region]:
            noticed = locality.dark_seconds[region] > FAILOVER_SECONDS
            going = rng.binomial(here, _MOVABLE * (noticed and bool(lit)))
            _spread(placed, going, lit, region)
            unreachable[cell] += here - going
            here[:] = 0
        lost = rng.binomial(here, locality.dropped[region])
        unreachable[cell] += lost
        here -= lost
        wrong = rng.binomial(here, locality.misrouted[cell] * bool(lit))
        _spread(placed, wrong, lit, region)
        placed[cell, :, region] = here - wrong
    return Placed(placed.sum(axis=2), placed, unreachable)


def _spread(placed: Counts, requests: Counts, cells: list[int], region: int) -> None:
    """Add requests of a region to other cells, the same to each but for the rest."""
    for at, cell in enumerate(cells):
        part = requests // len(cells)
        placed[cell, :, region] += part if at else requests - part * (len(cells) - 1)
