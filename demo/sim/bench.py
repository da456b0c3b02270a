"""Figures of the simulator: ``python -m demo.sim.bench`` measures and prints them as JSON.

``--table`` prints the deviations from published figures as the Markdown that stands in
``demo/README.md``. Times are processor time of one core, each part in a process of its own. What
else the machine does still disturbs its caches: of rounds of the same work the best counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from demo.sim.deviations import measure_deviations, table, worst
from demo.sim.pages import Pages
from demo.sim.plan import planned_fleet
from demo.sim.series import Series
from demo.sim.simulation import Simulation
from demo.weektime import DAY_SECONDS

LARGE_GROUPS = 125_000
"""Of 8 GPUs: a million GPUs."""
SMALL_GROUPS = 16
STEPS = 15
"""Of the large fleet, of which the median counts."""
ROUNDS, STEPS_OF_ROUND = 30, 100
"""Of the small one."""
PAGES = 100
NOW = 1_790_000_000.0
STEP_SECONDS = 15.0
STEPS_OF_DAY = DAY_SECONDS / STEP_SECONDS
MILLI = 1e3
MEGABYTE = 1e6

Figure = dict[str, Any]


def main() -> None:
    """Measure, and print figures or the table."""
    parser = argparse.ArgumentParser(prog="python -m demo.sim.bench", description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the table of deviations")
    parser.add_argument("--part", choices=PARTS, help="measure one part, in this process")
    options = parser.parse_args()
    if options.table:
        sys.stdout.write(table(measure_deviations()))
        return
    found = list(PARTS[options.part]()) if options.part else list(_figures_of_all_parts())
    print(json.dumps({"figures": found}, indent=2))  # noqa: T201 - what it is for


def _figures_of_all_parts() -> Iterator[Figure]:
    one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    for part in PARTS:
        command = [sys.executable, "-m", "demo.sim.bench", "--part", part]
        done = subprocess.run(command, env=one_core, stdout=subprocess.PIPE, text=True, check=True)
        yield from json.loads(done.stdout)["figures"]


def large_figures() -> Iterator[Figure]:
    """Yield the step and the memory of a fleet of a million GPUs, failures included."""
    fleet = planned_fleet(LARGE_GROUPS, hosts_of_group=1, step_seconds=STEP_SECONDS)
    simulation = Simulation(fleet, seed=1, now=NOW)
    milliseconds = MILLI * median(_seconds_of(simulation.step) for _ in range(STEPS))
    yield _figure("sim.step_ms_125000_groups", milliseconds, "ms", 1000)
    pages = Pages(fleet, simulation.state.tools.cells)
    for at in range(PAGES):
        pages.engine(simulation.state, at * LARGE_GROUPS // PAGES)
    yield _figure("sim.rss_mb_125000_groups", _most_resident_bytes() / MEGABYTE, "MB", 2000)


def small_figures() -> Iterator[Figure]:
    """Yield how fast virtual time goes, with the series that rules read after each step."""
    fleet = planned_fleet(SMALL_GROUPS, step_seconds=STEP_SECONDS)
    simulation = Simulation(fleet, seed=1, now=NOW)
    state = simulation.state
    series = Series(fleet, state.tools.cells)

    def run() -> None:
        for _ in range(STEPS_OF_ROUND):
            simulation.step()
            series.values(state)

    seconds = min(_seconds_of(run) for _ in range(ROUNDS)) / STEPS_OF_ROUND
    days = 60 / (seconds * STEPS_OF_DAY)
    yield _figure("sim.virtual_days_per_minute", days, "days", 7)


def page_figures() -> Iterator[Figure]:
    """Yield what it takes to make one page of each kind."""
    simulation = Simulation(planned_fleet(step_seconds=1.0), seed=1, now=NOW, failure_rate=0)
    state = simulation.state
    pages = Pages(state.fleet, state.tools.cells)
    hosts = [state.fleet.names.find_hosts(state.fleet.names.host(at)) for at in range(PAGES // 2)]
    for name, page, bar in (
        ("sim.page_ms", lambda at: pages.engine(state, at % state.fleet.groups), 0.3),
        ("sim.host_page_ms", lambda at: pages.host(state, hosts[at % len(hosts)]), None),
        (
            "sim.router_page_ms",
            lambda at: pages.router(state, at % len(state.fleet.routers)),
            None,
        ),
    ):
        yield _figure(name, MILLI * _page_seconds(page), "ms", bar)


def deviation_figures() -> Iterator[Figure]:
    """Yield the worst deviation from what was published."""
    farthest = worst(measure_deviations())
    yield _figure("sim.worst_deviation_from_published", farthest.ratio, "ratio", 0.15)


PARTS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "large": large_figures,
    "small": small_figures,
    "pages": page_figures,
    "deviations": deviation_figures,
}
"""Each in a process of its own: what one leaves in memory is not another's."""


def _page_seconds(page: Callable[[int], bytes]) -> float:
    """Return the median time of a page, texts made before."""
    for at in range(PAGES):
        page(at)
    return median(_seconds_of(partial(page, at)) for at in range(PAGES))


def _seconds_of(work: Callable[[], object]) -> float:
    """Return the processor time that something takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _most_resident_bytes() -> float:
    """Return the most memory that this process has had."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return float(value.split()[0]) * 1024
    raise OSError("found no VmHWM in /proc/self/status")


def _figure(name: str, value: float, unit: str, baseline: float | None) -> Figure:
    return {"name": name, "value": round(value, 4), "unit": unit, "baseline": baseline}


if __name__ == "__main__":
    main()
