"""Figures of the record: webhooks a second, and how long a quarter's report takes.

``python -m slo.review.benching`` prints them as ``bench.json`` has them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from exporters.benching import figure, print_figures, unmeasured
from exporters.problems import InputError
from exporters.programs import locate_program
from slo.review.cli import ReportFormat
from slo.review.database import open_database, upgrade, writing
from slo.review.hours import HOUR
from slo.review.killing import free_port, kill_under_load, ready, rfc3339, serving
from slo.review.report_formats import write_report
from slo.review.reporting import read_figures
from slo.review.reviewed_period import ReviewedPeriod, parse_period
from slo.review.snapshot_store import ASKED, CELLS, KNOWN, SNAPSHOTS, VERSIONS
from slo.review.testing import running_postgresql

WEBHOOKS_PER_SECOND = 500.0
"""The bar, as the next one."""
REPORT_SECONDS = 5.0
KILLS = 50
"""Of each database."""
_WEBHOOKS = 5_000
_SENDERS = 32
_OBJECTIVES = 200
_QUARTER = parse_period("2026-Q3")
SERVICE = "chat"


async def webhooks_per_second(database: str) -> float:
    """Return how many webhooks, each with an alert of its own, a service commits a second."""
    port = free_port()
    with serving(database, port) as server:
        url = f"http://127.0.0.1:{port}"
        await ready(url, server)
        async with aiohttp.ClientSession() as session:
            bodies = iter([_body(number) for number in range(_WEBHOOKS)])

            async def send() -> None:
                for body in bodies:
                    async with session.post(f"{url}/webhook", data=body) as answer:
                        if answer.status != 204:
                            raise AssertionError(await answer.text())

            began = time.perf_counter()
            await asyncio.gather(*(send() for _ in range(_SENDERS)))
            return _WEBHOOKS / (time.perf_counter() - began)


def report_seconds(folder: Path, cells: int = 1) -> float:
    """Return how long the report of a quarter takes, of 200 objectives with so many cells each."""
    engine = open_database(str(folder / "quarter.db"))
    upgrade(engine)
    _fill(engine, _QUARTER, cells)
    began = time.perf_counter()
    figures = read_figures(engine, SERVICE, _QUARTER.name, _QUARTER.end + 3600.0)
    write_report(figures, ReportFormat.HTML)
    took = time.perf_counter() - began
    engine.dispose()
    return took


def _fill(engine: Any, period: ReviewedPeriod, cells: int) -> None:
    hours = range(period.start + HOUR, period.end + 1, HOUR)
    names = [f"objective-{number:03}" for number in range(_OBJECTIVES)]
    promise = {"service": SERVICE, "target": "0.999", "period_seconds": 28 * 86_400}
    with writing(engine) as connection:
        connection.execute(
            VERSIONS.insert(),
            [
                {"id": index, "slo": name, "valid_from": hours[0], "fingerprint": 1.0, **promise}
                for index, name in enumerate(names, 1)
            ],
        )
        connection.execute(
            ASKED.insert(), [{"at": at, "asked_at": at, "objectives": len(names)} for at in hours]
        )
        for index, name in enumerate(names, 1):
            own = {"slo": name, "service": SERVICE}
            connection.execute(
                KNOWN.insert(), [{**own, "at": at, "version_id": index} for at in hours]
            )
            for number in range(cells):
                cell = f"{name}-{number}"
                labels = {"region": "eu", "model": f"m{number}"}
                connection.execute(CELLS.insert(), [{"id": cell, "labels": labels, **own}])
                connection.execute(
                    SNAPSHOTS.insert(),
                    [
                        {
                            "cell_id": cell,
                            "at": at,
                            "events_bad": 1.0,
                            "events": 3600.0,
                            "coverage": 1.0,
                            "budget_remaining": 0.5,
                        }
                        for at in hours
                    ],
                )


def _body(number: int) -> bytes:
    alert = {
        "status": "firing",
        "labels": {"alertname": "ErrorBudgetBurn", "severity": "page", "cell": f"cell-{number}"},
        "annotations": {"summary": f"{number} burns", "description": "x" * 500},
        "startsAt": rfc3339(1_790_000_000 + number),
        "endsAt": "0001-01-01T00:00:00Z",
    }
    return json.dumps({"version": "4", "status": "firing", "alerts": [alert]}).encode()


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str | None]:
    """Give the address of an empty database that outlasts power cuts; None if there is none."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(dir=folder) as own:
            yield f"sqlite:///{own}/reviews.db"
        return
    try:
        programs = locate_program("initdb"), locate_program("postgres")
    except InputError:
        yield None
        return
    with running_postgresql(*programs, outlasts_power_cuts=True) as url:
        yield url


def main() -> None:
    """Measure, and print each figure as it comes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lost_or_doubled = 0
        for kind in ("sqlite", "postgresql"):
            named = f"review.webhooks_per_second_{kind}"
            with _database(kind, folder) as url:
                if url is None:
                    print_figures(unmeasured(named, "1/s", "no PostgreSQL is on this machine"))
                    continue
                rate = asyncio.run(webhooks_per_second(url))
                print_figures(figure(named, rate, "1/s", WEBHOOKS_PER_SECOND))
            with _database(kind, folder) as url:
                came = asyncio.run(kill_under_load(url or "", KILLS))
                lost_or_doubled += len(came.lost) + came.doubled
        print_figures(figure("review.lost_or_doubled", lost_or_doubled, "alerts", 0.0))
        print_figures(figure("review.report_seconds", report_seconds(folder), "s", REPORT_SECONDS))


if __name__ == "__main__":
    main()
