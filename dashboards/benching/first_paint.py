"""How soon a board can be read: the Fleet in the preview, from its address to its last panel.

``python -m dashboards.benching.first_paint`` prints ``dashboards.first_paint_ms`` as JSON: in
Chromium without a window, over 24 h, every panel of the first screen drawn. A real Prometheus is
asked; it holds a day of every series that the board reads, of :data:`CELLS` cells, a sample a
minute. The best of three pages, for another process's load is not ours.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice, product
from pathlib import Path

import numpy as np
import promql_parser

from dashboards.asking import EVERYTHING, panel_queries
from dashboards.build import build_boards
from exporters.benching import ROOT, Figure, figure, print_figures
from exporters.programs import locate_program
from slo.prometheus import PrometheusClient
from slo.promql import selectors_in
from slo.series import Series
from slo.testing import running_prometheus

REGIONS, MODELS = 4, 10
CELLS = REGIONS * MODELS
"""Of a cluster of 2,000 groups: 50 a cell."""
HOURS = 24
STEP_SECONDS = 60
TIMES = 3
VIEWPORT = {"width": 1920, "height": 1080}
_BOARD = "fleet"
_SERIES_A_REQUEST = 400
_READY_WITHIN_SECONDS = 60.0
_SPREAD = 7
"""Seed of the values."""


def main() -> None:
    """Measure, and print the figure."""
    print_figures(first_paint())


def first_paint() -> Figure:
    """Return the figure, in milliseconds."""
    now = time.time() // STEP_SECONDS * STEP_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        program = locate_program("prometheus")
        with running_prometheus(program, Path(folder)) as prometheus:
            asyncio.run(_fill(prometheus, now))
            with _preview(prometheus) as address:
                best = min(_paint_milliseconds(address))
    return figure("dashboards.first_paint_ms", best, "ms", digits=0)


def series_of_board(board: Mapping[str, object], times_ms: Sequence[int]) -> Iterator[Series]:
    """Give a series of each cell for every selector of a board's queries.

    Each has the labels of its cell and those that the selector asks for by name.
    """
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    chance = np.random.default_rng(_SPREAD)
    times = np.array(times_ms, np.int64)
    for query in panel_queries(board, EVERYTHING):
        for selector in selectors_in(promql_parser.parse(query.expr)):
            asked = {each.name: each.value for each in selector.matchers.matchers
                     if each.op == promql_parser.MatchOp.Equal}  # fmt: skip
            name = selector.name or asked.pop("__name__", "")
            key = (name, frozenset(asked.items()))
            if not name or key in seen:
                continue
            seen.add(key)
            for region, model in product(range(REGIONS), range(MODELS)):
                cell = {"cluster": "prod", "region": f"region-{region}", "model": f"model-{model}",
                        "slo": f"slo-{model % 4}", "service": "chat"}  # fmt: skip
                values = np.abs(0.5 + np.cumsum(chance.normal(0, 0.02, times.size)))
                yield Series({"__name__": name, **cell, **asked}, times, values)


async def _fill(url: str, now: float) -> None:
    board = json.loads(build_boards()[f"{_BOARD}.json"])
    first = int(now) - HOURS * 3600
    times_ms = [1000 * each for each in range(first, int(now) + 1, STEP_SECONDS)]
    async with PrometheusClient(url, timeout_seconds=300) as client:
        series = series_of_board(board, times_ms)
        while some := list(islice(series, _SERIES_A_REQUEST)):
            await client.remote_write(some)


@contextmanager
def _preview(prometheus: str) -> Iterator[str]:
    """Run the preview as its users do; give its address."""
    command = [sys.executable, "-m", "shardwatch", "dashboards", "preview",
               "--prometheus", prometheus, "--port", "0"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            address = said.split()[-1].rstrip("/")
            _await_ready(f"{address}/healthz")
            yield address
        finally:
            process.terminate()


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - ours
                return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _paint_milliseconds(address: str) -> Iterator[float]:
    """Give how long each of some pages takes, each of a browser that has seen none before."""
    from dashboards.pictures.browser import (  # noqa: PLC0415 - playwright is there for tests
        open_browser,
        wait_until_settled,
    )

    with open_browser(locate_program("chromium")) as browser:
        for _ in range(TIMES):
            context = browser.new_context(viewport=VIEWPORT)
            page = context.new_page()
            page.goto(f"{address}/d/shardwatch-{_BOARD}?from=now-{HOURS}h&to=now")
            wait_until_settled(page)
            yield float(page.evaluate("performance.now()"))
            failed = page.locator(".panel[data-failed]").count()
            context.close()
            if failed:
                raise RuntimeError(f"{failed} panels were not drawn")


if __name__ == "__main__":
    main()
