"""The book of faults: which have struck the simulated cluster, and where.

Which faults there are, and what places and strengths they have, stands in :mod:`demo.faults`; who
asks for others is refused in :mod:`demo.orders`; what each does stands in :mod:`demo.sim.effects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.faults import FAULTS
from demo.orders import Order, make_order
from demo.sim.effects import EFFECTS
from demo.sim.effects.effect import Place, Undo
from demo.sim.state import State


@dataclass(frozen=True)
class ActiveFault:
    """A fault that has struck."""

    id: str
    name: str
    place: Place
    """Completed with what was really hit."""
    strength: float | None
    since: float
    """UNIX seconds."""
    undo: Undo | None
    """None for an event that passes by itself."""


@dataclass
class FaultBook:
    """The faults that have struck a state, by their ids."""

    active: dict[str, ActiveFault] = field(default_factory=dict)
    _last_id: int = 0

    def strike(
        self, state: State, name: str, place: Mapping[str, Any], strength: float | None = None
    ) -> ActiveFault:
        """Let a fault strike.

        Args:
            state: changed in place.
            name: of the fault.
            place: where, by the keys of its kind.
            strength: None for the usual one.

        Raises:
            FaultError: if it cannot; nothing is changed then.
        """
        return self.carry_out(state, make_order("sim", name, place, strength))

    def carry_out(self, state: State, order: Order) -> ActiveFault:
        """Let a fault strike that was ordered.

        Raises:
            FaultError: if there is no such place, or it is there already; nothing is changed then.
        """
        strong = order.strength if order.strength is not None else 1.0
        hit, undo = EFFECTS[order.name](state, order.place, strong)
        self._last_id += 1
        fault = ActiveFault(str(self._last_id), order.name, hit, order.strength, state.now, undo)
        if FAULTS[order.name].repaired:
            self.active[fault.id] = fault
        return fault

    def repair(self, fault_id: str) -> bool:
        """Repair a fault; return False if there is none of that id."""
        fault = self.active.pop(fault_id, None)
        if fault is None:
            return False
        if fault.undo:
            fault.undo()
        return True
