"""The control interface of the demo on real vLLM (see :mod:`demo.engine`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from aiohttp import web

from demo.faults import FAULTS, FaultKind

_SHAPE = '{"name": NAME, "place": {KEY: VALUE, ...}, "strength": NUMBER}'


class FaultError(Exception):
    """There is no such fault or place; says what was found and what is known."""


@dataclass(frozen=True)
class Order:
    """A fault that is wanted, as far as it can be checked without the cluster."""

    name: str
    place: Mapping[str, str]
    strength: float | None
    """None where there is no more or less of it."""


class Faults(Protocol):
    """What can be broken."""

    async def start(self, order: Order) -> tuple[str, dict[str, str]]:
        """Start a fault; return its id and the place really hit, or raise a FaultError."""
        ...

    async def repair(self, fault: str) -> bool:
        """End a fault; return whether there was one by that id."""
        ...


def application(
    faults: Faults, truth: Callable[[], Mapping[str, Any]], is_ready: Callable[[], bool]
) -> web.Application:
    """Return the web application: ``/control/faults``, ``/control/truth``, ``/healthz``."""

    async def start(request: web.Request) -> web.Response:
        try:
            order = read_order(await request.json())
            fault, hit = await faults.start(order)
        except (FaultError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=422)
        content = {"id": fault, "name": order.name, "place": hit, "strength": order.strength}
        return web.json_response(content, status=201)

    async def repair(request: web.Request) -> web.Response:
        if not await faults.repair(request.match_info["id"]):
            return web.json_response({"error": "there is no such fault"}, status=404)
        return web.Response(status=204)

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(truth())

    async def healthz(_: web.Request) -> web.Response:
        if is_ready():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="no request was answered yet\n")

    app = web.Application()
    app.add_routes(
        [
            web.post("/control/faults", start),
            web.delete("/control/faults/{id}", repair),
            web.get("/control/truth", tell),
            web.get("/healthz", healthz),
        ]
    )
    return app


def known_faults() -> dict[str, FaultKind]:
    """Return the faults that real vLLM can show, by name; the stack's own are not among them."""
    return {
        name: kind for name, kind in FAULTS.items() if "vllm" in kind.engines and not kind.by_stack
    }


def read_order(content: Any) -> Order:
    """Return the fault that a request wants, with its usual strength if it names none.

    Raises:
        FaultError: if the request has another shape, there is no such fault, its place lacks a key
            or has one too many, or its strength cannot be.
    """
    if not isinstance(content, dict) or not (
        {"name", "place"} <= content.keys() <= {"name", "place", "strength"}
    ):
        raise FaultError(f"expected {_SHAPE}")
    name, place = content["name"], content["place"]
    if not isinstance(name, str) or not isinstance(place, dict):
        raise FaultError(f"expected {_SHAPE}")
    if not all(isinstance(value, str) for value in place.values()):
        raise FaultError(f"expected strings in the place of {_SHAPE}")
    known = known_faults()
    if name not in known:
        raise FaultError(f"found the fault {name!r}, expected {one_of(known)}")
    kind = known[name]
    for key in place:
        if key not in kind.needs | kind.allows:
            expected = one_of(kind.needs | kind.allows)
            raise FaultError(f"found {key!r} in the place of {name}, expected {expected}")
    for key in sorted(kind.needs - place.keys()):
        raise FaultError(f"{name} needs {key!r} in its place")
    return Order(name, place, _strength(kind, content.get("strength")))


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
    is_number = isinstance(found, int | float) and not isinstance(found, bool) and isfinite(found)
    if not is_number or not lowest <= found <= highest:
        expected = f"a number from {lowest:g} to {highest:g} ({kind.strength.means})"
        raise FaultError(f"found a strength of {found!r}, expected {expected}")
    return float(found)
