"""One HTTP request for a page, with everything about the answer limited.

No redirect is followed, no proxy and no cookie used: targets come from the topology only.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import aiohttp

from exporters.access import HttpAccess
from exporters.exposition import LARGEST_PAGE_BYTES
from exporters.sessions import HttpClient, session_to_targets
from exporters.turns import NoTurnError, Turns

DEADLINE_SECONDS = 1.5
"""From the connection to the last byte. Of each source by itself: no share of anybody's scrape
time-out."""
LONGEST_ANSWER_SECONDS = 2 * DEADLINE_SECONDS
"""Until a fetch ends, whatever the source does: the turn (:mod:`exporters.turns`) and the answer
have a deadline each."""

MOST_HELD_BYTES = 64 * 1024 * 1024
"""Of all answers together, until they have been read; beyond, only small ones are taken."""
SMALL_BYTES = 1024 * 1024
"""An answer up to this is never refused for what others send."""

NO_TURN = "no_turn"
"""The reason of a :class:`FetchError` that is no failing of the source: it was not asked, or not
read, for others had all the turns there are."""

_LONGEST_DETAIL = 200
"""Characters: some of it is what the source sent."""
_KEEPALIVE_SECONDS = 75.0
"""More than the usual intervals of scrapes, so that a collection finds its connections open."""
_ACCEPT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"


class FetchError(Exception):
    """No usable answer. ``reason`` is one of ``catalog.SOURCE_REASONS``."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[:_LONGEST_DETAIL]}..."
        super().__init__(f"{reason}: {self.detail}")


@contextmanager
def failures_as_fetch_errors(deadline_seconds: float) -> Iterator[None]:
    """Turn every way in which a request can fail into a :class:`FetchError`.

    Args:
        deadline_seconds: that the request has, for the detail.
    """
    try:
        yield
    except NoTurnError:
        raise FetchError(NO_TURN, f"others were asked, for {deadline_seconds:g} s") from None
    except TimeoutError:
        raise FetchError("timeout", f"no whole answer within {deadline_seconds:g} s") from None
    except aiohttp.ClientPayloadError:
        raise FetchError("malformed", "the answer was cut") from None
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise FetchError("refused", str(error) or type(error).__name__) from None
    except (aiohttp.ClientError, ValueError) as error:
        raise FetchError("malformed", f"no HTTP: {error}") from None


@dataclass(frozen=True, slots=True)
class Response:
    """What a source answered."""

    status: int
    body: bytes
    """Decompressed; empty unless the status is 200."""
    done: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    """To be called once when the body has been read, so that there is room for others."""


class Fetch(Protocol):
    """Asks for one address."""

    async def __call__(self, url: str) -> Response:
        """Return the answer.

        Raises:
            FetchError: if there was none in time and within the limits.
        """


class HttpFetcher(HttpClient):
    """Fetches over one aiohttp session, which is open within ``async with``."""

    def __init__(self, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._deadline_seconds = deadline_seconds
        self._turns = Turns()
        self._all = _Held()

    def _make_session(self) -> aiohttp.ClientSession:
        return session_to_targets({"Accept": _ACCEPT}, _KEEPALIVE_SECONDS)

    def by_kind(self, accesses: Mapping[str, HttpAccess]) -> dict[str, Fetch]:
        """Return what asks sources of each kind, as it is to be asked."""
        return {kind: partial(self, access=access) for kind, access in accesses.items()}

    async def __call__(self, url: str, access: HttpAccess | None = None) -> Response:
        """Return what ``url`` answers; as :class:`Fetch` says."""
        options = access.options() if access else {}
        with failures_as_fetch_errors(self._deadline_seconds):
            async with (
                self._turns.take(url, self._deadline_seconds),
                asyncio.timeout(self._deadline_seconds),
            ):
                return await self._get(url, options)

    async def _get(self, url: str, options: Mapping[str, Any]) -> Response:
        held = _Held(self._all)
        try:
            async with self._session.get(url, allow_redirects=False, **options) as response:
                if response.status != 200:
                    return Response(response.status, b"")
                chunks = []
                async for chunk in response.content.iter_any():
                    held.add(len(chunk))
                    chunks.append(chunk)
                body = b"".join(chunks)
                encoding = response.headers.get("Content-Encoding", "identity").lower()
            if encoding != "identity":
                body = await asyncio.to_thread(_inflate, body, encoding)
                held.add(max(0, len(body) - held.bytes))
        except BaseException:
            held.release()
            raise
        return Response(200, body, held.release)


class _Held:
    """Bytes that are in memory: of one answer, which counts among those of all."""

    def __init__(self, of_all: _Held | None = None) -> None:
        self.bytes = 0
        self._of_all = of_all

    def add(self, more: int) -> None:
        """Count more bytes.

        Raises:
            FetchError: if there are too many now, of this answer or of all.
        """
        self.bytes += more
        if self._of_all is None:
            return
        self._of_all.add(more)
        if self.bytes > LARGEST_PAGE_BYTES:
            raise FetchError("too_large", f"more than {LARGEST_PAGE_BYTES} bytes")
        if self.bytes > SMALL_BYTES and self._of_all.bytes > MOST_HELD_BYTES:
            raise FetchError("too_large", f"more than {MOST_HELD_BYTES} bytes with all others")

    def release(self) -> None:
        """Count them no longer."""
        if self._of_all is not None:
            self._of_all.add(-self.bytes)
        self.bytes = 0


def _inflate(body: bytes, encoding: str) -> bytes:
    """Return a body that was compressed although nobody asked for it."""
    if encoding not in ("gzip", "deflate"):
        raise FetchError("malformed", f"compressed as {encoding[:20]!r}")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: finds out which of the two
    try:
        page = inflater.decompress(body, LARGEST_PAGE_BYTES + 1)
    except zlib.error:
        raise FetchError("malformed", f"not {encoding}") from None
    if len(page) > LARGEST_PAGE_BYTES:
        raise FetchError("too_large", f"inflates to more than {LARGEST_PAGE_BYTES} bytes")
    if not inflater.eof:
        raise FetchError("malformed", "the answer was cut")
    return page
