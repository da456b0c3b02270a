"""What every page of ours is guarded by: a strict policy, known hosts, bodies of a bounded size."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from exporters.addresses import DEFAULT_PORTS

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No script or style that stands within a page, none from elsewhere, and no frame around it."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
LARGEST_BODY_BYTES = 256 * 1024
_LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))


Tell: TypeAlias = Callable[[int, str], tuple[str, bytes]]
"""Returns the type and the body of a refusal, by its status and what is said."""


def _tell_plainly(_: int, said: str) -> tuple[str, bytes]:
    return "application/json", json.dumps({"problem": said}).encode()


class _BrokenOffError(Exception):
    """A request whose sender is gone before its end."""


class Guard:
    """Stands before an application (ASGI).

    On loopback it answers only to the names of loopback: a page from elsewhere whose name was made
    to lead here would otherwise be read as ours. What changes something, or asks for something,
    must come from our own pages. A proxy before it may keep the public name or not.
    """

    def __init__(
        self,
        application: Application,
        host: str,
        *,
        public_url: str | None = None,
        largest_body_bytes: int = LARGEST_BODY_BYTES,
        tell: Tell = _tell_plainly,
    ) -> None:
        """Guard an application.

        Args:
            application: that is guarded.
            host: that it listens at.
            public_url: under which people reach it, if by a proxy: its name is answered to, and
                its pages are ours.
            largest_body_bytes: of a request.
            tell: how refusals are told: as it tells problems.
        """
        self._application = application
        self._tell = tell
        self._public = None if public_url is None else _origin_of(public_url)
        names = {host} if self._public is None else {host, self._public[1]}
        self._hosts = _LOOPBACK_NAMES | names if is_loopback(host) else None
        self._largest = largest_body_bytes
        self._headers = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = {name.decode("latin-1"): text.decode("latin-1")
                   for name, text in scope["headers"]}  # fmt: skip

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._headers]
            await send(message)

        refused = self._refusal(scope["method"], headers)
        if refused is not None:
            await self._answer(send_guarded, *refused)
            return
        body = b""
        if scope["method"] not in ("GET", "HEAD"):
            try:
                taken = await _take(receive, self._largest)
            except _BrokenOffError:
                return  # Nobody is there to be answered, and half of a request is none.
            if taken is None:
                said = f"The request is larger than {self._largest} bytes."
                await self._answer(send_guarded, 413, said)
                return
            body = taken
        is_given = False

        async def give() -> Message:
            nonlocal is_given
            if is_given:
                return await receive()
            is_given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._application(scope, give, send_guarded)

    def _refusal(self, method: str, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if self._hosts is not None and _name_of(host) not in self._hosts:
            said = "This address is served under the names of loopback"
            return 421, f"{said} and its public one alone." if self._public else f"{said} alone."
        if method in ("GET", "HEAD"):
            return None
        origin = headers.get("origin")
        if origin is not None and not self._is_ours(origin, host):
            return 403, "The request comes from a page of another origin."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "The request comes from another site."
        return None

    def _is_ours(self, origin: str, host: str) -> bool:
        found = _origin_of(origin)
        if found is None:
            return False
        return found == self._public or origin.partition("://")[2] == host

    async def _answer(self, send: Send, status: int, said: str) -> None:
        kind, body = self._tell(status, said)
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def is_loopback(host: str) -> bool:
    """Tell whether a host to listen at is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin_of(url: str) -> tuple[str, str, int | None] | None:
    """Return the scheme, the name and the port of an address; None if it has no name."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


async def _take(receive: Receive, largest: int) -> bytes | None:
    """Return the body of a request; None if it is too large.

    Raises:
        _BrokenOffError: if whoever sends it is gone before its end.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _BrokenOffError
        body += message.get("body", b"")
        if len(body) > largest:
            return None
        if not message.get("more_body"):
            return bytes(body)
