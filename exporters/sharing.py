"""One request for an address that several targets share: engines behind one API server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from exporters.fetching import Fetch, Response


@dataclass
class _Flight:
    """A request under way, and those who wait for it or have not read its answer yet."""

    task: asyncio.Task[Response]
    readers: int = 0


@dataclass
class SharedFetch:
    """A :class:`~exporters.fetching.Fetch` that asks another once for all who ask at once.

    They get the same answer, whose body is one object: what was made of it can be known by that.
    """

    fetch: Fetch
    _flights: dict[str, _Flight] = field(default_factory=dict)

    async def __call__(self, url: str) -> Response:
        """Return the answer of a request under way, or of a new one."""
        flight = self._flights.get(url)
        if flight is None:
            flight = self._flights[url] = _Flight(asyncio.create_task(self._ask(url)))
        flight.readers += 1
        try:
            response = await asyncio.shield(flight.task)
        except BaseException:
            # It failed, or this one gave up waiting. Nobody waits for what the last one gave up.
            _leave(flight, partial(self._end, url, flight))
            raise
        return replace(response, done=lambda: _leave(flight, response.done))

    async def _ask(self, url: str) -> Response:
        try:
            return await self.fetch(url)
        finally:
            if url in self._flights and self._flights[url].task is asyncio.current_task():
                del self._flights[url]

    def _end(self, url: str, flight: _Flight) -> None:
        flight.task.cancel()
        if self._flights.get(url) is flight:
            del self._flights[url]


def _leave(flight: _Flight, if_last: Callable[[], object]) -> None:
    flight.readers -= 1
    if not flight.readers:
        if_last()
