"""Figures of dashboards, as JSON on standard output: ``python -m dashboards.bench``.

``dashboards.build_seconds`` is what a user waits for all boards: from nothing imported to the last
text, the median of three in processes of their own.
The others are of the Fleet board and one Prometheus that holds a day of a fleet of 2,000 shard
groups (:mod:`dashboards.benching.fleet`): what its queries cost
(:mod:`dashboards.benching.queries`), and when it can be read in the preview
(:mod:`dashboards.benching.first_paint`). What panels show in a demo is measured with that:
:mod:`demo.bench`. Baselines are what was asked for.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from dashboards.benching.first_paint import first_paint
from dashboards.benching.fleet import fill
from dashboards.benching.queries import fleet_queries, query_figures
from exporters.benching import ROOT, Figure, figure, print_figures
from exporters.programs import locate_program
from slo import conventions
from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus

TIMES = 3
BUILD_BAR_SECONDS = 5
PATIENCE_SECONDS = 300.0
_BUILD = """\
import time
began = time.monotonic()
from dashboards.build import build_boards
build_boards()
print(time.monotonic() - began)
"""


def main() -> None:
    """Measure, and print each figure as it comes."""
    seconds = build_seconds(TIMES)
    print_figures(figure("dashboards.build_seconds", seconds, "s", BUILD_BAR_SECONDS))
    with (
        tempfile.TemporaryDirectory() as folder,
        running_prometheus(locate_program("prometheus"), Path(folder)) as prometheus,
    ):
        print_figures(*asyncio.run(_fill_and_ask(prometheus)))
        print_figures(first_paint(prometheus))


def build_seconds(times: int) -> float:
    """Return how long it takes to build all boards, in seconds; the median of so many times."""
    return median(_build_seconds() for _ in range(times))


def _build_seconds() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _BUILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


async def _fill_and_ask(url: str) -> tuple[Figure, ...]:
    # Objectives are what a variable offers, which no query of a panel reads.
    exprs = [*(each.expr for each in fleet_queries()), conventions.OBJECTIVE]
    async with PrometheusClient(url, timeout_seconds=PATIENCE_SECONDS) as client:
        await fill(client, exprs)
        return await query_figures(client)


if __name__ == "__main__":
    main()
