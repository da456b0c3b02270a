"""The router before the demo's vLLM groups: streams, deadlines, health checks, round robin.

``python -m demo.vllm.router --port N --model chat --revision r1 --group NAME=URL ...`` serves
``POST /v1/chat/completions``, ``/metrics`` in the demo's dialect, ``/healthz``, and ``/readyz``,
which is 200 while every group is healthy. The class of customer comes in the header ``X-Tier``.

``GET /groups/NAME`` tells ``{"is_healthy", "is_draining", "in_flight", "revision", "share"}`` of a
group, and ``PUT`` with any of ``is_draining``, ``revision``, ``share`` changes them: so engines are
drained, and canaries get their share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import aiohttp
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo.vllm.counts import Counts, Lane
from demo.vllm.forwarding import Deadlines, Forwarder, Service
from demo.vllm.pool import Group, Pool
from exporters.catalog import TIERS

HEALTH_CHECK_SECONDS = 2.0
HEALTH_TIMEOUT_SECONDS = 2.0
CONNECT_TIMEOUT_SECONDS = 2.0
KEEPALIVE_SECONDS = 2.0
"""Below vLLM's 5 s, so that a connection is not used in the moment in which vLLM closes it."""

LARGEST_BODY_BYTES = 1 << 20
TIER_HEADER = "X-Tier"


def application(
    groups: Sequence[Group], model: str, revision: str, deadlines: Deadlines | None = None
) -> web.Application:
    """Return the router's web application; it checks its groups' health while it runs."""
    pool = Pool(list(groups))
    service = Service(model, revision)
    counts = Counts(Lane(model, revision, tier) for tier in TIERS)
    registry = CollectorRegistry()
    registry.register(counts)
    forwarders: list[Forwarder] = []

    async def complete(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if _model_of(body) != model:
            return web.json_response({"error": {"type": "invalid_request"}}, status=400)
        tier = request.headers.get(TIER_HEADER, "")
        return await forwarders[0].forward(request, tier if tier in TIERS else TIERS[0], body)

    async def tell_group(request: web.Request) -> web.Response:
        return web.json_response(_tell(_find(pool, request)))

    async def change_group(request: web.Request) -> web.Response:
        group = _find(pool, request)
        change = _read_change(await request.text())
        for name, value in change.items():
            setattr(group, name, value)
        counts.open(service.lane(group, tier) for tier in TIERS)
        return web.json_response(_tell(group))

    async def metrics(_: web.Request) -> web.Response:
        page = generate_latest(registry)
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        healthy = [group.name for group in pool.groups if group.is_healthy]
        status = 200 if pool.is_complete else 503
        return web.Response(text=f"healthy: {', '.join(healthy) or 'none'}\n", status=status)

    async def run(_: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            limits = deadlines or Deadlines()
            forwarders.append(Forwarder(pool, service, counts, session, limits))
            checks = [asyncio.create_task(_watch(group, session)) for group in pool.groups]
            yield
            for check in checks:
                check.cancel()
            await asyncio.gather(*checks, return_exceptions=True)

    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.cleanup_ctx.append(run)
    app.add_routes(
        [
            web.post("/v1/chat/completions", complete),
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/groups/{name}", tell_group),
            web.put("/groups/{name}", change_group),
        ]
    )
    return app


def _find(pool: Pool, request: web.Request) -> Group:
    group = pool.find(request.match_info["name"])
    if group is None:
        raise web.HTTPNotFound(text="there is no such group\n")
    return group


def _tell(group: Group) -> dict[str, Any]:
    names = ("is_healthy", "is_draining", "in_flight", "revision", "share")
    return {name: getattr(group, name) for name in names}


def _read_change(text: str) -> dict[str, Any]:
    try:
        return _Change.model_validate_json(text).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=f"{error}\n") from None


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    is_draining: bool = False
    revision: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None


async def _watch(group: Group, session: aiohttp.ClientSession) -> None:
    while True:
        is_good = False
        with suppress(aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(HEALTH_TIMEOUT_SECONDS):
                async with session.get(f"{group.url}/health") as answer:
                    is_good = answer.status == 200
        group.note_health(is_good=is_good)
        await asyncio.sleep(HEALTH_CHECK_SECONDS)


def _model_of(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content.get("model") if isinstance(content, dict) else None


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m demo.vllm.router")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--revision", required=True)
    parser.add_argument("--group", action="append", required=True, metavar="NAME=URL")
    given = parser.parse_args()
    groups = [Group(*each.split("=", 1)) for each in given.group]
    app = application(groups, given.model, given.revision)
    # Cancelling the handler is how a router learns that its user has left.
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, print=None,
                handler_cancellation=True, shutdown_timeout=1.0)  # fmt: skip


if __name__ == "__main__":
    main()
