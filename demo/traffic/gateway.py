"""The gateway between the demo's agents and their tools, with telemetry as a real one has it.

``python -m demo.traffic.gateway --port N --site-port M`` serves ``POST /tools/NAME`` (JSON:
``{"model": "chat", "arguments": {...}}``, answered by ``{"error_type": "", "output": "..."}``),
``/metrics`` and ``/healthz``; and on the other port the web site that the browser reads.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from demo.traffic import site
from demo.traffic.telemetry import Telemetry
from demo.traffic.tools import Browser, CodeExecution, Tool

HOST = "127.0.0.1"
CANCELLED = "cancelled"
LONGEST_MODEL_NAME = 128


def application(site_port: int) -> web.Application:
    """Return the gateway's web application; while it runs, it serves the site too."""
    telemetry = Telemetry()
    tools: dict[str, Tool] = {}

    async def call(request: web.Request) -> web.Response:
        tool = tools.get(request.match_info["name"])
        if tool is None:
            raise web.HTTPNotFound(text=f"no such tool; there are {', '.join(tools)}\n")
        model, arguments = _read(await request.text())
        error_type = CANCELLED  # unless the call comes to an end before its caller leaves
        began = time.perf_counter()
        try:
            result = await tool.call(arguments)
            error_type = result.error_type
        finally:
            seconds = time.perf_counter() - began
            telemetry.note_call(request.match_info["name"], model, error_type, seconds)
        return web.json_response({"error_type": error_type, "output": result.output})

    async def metrics(_: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return web.Response(body=telemetry.page(), headers=headers)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def run(_: web.Application) -> AsyncIterator[None]:
        async with _serve_site(site_port) as address, aiohttp.ClientSession() as session:
            tools["code_execution"] = CodeExecution()
            tools["browser"] = Browser(session, address)
            yield
        telemetry.close()

    app = web.Application()
    app.cleanup_ctx.append(run)
    app.add_routes(
        [
            web.post("/tools/{name}", call),
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
        ]
    )
    return app


def _read(text: str) -> tuple[str, dict[str, str]]:
    """Return model and arguments of a call."""
    try:
        content = json.loads(text)
        model, arguments = content["model"], content["arguments"]
    except (ValueError, TypeError, KeyError):
        model, arguments = None, None
    if not isinstance(model, str) or not isinstance(arguments, dict):
        raise web.HTTPUnprocessableEntity(text='expected {"model": ..., "arguments": {...}}\n')
    return model[:LONGEST_MODEL_NAME], {key: str(value) for key, value in arguments.items()}


@asynccontextmanager
async def _serve_site(port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(site.application(), access_log=None)
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
