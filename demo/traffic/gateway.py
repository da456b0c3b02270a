"""The gateway between the demo's agents and their tools, with telemetry as a real one has it.

``python -m demo.traffic.gateway --port N --site-port M`` serves ``POST /tools/NAME`` (JSON:
``{"model": "chat", "attempt": 1, "arguments": {...}}``, answered by
``{"error_type": "", "output": "..."}``), ``/metrics`` and ``/healthz``; and on the other port the
web site that the browser reads.
``PUT /condition/NAME`` with any of ``{"outage_ratio": 0.5, "slowdown": 8}`` makes a tool worse.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, get_args

import aiohttp
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo.traffic import site
from demo.traffic.sessions import ToolName
from demo.traffic.telemetry import Telemetry
from demo.traffic.tools import Browser, CodeExecution, Condition, Tool

HOST = "127.0.0.1"
CANCELLED = "cancelled"
TOOLS: tuple[ToolName, ...] = get_args(ToolName)
LONGEST_MODEL_NAME = 128


def application(site_port: int) -> web.Application:
    """Return the gateway's web application; while it runs, it serves the site too."""
    telemetry = Telemetry()
    tools: dict[str, Tool] = {}
    conditions: dict[str, Condition] = {name: Condition() for name in TOOLS}

    async def call(request: web.Request) -> web.Response:
        tool = tools.get(request.match_info["name"])
        if tool is None:
            raise _no_such_tool()
        model, attempt, arguments = _read(await request.text())
        telemetry.note_attempt(request.match_info["name"], model, attempt)
        error_type = CANCELLED  # unless the call comes to an end before its caller leaves
        began = time.perf_counter()
        try:
            result = await tool.call(arguments)
            error_type = result.error_type
        finally:
            seconds = time.perf_counter() - began
            telemetry.note_call(request.match_info["name"], model, error_type, seconds)
        return web.json_response({"error_type": error_type, "output": result.output})

    async def change(request: web.Request) -> web.Response:
        condition = conditions.get(request.match_info["name"])
        if condition is None:
            raise _no_such_tool()
        try:
            wanted = _Change.model_validate_json(await request.text())
        except ValidationError as error:
            raise web.HTTPUnprocessableEntity(text=f"{error}\n") from None
        for name, value in wanted.model_dump(exclude_unset=True).items():
            setattr(condition, name, value)
        return web.json_response(asdict(condition))

    async def metrics(_: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return web.Response(body=telemetry.page(), headers=headers)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def run(_: web.Application) -> AsyncIterator[None]:
        browsing = conditions["browser"]
        pages = site.application(lambda: site.RENDER_SECONDS * browsing.slowdown)
        async with _serve_site(site_port, pages) as address, aiohttp.ClientSession() as session:
            tools["code_execution"] = CodeExecution(condition=conditions["code_execution"])
            tools["browser"] = Browser(
                session, address, condition=browsing, note_page=telemetry.note_page
            )
            yield
        telemetry.close()

    app = web.Application()
    app.cleanup_ctx.append(run)
    app.add_routes(
        [
            web.post("/tools/{name}", call),
            web.put("/condition/{name}", change),
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
        ]
    )
    return app


def _no_such_tool() -> web.HTTPNotFound:
    return web.HTTPNotFound(text=f"no such tool; there are {', '.join(TOOLS)}\n")


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outage_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    slowdown: Annotated[float, Field(ge=1, le=1000)] = 1.0


class _Call(BaseModel):
    model: str
    attempt: Annotated[int, Field(ge=1)] = 1
    arguments: dict[str, Any]


def _read(text: str) -> tuple[str, int, dict[str, str]]:
    """Return model, number of the attempt, and arguments of a call."""
    try:
        call = _Call.model_validate_json(text)
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=f"{error}\n") from None
    arguments = {key: str(value) for key, value in call.arguments.items()}
    return call.model[:LONGEST_MODEL_NAME], call.attempt, arguments


@asynccontextmanager
async def _serve_site(port: int, pages: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(pages, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        await runner.cleanup()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m demo.traffic.gateway")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--site-port", type=int, required=True)
    given = parser.parse_args()
    web.run_app(application(given.site_port), host=HOST, port=given.port, access_log=None,
                print=None, handler_cancellation=True, shutdown_timeout=1.0)  # fmt: skip


if __name__ == "__main__":
    main()
