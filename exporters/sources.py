"""Sources: what is read over HTTP, each by itself, so that a hung one costs its own series only.

A :class:`Target` says what to read and how to make sense of it; it is plain data, and the cores of
the exporters are made of targets and :class:`Answers`. A :class:`Source` asks one target: one
request at a time, answers in order, with a circuit breaker.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from exporters.circuit import Circuit
from exporters.exposition import PageError
from exporters.fetching import LONGEST_ANSWER_SECONDS, NO_TURN, Fetch, FetchError, Response

LARGE_PAGE_BYTES = 256 * 1024
"""A page above this is read in a thread, so that nobody else's deadline passes meanwhile."""
READING_SECONDS = 0.5
"""For a large page, from the moment that its turn has come. 16 MB take longer; the 2.4 MB of 72
engines behind one API server a tenth of it."""
_READING = ThreadPoolExecutor(1, "reading")
"""Large pages are read one after another: at once, they would only stand in each other's way."""

HTTP_OK = 200
_NOT_READ = "other pages took all the time for reading"

_LOG = logging.getLogger("shardwatch")

Content = TypeVar("Content")


@dataclass(frozen=True, eq=False)
class Target(Generic[Content]):
    """One address of the topology, and how to read what it serves."""

    name: str
    """Of the group, host, router or gateway."""
    region: str
    url: str
    read: Callable[[bytes], Content]
    """Makes sense of a body; raises PageError."""
    shown: bool = True
    """Whether the exporter serves ``source_up`` and its like for it."""
    kind: str = ""
    """Of source, as ``access.HttpClientConfigs`` has them; empty of what is not asked over HTTP."""


@dataclass(frozen=True)
class Answer(Generic[Content]):
    """What a target answered in one collection."""

    reason: str
    """``none`` if it answered in time and in form, else why not (``catalog.SOURCE_REASONS``)."""
    content: Content | None = None
    """None unless it answered."""
    status: int | None = None
    """Of HTTP, if there was an answer at all."""
    seconds: float = 0.0
    number: int = 0
    """Counts the requests to this target."""
    detail: str = ""
    """Why it is not up, in words."""
    behind: str = ""
    """The reason of the last request, if the circuit is open and none was waited for."""

    @property
    def is_ours(self) -> bool:
        """Whether it is the exporter's own failing, which says nothing of the target."""
        return self.reason == NO_TURN

    @property
    def is_up(self) -> bool:
        """Whether it answered in time and in form."""
        return self.reason == "none"


class Answers:
    """The answers of one collection, by target."""

    def __init__(self, by_target: Mapping[Target[Any], Answer[Any]]) -> None:
        self._by_target = by_target

    def __getitem__(self, target: Target[Content]) -> Answer[Content]:
        return self._by_target[target]


