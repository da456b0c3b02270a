"""Engines that do everything wrong that a server can, for tests and figures: real HTTP."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from exporters.addresses import Address
from exporters.server import bind

WELL = ("well-0", "well-1")
"""The engines beside them that do nothing wrong."""
_BLOCK = b'vllm:prompt_tokens_total{engine="0",n="%032d"} 1.0\n' * 1000
_GIGABYTE = 2**30
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
_START_SECONDS = 30.0

_Handler = Callable[["_Exchange"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Hostile:
    """One of them."""

    handle: _Handler
    reasons: tuple[str, ...]
    """Of ``catalog.SOURCE_REASONS``: what it may be down with."""

    @property
    def takes_its_time(self) -> bool:
        """Whether it ends only when a deadline does."""
        return "timeout" in self.reasons


@dataclass
class _Exchange:
    """A request, and who counts the bytes that its answer sends."""

    request: web.Request
    sent: Counter[str]


def hostile_engines(page: bytes) -> Mapping[str, Hostile]:
    """Return them by name, a word of an address each.

    Args:
        page: of an engine that is well, of which many of them serve a spoiled one.
    """
    whole = _HEAD + b"Content-Length: %d\r\n\r\n" % len(page)
    half = page[: len(page) // 2]
    before_steps = page[: page.index(b"\nvllm:iteration_tokens_total_count") + 1]
    other_type = page.replace(b"vllm:num_requests_running{", b"vllm:num_requests_running_sum{")
    labels = b",".join(b'l%d=""' % number for number in range(100))
    long_label = b'vllm:prompt_tokens_total{n="' + b"n" * 2000 + b'"} 1\n'
    slow_headers: list[bytes | float] = [b"X-A: b\r\n", 0.05] * 1000
    return {
        "cut-in-half": _hostile(_raw(whole + half, 0.05), "malformed"),
        "cut-in-half-without-a-length": _hostile(
            _raw(_HEAD + b"Connection: close\r\n\r\n" + half, 0.05),
            "malformed",
        ),
        "cut-at-a-line": _hostile(_answer(before_steps), "malformed"),
        "vanishes-before-its-answer": _hostile(_raw(), "refused"),
        "vanishes-within-its-headers": _hostile(_raw(_HEAD), "refused", "malformed"),
        "one-gigabyte": _hostile(_stream(_BLOCK, length=_GIGABYTE), "too_large"),
        "endless": _hostile(_stream(_BLOCK), "too_large"),
        "endless-line": _hostile(_stream(b"a" * 65536), "too_large"),
        "as-much-as-may-be": _hostile(_answer(_many_lines()), "too_large", "malformed"),
        "gzip-bomb": _hostile(_answer(_bomb(), encoding="gzip"), "too_large"),
        "gzip-cut-in-half": _hostile(
            _answer(gzip.compress(page)[:-99], encoding="gzip"), "malformed"
        ),
        "gzip-that-is-none": _hostile(_answer(page, encoding="gzip"), "malformed"),
        "packed-as-nobody-knows": _hostile(_answer(page, encoding="lzma"), "malformed"),
        "slow-bytes": _hostile(_stream(b"a", pause_seconds=0.05), "timeout"),
        "slow-headers": _hostile(_raw(_HEAD, *slow_headers), "timeout"),
        "silent": _hostile(_raw(3600.0), "timeout"),
        "redirect": _hostile(_answer(b"", 302, location=f"/{WELL[0]}/metrics"), "http_status"),
        "error": _hostile(_answer(page, 500), "http_status"),
        "overloaded": _hostile(_answer(page, 503), "http_status"),
        "no-http": _hostile(_raw(b"\0\1\2\3" * 100, 0.05), "malformed", "refused"),
        "endless-headers": _hostile(
            _raw(_HEAD, *[b"X-A: b\r\n" * 1000] * 100), "malformed", "refused"
        ),
        "html": _hostile(_answer(b"<html><body>Welcome to nginx</body></html>\n"), "malformed"),
        "json": _hostile(_answer(b'{"status": "ok"}\n'), "malformed"),
        "nothing": _hostile(_answer(b""), "malformed"),
        "page-of-another": _hostile(_answer(b"up 1\n"), "malformed"),
        "not-utf-8": _hostile(
            _answer(b'vllm:prompt_tokens_total{n="\xff"} 1\n' + page), "malformed"
        ),
        "not-a-number": _hostile(_answer(b"vllm:prompt_tokens_total NaN\n" + page), "malformed"),
        "negative": _hostile(_answer(b"vllm:prompt_tokens_total -1\n" + page), "malformed"),
        "words-for-numbers": _hostile(
            _answer(b"vllm:prompt_tokens_total many\n" + page), "malformed"
        ),
        "wrong-type": _hostile(_answer(other_type), "malformed"),
        "a-series-twice": _hostile(_answer(page + page), "malformed"),
        "a-label-of-2000-characters": _hostile(_answer(long_label + page), "malformed"),
        "a-hundred-labels": _hostile(
            _answer(b"vllm:prompt_tokens_total{" + labels + b"} 1\n" + page),
            "malformed",
        ),
        "a-line-of-a-megabyte": _hostile(_answer(b"a" + b" " * 2**20 + b"{\n" + page), "malformed"),
    }


class HostileServer:
    """Serves them and two that are well, in a thread and a loop of its own, within ``with``.

    Args:
        page: of the engines that are well.
    """

    def __init__(self, page: bytes) -> None:
        self.engines = hostile_engines(page)
        self.requests: list[str] = []
        """The paths that were asked for, in their order."""
        self.sent: Counter[str] = Counter()
        """Bytes that the endless ones could send, by path, of all requests together."""
        self._page = page
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self.address = started.result(_START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def topology(self, *names: str) -> dict[str, Any]:
        """Return a topology of the two that are well, and after them the named ones."""
        groups = [
            {"name": name, "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"http://{self.address}/{name}/metrics", "members": [{"host": "h"}]}
            for name in [*WELL, *names]
        ]  # fmt: skip
        return {"version": 1, "cluster": "demo", "groups": groups}

    async def _start(self) -> str:
        app = web.Application()
        for name, engine in self.engines.items():
            app.router.add_get(f"/{name}/{{page}}", self._counted(engine.handle))
        for name in WELL:
            app.router.add_get(f"/{name}/metrics", self._counted(_answer(self._page)))
            app.router.add_get(f"/{name}/health", self._counted(_answer(b"")))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listening, address = bind(Address("127.0.0.1", 0))
        await web.SockSite(self._runner, listening).start()
        return str(address)

    async def _stop(self) -> None:
        await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _counted(self, handle: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def count(request: web.Request) -> web.StreamResponse:
            self.requests.append(request.path)
            try:
                return await handle(_Exchange(request, self.sent))
            except ConnectionError:  # the reader left, as it should
                return web.Response()

        return count


def _hostile(handle: _Handler, *reasons: str) -> Hostile:
    return Hostile(handle, reasons)


def _answer(
    body: bytes, status: int = 200, *, encoding: str | None = None, location: str | None = None
) -> _Handler:
    """Return a handler that answers something."""
    given = {"Content-Encoding": encoding, "Location": location}
    headers = {name: value for name, value in given.items() if value is not None}

    async def handle(_: _Exchange) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return handle


def _raw(*parts: bytes | float) -> _Handler:
    """Return a handler that writes bytes to the connection, pauses, and then breaks it off."""

    async def handle(exchange: _Exchange) -> web.StreamResponse:
        transport = exchange.request.transport
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of TCP
        for part in parts:
            if transport.is_closing():
                break
            if isinstance(part, bytes):
                transport.write(part)
            else:
                await asyncio.sleep(part)
        transport.abort()
        return web.Response()

    return handle


def _stream(block: bytes, *, pause_seconds: float = 0.0, length: int | None = None) -> _Handler:
    """Return a handler that sends a block until the reader leaves, chunked without a length."""

    async def handle(exchange: _Exchange) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = length
        await response.prepare(exchange.request)
        while True:
            await response.write(block)
            exchange.sent[exchange.request.path] += len(block)
            await asyncio.sleep(pause_seconds)

    return handle


def _bomb() -> bytes:
    """Return 256 MB of a series, in 300 kB."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(_BLOCK) for _ in range(5000)) + packer.flush()


def _many_lines() -> bytes:
    """Return as much as may be sent, of series that are all wanted and all different."""
    return b"".join(b'vllm:prompt_tokens_total{n="%d"} 1\n' % n for n in range(99_000))
