"""The review of the last 28 days, begun for whoever looks at the demo: its incident is in it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp

DAYS = 28
"""As long as the objectives' period, and the history that is written."""
AUTHOR = "demo"
KNOWN_WITHIN_SECONDS = 30.0
"""The record reads 28 days out of Prometheus in some seconds."""


def reviewed_period(now: float) -> str:
    """Return the last days up to and with today's, UTC, as a period of reviews."""
    today = datetime.fromtimestamp(now, UTC).date()
    return f"{today - timedelta(days=DAYS - 1)}..{today}"


async def begin_reviews(session: aiohttp.ClientSession, url: str, now: float) -> list[str]:
    """Begin a review of each service that the record knows; return the pages' addresses, sorted.

    None, where it does not answer, or knows no service in time: no reason to end a demo.

    Args:
        session: to ask with.
        url: base address of ``shardwatch review serve``.
        now: UNIX seconds.
    """
    period = reviewed_period(now)
    try:
        services = await _services(session, url)
        for service in services:
            body = {"service": service, "period": period, "author": AUTHOR}
            async with session.post(f"{url}/api/v1/reviews", json=body) as answer:
                if answer.status != 409:  # begun by a demo in the same folder
                    answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError):
        return []
    return [f"{url}/reviews/{service}/{period}" for service in services]


async def _services(session: aiohttp.ClientSession, url: str) -> list[str]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + KNOWN_WITHIN_SECONDS
    while True:
        async with session.get(f"{url}/api/v1/objectives", params={"limit": 1000}) as answer:
            answer.raise_for_status()
            listed = (await answer.json())["items"]
        if listed or loop.time() > deadline:
            return sorted({str(each["service"]) for each in listed})
        await asyncio.sleep(0.5)
