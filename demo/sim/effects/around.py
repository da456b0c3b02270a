"""What faults do around a request: metering, residency of data, the safety filter."""

from __future__ import annotations

from collections.abc import Callable

from demo.orders import FaultError
from demo.sim.effects.effect import Effect, Place, Undo
from demo.sim.effects.places import cells_of
from demo.sim.fleet import Floats
from demo.sim.state import State


def share_of_cells(field: Callable[[State], Floats]) -> Effect:
    """Return the effect that sets a share of some cells, and back to 0."""

    def strike(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
        cells, shares = cells_of(state, place), field(state)
        if shares[cells].any():
            raise FaultError("found that fault there already")
        shares[cells] = strength

        def undo() -> None:
            shares[cells] = 0.0

        return place, undo

    return strike
