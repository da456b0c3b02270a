"""The record's service under load, killed again and again: is anything lost, or there twice?

What a sender was told to be committed must be there, whatever happened since; what it was not told
it sends again, as Alertmanager does. Each message is sent up to three times, in any order.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from sqlalchemy import Engine, func, select

from slo.review.alert_store import ALERTS, EVIDENCE
from slo.review.database import open_database

_SENDERS = 16
_READY_WITHIN_SECONDS = 60.0
_BEGINNING_SECONDS = 1_790_000_000


@dataclass
class Killed:
    """What came of it."""

    kills: int = 0
    committed: int = 0
    """Messages whose sender was told so."""
    lost: list[str] = field(default_factory=list)
    """Alerts that are not there, or not as they were told."""
    doubled: int = 0
    """Rows more than alerts."""


async def kill_under_load(database: str, kills: int, seed: int = 1) -> Killed:
    """Return what is lost or doubled after so many kills of the service by SIGKILL.

    Args:
        database: address of an empty one.
        kills: how often.
        seed: of when, and of what is sent in which order.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    came, load = Killed(), _Load(chance)
    port = free_port()
    while came.kills < kills:
        with serving(database, port) as server:
            async with load.sending(f"http://127.0.0.1:{port}") as url:
                await ready(url, server)
                await asyncio.sleep(chance.uniform(0.02, 0.6))
                server.kill()
        came.kills += 1
    with serving(database, port) as server:
        async with load.sending(f"http://127.0.0.1:{port}") as url:
            await ready(url, server)
            await load.finish()
    engine = open_database(database)
    _compare(engine, load.committed, came)
    engine.dispose()
    return came


class _Load:
    """Senders that go on while the service comes and goes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._number = 0
        self._again: list[dict[str, Any]] = []
        self._is_ending = False
        self._senders: list[asyncio.Task[None]] = []
        self.committed: list[dict[str, Any]] = []

    @contextlib.asynccontextmanager
    async def sending(self, url: str) -> AsyncIterator[str]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
            send = [asyncio.create_task(self._send(session, url)) for _ in range(_SENDERS)]
            self._senders = send
            try:
                yield url
            finally:
                self._is_ending = False
                for each in send:
                    each.cancel()
                await asyncio.gather(*send, return_exceptions=True)

    async def finish(self) -> None:
        """Send what was not committed, and nothing new."""
        self._is_ending = True
        await asyncio.gather(*self._senders)

    async def _send(self, session: aiohttp.ClientSession, url: str) -> None:
        while message := self._next():
            try:
                async with session.post(f"{url}/webhook", json=message) as answer:
                    is_committed = answer.status == 204
            except (aiohttp.ClientError, TimeoutError):
                is_committed = False
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                self._again.append(message)
                raise
            if is_committed:
                self.committed.append(message)
                if self._chance.random() < 0.2:
                    self._again.append(message)
            else:
                self._again.append(message)

    def _next(self) -> dict[str, Any] | None:
        if self._is_ending or (self._again and self._chance.random() < 0.5):
            if not self._again:
                return None
            return self._again.pop(self._chance.randrange(len(self._again)))
        self._number += 1
        number, is_over = self._number // 2, self._number % 2
        labels = {"alertname": "ErrorBudgetBurn", "severity": "page", "cell": f"cell-{number}"}
        alert = {
            "status": "resolved" if is_over else "firing",
            "labels": labels,
            "annotations": {"summary": f"{number} is {'over' if is_over else 'on'}"},
            "startsAt": rfc3339(_BEGINNING_SECONDS + number),
            "endsAt": rfc3339(_BEGINNING_SECONDS + number + 60)
            if is_over
            else "0001-01-01T00:00:00Z",
        }
        return {"version": "4", "status": alert["status"], "alerts": [alert]}


def _compare(engine: Engine, committed: list[dict[str, Any]], came: Killed) -> None:
    """Hold what senders were told against what is there."""
    expected: dict[str, set[str]] = {}
    for message in committed:
        alert = message["alerts"][0]
        expected.setdefault(alert["labels"]["cell"], set()).add(alert["status"])
    with engine.connect() as connection:
        rows = connection.execute(select(ALERTS.c.id, ALERTS.c.labels, ALERTS.c.ends_at_ms)).all()
        told = select(EVIDENCE.c.alert_id, func.count()).group_by(EVIDENCE.c.alert_id)
        evidence = {row[0]: row[1] for row in connection.execute(told)}
    there = {row.labels["cell"]: row for row in rows}
    came.committed = len(committed)
    came.doubled = len(rows) - len(there)
    for cell, statuses in expected.items():
        row = there.get(cell)
        if (
            row is None
            or ("resolved" in statuses) > (row.ends_at_ms is not None)
            or evidence.get(row.id, 0) < len(statuses)
        ):
            came.lost.append(cell)


@contextlib.contextmanager
def serving(database: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service as its users do, and end it by SIGKILL."""
    command = [sys.executable, "-m", "shardwatch", "review", "serve", "--database", database]
    server = subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL
    )
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ready(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until a service answers.

    Raises:
        AssertionError: if it ends, or takes too long.
    """
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    async with aiohttp.ClientSession() as session:
        while server.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/healthz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError(f"the service is not ready: it ended with {server.poll()}")


def rfc3339(seconds: int) -> str:
    """Return UNIX seconds as Alertmanager writes a time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
