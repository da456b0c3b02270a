"""Sends the probes that are due, so many at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from exporters.access import HttpAccess
from exporters.fetching import FetchError
from exporters.probe.asking import Answered, Ask, HttpAsker
from exporters.probe.core import Probe, ProbeCore, Reply
from exporters.probe.prompts import PROMPTS, TOKENS

LONGEST_WAIT_SECONDS = 1.0
"""Until it is looked again what is due."""

_LOG = logging.getLogger("shardwatch")
_OUTCOME_OF_STATUS = {"429": "rate_limited", "503": "rejected", "504": "timeout"}


class Prober:
    """Asks what the core wants asked.

    Args:
        core: says what, and is told what came of it.
        ask: asks one engine.
        most_at_once: questions under way. Groups whose last probe failed have half of them: many
            that hang must not keep the others from being probed.
        clock: the core's.
    """

    def __init__(
        self,
        core: ProbeCore,
        ask: Ask,
        most_at_once: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core = core
        self._ask = ask
        self._clock = clock
        self._all = asyncio.Semaphore(most_at_once)
        self._failing = asyncio.Semaphore(max(most_at_once // 2, 1))
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run_forever(self) -> None:
        """Probe until cancelled."""
        try:
            while True:
                self.start_due()
                await self._wait_until(self._core.next_due())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _wait_until(self, due: float) -> None:
        """Return when the next probe is due, or one has ended and its group may be.

        Or soon, for by another topology one may be due before.
        """
        self._ended.clear()
        wait = min(max(due - self._clock(), 0.001), LONGEST_WAIT_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._ended.wait()

    def start_due(self) -> None:
        """Start the probes that are due."""
        for probe in self._core.due(self._clock()):
            task = asyncio.create_task(self._probe(probe))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _probe(self, probe: Probe) -> None:
        if self._core.is_failing(probe.to):
            async with self._failing, self._all:
                reply = await self._question(probe)
        else:
            async with self._all:
                reply = await self._question(probe)
        self._core.note(probe, reply, self._clock())
        self._ended.set()

    async def _question(self, probe: Probe) -> Reply:
        try:
            return await self._put(probe)
        except FetchError as error:
            return reply_to_failure(error)
        except Exception:  # noqa: BLE001 - an answer that we choke on must not end the probing
            _LOG.exception("%s: a probe failed", probe.url)
            return Reply("error", "malformed")

    async def _put(self, probe: Probe) -> Reply:
        prompt = PROMPTS[probe.prompt]
        answered = await self._ask(probe.url, prompt, TOKENS, probe.model)
        if not answered.text:
            return Reply("error", "empty")
        first = answered.first_seconds
        if first is None:
            # The engine does not stream: an answer of one token ends with its first.
            first = (await self._ask(probe.url, prompt, 1, probe.model)).seconds
        return reply_to_answer(answered, first)


def reply_to_answer(answered: Answered, first_seconds: float) -> Reply:
    """Return what came of a probe that was answered, whose first token took so long."""
    rest = answered.tokens - 1
    per_token = max(answered.seconds - first_seconds, 0.0) / rest if rest > 0 else None
    return Reply("ok", "none", answered.text, first_seconds, per_token)


def reply_to_failure(error: FetchError) -> Reply:
    """Return what came of a probe that was not answered."""
    outcome = "error"
    if error.reason == "timeout":
        outcome = "timeout"
    elif error.reason == "http_status":
        outcome = _OUTCOME_OF_STATUS.get(error.detail, "error")
    return Reply(outcome, error.reason)


@asynccontextmanager
async def probing(
    core: ProbeCore, most_at_once: int, access: HttpAccess | None = None
) -> AsyncIterator[None]:
    """Probe within ``async with``."""
    async with HttpAsker(core.deadline_seconds, access=access) as ask:
        task = asyncio.create_task(Prober(core, ask, most_at_once).run_forever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
