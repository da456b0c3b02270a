"""Which queries of boards lack data that they should have: each is asked as its panel asks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.asking import PanelQuery
from slo.prometheus import PrometheusClient, PrometheusError

RANGE_SECONDS = 300.0
"""Of what is asked of a graph, up to now. Chosen: a server that has just begun has no more."""
STEP_SECONDS = 15.0
"""As :data:`dashboards.asking.EVERYTHING` has it."""
AT_ONCE = 4
"""Queries at the same time, so that a server that scrapes and evaluates is not kept from it."""


@dataclass(frozen=True)
class Lacking:
    """A query without data, or one that was not answered."""

    query: PanelQuery
    refusal: str = ""
    """What the server said, or that it said nothing; empty if it has no data."""

    def __str__(self) -> str:
        """Return the board, the panel and the query, and what the server said."""
        found = f"{self.query.board}, {self.query.panel}: {self.query.expr}"
        return f"{found} ({self.refusal})" if self.refusal else found


async def lacking(
    queries: Iterable[PanelQuery], prometheus: PrometheusClient, now: float
) -> list[Lacking]:
    """Return the queries that lack data, in their order.

    One that may be empty lacks nothing once the server has answered it, and is not to be refused
    either.

    Args:
        queries: of panels, variables filled in.
        prometheus: that is asked, for some queries at a time.
        now: UNIX seconds: of an instant, and of a range's end.
    """
    free = asyncio.Semaphore(AT_ONCE)

    async def look(query: PanelQuery) -> Lacking | None:
        async with free:
            try:
                is_there = await _has_numbers(query, prometheus, now)
            except PrometheusError as error:
                return Lacking(query, str(error))
        return None if is_there or query.may_be_empty else Lacking(query)

    found = await asyncio.gather(*map(look, queries))
    return [each for each in found if each is not None]


async def _has_numbers(query: PanelQuery, prometheus: PrometheusClient, now: float) -> bool:
    """Tell whether a panel has something to draw: NaN and infinity are nothing."""
    if query.instant:
        samples = await prometheus.query(query.expr, now)
        return any(math.isfinite(each.value) for each in samples)
    start = now - RANGE_SECONDS
    series = await prometheus.query_range(query.expr, start, now, STEP_SECONDS)
    return any(math.isfinite(value) for each in series for value in each.values.tolist())
