"""A stand-in for vLLM's server, for tests of what stands before it: it streams, hangs or breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

HOST = "127.0.0.1"


@dataclass
class FakeEngine:
    """How a stand-in behaves; may be changed while it runs."""

    tokens: int = 3
    prompt_tokens: int = 11
    cached_tokens: int = 4
    """Of the prompt's."""
    hangs_after: int | None = None
    """Tokens after which nothing comes any more."""
    breaks_after: int | None = None
    """Tokens after which the connection is cut."""
    ends_well: bool = True
    """Whether a stream's last event says that it is done."""
    gap_seconds: float = 0.0
    """Before each token."""
    status: int = 200
    health: int = 200
    running: int = 0
    """What its page says of the requests in its batch."""
    requests: int = 0
    """Received so far."""
    is_in_use: bool = False
    """Whether its cache is never free of running requests."""
    flushes: int = 0
    """Of its prefix cache, so far."""
    refused_flushes: int = 0
    weights: list[str] = field(default_factory=list)
    """Folders whose weights were loaded, in their order."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a client has left before its answer was complete."""

    def application(self) -> web.Application:
        """Return its web application."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._complete),
                web.post("/reset_prefix_cache", self._flush),
                web.post("/collective_rpc", self._call_workers),
                web.get("/health", self._health),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        await request.read()
        if self.status != web.HTTPOk.status_code:
            return web.Response(status=self.status, text="no\n")
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        try:
            await response.prepare(request)
            for number in range(self.tokens):
                await asyncio.sleep(self.gap_seconds)
                if number == self.hangs_after:
                    await asyncio.Event().wait()
                if number == self.breaks_after and request.transport:
                    request.transport.abort()
                    return response
                await response.write(_event({"choices": [{"delta": {"content": f"t{number} "}}]}))
            if self.ends_well:
                usage = {
                    "prompt_tokens": self.prompt_tokens,
                    "completion_tokens": self.tokens,
                    "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
                }
                await response.write(_event({"choices": [], "usage": usage}))
                await response.write(b"data: [DONE]\n\n")
            await response.write_eof()
        except (asyncio.CancelledError, ConnectionResetError):
            self.left.set()
            raise
        return response

    async def _flush(self, request: web.Request) -> web.Response:
        is_forced = request.query.get("reset_running_requests") == "true"
        is_done = is_forced or not self.is_in_use
        self.flushes += is_done
        self.refused_flushes += not is_done
        return web.json_response({"success": is_done})

    async def _call_workers(self, request: web.Request) -> web.Response:
        called = await request.json()
        if called["method"] != "reload_weights":
            raise web.HTTPInternalServerError
        self.weights.append(called["kwargs"]["weights_path"])
        return web.json_response({"results": [None, None]})

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(status=self.health)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            text=f'vllm:num_requests_running{{engine="0",model_name="chat"}} {self.running}.0\n'
        )


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application on a free port of loopback; yield its address without a slash."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _event(content: object) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()
