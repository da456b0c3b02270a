"""Passing one request on to a group and its answer back, within deadlines, and saying how it ended.

The request is judged as its user feels it: a timeout is one when its deadline passes, whatever the
engine would still have answered, and the engine is left then, so that it can drop the request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from demo.vllm.counts import Counts, Lane
from demo.vllm.pool import Group, Pool
from exporters.catalog import OUTCOMES

DONE = b"data: [DONE]"
_TAIL_BYTES = 64
"""Kept of a stream, to see whether it came to its end."""


@dataclass(frozen=True)
class Deadlines:
    """How long a user waits, in seconds."""

    first_token: float = 10.0
    inter_token: float = 10.0
    end_to_end: float = 60.0


_UNREACHABLE, _FULL = "unreachable", "full"
"""How an attempt ended that another group may make good."""
_FINAL = frozenset(OUTCOMES)


class _Broken(Exception):  # noqa: N818 -- an outcome
    """The group broke off, or its answer makes no sense."""


@dataclass(frozen=True)
class Service:
    """What a router serves: the model's name, and the revision that groups have by default."""

    model: str
    revision: str

    def lane(self, group: Group | None, tier: str) -> Lane:
        """Return the lane of a tier's request that is sent to a group."""
        revision = group.revision if group and group.revision else self.revision
        return Lane(self.model, revision, tier)


class Forwarder:
    """Forwards requests to the groups of a pool and counts what comes of them."""

    def __init__(
        self,
        pool: Pool,
        service: Service,
        counts: Counts,
        session: aiohttp.ClientSession,
        deadlines: Deadlines,
    ) -> None:
        self._pool = pool
        self._service = service
        self._counts = counts
        self._session = session
        self._deadlines = deadlines

    async def forward(self, request: web.Request, tier: str, body: bytes) -> web.StreamResponse:
        """Answer a request, and count it under the revision of the group that it is first sent to.

        Its end is counted once, always.
        """
        group = self._pool.choose()
        lane = self._service.lane(group, tier)
        exchange = _Exchange(request, lane, asyncio.get_running_loop().time(), self._deadlines)
        self._counts.note_arrival(lane)
        outcome = "aborted"  # unless something else is found: the user left, this task is cancelled
        try:
            outcome = await self._exchange(exchange, group, body)
            return exchange.response or _refusal(outcome)
        finally:
            if exchange.first_token_seconds is not None:
                self._counts.note_first_token(lane, exchange.first_token_seconds)
            elif outcome in ("error", "timeout", "rejected"):
                # It never came: that is told at its deadline, or later if a timer was late.
                waited = max(exchange.elapsed(), self._deadlines.first_token)
                self._counts.note_first_token(lane, waited)
            self._counts.note_end(lane, outcome)

    async def _exchange(self, exchange: _Exchange, group: Group | None, body: bytes) -> str:
        """Return the outcome."""
        tried: set[str] = set()
        outcome = "rejected"  # there is no group that serves
        for attempt in ("first", "retry"):
            if group is None:
                return outcome
            tried.add(group.name)
            self._counts.note_attempt(exchange.lane, attempt)
            with _held(group):
                found = await self._ask(exchange, group, body)
            if found in _FINAL:
                return found
            # Nothing was answered yet, so another group may be asked.
            outcome = "rejected" if found == _FULL else "error"
            group = self._pool.choose(tried)
        return outcome

    async def _ask(self, exchange: _Exchange, group: Group, body: bytes) -> str:
        """Return the outcome, or why another group may be asked instead."""
        try:
            async with asyncio.timeout_at(exchange.first_token_by):
                upstream = await self._send(group, body)
        except (aiohttp.ClientConnectionError, aiohttp.ServerTimeoutError):
            return _UNREACHABLE
        except TimeoutError:
            return "timeout"
        except aiohttp.ClientError:
            return "error"
        try:
            # vLLM says so when its queue is full, for another instance may have room.
            if upstream.status == web.HTTPServiceUnavailable.status_code:
                return _FULL
            return await exchange.relay(upstream)
        finally:
            upstream.close()

    async def _send(self, group: Group, body: bytes) -> aiohttp.ClientResponse:
        return await self._session.post(
            f"{group.url}/v1/chat/completions",
            data=body,
            headers={"Content-Type": "application/json"},
        )


@contextmanager
def _held(group: Group) -> Iterator[None]:
    group.in_flight += 1
    try:
        yield
    finally:
        group.in_flight -= 1


class _Exchange:
    """One request with its answer."""

    def __init__(
        self, request: web.Request, lane: Lane, started: float, deadlines: Deadlines
    ) -> None:
        self.lane = lane
        self.response: web.StreamResponse | None = None
        self.first_token_seconds: float | None = None
        self._request = request
        self._started = started
        self._deadlines = deadlines

    @property
    def first_token_by(self) -> float:
        """When the first token must have come, on the loop's clock."""
        return self._started + self._deadlines.first_token

    def elapsed(self) -> float:
        """Return the seconds since the request came."""
        return asyncio.get_running_loop().time() - self._started

    async def relay(self, upstream: aiohttp.ClientResponse) -> str:
        """Pass the answer on; return the outcome."""
        try:
            await self._relay(upstream)
        except TimeoutError:
            await self._break_off("timeout")
            return "timeout"
        except (_Broken, aiohttp.ClientPayloadError, aiohttp.ClientConnectionError):
            await self._break_off("error")
            return "error"
        except ConnectionResetError:
            return "aborted"  # the user's side
        if upstream.status == web.HTTPTooManyRequests.status_code:
            return "rate_limited"
        # Below 500 the engine did what it should, even where the request was wrong.
        return "error" if upstream.status >= web.HTTPInternalServerError.status_code else "ok"

    async def _relay(self, upstream: aiohttp.ClientResponse) -> None:
        async with asyncio.timeout_at(self.first_token_by):
            piece = await upstream.content.readany()
        if not piece:
            raise _Broken
        self.response = response = web.StreamResponse(status=upstream.status)
        response.content_type = upstream.content_type
        await response.prepare(self._request)
        tail = b""
        while piece:
            await response.write(piece)
            if self.first_token_seconds is None and upstream.status == web.HTTPOk.status_code:
                self.first_token_seconds = self.elapsed()
            tail = (tail + piece)[-_TAIL_BYTES:]
            now = asyncio.get_running_loop().time()
            end = self._started + self._deadlines.end_to_end
            async with asyncio.timeout_at(min(now + self._deadlines.inter_token, end)):
                piece = await upstream.content.readany()
        if upstream.content_type == "text/event-stream" and DONE not in tail:
            raise _Broken
        await response.write_eof()

    async def _break_off(self, outcome: str) -> None:
        """Tell the user within the stream, where it has begun, how it ended."""
        if self.response is not None:
            event = f"data: {json.dumps(_error(outcome))}\n\n"
            with suppress(ConnectionResetError, aiohttp.ClientConnectionError):
                await self.response.write(event.encode())
                await self.response.write_eof()


_STATUSES = {"timeout": 504, "rejected": 503, "error": 502}


def _refusal(outcome: str) -> web.Response:
    return web.json_response(_error(outcome), status=_STATUSES.get(outcome, 502))


def _error(outcome: str) -> dict[str, Any]:
    messages = {
        "timeout": "a deadline passed",
        "rejected": "no group is healthy and has room",
        "error": "the group broke off",
    }
    return {"error": {"type": outcome, "message": messages.get(outcome, outcome)}}
