"""The simulated cluster as the demo plans it: 3 regions, 4 models, 18 groups, 576 GPUs; or more."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from demo.engine import Child, EnginePlan
from demo.sim.engines.registers import LEVEL_COUNT, Number
from demo.sim.fleet import Fleet
from demo.sim.habits import habits_of
from demo.traffic.figures import figures
from demo.weektime import read_week_time, second_of_week

CELLS = (
    *(("eu", model) for model in ("agent", "chat", "code", "reason")),
    *(("us", model) for model in ("agent", "chat", "code", "reason")),
    ("us-gov", "chat"),
)
"""Region and model, sorted. The government's cloud answers to chat alone."""
REVISIONS = ("r1", "r2")
"""What groups run, and what a canary does."""
DEFAULT_GROUPS = 2 * len(CELLS)
DEFAULT_SEED = 1
HOSTS_OF_GROUP = 4
GPUS_OF_HOST = 8
LARGE_GROUPS = 2000
"""From here on a step is 15 s long."""
LARGE_STEP_SECONDS = 15.0

_BYTES_OF_GROUP = 8 * (LEVEL_COUNT + len(Number) + 150)
"""Registers, and about 150 more numbers a group."""
_BYTES_OF_GPU = 2_000
"""Of the topology's text and objects."""
_BYTES_AT_LEAST = 120 << 20


def memory_bytes(groups: int, gpus_per_group: int = HOSTS_OF_GROUP * GPUS_OF_HOST) -> int:
    """Return about how much memory a simulator of so many groups takes, in bytes."""
    return _BYTES_AT_LEAST + groups * (_BYTES_OF_GROUP + gpus_per_group * _BYTES_OF_GPU)


def plan_simulator(
    port: int,
    *,
    python: str = sys.executable,
    directory: Path,
    seed: int = DEFAULT_SEED,
    groups: int = DEFAULT_GROUPS,
    starts_at: str = "tue 10:00",
    speed: float = 1.0,
) -> EnginePlan:
    """Return the simulator as an engine of the demo; nothing is written or started.

    Args:
        port: the one port, on loopback.
        python: the interpreter to run it with.
        directory: where ``topology.yaml`` will be when it starts.
        seed: of everything that is drawn.
        groups: how many, over all cells.
        starts_at: weekday and time (UTC) at which the users' clock stands.
        speed: multiple of real time.
    """
    url = f"http://127.0.0.1:{port}"
    ahead = read_week_time(starts_at) - second_of_week(time.time())
    step = LARGE_STEP_SECONDS if groups >= LARGE_GROUPS else 1.0
    return EnginePlan(
        name="sim",
        topology=cluster_topology(url, groups),
        children=(
            Child(
                name="simulator",
                command=(
                    *(python, "-m", "demo.sim"),
                    *("--topology", str(directory / "topology.yaml")),
                    *("--port", str(port)),
                    *("--seed", str(seed)),
                    *("--starts-at", starts_at),
                    *("--speed", str(speed)),
                    *("--step", str(step)),
                ),
                ready_url=f"{url}/healthz",
                environment={"OPENBLAS_NUM_THREADS": "1"},
            ),
        ),
        control_url=url,
        habits=tuple(
            habit
            for (region, model), count in zip(CELLS, groups_of_cells(groups), strict=True)
            if count
            for habit in habits_of(region, model, count, ahead)
        ),
        tools=tuple(sorted(figures().tools)),
    )


def groups_of_cells(groups: int) -> Sequence[int]:
    """Return how many groups each cell has, of all together: the same, but for the rest."""
    each, rest = divmod(groups, len(CELLS))
    return [each + (at < rest) for at in range(len(CELLS))]


def cluster_topology(base_url: str, groups: int = DEFAULT_GROUPS) -> dict[str, Any]:
    """Return the content of the demo's ``topology.yaml``.

    Args:
        base_url: of the simulator, without a slash at the end.
        groups: how many, over all cells.
    """
    served = _served(groups)
    return {
        "version": 1,
        "cluster": "demo",
        "groups": [_group(base_url, *each) for each in _numbered(groups)],
        "routers": [
            {
                "name": region,
                "region": region,
                "dialect": "demo",
                "metrics": f"{base_url}/router/{region}/metrics",
            }
            for region in _regions(served)
        ],
        "tools": [
            {
                "name": f"gateway-{region}",
                "region": region,
                "metrics": f"{base_url}/tools/gateway-{region}/metrics",
            }
            for region in _regions_with_tools(served)
        ],
    }


