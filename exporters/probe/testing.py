"""Engines for tests of probes: real HTTP, answers as they are told."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class FakeEngine:
    """What an engine answers to a prompt, and how."""

    answer: Callable[[str], str] = lambda prompt: f"the answer to {prompt}"
    streams: bool = True
    """As vLLM does; else in one piece, as the demo's simulator."""
    status: int = 200
    hangs: bool = False
    first_seconds: float = 0.0
    token_seconds: float = 0.0
    body: bytes | None = None
    """Instead of an answer."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The contents of all requests."""
    tiers: list[str] = field(default_factory=list)
    """Their headers ``X-Tier``."""


@asynccontextmanager
async def serving(engines: dict[str, FakeEngine]) -> AsyncIterator[str]:
    """Serve engines at ``/engine/NAME/v1/completions`` within ``async with``; yield the address."""

    async def complete(request: web.Request) -> web.StreamResponse:
        engine = engines[request.match_info["name"]]
        content = await request.json()
        engine.asked.append(content)
        engine.tiers.append(request.headers.get("X-Tier", ""))
        if engine.hangs:
            await asyncio.Event().wait()
        if engine.status != 200:
            return web.Response(status=engine.status)
        if engine.body is not None:
            kind = "text/event-stream" if engine.streams else "application/json"
            return web.Response(body=engine.body, content_type=kind)
        words = engine.answer(content["prompt"]).split(" ")[: content["max_tokens"]]
        if not engine.streams:
            await asyncio.sleep(engine.first_seconds + engine.token_seconds * (len(words) - 1))
            return web.json_response({
                "choices": [{"index": 0, "text": " ".join(words)}],
                "usage": {"completion_tokens": len(words)},
            })  # fmt: skip
        return await _stream(request, engine, words)

    app = web.Application()
    app.add_routes([web.post("/engine/{name}/v1/completions", complete)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    try:
        await web.SockSite(runner, listening).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        await runner.cleanup()


async def _stream(request: web.Request, engine: FakeEngine, words: list[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number, word in enumerate(words):
        await asyncio.sleep(engine.token_seconds if number else engine.first_seconds)
        text = f" {word}" if number else word
        await _send(response, {"choices": [{"index": 0, "text": text}]})
    await _send(response, {"choices": [], "usage": {"completion_tokens": len(words)}})
    await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, content: dict[str, Any]) -> None:
    await response.write(b"data: " + json.dumps(content).encode() + b"\n\n")
