"""The control interface of the demo on real vLLM (see :mod:`demo.engine`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web


class FaultError(Exception):
    """There is no such fault or place; says what was found and what is known."""


class Faults(Protocol):
    """What can be broken."""

    async def start(self, name: str, place: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Start a fault; return its id and the place really hit, or raise a FaultError."""
        ...

    def repair(self, fault: str) -> bool:
        """End a fault; return whether there was one by that id."""
        ...


def application(
    faults: Faults, truth: Callable[[], Mapping[str, Any]], is_ready: Callable[[], bool]
) -> web.Application:
    """Return the web application: ``/control/faults``, ``/control/truth``, ``/healthz``."""

    async def start(request: web.Request) -> web.Response:
        try:
            name, place = _fault(await request.json())
            fault, hit = await faults.start(name, place)
        except (FaultError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=422)
        return web.json_response({"id": fault, "name": name, "place": hit}, status=201)

    async def repair(request: web.Request) -> web.Response:
        if not faults.repair(request.match_info["id"]):
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


def _fault(content: Any) -> tuple[str, dict[str, str]]:
    """Return name and place of a request.

    Raises:
        FaultError: if it has another shape.
    """
    expected = '{"name": NAME, "place": {KEY: VALUE, ...}}'
    if not isinstance(content, dict) or content.keys() != {"name", "place"}:
        raise FaultError(f"expected {expected}")
    name, place = content["name"], content["place"]
    if not isinstance(name, str) or not isinstance(place, dict):
        raise FaultError(f"expected {expected}")
    if not all(isinstance(value, str) for value in place.values()):
        raise FaultError(f"expected strings in the place of {expected}")
    return name, place
