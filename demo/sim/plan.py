"""The simulated cluster as the demo plans it: 2 regions, 4 models, 16 groups, 512 GPUs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from demo.engine import Child, EnginePlan
from demo.sim.habits import habits_of

REGIONS = ("eu", "us")
MODELS = ("chat", "code", "agent", "reason")
GROUPS_OF_MODEL = 2
HOSTS_OF_GROUP = 4
GPUS_OF_HOST = 8


def plan_simulator(
    port: int, *, python: str = sys.executable, directory: Path, seed: int = 1
) -> EnginePlan:
    """Return the simulator as an engine of the demo; nothing is written or started.

    Args:
        port: the one port, on loopback.
        python: the interpreter to run it with.
        directory: where ``topology.yaml`` will be when it starts.
        seed: of everything that is drawn.
    """
    url = f"http://127.0.0.1:{port}"
    topology = ("--topology", str(directory / "topology.yaml"))
    return EnginePlan(
        name="sim",
        topology=cluster_topology(url),
        children=(
            Child(
                name="simulator",
                command=(
                    *(python, "-m", "demo.sim"),
                    *topology,
                    *("--port", str(port)),
                    *("--seed", str(seed)),
                ),
                ready_url=f"{url}/healthz",
                environment={"OPENBLAS_NUM_THREADS": "1"},
            ),
        ),
        control_url=url,
        habits=tuple(
            habit
            for region in REGIONS
            for model in MODELS
            for habit in habits_of(region, model, GROUPS_OF_MODEL)
        ),
    )


def cluster_topology(base_url: str) -> dict[str, Any]:
    """Return the content of the demo's ``topology.yaml``.

    Args:
        base_url: of the simulator, without a slash at the end.
    """
    return {
        "version": 1,
        "cluster": "demo",
        "groups": [
            _group(base_url, region, model, number)
            for region in REGIONS
            for model in MODELS
            for number in range(GROUPS_OF_MODEL)
        ],
        "routers": [
            {
                "name": region,
                "region": region,
                "dialect": "demo",
                "metrics": f"{base_url}/router/{region}/metrics",
            }
            for region in REGIONS
        ],
        "tools": [
            {
                "name": f"gateway-{region}",
                "region": region,
                "metrics": f"{base_url}/tools/gateway-{region}/metrics",
            }
            for region in REGIONS
        ],
    }


def _group(base_url: str, region: str, model: str, number: int) -> dict[str, Any]:
    name = f"{region}-{model}-{number}"
    hosts = [f"{name}-h{host}" for host in range(HOSTS_OF_GROUP)]
    return {
        "name": name,
        "region": region,
        "model": model,
        "revision": "r1",
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
