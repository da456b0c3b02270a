"""Figures of the record: webhooks a second, what kills cost, how long a page and a report take.

``python -m slo.review.benching`` prints them as ``bench.json`` has them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import aiohttp
from sqlalchemy import Engine

from exporters.benching import figure, print_figures, unmeasured
from exporters.problems import InputError
from exporters.programs import locate_program
from slo.review.benching_record import SERVICE, make_record
from slo.review.cli import ReportFormat
from slo.review.days import DAY
from slo.review.hours import HOUR
from slo.review.killing import free_port, kill_under_load, ready, rfc3339, serving
from slo.review.report_formats import write_report
from slo.review.reporting import read_figures
from slo.review.reviewed_period import parse_period
from slo.review.testing import running_postgresql

WEBHOOKS_PER_SECOND = 500.0
"""The bar, as the next one."""
PAGE_P95_MS = 200.0
REPORT_SECONDS = 5.0
"""Also where nothing of the record is in memory: a report is made once a week."""
KILLS = 100
"""Of each database."""
_WEBHOOKS = 5_000
_SENDERS = 32
_PAGES = 200
_OBJECTIVES = 200
_CELLS = 20
"""Of each objective: in a year they have 35 million snapshots, which take 5 GB of disk."""
_DAYS = 365
_QUARTER = parse_period("2026-Q3")


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


async def page_seconds(database: str, chance: random.Random) -> float:
    """Return within which time 95 of 100 pages of an objective, over a year, are there."""
    port = free_port()
    with serving(database, port) as server:
        url = f"http://127.0.0.1:{port}"
        await ready(url, server)
        took = []
        async with aiohttp.ClientSession() as session:
            for _ in range(_PAGES):
                number = chance.randrange(_OBJECTIVES)
                began = time.perf_counter()
                page = f"{url}/objectives/{SERVICE}/objective-{number:03}?days=365"
                async with session.get(page) as answer:
                    answer.raise_for_status()
                    await answer.read()
                took.append(time.perf_counter() - began)
    return quantiles(took, n=20)[-1]


def report_seconds(engine: Engine) -> float:
    """Return how long the report of a quarter takes, with its trend over the four before it."""
    began = time.perf_counter()
    figures = read_figures(engine, SERVICE, _QUARTER.name, _QUARTER.end + 3600.0)
    write_report(figures, ReportFormat.HTML)
    took = time.perf_counter() - began
    if len(figures["objectives"]) != _OBJECTIVES:
        raise AssertionError(f"the report has {len(figures['objectives'])} objectives")
    return took


def forget(file: Path) -> None:
    """Have a file's content read from the disk again; no root is needed, unlike for all caches."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


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
        _measure_a_year(folder)


def _measure_a_year(folder: Path) -> None:
    file = folder / "year.db"
    first = _QUARTER.end - _DAYS * DAY + HOUR
    engine = make_record(file, first, _QUARTER.end, _OBJECTIVES, _CELLS)
    page = asyncio.run(page_seconds(f"sqlite:///{file}", random.Random(1))) * 1000  # noqa: S311 - no secret
    print_figures(figure("review.page_p95_ms", page, "ms", PAGE_P95_MS))
    engine.dispose()
    forget(file)
    for name in ("review.report_cold_seconds", "review.report_seconds"):
        print_figures(figure(name, report_seconds(engine), "s", REPORT_SECONDS))
    engine.dispose()


if __name__ == "__main__":
    main()
