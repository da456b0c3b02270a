"""Whose turn it is to be asked, where one server has many pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_AT_ONCE = 16
"""Requests under way to one server; others would only make it slower."""
_MOST_SUSPECTS = 10_000
"""Addresses that are remembered. They come and go with the topology."""


class NoTurnError(Exception):
    """The turn of an address did not come in time."""


@dataclass
class _Queue:
    turns: asyncio.Semaphore
    users: int = 0
    """Those who have a turn or wait for one."""


class Turns:
    """Gives turns by server (``HOST:PORT``).

    Addresses that timed out the last time have as many turns of their own: they wait for each
    other, and no others wait for them.
    """

    def __init__(self) -> None:
        self._queues: dict[tuple[str, bool], _Queue] = {}
        self._suspects: set[str] = set()

    @asynccontextmanager
    async def take(self, url: str, patience_seconds: float) -> AsyncIterator[None]:
        """Hold a turn within ``async with``.

        A TimeoutError in there makes the address a suspect; any other end clears it.

        Raises:
            NoTurnError: if none was free in time.
        """
        key = (urlsplit(url).netloc, url in self._suspects)
        queue = self._queues.setdefault(key, _Queue(asyncio.Semaphore(MOST_AT_ONCE)))
        queue.users += 1
        try:
            try:
                async with asyncio.timeout(patience_seconds):
                    await queue.turns.acquire()
            except TimeoutError:
                raise NoTurnError from None
            try:
                yield
            except TimeoutError:
                self._suspect(url)
                raise
            except Exception:
                self._suspects.discard(url)
                raise
            else:
                self._suspects.discard(url)
            finally:
                queue.turns.release()
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[key]

    def _suspect(self, url: str) -> None:
        if len(self._suspects) >= _MOST_SUSPECTS:
            self._suspects.clear()
        self._suspects.add(url)
