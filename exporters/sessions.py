"""HTTP sessions: how they are opened and closed, and what those to the topology's targets allow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import aiohttp

from exporters.opening import Opened
from exporters.resolving import Resolver
from exporters.version import VERSION


class HttpClient(Opened):
    """Talks over one aiohttp session."""

    _opened: aiohttp.ClientSession | None = None

    @abstractmethod
    def _make_session(self) -> aiohttp.ClientSession:
        """Return the session, within a running event loop."""

    @property
    def _session(self) -> aiohttp.ClientSession:
        """The open one.

        Raises:
            RuntimeError: outside of ``async with``.
        """
        if self._opened is None:
            raise RuntimeError(f"a {type(self).__name__} works within 'async with'")
        return self._opened

    async def _open(self) -> None:
        self._opened = self._make_session()

    async def _close(self) -> None:
        session, self._opened = self._opened, None
        if session is not None:
            await session.close()


async def read_at_most(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes | None:
    """Return the body of an answer; None if it is longer, of which no more is read then."""
    body = bytearray()
    async for part in answer.content.iter_chunked(1 << 16):
        body += part
        if len(body) > most_bytes:
            return None
    return bytes(body)


def session_to_targets(
    headers: Mapping[str, str], keepalive_seconds: float = 15.0
) -> aiohttp.ClientSession:
    """Return a session for what the topology names. Whoever reads its answers bounds them.

    It keeps no cookie, asks for nothing compressed and inflates nothing, and has no deadline.

    Args:
        headers: besides those that all have.
        keepalive_seconds: how long a connection is kept for the next request.
    """
    return aiohttp.ClientSession(
        auto_decompress=False,  # a bomb would be in memory before anybody could count its bytes
        connector=aiohttp.TCPConnector(
            limit=0, keepalive_timeout=keepalive_seconds, resolver=Resolver(), use_dns_cache=False
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Accept-Encoding": "identity",  # near by, inflating costs more than it saves
            "User-Agent": f"shardwatch/{VERSION}",
            **headers,
        },
        timeout=aiohttp.ClientTimeout(total=None),
    )