@dataclass(frozen=True)
class CountedNames:
    """The names of a planned cluster, made when they are asked for."""

    cells: Sequence[tuple[str, str]]
    """Region and model, sorted."""
    first_of_cell: Sequence[int]
    """The first group of each cell, and behind them the number of groups."""
    hosts_of_group: int
    gpus_of_host: int

    def group(self, at: int) -> str:
        """Return the name of a group."""
        cell = int(np.searchsorted(self.first_of_cell, at, side="right")) - 1
        return "-".join((*self.cells[cell], str(at - self.first_of_cell[cell])))

    def host(self, at: int) -> str:
        """Return the name of a host."""
        group, number = divmod(at, self.hosts_of_group)
        return f"{self.group(group)}-h{number}"

    def uuid(self, at: int) -> str:
        """Return the UUID of a GPU."""
        host, number = divmod(at, self.gpus_of_host)
        return f"GPU-{_uuid(self.host(host), number)}"

    def find_group(self, name: str) -> int | None:
        """Return the place of a group; None if there is none of that name."""
        front, _, number = name.rpartition("-")
        for cell, (first, end) in zip(self.cells, pairwise(self.first_of_cell), strict=True):
            if front == "-".join(cell) and number.isdecimal():
                at = first + int(number)
                return at if at < end else None
        return None

    def find_hosts(self, name: str) -> Sequence[int]:
        """Return the places of a host."""
        front, _, number = name.rpartition("-h")
        group = self.find_group(front)
        if group is None or not number.isdecimal() or int(number) >= self.hosts_of_group:
            return []
        return [group * self.hosts_of_group + int(number)]


def planned_fleet(
    groups: int = DEFAULT_GROUPS,
    *,
    hosts_of_group: int = HOSTS_OF_GROUP,
    gpus_of_host: int = GPUS_OF_HOST,
    step_seconds: float = LARGE_STEP_SECONDS,
) -> Fleet:
    """Return the fleet of a planned cluster without its topology: of any size, at once."""
    cells = _served(groups)
    regions = _regions(cells)
    counts = [each for each in groups_of_cells(groups) if each]
    hosts = groups * hosts_of_group
    return Fleet(
        step_seconds=step_seconds,
        names=CountedNames(cells, [0, *np.cumsum(counts).tolist()], hosts_of_group, gpus_of_host),
        cells=cells,
        regions=regions,
        revisions=REVISIONS,
        routers=tuple((region, region) for region in regions),
        gateways=tuple((f"gateway-{region}", region) for region in _regions_with_tools(cells)),
        cell_of_group=np.repeat(np.arange(len(cells)), counts),
        revision_of_group=np.zeros(groups, np.int64),
        engine_of_group=None,
        first_host_of_group=np.arange(groups + 1) * hosts_of_group,
        first_gpu_of_host=np.arange(hosts + 1) * gpus_of_host,
    )


def _served(groups: int) -> tuple[tuple[str, str], ...]:
    """Return the cells that have groups: not all of them where there are few groups."""
    return tuple(cell for cell, count in zip(CELLS, groups_of_cells(groups), strict=True) if count)


def _regions(cells: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({region for region, _ in cells}))


def _regions_with_tools(cells: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the regions with a model that calls tools: elsewhere a gateway had nothing to do."""
    models = figures().models
    return _regions([cell for cell in cells if models[cell[1]].calls_per_request.value])


def _numbered(groups: int) -> Iterator[tuple[str, str, int]]:
    for (region, model), count in zip(CELLS, groups_of_cells(groups), strict=True):
        for number in range(count):
            yield region, model, number


def _group(base_url: str, region: str, model: str, number: int) -> dict[str, Any]:
    name = f"{region}-{model}-{number}"
    hosts = [f"{name}-h{host}" for host in range(HOSTS_OF_GROUP)]
    return {
        "name": name,
        "region": region,
        "model": model,
        "revision": REVISIONS[0],
        "engine": "0",
        "metrics": f"{base_url}/engine/{name}/metrics",
        "failure_domain": name,
        "members": [
            {
                "host": host,
                "gpus": [f"GPU-{_uuid(host, number)}" for number in range(GPUS_OF_HOST)],
                "telemetry": f"{base_url}/host/{host}/metrics",
            }
            for host in hosts
        ],
    }


def _uuid(host: str, number: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"shardwatch:demo:{host}:{number}"))
