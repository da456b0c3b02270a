"""One collection: all sources asked at once, the exporter's core fed, a page made.

Collections follow one another and are shared: scrapes that come while one is under way get the same
page, so two Prometheus servers never see answers out of order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from exporters import catalog
from exporters.fetching import Fetch
from exporters.page import Page
from exporters.sources import Answer, Answers, Source, Target
from exporters.version import VERSION

SAMPLE_SECONDS = 5.0
"""How often sources are looked at where states depend on it, scraped or not."""
PATIENCE_SECONDS = 0.5
"""A scrape that comes this much later than a sample is due takes its place."""

_LOG = logging.getLogger("shardwatch")


class Core(Protocol):
    """The pure part of an exporter: answers in, page out. It may remember earlier answers."""

    @property
    def name(self) -> str:
        """``gpu``, ``groups``, ``router`` or ``tools``: the label ``exporter``."""

    @property
    def cluster(self) -> str:
        """The label of that name."""

    @property
    def targets(self) -> Sequence[Target[Any]]:
        """All that is to be read in each collection."""

    @property
    def samples_itself(self) -> bool:
        """Whether states depend on looking regularly, scraped or not."""

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for the answers of one collection, of every target.

        ``now`` is in seconds of a monotonic clock and never falls.
        """


@dataclass(frozen=True)
class Collection:
    """The result of one collection."""

    page: Page
    started_at: float
    """In seconds of the collector's clock."""


class Collector:
    """Runs the collections of one exporter."""

    def __init__(
        self, core: Core, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._core = core
        self._clock = clock
        self._sources = [Source(target, fetch, clock) for target in core.targets]
        self._flight: asyncio.Task[Collection] | None = None
        self._last: Collection | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there was a collection."""
        return self._last is not None

    async def collect(self) -> Collection:
        """Return the collection under way, or a new one."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._collect())
        return await asyncio.shield(self._flight)

    async def sample_forever(self) -> None:
        """Collect once; then, if the core wants it, whenever no scrape has for a while."""
        while True:
            due = self._last.started_at + SAMPLE_SECONDS + PATIENCE_SECONDS if self._last else 0.0
            wait = due - self._clock()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            try:
                await self.collect()
            except Exception:  # noqa: BLE001 - sampling goes on, whatever one collection met
                _LOG.exception("a collection failed")
                await asyncio.sleep(SAMPLE_SECONDS)
            if not self._core.samples_itself:
                return

    async def close(self) -> None:
        """Give up everything under way."""
        if self._flight:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
        await asyncio.gather(*(source.close() for source in self._sources))

    async def _collect(self) -> Collection:
        start = self._clock()
        answers = await asyncio.gather(*(source.ask() for source in self._sources))
        by_target = {
            source.target: answer for source, answer in zip(self._sources, answers, strict=True)
        }
        page = self._core.observe(Answers(by_target), self._clock())
        _add_sources(page, self._core, by_target)
        exporter = (self._core.name,)
        page.of(catalog.EXPORTER_BUILD_INFO)[*exporter, VERSION] = 1.0
        page.of(catalog.EXPORTER_COLLECTION_SECONDS)[exporter] = self._clock() - start
        self._last = Collection(page, start)
        return self._last


def _add_sources(page: Page, core: Core, by_target: dict[Target[Any], Answer[Any]]) -> None:
    up, seconds = page.of(catalog.SOURCE_UP), page.of(catalog.SOURCE_SECONDS)
    reason = page.of(catalog.SOURCE_REASON)
    for target, answer in by_target.items():
        if target.shown:
            labels = (core.name, core.cluster, target.region, target.name)
            up[labels] = float(answer.is_up)
            seconds[labels] = answer.seconds
            reason[*labels, answer.reason] = 1.0
            if answer.behind:
                reason[*labels, answer.behind] = 1.0
