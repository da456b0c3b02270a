"""Every query of every board, asked once while a fault is there: answered, and fit to be drawn?

Asked is what a play holds: what rules record, what they and the showings read. A query may rightly
give nothing in a fault. It may not be refused, give more series than can be told apart, or numbers
that are none.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.asking import EVERYTHING, PanelQuery, panel_queries
from dashboards.lacking import AT_ONCE, RANGE_SECONDS
from dashboards.queries import SHOWN_ROWS
from demo.lab.readings import Readings
from demo.lab.setting import Setting
from demo.scenario import Scenario
from exporters import catalog
from slo.prometheus import PrometheusClient, PrometheusError

STEP_SECONDS = 60.0
"""Of what a graph asks for: coarse, for what is refused is refused at every step."""
MOST_SERIES = 2 * SHOWN_ROWS
"""Of one query. Tables have fewer by themselves; a graph of a few labels has at most as many."""


@dataclass(frozen=True)
class Swept:
    """What came of it."""

    asked: int
    failed: Sequence[str]
    """A sentence for each query that a panel cannot draw."""


NOT_SWEPT = Swept(0, ())
"""Of a play of others' rules, which record nothing for our boards."""


async def sweep_play(
    client: PrometheusClient, setting: Setting, scenario: Scenario, readings: Readings
) -> Swept:
    """Ask every query of every board in the middle of the first fault, of the group that it hit.

    Args:
        client: of the server that holds the play.
        setting: with the boards and the cluster.
        scenario: that was played.
        readings: of the play.
    """
    first = setting.config.topology.groups[0]
    group = readings.place.get(catalog.GROUP, first.name)
    host = readings.place.get(catalog.HOST, first.members[0].host)
    queries = every_query(setting.boards.values(), group, host)
    return await sweep(client, queries, middle_of(scenario, readings.fault_at, readings.end))


def every_query(boards: Iterable[Mapping[str, Any]], group: str, host: str) -> list[PanelQuery]:
    """Return all queries of boards, for all that there is, but of one group and one host.

    Args:
        boards: as parsed JSON.
        group: that is chosen on the boards that are about one.
        host: likewise.
    """
    chosen = {**EVERYTHING, catalog.GROUP: group, catalog.HOST: host}
    return [each for board in boards for each in panel_queries(board, chosen, may_be_empty=())]


def middle_of(scenario: Scenario, fault_at: float, end: float) -> float:
    """Return the middle of the first fault, or of what is watched of it. UNIX seconds."""
    first = min(scenario.faults, key=lambda each: each.at)
    lasts = end - fault_at if first.length is None else min(first.length, end - fault_at)
    return fault_at + lasts / 2


async def sweep(client: PrometheusClient, queries: Sequence[PanelQuery], at: float) -> Swept:
    """Ask queries as their panels do, some at a time.

    Args:
        client: of the server that holds the play.
        queries: of boards.
        at: UNIX seconds: the instant, and the end of ranges.
    """
    free = asyncio.Semaphore(AT_ONCE)

    async def look(query: PanelQuery) -> str:
        async with free:
            return await _wrong_with(client, query, at)

    # Boards share some queries: those are asked once.
    unique = {(each.expr, each.instant): each for each in queries}
    said = dict(zip(unique, await asyncio.gather(*map(look, unique.values())), strict=True))
    failed = [
        f"{each.board}: {each.panel}, {each.ref}: {wrong}"
        for each in queries
        if (wrong := said[each.expr, each.instant])
    ]
    return Swept(len(queries), failed)


async def _wrong_with(client: PrometheusClient, query: PanelQuery, at: float) -> str:
    """Return why a panel cannot draw what its query gives; empty if it can."""
    try:
        if query.instant:
            values = [[each.value] for each in await client.query(query.expr, at)]
        else:
            start = at - RANGE_SECONDS
            found = await client.query_range(query.expr, start, at, STEP_SECONDS)
            values = [each.values.tolist() for each in found]
    except PrometheusError as error:
        return str(error)
    if len(values) > MOST_SERIES:
        return f"found {len(values)} series, expected at most {MOST_SERIES}"
    if values and not any(math.isfinite(each) for of in values for each in of):
        return f"found no number in {len(values)} series"
    return ""
