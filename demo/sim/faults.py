"""The book of faults: which have struck the simulated cluster, and where.

Which faults there are, and what places and strengths they have, stands in :mod:`demo.faults`; what
each does stands in :mod:`demo.sim.effects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.faults import FAULTS
from demo.sim.effects import EFFECTS
from demo.sim.effects.effect import Place, RefusedFaultError, Undo, one_of
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
            RefusedFaultError: if it cannot; nothing is changed then.
        """
        if name not in EFFECTS:
            raise RefusedFaultError(f"found the fault {name!r}, expected {one_of(EFFECTS)}")
        _check_keys(name, place)
        usual = _check_strength(name, strength)
        hit, undo = EFFECTS[name](state, place, usual if usual is not None else 1.0)
        self._last_id += 1
        fault = ActiveFault(str(self._last_id), name, hit, usual, state.now, undo)
        if FAULTS[name].repaired:
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


def _check_keys(name: str, place: Mapping[str, Any]) -> None:
    kind = FAULTS[name]
    for key, value in place.items():
        if key not in kind.needs | kind.allows:
            expected = one_of(kind.needs | kind.allows)
            raise RefusedFaultError(f"found {key!r} in the place of {name}, expected {expected}")
        if not isinstance(value, str):
            raise RefusedFaultError(f"found {value!r} as {key}, expected a text")
    for key in sorted(kind.needs - place.keys()):
        raise RefusedFaultError(f"{name} needs {key!r} in its place")


def _check_strength(name: str, strength: float | None) -> float | None:
    known = FAULTS[name].strength
    if known is None:
        if strength is not None:
            raise RefusedFaultError(f"found a strength of {strength:g}, but {name} has none")
        return None
    if strength is None:
        return known.usual
    if not known.lowest <= strength <= known.highest:
        raise RefusedFaultError(
            f"found a strength of {strength:g} for {name}, "
            f"expected {known.lowest:g} to {known.highest:g} ({known.means})"
        )
    return strength