class Source(Generic[Content]):
    """Asks one target.

    Args:
        target: what it asks.
        fetch: asks.
        clock: in seconds.
        wall_clock: in Unix seconds.
        lane: shared by sources whose pages are to be read one after another, the event loop going
            round between two of them. So a thousand pages that come at once make nobody's deadline
            pass that waits for another.
    """

    def __init__(
        self,
        target: Target[Content],
        fetch: Fetch,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        lane: asyncio.Lock | None = None,
    ) -> None:
        self.target = target
        self._lane = lane or asyncio.Lock()
        self.circuit = Circuit()
        self.last_success_at = 0.0
        """Unix time of the last answer in time and in form, 0 if there was none."""
        self._fetch = fetch
        self._clock = clock
        self._wall_clock = wall_clock
        self._requests = 0
        self._newest = 0
        """Number of the request that was answered last, or repeated: what is older is late."""
        self._flight: asyncio.Task[Answer[Content]] | None = None
        self._last: Answer[Content] = Answer("none")

    async def ask(self) -> Answer[Content]:
        """Return the target's answer: never later than its deadline, and never an exception.

        While the circuit is open nobody waits: a probe that is due runs beside the collection,
        and its success counts from the next one on.
        """
        flying = self._flight is not None and not self._flight.done()
        if self.circuit.is_open:
            if not flying and self.circuit.is_probe_due(self._clock()):
                self._flight = asyncio.create_task(self._fly())
            return self.say_unasked()
        if not flying or self._flight is None:
            self._flight = asyncio.create_task(self._fly())
        return await asyncio.shield(self._flight)

    def say_unasked(self) -> Answer[Content]:
        """Return the answer while the circuit is open: none, and why there was none before."""
        return Answer("circuit_open", behind=self._last.reason)

    def read_at_once(self, response: Response | None, reason: str = "none") -> Answer[Content]:
        """Take what a request came to, read on the spot; return the newest answer.

        For whoever has no event loop and no deadline: the time is the clock's, which is not moved.

        Args:
            response: what the target answered; None if nothing.
            reason: why not.
        """
        self._requests += 1
        status, content, detail = response.status if response else None, None, ""
        if response and status != HTTP_OK:
            reason, detail = "http_status", f"HTTP {status}"
        elif response:
            try:
                content = self.target.read(response.body)
            except PageError as error:
                reason, detail = "malformed", str(error)
        return self.apply(Answer(reason, content, status, 0.0, self._requests, detail))

    def repeat(self) -> Answer[Content]:
        """Take the newest answer, which was up, once more: for whoever knows what would come."""
        self._requests += 1
        self._newest = self._requests
        self.last_success_at = self._wall_clock()
        return self._last

    def apply(self, answer: Answer[Content]) -> Answer[Content]:
        """Take an answer; return the newest, which is another if this one is out of date."""
        if answer.is_ours:
            # Not for the circuit and not for the log: what was known of the target still holds.
            return replace(answer, behind="" if self._last.is_up else self._last.reason)
        if answer.number > self._newest:
            self._newest = answer.number
            self._report(answer)
            # An error by HTTP is an answer, and a quick one: nobody waits for it in vain.
            answered = answer.is_up or answer.reason == "http_status"
            self.circuit = self.circuit.after(success=answered, now=self._clock())
            self._last = answer
            if answer.is_up:
                self.last_success_at = self._wall_clock()
        return self._last

    def take_over(self, earlier: Source[Any]) -> None:
        """Go on where an earlier source of the same address stopped."""
        self.circuit = earlier.circuit
        self.last_success_at = earlier.last_success_at
        self._requests = self._newest = earlier._requests
        # Its content is of another reading, and is not asked for again.
        self._last = replace(earlier._last, content=None)

    async def close(self) -> None:
        """Give up a request under way."""
        if self._flight:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    async def _fly(self) -> Answer[Content]:
        self._requests += 1
        number, start = self._requests, self._clock()
        reason, detail = "none", ""
        status: int | None = None
        content: Content | None = None
        try:
            response = await self._fetch(self.target.url)
            status = response.status
            content = await self._read(response, start)
        except FetchError as error:
            reason, detail = error.reason, error.detail
        except PageError as error:
            reason, detail = "malformed", str(error)
        except Exception as error:  # noqa: BLE001 - see below
            # A page that we choke on is our mistake, but must not cost the other sources.
            _LOG.exception("%s: cannot be read", self.target.url)
            reason, detail = "malformed", type(error).__name__
        seconds = self._clock() - start
        return self.apply(Answer(reason, content, status, seconds, number, detail))

    async def _read(self, response: Response, asked_at: float) -> Content:
        if response.status != HTTP_OK:
            raise FetchError("http_status", f"HTTP {response.status}")
        if len(response.body) <= LARGE_PAGE_BYTES:
            try:
                async with asyncio.timeout(self._left(asked_at)):
                    await self._lane.acquire()
            except TimeoutError:
                response.done()
                raise FetchError(NO_TURN, _NOT_READ) from None
            try:
                content = self.target.read(response.body)
                await asyncio.sleep(0)  # whatever has come meanwhile is taken in
                return content
            finally:
                self._lane.release()
                response.done()
        loop = asyncio.get_running_loop()
        has_turn = asyncio.Event()

        def read() -> Content:
            loop.call_soon_threadsafe(has_turn.set)
            return self.target.read(response.body)

        # Released when the thread lets go of it, be it long after we gave up.
        reading = _READING.submit(read)
        reading.add_done_callback(partial(_release, loop, response))
        try:
            async with asyncio.timeout(self._left(asked_at)):
                await has_turn.wait()
        except TimeoutError:
            reading.cancel()
            raise FetchError(NO_TURN, _NOT_READ) from None
        try:
            async with asyncio.timeout(READING_SECONDS):
                return await asyncio.wrap_future(reading)
        except TimeoutError:
            detail = f"{len(response.body)} bytes could not be read within {READING_SECONDS:g} s"
            raise FetchError("too_large", detail) from None

    def _left(self, asked_at: float) -> float:
        """Return for how long the turn to be read may be waited for, in seconds."""
        return asked_at + LONGEST_ANSWER_SECONDS - self._clock()

    def _report(self, answer: Answer[Content]) -> None:
        if answer.reason == self._last.reason:
            return
        if answer.is_up:
            _LOG.info("%s at %s answers again", self.target.name, self.target.url)
        else:
            _LOG.warning(
                "%s at %s: %s: %s", self.target.name, self.target.url, answer.reason, answer.detail
            )


def _release(loop: asyncio.AbstractEventLoop, response: Response, _: Future[Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended, and all with it
        loop.call_soon_threadsafe(response.done)
