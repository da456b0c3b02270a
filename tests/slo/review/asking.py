"""A client of the service over a record, without a port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2 as httpx
from sqlalchemy import Engine

from slo.review.app import review_application
from slo.review.people import Gate


@asynccontextmanager
async def asking(
    engine: Engine,
    now: float,
    gate: Gate | None = None,
    host: str = "127.0.0.1",
    *,
    pagerduty_secret: bytes | None = None,
    public_url: str | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a service at a time, UNIX seconds."""
    app = review_application(
        engine,
        host,
        public_url=public_url,
        gate=gate or Gate(),
        clock=lambda: now,
        pagerduty_secret=pagerduty_secret,
    )
    inner = app._application
    transport = httpx.ASGITransport(app)
    async with (
        inner.router.lifespan_context(inner),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client
