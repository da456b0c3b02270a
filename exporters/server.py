"""The HTTP side of an exporter: ``/metrics``, ``/healthz``, ``/readyz``, and links to them."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import zlib
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collection, Collector
from exporters.problems import InputError, problem
from exporters.rendering import Renderer
from exporters.version import VERSION
from exporters.web.entrance import HEALTH, READY, Entrance
from exporters.web.negotiation import accepts_gzip, choose_format

MOST_WAITING = 16
"""Scrapes waiting for one collection; a further one is refused with 503."""

_LOG = logging.getLogger("shardwatch")
_LANDING = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>shardwatch exporter</title>
<h1>shardwatch exporter {VERSION}</h1>
<ul>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="{HEALTH}">{HEALTH}</a>: 200 while it serves</li>
<li><a href="{READY}">{READY}</a>: 200 once there was a collection</li>
</ul>
</html>
"""


class _Pages:
    """The text of the newest collection, made once however many ask for it."""

    def __init__(self) -> None:
        self._renderer = Renderer()
        self._collection: Collection | None = None
        self._bodies: dict[tuple[bool, bool], bytes] = {}

    def body(self, collection: Collection, *, openmetrics: bool, packed: bool) -> bytes:
        """Return the page in a format, compressed with gzip or not."""
        if collection is not self._collection:
            self._collection = collection
            self._bodies = {}
        wanted = (openmetrics, packed)
        if wanted not in self._bodies:
            parts = self._renderer.render_families(collection.page, openmetrics=openmetrics)
            self._bodies[wanted] = _pack(parts) if packed else "".join(parts).encode()
        return self._bodies[wanted]


def _pack(parts: Iterable[str]) -> bytes:
    # Level 1: 2 ms for the 1.4 MB of 512 GPUs; series resemble each other.
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    packed = [packer.compress(part.encode()) for part in parts]
    return b"".join([*packed, packer.flush()])


def application(collector: Collector, entrance: Entrance | None = None) -> web.Application:
    """Return the exporter's web application; without an entrance it is open to all."""
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
        form = choose_format(request.headers.get("Accept", ""))
        headers = {"Content-Type": form.content_type, "Vary": "Accept, Accept-Encoding"}
        packed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        if packed:
            headers["Content-Encoding"] = "gzip"
        body = pages.body(collection, openmetrics=form.is_openmetrics, packed=packed)
        return web.Response(body=body, headers=headers)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        if collector.is_ready:
            return web.Response(text="ok\n")
        return web.Response(status=503, text="no collection yet\n")

    async def landing(_: web.Request) -> web.Response:
        return web.Response(text=_LANDING, content_type="text/html")

    app = web.Application()
    (entrance or Entrance()).guard(app)
    app.add_routes(
        [
            web.get("/", landing),
            web.get("/metrics", metrics),
            web.get(HEALTH, healthz),
            web.get(READY, readyz),
        ]
    )
    return app


def bind(wanted: Address) -> tuple[socket.socket, Address]:
    """Return a listening socket and its address.

    Never at another port than the wanted one: Prometheus would take one exporter for another.

    Args:
        wanted: the address; port 0 means any free one.

    Raises:
        InputError: if the address cannot be had.
    """
    try:
        bound = _listen(wanted)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason, fix = "the port is taken", "end what listens there, or give another address"
        else:
            reason, fix = f"cannot listen there: {error.strerror or error}", ""
        raise InputError([problem(str(wanted), reason, fix=fix)]) from None
    return bound, Address(wanted.host, bound.getsockname()[1])


async def serve(
    collector: Collector,
    listening: socket.socket,
    address: Address,
    address_file: Path | None,
    *,
    entrance: Entrance,
    tasks: Iterable[Callable[[], Coroutine[Any, Any, None]]] = (),
) -> None:
    """Serve until SIGTERM (return) or SIGINT (KeyboardInterrupt, raised by the caller's runner).

    Args:
        collector: makes the pages.
        listening: a socket that listens, closed in the end.
        address: of it.
        address_file: gets the address once pages are served.
        entrance: what all requests come through.
        tasks: what is to run beside it, until it ends.
    """
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(application(collector, entrance), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    running = [asyncio.create_task(each()) for each in (collector.sample_forever, *tasks)]
    try:
        await entrance.open(runner, listening)
        if address_file:
            _write_address(address_file, address)
        _LOG.info("listening on %s://%s/metrics", entrance.scheme, address)
        await stop.wait()
        _LOG.info("stopping")
    finally:
        await runner.cleanup()
        listening.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
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
