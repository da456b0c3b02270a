"""The control interface of the demo on real vLLM (see :mod:`demo.engine`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from demo.orders import FaultError, Order, read_order


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
            order = read_order(await request.text(), "vllm")
            fault, hit = await faults.start(order)
        except FaultError as error:
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
