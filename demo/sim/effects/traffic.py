"""What faults do to the requests that come, before any engine has them; and its undoing."""

from __future__ import annotations

import numpy as np

from demo.orders import FaultError, one_of
from demo.sim.demand import storm, usual_rates
from demo.sim.effects.effect import Place, Undo
from demo.sim.effects.places import cells_of, region_of
from demo.sim.state import State
from exporters.catalog import TIERS


def multiply_traffic(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let times as many users come."""
    cells, spikes = cells_of(state, place), state.demand.spikes
    spikes[cells] *= strength

    def undo() -> None:
        spikes[cells] /= strength

    return place, undo


def storm_retries(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let clients try again at once, so many times."""
    cells = cells_of(state, place)
    if state.demand.storms[cells].any():
        raise FaultError("found a retry storm there already")
    storm(state.demand, cells, round(strength))
    return place, lambda: storm(state.demand, cells, 0)


def flood(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let one tenant send, in multiples of all others."""
    cell = int(np.flatnonzero(cells_of(state, place))[0])
    tier = place.get("tier", "pro")
    if tier not in TIERS:
        raise FaultError(f"found the tier {tier!r}, expected {one_of(TIERS)}")
    floods, at = state.demand.floods, (cell, TIERS.index(tier))
    rate = strength * float(usual_rates(state.demand, state.service, state.now)[cell])
    floods[at] += rate

    def undo() -> None:
        floods[at] = max(floods[at] - rate, 0.0)

    return {**place, "tier": tier}, undo


def drop_requests(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Drop a share of the requests before a region's router."""
    region, dropped = region_of(state, place), state.locality.dropped
    if dropped[region]:
        raise FaultError(f"found the region {place['region']!r}, dropped already")
    dropped[region] = strength

    def undo() -> None:
        dropped[region] = 0.0

    return place, undo


def lose_region(state: State, place: Place, _: float) -> tuple[Place, Undo]:
    """Let a region go dark."""
    region = region_of(state, place)
    if state.dark_regions[region]:
        raise FaultError(f"found the region {place['region']!r}, which is dark already")
    state.dark_regions[region] = True

    def undo() -> None:
        state.dark_regions[region] = False

    return place, undo
