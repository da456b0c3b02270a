"""The process that plays the users and takes orders for faults.

``python -m demo.traffic.drive --port N --region eu --model chat --router URL --gateway URL
--python PYTHON --engine NAME=NOTE=URL ...``. The users come once every group behind the router is
healthy.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import aiohttp
from aiohttp import web

from demo.traffic.control import application
from demo.traffic.tally import Tally
from demo.traffic.users import SESSIONS_PER_SECOND, Surge, Users
from demo.vllm.faults import Faults
from demo.vllm.striking import Cluster
from demo.vllm.workers import Engine
from exporters.catalog import MODEL, REGION

SEED = 20
LOOK_SECONDS = 0.5


async def wait_for_groups(session: aiohttp.ClientSession, router: str) -> None:
    """Return once the router says that every group is healthy."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(2), session.get(f"{router}/readyz") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(LOOK_SECONDS)


def build(cluster: Cluster, *, sessions_per_second: float = SESSIONS_PER_SECOND) -> web.Application:
    """Return the control interface; while it runs, so do the users."""
    faults = Faults(cluster)
    tally = Tally(started=time.time())
    labels = {REGION: cluster.region, MODEL: cluster.model}

    async def play(session: aiohttp.ClientSession) -> None:
        await wait_for_groups(session, cluster.router)
        users = Users(
            session,
            cluster.router,
            cluster.gateway,
            cluster.model,
            tally,
            Random(SEED),  # noqa: S311 -- no secret
            sessions_per_second,
            cluster.surge,
        )
        await users.come_and_go()

    async def run(_: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            playing = asyncio.create_task(play(session))
            yield
            await faults.close()
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing

    app = application(
        faults,
        truth=lambda: {**tally.tell(labels, time.time()), **faults.tell()},
        is_ready=lambda: tally.requests["ok"] > 0,
    )
    app.cleanup_ctx.append(run)
    return app


def _engines(described: Sequence[str]) -> dict[str, Engine]:
    parts = (each.split("=", 2) for each in described)
    return {name: Engine(Path(note), url) for name, note, url in parts}


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m demo.traffic.drive")
    for name in ("--region", "--model", "--router", "--gateway", "--python"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--engine", action="append", default=[], metavar="NAME=NOTE=URL")
    parser.add_argument("--sessions-per-second", type=float, default=SESSIONS_PER_SECOND)
    given = parser.parse_args()
    cluster = Cluster(
        region=given.region,
        model=given.model,
        engines=_engines(given.engine),
        router=given.router,
        gateway=given.gateway,
        python=given.python,
        surge=Surge(),
    )
    app = build(cluster, sessions_per_second=given.sessions_per_second)
    web.run_app(app, host="127.0.0.1", port=given.port, access_log=None, print=None,
                shutdown_timeout=1.0)  # fmt: skip


if __name__ == "__main__":
    main()
