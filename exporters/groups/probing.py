"""Asking an engine that seems stalled for one token. Never more than one request at a time each.

The answer itself is not looked at: that there is one within the deadline means that the engine
stepped. It costs the engine one token of work and shows among its requests.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import aiohttp

from exporters.access import HttpAccess
from exporters.groups.stalling import PROBE_DEADLINE_SECONDS, Outcome, Probe
from exporters.sessions import session_to_targets

RANK_HEADER = "X-data-parallel-rank"
"""Where an API server has several engines, vLLM sends the request to the one named here."""
_PROMPT = "1"

_LOG = logging.getLogger("shardwatch")


@dataclass(frozen=True)
class Question:
    """What an engine is asked."""

    url: str
    model: str
    rank: str | None = None
    """Its data-parallel rank, if it shares its API server."""


class Prober(Protocol):
    """Asks engines, beside the collections."""

    def ask(self, group: str, question: Question, now: float) -> None:
        """Ask a group's engine, unless it is being asked already."""

    def last(self, group: str) -> Probe:
        """Return how the last probe of a group went."""

    def is_refused(self, group: str) -> bool:
        """Return whether the last probe of a group that ended was refused."""

    def counts(self, group: str) -> Mapping[str, int]:
        """Return how many probes of a group ended how (``catalog.STALL_PROBE_OUTCOMES``)."""


Ask: TypeAlias = Callable[[Question], Awaitable[Outcome]]


class HttpProber:
    """Asks over HTTP, in tasks of the running event loop.

    Args:
        ask: asks once and returns within the deadline; over HTTP by default.
        access: how engines are asked.
    """

    def __init__(self, ask: Ask | None = None, access: HttpAccess | None = None) -> None:
        self._ask = ask or partial(ask_for_token, access=access)
        self._probes: dict[str, Probe] = {}
        self._ended: dict[str, Probe] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._counts: dict[str, Counter[str]] = {}

    def ask(self, group: str, question: Question, now: float) -> None:
        """As :class:`Prober` says. Must be called where an event loop runs."""
        running = self._tasks.get(group)
        if running is None or running.done():
            self._probes[group] = Probe("pending", now)
            self._tasks[group] = asyncio.create_task(self._run(group, question, now))

    def last(self, group: str) -> Probe:
        """As :class:`Prober` says."""
        return self._probes.get(group, Probe())

    def is_refused(self, group: str) -> bool:
        """As :class:`Prober` says."""
        return group in self._ended and self._ended[group].outcome == "refused"

    def counts(self, group: str) -> Mapping[str, int]:
        """As :class:`Prober` says."""
        return self._counts.get(group, {})

    async def _run(self, group: str, question: Question, now: float) -> None:
        outcome: Outcome = "refused"
        try:
            outcome = await self._ask(question)
        except Exception:  # noqa: BLE001 - our mistake says nothing of the engine
            _LOG.exception("%s: cannot be asked", question.url)
        if outcome == "refused" and not self.is_refused(group):
            _LOG.warning("%s refuses to give a token: no stall of %s can be confirmed",
                         question.url, group)  # fmt: skip
        self._probes[group] = self._ended[group] = Probe(outcome, now)
        self._counts.setdefault(group, Counter())[outcome] += 1


async def ask_for_token(question: Question, access: HttpAccess | None = None) -> Outcome:
    """Ask an engine for one token and return how that went, within the deadline."""
    content = {"prompt": _PROMPT, "max_tokens": 1, "temperature": 0}
    if question.model:
        content["model"] = question.model
    headers = {} if question.rank is None else {RANK_HEADER: question.rank}
    options = access.options() if access else {}
    try:
        async with (
            asyncio.timeout(PROBE_DEADLINE_SECONDS),
            # A session of its own: probes are rare, and nobody has to close it later.
            session_to_targets(headers) as session,
            session.post(question.url, json=content, allow_redirects=False, **options) as response,
        ):
            if response.status == 200:
                await response.content.readany()
                return "answered"
            # No leave, no such address, too busy: it may be another at the next question.
            return "refused"
    except TimeoutError:
        return "unanswered"
    except (aiohttp.ClientError, OSError, ValueError):
        return "refused"
