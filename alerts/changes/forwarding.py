"""Looking for changes and telling of them, side by side: what waits does not keep from looking."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from alerts.changes.core import Running, changes, remember
from alerts.changes.events import Event, change_event
from alerts.changes.sending import Answer, wait_seconds
from alerts.changes.state import State, read_state, write_state
from exporters.config import Links
from slo.prometheus import PrometheusError

MOST_WAITING = 1000
"""Events. While as many wait, nothing new is looked for: what changes then is told once there is
room, together."""

_LOG = logging.getLogger("shardwatch")


@dataclass
class Forwarder:
    """Knows what runs where, and tells what changes. The edges are given to it.

    Raises:
        InputError: by all that write the state, if the file cannot be written.
    """

    ask: Callable[[], Awaitable[Running]]
    """Raises PrometheusError if there is no answer."""
    send: Callable[[Event], Awaitable[Answer]]
    links: Links
    state_file: Path
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    most_waiting: int = MOST_WAITING
    _state: State = field(default_factory=State)
    _failures: int = 0
    _said: str = ""
    """Why the last one was not taken: said once, until it is another reason."""
    _asking_failed: bool = False
    _has_events: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._state = read_state(self.state_file)
        self._note_waiting()

    @property
    def waiting(self) -> int:
        """Return how many events wait."""
        return len(self._state.waiting)

    async def run(self, interval_seconds: float) -> None:
        """Look every interval, and tell, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_on(interval_seconds))
            tasks.create_task(self._tell_on())

    async def look(self) -> bool:
        """Look once, and let what changed wait to be told; return whether Prometheus answered."""
        if self.waiting >= self.most_waiting:
            return True
        try:
            now = await self.ask()
        except PrometheusError as error:
            if not self._asking_failed:
                _LOG.warning("Prometheus: %s; what changes meanwhile is told later", error)
            self._asking_failed = True
            return False
        self._asking_failed = False
        at, known = self.clock(), self._state.known
        found = [] if known is None else changes(known, now)
        for each in found:
            _LOG.info("%s", each.summary)
        events = tuple(change_event(each, at, self.links) for each in found)
        # Before any is sent: whoever is killed in between sends them when it is back.
        self._keep(State(remember(known or {}, now, at), (*self._state.waiting, *events)))
        return True

    async def tell(self) -> Answer | None:
        """Send the oldest event that waits; return what became of it, or None if there is none."""
        if not self._state.waiting:
            return None
        event = self._state.waiting[0]
        answer = await self.send(event)
        summary = event["payload"]["summary"]
        if answer.outcome == "later":
            if answer.said != self._said:
                _LOG.warning("PagerDuty: %s; %s waits", answer.said, summary)
            self._said = answer.said
            self._failures += 1
            return answer
        self._failures, self._said = 0, ""
        if answer.outcome == "refused":
            _LOG.error("PagerDuty refused %r: %s", summary, answer.said)
        # Others may have come while it was sent.
        self._keep(replace(self._state, waiting=self._state.waiting[1:]))
        return answer

    async def _look_on(self, interval_seconds: float) -> None:
        while True:
            await self.look()
            await asyncio.sleep(interval_seconds)

    async def _tell_on(self) -> None:
        while True:
            await self._has_events.wait()
            answer = await self.tell()
            if answer is not None and answer.outcome == "later":
                await asyncio.sleep(wait_seconds(self._failures, answer, self.chance()))

    def _keep(self, state: State) -> None:
        write_state(self.state_file, state)
        self._state = state
        self._note_waiting()

    def _note_waiting(self) -> None:
        if self._state.waiting:
            self._has_events.set()
        else:
            self._has_events.clear()
