"""Which queries lack data: asked as panels ask them, of a server that says what it is told to."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from dashboards.asking import PanelQuery
from dashboards.lacking import AT_ONCE, RANGE_SECONDS, STEP_SECONDS, Lacking, lacking
from slo.prometheus import PrometheusRefusedError, Sample
from slo.series import Series

NOW = 1_000_000.0


def query(expr: str, *, instant: bool = False, may_be_empty: bool = False) -> PanelQuery:
    """Return a query of a panel."""
    return PanelQuery("shardwatch-fleet", "Queue", "A", expr, may_be_empty, instant)


@dataclass
class Server:
    """Stands in for a client of Prometheus: has values for some expressions, or refuses them."""

    values: dict[str, list[float]]
    asked: list[tuple[object, ...]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def query(self, expr: str, time: float) -> list[Sample]:
        """Return an element for each value."""
        return [Sample({}, each) for each in await self._answer(expr, time)]

    async def query_range(
        self, expr: str, start: float, end: float, step_seconds: float
    ) -> list[Series]:
        """Return one series of the values."""
        values = np.array(await self._answer(expr, start, end, step_seconds))
        return [Series({}, np.arange(values.size), values)] if values.size else []

    async def _answer(self, expr: str, *times: float) -> list[float]:
        self.asked.append((expr, *times))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if expr == "refused":
            raise PrometheusRefusedError("http://x refused: parse error")
        return self.values.get(expr, [])


async def test_a_query_is_asked_for_what_its_panel_asks_for():
    """A graph for the last minutes, a table for now."""
    server = Server({})
    await lacking([query("graph"), query("table", instant=True)], server, NOW)
    expected = [("graph", NOW - RANGE_SECONDS, NOW, STEP_SECONDS), ("table", NOW)]
    assert expected == server.asked


@pytest.mark.parametrize("shape", ["graph", "table"])
@pytest.mark.parametrize("values", [[], [np.nan], [np.nan, np.inf]])
async def test_what_cannot_be_drawn_is_no_data(shape: str, values: list[float]):
    """0/0 is a sample all the same, and an empty panel."""
    asked = query("x", instant=shape == "table")
    assert [Lacking(asked)] == await lacking([asked], Server({"x": values}), NOW)
    assert [] == await lacking([asked], Server({"x": [*values, 0.0]}), NOW)


async def test_what_may_be_empty_is_asked_and_not_to_be_refused():
    """A panel that is rightly empty is not one whose query is broken."""
    empty, refused = (query(each, may_be_empty=True) for each in ("empty", "refused"))
    server = Server({})
    (found,) = await lacking([empty, refused], server, NOW)
    assert {"empty", "refused"} == {expr for expr, *_ in server.asked}
    assert "shardwatch-fleet, Queue: refused (http://x refused: parse error)" == str(found)


async def test_a_server_is_asked_for_few_things_at_a_time():
    """It scrapes and evaluates meanwhile. The order is that of the queries."""
    queries = [query(str(each)) for each in range(40)]
    server = Server({})
    assert queries == [each.query for each in await lacking(queries, server, NOW)]
    assert AT_ONCE == server.most_at_once
