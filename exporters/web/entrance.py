"""What stands before every page of an exporter: TLS, passwords and headers of ``web-config.yml``.

An exporter has one entrance, however many ports: scrapes and what agent runtimes send go through
the same.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

from exporters import catalog
from exporters.page import Page
from exporters.web.config import WebConfig
from exporters.web.passwords import BusyError, Doorkeeper
from exporters.web.tls import has_allowed_name

HEALTH = "/healthz"
READY = "/readyz"
OPEN_PATHS = frozenset([HEALTH, READY])
"""Asked without password and name: kubelets and supervisors have none, and the answer is a word.
The toolkit asks for a password there as well (exporter-toolkit, web/handler.go)."""

_USUAL = (200, 401, 503)
"""Statuses of answers that are counted from 0 on."""

_LOG = logging.getLogger("shardwatch")


class Entrance:
    """Who may come in at all ports of an exporter, and what every answer says.

    Args:
        config: what ``web-config.yml`` asks for; without one all is open, over plain HTTP.
    """

    def __init__(self, config: WebConfig | None = None) -> None:
        self._go_by(config or WebConfig())
        self._answers: Counter[int] = Counter(dict.fromkeys(_USUAL, 0))
        self._doors: list[_Door] = []

    def _go_by(self, config: WebConfig) -> None:
        self._config = config
        self._doorkeeper = Doorkeeper(dict(config.users))

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self._config.tls else "http"

    def guard(self, app: web.Application) -> None:
        """Let an application's requests come through here."""
        app.middlewares.append(self._check)
        app.on_response_prepare.append(self._prepare)

    async def open(self, runner: web.AppRunner, listening: socket.socket) -> None:
        """Take connections of an application at a socket that listens, until the runner ends."""
        door = _Door(runner, listening)
        await door.open(self._config.tls)
        self._doors.append(door)

    async def change(self, config: WebConfig) -> None:
        """Go by another configuration from now on; connections that there are go on."""
        self._go_by(config)
        for door in self._doors:
            try:
                await door.open(config.tls)
            except OSError:
                _LOG.exception("connections are taken as before")

    @web.middleware
    async def _check(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer who may not come in; else let the request through."""
        if request.path in OPEN_PATHS:
            return await handler(request)
        header = request.headers.get("Authorization", "")
        try:
            is_known = await self._doorkeeper.admits(header, request.remote or "")
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

    def add_to(self, page: Page, exporter: str) -> None:
        """Add how many requests there were, by the status of the answer."""
        series = page.of(catalog.EXPORTER_HTTP_REQUESTS)
        for status, count in self._answers.items():
            series[exporter, str(status)] = float(count)

    async def _prepare(self, _: web.Request, response: web.StreamResponse) -> None:
        self._answers[response.status] += 1
        response.headers.update(self._config.headers)


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
