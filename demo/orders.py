"""Orders of faults, as the control interface takes them (see :mod:`demo.engine`).

Both engines read and refuse them here, so that a scenario that is wrong is told so in one wording.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from demo.fault_kinds import EngineName, FaultKind
from demo.faults import FAULTS

_SHAPE = '{"name": NAME, "place": {KEY: VALUE, ...}, "strength": NUMBER}'


class FaultError(Exception):
    """There is no such fault or place, or it is there already; says what was found."""


@dataclass(frozen=True)
class Order:
    """A fault that is wanted, as far as it can be checked without the cluster."""

    name: str
    place: Mapping[str, str]
    strength: float | None
    """None where there is no more or less of it."""


def known_faults(engine: EngineName) -> dict[str, FaultKind]:
    """Return the faults that an engine can show, by name; the stack's own are not among them."""
    return {
        name: kind for name, kind in FAULTS.items() if engine in kind.engines and not kind.by_stack
    }


def read_order(text: str, engine: EngineName) -> Order:
    """Return the fault that the body of a request wants of an engine.

    Raises:
        FaultError: if it is no JSON of this shape, or as :func:`make_order` does.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise FaultError(f"found a body that is no JSON: {error}, expected {_SHAPE}") from None
    if not isinstance(content, dict) or not (
        {"name", "place"} <= content.keys() <= {"name", "place", "strength"}
    ):
        raise FaultError(f"found {content!r}, expected {_SHAPE}")
    name, place = content["name"], content["place"]
    if not isinstance(name, str) or not isinstance(place, dict):
        raise FaultError(f"found {content!r}, expected {_SHAPE}")
    return make_order(engine, name, place, content.get("strength"))


def make_order(
    engine: EngineName, name: str, place: Mapping[str, Any], strength: Any = None
) -> Order:
    """Return the order of a fault, with its usual strength if none is named.

    Raises:
        FaultError: if the engine knows no such fault, its place lacks a key or has one too many or
            one that is no text, or its strength cannot be.
    """
    known = known_faults(engine)
    if name not in known:
        raise FaultError(f"found the fault {name!r}, expected {one_of(known)}")
    kind = known[name]
    for key, value in place.items():
        if key not in kind.needs | kind.allows:
            expected = one_of(kind.needs | kind.allows)
            raise FaultError(f"found {key!r} in the place of {name}, expected {expected}")
        if not isinstance(value, str):
            raise FaultError(f"found {value!r} as {key}, expected a text")
    for key in sorted(kind.needs - place.keys()):
        raise FaultError(f"{name} needs {key!r} in its place")
    return Order(name, dict(place), _strength(kind, strength))


def one_of(names: Iterable[str]) -> str:
    """Return names as a message lists them."""
    ordered = sorted(names)
    return ordered[0] if len(ordered) == 1 else f"one of {', '.join(ordered)}"


def _strength(kind: FaultKind, found: Any) -> float | None:
    if kind.strength is None:
        if found is not None:
            raise FaultError(f"found a strength of {found!r}, but {kind.name} has none")
        return None
    if found is None:
        return float(kind.strength.usual)
    lowest, highest = kind.strength.lowest, kind.strength.highest
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not lowest <= found <= highest:
        expected = f"a number from {lowest:g} to {highest:g} ({kind.strength.means})"
        raise FaultError(f"found a strength of {found!r} for {kind.name}, expected {expected}")
    return float(found)
