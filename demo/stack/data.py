"""Whether every panel of the built boards has data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from dashboards.asking import EVERYTHING, PanelQuery, panel_queries


def read_panel_queries(folder: Path) -> list[PanelQuery]:
    """Return every query of the boards in a folder, variables filled in."""
    return [
        query
        for path in sorted(folder.glob("*.json"))
        for query in panel_queries(json.loads(path.read_text(encoding="utf-8")), EVERYTHING)
    ]


async def empty_panels(
    queries: Iterable[PanelQuery], prometheus_url: str, session: aiohttp.ClientSession
) -> list[PanelQuery]:
    """Return the queries that should have data and have none, or that Prometheus refuses."""
    empty = []
    for query in queries:
        if query.may_be_empty:
            continue
        url = f"{prometheus_url}/api/v1/query"
        async with session.post(url, data={"query": query.expr}) as answer:
            content = await answer.json()
        if content.get("status") != "success" or not content["data"]["result"]:
            empty.append(query)
    return empty
