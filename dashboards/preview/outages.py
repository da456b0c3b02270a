"""One Prometheus, asked by many panels: when it does not answer, all of them learn it at once.

A query that takes too long may be at fault itself. So a short one asks whether the server answers
at all; if it does not, nobody waits any longer, and only that one query goes on asking until it is
answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from slo.prometheus import (
    PrometheusClient,
    PrometheusError,
    PrometheusUnreachableError,
    Sample,
)
from slo.series import Series

AT_ONCE = 6
"""Queries that Prometheus answers for us at the same time."""
PROBE = "vector(1)"
PROBE_WITHIN_SECONDS = 1.0
"""A server that answers is not slower with a number."""

_Found = TypeVar("_Found")


class OutageError(PrometheusError):
    """Prometheus answers nobody; the text is why."""


class Watched:
    """Asks a Prometheus, a few queries at a time.

    Whatever is asked raises :class:`OutageError` while the server answers nothing at all, and other
    errors as :class:`slo.prometheus.PrometheusClient` does.
    """

    def __init__(self, client: PrometheusClient) -> None:
        self._client = client
        self._free = asyncio.Semaphore(AT_ONCE)
        self._is_away = asyncio.Event()
        self._why = ""
        self._answered = 0
        self._probe: asyncio.Task[bool] | None = None
        self._probed_at = 0.0

    async def query(self, expr: str, time: float | None) -> list[Sample]:
        """Return an instant vector."""
        return await self._ask(lambda: self._client.query(expr, time))

    async def query_range(
        self, expr: str, start: float, end: float, step_seconds: float
    ) -> list[Series]:
        """Return series from ``start`` to ``end``, UNIX seconds."""
        return await self._ask(lambda: self._client.query_range(expr, start, end, step_seconds))

    async def label_values(
        self, label: str, selectors: Sequence[str], start: float | None, end: float | None
    ) -> list[str]:
        """Return the values of a label of the series that selectors find."""
        return await self._ask(lambda: self._client.label_values(label, selectors, start, end))

    async def labels(self, selectors: Sequence[str]) -> list[str]:
        """Return the names of labels."""
        return await self._ask(lambda: self._client.labels(selectors))

    async def _ask(self, ask: Callable[[], Awaitable[_Found]]) -> _Found:
        if self._is_away.is_set() and not await self._answers():
            raise OutageError(self._why)
        asked = asyncio.ensure_future(self._in_turn(ask))
        away = asyncio.ensure_future(self._is_away.wait())
        try:
            await asyncio.wait({asked, away}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            raise OutageError(self._why)
        finally:
            asked.cancel()
            away.cancel()

    async def _in_turn(self, ask: Callable[[], Awaitable[_Found]]) -> _Found:
        async with self._free:
            before = self._answered
            try:
                found = await ask()
            except PrometheusUnreachableError as error:
                if self._answered == before and not await self._answers():
                    self._why = str(error)
                    self._is_away.set()
                    raise OutageError(self._why) from None
                raise
            except PrometheusError:  # a refusal is an answer
                self._answered += 1
                raise
            self._answered += 1
            return found

    async def _answers(self) -> bool:
        """Tell whether the server answers; one query at a time asks for all who want to know."""
        clock = asyncio.get_running_loop()
        if self._probe is None or self._probe.done():
            self._probe = asyncio.ensure_future(self._ask_for_a_number())
            self._probed_at = clock.time()
        left = self._probed_at + PROBE_WITHIN_SECONDS - clock.time()
        done, _ = await asyncio.wait({self._probe}, timeout=max(left, 0))
        return bool(done) and self._probe.result()

    async def _ask_for_a_number(self) -> bool:
        try:
            await self._client.query(PROBE)
        except PrometheusUnreachableError:
            return False
        except PrometheusError:
            pass
        self._is_away.clear()
        return True
