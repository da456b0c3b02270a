"""The simulated cluster on one port: pages, health and the control interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from demo.orders import FaultError, read_order
from demo.sim import completions
from demo.sim.exposition import CONTENT_TYPE
from demo.sim.simulation import LATE_SECONDS, Clock, Simulation
from demo.sim.site import NO_SUCH_NAME, OK, Site, answers
from demo.sim.telling import tell_truth

_Handler = Callable[[web.Request], Awaitable[web.Response]]


def make_app(simulation: Simulation, clock: Clock, *, speed: float = 1.0) -> web.Application:
    """Return the application that serves a simulation.

    Args:
        simulation: stepped by somebody else.
        clock: to tell whether it is still stepped.
        speed: of the clock, in multiples of real time.
    """
    state = simulation.state
    fleet, site = state.fleet, Site(state)
    most_behind = fleet.step_seconds + LATE_SECONDS * speed

    async def health(_request: web.Request) -> web.Response:
        well = state.steps > 0 and clock() - state.now < most_behind
        return web.Response(status=200 if well else 503)

    async def truth(_request: web.Request) -> web.Response:
        return web.json_response(tell_truth(state, simulation.faults.active.values()))

    async def strike(request: web.Request) -> web.Response:
        try:
            order = read_order(await request.text(), "sim")
            fault = simulation.faults.carry_out(state, order)
        except FaultError as refused:
            return web.json_response({"error": str(refused)}, status=422)
        content = {"id": fault.id, "name": fault.name, "place": dict(fault.place),
                   "strength": fault.strength}  # fmt: skip
        return web.json_response(content, status=201)

    async def repair(request: web.Request) -> web.Response:
        fault_id = request.match_info["id"]
        if simulation.faults.repair(fault_id):
            return web.Response(status=204)
        return web.json_response({"error": f"found no fault with id {fault_id!r}"}, status=404)

    async def complete(request: web.Request) -> web.Response:
        group = fleet.names.find_group(request.match_info["name"])
        if group is None:
            return web.Response(status=404, body=NO_SUCH_NAME)
        if not answers(state, group):
            return web.Response(status=503)
        asked = _read_prompt(await request.text())
        if asked is None:
            return web.json_response({"error": "expected a prompt and max_tokens"}, status=400)
        prompt, tokens = asked
        lasts = completions.seconds(state, group, tokens)
        if lasts is None:
            await asyncio.Event().wait()  # until the client leaves: a hung engine says nothing
        await asyncio.sleep(lasts or 0.0)
        text = completions.answer(state, group, prompt, tokens)
        return web.json_response(
            {"object": "text_completion", "choices": [{"index": 0, "text": text,
             "finish_reason": "length"}], "usage": {"completion_tokens": tokens}}
        )  # fmt: skip

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", health),
            web.get("/control/truth", truth),
            web.post("/control/faults", strike),
            web.delete("/control/faults/{id}", repair),
            web.post("/engine/{name}/v1/completions", complete),
            *(
                web.get(f"/{kind}/{{name}}/{page}", _serve(site, kind, page))
                for kind, page in site.kinds
            ),
        ]
    )
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """Return what runs the application: a request ends when its client leaves.

    Those to a hung engine never end otherwise, and would pile up.
    """
    return web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)


def _serve(site: Site, kind: str, page: str) -> _Handler:
    """Return the handler of one kind of page."""

    async def handler(request: web.Request) -> web.Response:
        status, body = site.get(kind, request.match_info["name"], page)
        is_page = status == OK
        return web.Response(
            status=status, body=body, headers={"Content-Type": CONTENT_TYPE} if is_page else None
        )

    return handler


def _read_prompt(text: str) -> tuple[str, int] | None:
    """Return prompt and number of tokens of a request in OpenAI's form; None if it is not one."""
    try:
        content = json.loads(text)
        prompt, tokens = content["prompt"], content.get("max_tokens", 16)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if not isinstance(prompt, str) or not isinstance(tokens, int) or tokens < 1:
        return None
    return prompt, min(tokens, completions.MOST_TOKENS)
