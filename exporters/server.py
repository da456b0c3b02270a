"""The HTTP side of an exporter: ``/metrics``, ``/healthz``, ``/readyz``."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collection, Collector
from exporters.problems import InputError, problem
from exporters.reloading import CHECK_SECONDS, Reloaded
from exporters.rendering import Renderer
from exporters.web.config import WebConfig
from exporters.web.negotiation import accepts_gzip, choose_format
from exporters.web.passwords import BusyError, Doorkeeper
from exporters.web.tls import has_allowed_name

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


class Gate:
    """Who may come in, and what every answer says: what ``web-config.yml`` asks for."""

    def __init__(self, config: WebConfig) -> None:
        self.change(config)

    def change(self, config: WebConfig) -> None:
        """Go by another configuration from now on."""
        self._config = config
        self._doorkeeper = Doorkeeper(dict(config.users))

    @web.middleware
    async def check(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer who may not come in; else let the request through."""
        try:
            is_known = await self._doorkeeper.admits(request.headers.get("Authorization", ""))
        except BusyError:
            raise web.HTTPServiceUnavailable(text="too many passwords are waiting\n") from None
        if not is_known:
            challenge = {"WWW-Authenticate": 'Basic realm="shardwatch"'}
            raise web.HTTPUnauthorized(text="Unauthorized\n", headers=challenge)
        names = self._config.client_names
        if names:
            certificate = request.get_extra_info("peercert") or {}
            if not has_allowed_name(certificate, names):
                raise web.HTTPForbidden(text="the certificate has no name that may come in\n")
        return await handler(request)

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Add the headers to an answer, whatever it is."""
        response.headers.update(self._config.headers)


def application(collector: Collector, gate: Gate | None = None) -> web.Application:
    """Return the exporter's web application; without a gate it is open to all."""
    pages = _Pages()
    gate = gate or Gate(WebConfig())
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

    app = web.Application(middlewares=[gate.check])
    app.on_response_prepare.append(gate.add_headers)
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
    collector: Collector,
    listening: socket.socket,
    address: Address,
    address_file: Path | None,
    *,
    web_config: Reloaded[WebConfig] | None = None,
    tasks: Iterable[Callable[[], Coroutine[Any, Any, None]]] = (),
) -> None:
    """Serve until SIGTERM (return) or SIGINT (KeyboardInterrupt, raised by the caller's runner).

    Args:
        collector: makes the pages.
        listening: a socket that listens, closed in the end.
        address: of it.
        address_file: gets the address once pages are served.
        web_config: how to serve; as plain HTTP, to all, if None.
        tasks: what is to run beside it, until it ends.
    """
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    config = web_config.content if web_config else WebConfig()
    gate = Gate(config)
    app = application(collector, gate)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    door = _Door(runner, listening)
    beside = [collector.sample_forever, *tasks]
    if web_config:
        beside.append(lambda: _follow(web_config, gate, door))
    running = [asyncio.create_task(each()) for each in beside]
    try:
        await door.open(config.tls)
        if address_file:
            _write_address(address_file, address)
        _LOG.info("listening on %s://%s/metrics", "https" if config.tls else "http", address)
        await stop.wait()
        _LOG.info("stopping")
    finally:
        await runner.cleanup()
        listening.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await collector.close()


class _Door:
    """Takes connections at one socket, with TLS or without, which may change meanwhile."""

    def __init__(self, runner: web.AppRunner, listening: socket.socket) -> None:
        self._runner = runner
        self._listening = listening
        self._site: web.SockSite | None = None

    async def open(self, context: ssl.SSLContext | None) -> None:
        """Take further connections in this way; those that there are go on."""
        earlier = self._site
        # A copy, for closing a site closes its socket; what waits at the other is not lost.
        self._site = web.SockSite(self._runner, self._listening.dup(), ssl_context=context)
        await self._site.start()
        if earlier:
            await earlier.stop()


async def _follow(web_config: Reloaded[WebConfig], gate: Gate, door: _Door) -> None:
    """Serve as the configuration says whenever it changes."""
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        if await web_config.check():
            gate.change(web_config.content)
            try:
                await door.open(web_config.content.tls)
            except OSError:
                _LOG.exception("connections are taken as before")


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
