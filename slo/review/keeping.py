"""What the service does beside webhooks: asks Prometheus, works out incidents, fills the hours."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from slo.prometheus import PrometheusClient, PrometheusError
from slo.review.acknowledging import find_incidents
from slo.review.alert_store import state_of_facts
from slo.review.days import add_days
from slo.review.incident_store import sync_incidents
from slo.review.metrics import ReviewMetrics
from slo.review.reconciling import reconcile
from slo.review.snapshots import take_snapshots
from slo.review.spending import take_spending
from slo.review.tracing import Traced, untraced

_LOG = logging.getLogger("reviews")
INCIDENTS_SECONDS = 14 * 86400
"""Alerts that are older make no new incidents."""


@dataclass
class Keeper:
    """Keeps a record up to date with one Prometheus."""

    engine: Engine
    prometheus: PrometheusClient
    """Opened while it keeps."""
    metrics: ReviewMetrics
    reach_seconds: int
    """How far back Prometheus is asked at first."""
    every_seconds: float = 15.0
    clock: Callable[[], float] = time.time
    traced: Traced = untraced
    _worked_out: tuple[int | None, ...] | None = field(default=None, init=False)
    """Of which facts incidents were worked out last."""

    @contextlib.asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Keep it, until left."""
        async with self.prometheus:
            work = asyncio.create_task(self._forever())
            try:
                yield
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def keep(self) -> None:
        """Do each task once; what fails is told, and done again in the next round."""
        for name, task in (
            ("alerts", self._alerts),
            ("incidents", self._incidents),
            ("spending", self._spending),
            ("snapshots", self._snapshots),
        ):
            await self._try(name, task)

    async def _forever(self) -> None:
        while True:
            await self.keep()
            await asyncio.sleep(self.every_seconds)

    async def _try(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        try:
            with self.traced(f"keep {name}"):
                await task()
        except (PrometheusError, SQLAlchemyError) as error:
            self.metrics.rounds.labels(name, "failed").inc()
            _LOG.warning("%s: %s", name, " ".join(str(error).split())[:300])
        else:
            self.metrics.rounds.labels(name, "done").inc()

    async def _alerts(self) -> None:
        now_ms = int(self.clock() * 1000)
        until = await reconcile(self.prometheus, self.engine, now_ms, self.reach_seconds * 1000)
        self.metrics.known_until.labels("alerts").set(until / 1000)

    async def _incidents(self) -> None:
        state = await asyncio.to_thread(state_of_facts, self.engine)
        if state == self._worked_out:
            return
        since_ms = int((self.clock() - max(INCIDENTS_SECONDS, self.reach_seconds)) * 1000)
        await asyncio.to_thread(sync_incidents, self.engine, since_ms)
        await asyncio.to_thread(find_incidents, self.engine, int(self.clock()))
        self._worked_out = state

    async def _spending(self) -> None:
        await take_spending(self.prometheus, self.engine, int(self.clock()))

    async def _snapshots(self) -> None:
        now = self.clock()
        await take_snapshots(self.prometheus, self.engine, now, self.reach_seconds)
        await asyncio.to_thread(add_days, self.engine)
        self.metrics.known_until.labels("snapshots").set(now)
