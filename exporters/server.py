"""The HTTP side of an exporter: ``/metrics``, ``/healthz``, ``/readyz``."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import zlib
from pathlib import Path

from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collection, Collector
from exporters.page import Page
from exporters.problems import InputError, problem
from exporters.rendering import CONTENT_TYPE, Renderer

MOST_WAITING = 16
"""Scrapes waiting for one collection; a further one is refused with 503."""
PORTS_TRIED = 100
"""Ports after a taken one that are tried."""

_LOG = logging.getLogger("shardwatch")


class _Pages:
    """The text of the newest collection, made once however many ask for it."""

    def __init__(self) -> None:
        self._renderer = Renderer()
        self._collection: Collection | None = None
        self._bodies: dict[bool, bytes] = {}

    def body(self, collection: Collection, *, packed: bool) -> bytes:
        """Return the page, compressed with gzip or not."""
        if collection is not self._collection:
            self._collection = collection
            self._bodies = {}
        if packed not in self._bodies:
            page = collection.page
            self._bodies[packed] = self._pack(page) if packed else self._plain(page)
        return self._bodies[packed]

    def _plain(self, page: Page) -> bytes:
        return self._renderer.render(page).encode()

    def _pack(self, page: Page) -> bytes:
        # Level 1: 2 ms for the 1.4 MB of 512 GPUs; series resemble each other.
        packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
        packed = [packer.compress(text.encode()) for text in self._renderer.render_families(page)]
        return b"".join([*packed, packer.flush()])


def application(collector: Collector) -> web.Application:
    """Return the exporter's web application."""
    pages = _Pages()
    waiting = 0

    async def metrics(request: web.Request) -> web.Response:
        nonlocal waiting
        if waiting >= MOST_WAITING:
            raise web.HTTPServiceUnavailable(text=f"{waiting} scrapes are waiting already\n")
        waiting += 1
        try:
            collection = await collector.collect()
        finally:
            waiting -= 1
        headers = {"Content-Type": CONTENT_TYPE, "Vary": "Accept-Encoding"}
        packed = "gzip" in request.headers.get("Accept-Encoding", "")
        if packed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=pages.body(collection, packed=packed), headers=headers)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if collector.is_ready:
            return web.Response(text="ok\n")
        return web.Response(status=503, text="no collection yet\n")

    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", metrics),
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
        ]
    )
    return app


def bind(wanted: Address, *, exact: bool) -> tuple[socket.socket, Address]:
    """Return a listening socket and its address: the wanted one, or with the next free port.

    Args:
        wanted: the address; port 0 means any free one.
        exact: refuse to take another port than the wanted one.

    Raises:
        InputError: if the address cannot be had.
    """
    for port in range(wanted.port, min(wanted.port + (1 if exact else PORTS_TRIED), 65536)):
        try:
            bound = _listen(Address(wanted.host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            reason = error.strerror or str(error)
            raise InputError([problem(str(wanted), f"cannot listen there: {reason}")]) from None
        return bound, Address(wanted.host, bound.getsockname()[1])
    last = "" if exact else f", and so are the {PORTS_TRIED - 1} ports after it"
    raise InputError(
        [problem(str(wanted), f"the port is taken{last}", fix="give another with --listen")]
    )


async def serve(
    collector: Collector, listening: socket.socket, address: Address, address_file: Path | None
) -> None:
    """Serve until SIGTERM (return) or SIGINT (KeyboardInterrupt, raised by the caller's runner)."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(application(collector), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    sampling = asyncio.create_task(collector.sample_forever())
    try:
        await web.SockSite(runner, listening).start()
        if address_file:
            _write_address(address_file, address)
        _LOG.info("listening on http://%s/metrics", address)
        await stop.wait()
        _LOG.info("stopping")
    finally:
        await runner.cleanup()
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling
        await collector.close()


def _listen(address: Address) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        # Lets a restarted exporter have its port back at once; two listeners stay impossible.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        made.listen(128)
        made.settimeout(0.0)
    except BaseException:
        made.close()
        raise
    return made


def _write_address(file: Path, address: Address) -> None:
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(f"{address}\n", encoding="utf-8")
    unfinished.replace(file)
