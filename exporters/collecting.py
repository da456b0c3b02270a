"""One collection: all sources asked at once, the exporter's core fed, a page made.

Collections follow one another and are shared: scrapes that come while one is under way get the same
page, so two Prometheus servers never see answers out of order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from exporters import catalog
from exporters.fetching import Fetch
from exporters.page import Page
from exporters.reloading import Reloaded
from exporters.sharing import SharedFetch
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
        """The label ``exporter``: one of ``config.PORTS``."""

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


@runtime_checkable
class Continuing(Protocol):
    """A core that remembers something which outlives a change of the topology."""

    def take_over(self, earlier: Any) -> None:
        """Go on where ``earlier`` stopped: a core of the same class, for another topology."""


@dataclass(frozen=True)
class Collection:
    """The result of one collection."""

    page: Page
    started_at: float
    """In seconds of the collector's clock."""


class Collector:
    """Runs the collections of one exporter."""

    def __init__(
        self,
        core: Core,
        fetch: Fetch,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        *,
        reloads: Sequence[Reloaded[Any]] = (),
        beside: Sequence[Callable[[Page], None]] = (),
        by_kind: Mapping[str, Fetch] | None = None,
    ) -> None:
        """Read a core's targets with ``fetch``.

        Args:
            core: what to read, and what to make of it.
            fetch: asks for one address.
            clock: in seconds, never falls.
            wall_clock: Unix time.
            reloads: contents that are followed, of which is told.
            beside: add to each page what is told beside the core.
            by_kind: ask for the addresses of some kinds of targets instead.
        """
        self._core = core
        self._fetch = SharedFetch(fetch)
        self._by_kind = {kind: SharedFetch(each) for kind, each in (by_kind or {}).items()}
        self._lane = asyncio.Lock()
        self._clock = clock
        self._wall_clock = wall_clock
        self._reloads = reloads
        self._beside = beside
        self._sources = [self._make_source(target) for target in core.targets]
        self._successor: Core | None = None
        self._flight: asyncio.Task[Collection] | None = None
        self._last: Collection | None = None
        self._last_success_at = 0.0
        self.unplaced: Mapping[str, int] = {}
        """Targets of service discovery that have no place in the topology, by reason."""

    @property
    def is_ready(self) -> bool:
        """Whether there was a collection, by all that it depends on."""
        return self._last is not None and all(each.last_success_at for each in self._reloads)

    def replace(self, core: Core) -> None:
        """Let another core of the same class, for another topology, go on from the next collection.

        What the present one remembers it takes over, if it is a :class:`Continuing`. The present
        one itself, which changed, just goes on.
        """
        self._successor = core if core is not self._core else None

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
        await self._change_over()
        start = self._clock()
        answers = await asyncio.gather(*(source.ask() for source in self._sources))
        targets = (source.target for source in self._sources)
        page, is_success = self._observe(Answers(dict(zip(targets, answers, strict=True))))
        for source, answer in zip(self._sources, answers, strict=True):
            if source.target.shown:
                add_source(page, self._core, source, answer)
        add_collection(
            page,
            self._core.name,
            seconds=self._clock() - start,
            is_success=is_success,
            last_success_at=self._last_success_at,
        )
        self._add_reloads(page)
        for add in self._beside:
            add(page)
        self._last = Collection(page, start)
        return self._last

    def _observe(self, answers: Answers) -> tuple[Page, bool]:
        """Return the core's page and whether it made one."""
        try:
            page = self._core.observe(answers, self._clock())
        except Exception:  # noqa: BLE001 - what the sources said of themselves is still served
            _LOG.exception("a collection failed")
            return Page(), False
        self._last_success_at = self._wall_clock()
        return page, True

    async def _change_over(self) -> None:
        """Put the next core in the place of the present one, between two collections."""
        core, self._successor = self._successor, None
        if core is None:
            return
        if isinstance(core, Continuing):
            core.take_over(self._core)
        earlier = {(each.target.name, each.target.url): each for each in self._sources}
        sources = [self._make_source(target) for target in core.targets]
        await asyncio.gather(*(source.close() for source in self._sources))
        for source in sources:
            if same := earlier.get((source.target.name, source.target.url)):
                source.take_over(same)
        self._core, self._sources = core, sources

    def _make_source(self, target: Target[Any]) -> Source[Any]:
        fetch = self._by_kind.get(target.kind, self._fetch)
        return Source(target, fetch, self._clock, self._wall_clock, self._lane)

    def _add_reloads(self, page: Page) -> None:
        for each in self._reloads:
            labels = (self._core.name, each.name)
            page.of(catalog.EXPORTER_RELOAD_SUCCESS)[labels] = float(each.is_good)
            page.of(catalog.EXPORTER_RELOAD_LAST_SUCCESS)[labels] = each.last_success_at
            page.of(catalog.EXPORTER_RELOAD_FAILURES)[labels] = float(each.failures)
        for reason, count in self.unplaced.items():
            page.of(catalog.EXPORTER_UNPLACED_TARGETS)[self._core.name, reason] = float(count)


def add_collection(
    page: Page, exporter: str, *, seconds: float, is_success: bool, last_success_at: float
) -> None:
    """Add what an exporter says of the collection that a page comes from.

    Args:
        page: of the collection.
        exporter: its name.
        seconds: that it took.
        is_success: whether the core made a page.
        last_success_at: Unix time when it last did; 0 if never.
    """
    page.of(catalog.EXPORTER_BUILD_INFO)[exporter, VERSION] = 1.0
    page.of(catalog.EXPORTER_COLLECTION_DURATION)[exporter,] = seconds
    page.of(catalog.EXPORTER_COLLECTION_SUCCESS)[exporter,] = float(is_success)
    page.of(catalog.EXPORTER_COLLECTION_LAST_SUCCESS)[exporter,] = last_success_at


def add_source(page: Page, core: Core, source: Source[Any], answer: Answer[Any]) -> None:
    """Add what one source did in a collection."""
    labels = (core.name, core.cluster, source.target.region, source.target.name)
    page.of(catalog.SOURCE_UP)[labels] = float(answer.is_up)
    page.of(catalog.SOURCE_DURATION)[labels] = answer.seconds
    page.of(catalog.SOURCE_LAST_SUCCESS)[labels] = source.last_success_at
    reasons = page.of(catalog.SOURCE_REASON)
    reasons[*labels, answer.reason] = 1.0
    if answer.behind:
        reasons[*labels, answer.behind] = 1.0
