"""A simulated cluster, small enough to reason about: two regions, two models, two groups each."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from demo.sim.cluster import Cluster, build_cluster
from demo.sim.simulation import Simulation
from demo.sim.state import State
from exporters.catalog import OUTCOMES
from exporters.topology import Topology

START = 1_790_000_000.0
URL = "http://127.0.0.1:1"


def small_topology(*, models=("chat", "code"), gpus_of_host=2, revision_of=lambda _: "r1"):
    """Return a topology of two groups a cell, with two hosts each."""
    groups = []
    for region in ("eu", "us"):
        for model in models:
            for number in (0, 1):
                name = f"{region}-{model}-{number}"
                groups.append(
                    {
                        "name": name,
                        "region": region,
                        "model": model,
                        "revision": revision_of(number),
                        "metrics": f"{URL}/engine/{name}/metrics",
                        "members": [
                            {
                                "host": f"{name}-h{host}",
                                "gpus": [f"GPU-{name}-{host}-{gpu}" for gpu in range(gpus_of_host)],
                                "telemetry": f"{URL}/host/{name}-h{host}/metrics",
                            }
                            for host in (0, 1)
                        ],
                    }
                )
    return {
        "version": 1,
        "cluster": "test",
        "groups": groups,
        "routers": [
            {"name": f"{region}-router", "region": region, "dialect": "demo", "metrics": URL}
            for region in ("eu", "us")
        ],
        "tools": [
            {"name": f"{region}-gateway", "region": region, "metrics": URL}
            for region in ("eu", "us")
        ],
    }


@dataclass
class Run:
    """A simulation under test."""

    simulation: Simulation

    @property
    def state(self) -> State:
        """What is simulated, now."""
        return self.simulation.state

    @property
    def cluster(self) -> Cluster:
        """What it is made of."""
        return self.state.cluster

    def steps(self, count: int) -> None:
        """Take some steps."""
        for _ in range(count):
            self.simulation.step()

    def strike(self, name: str, **place: str) -> str:
        """Let a fault strike and return its id."""
        faults, rng = self.simulation.faults, self.simulation.fault_rng
        return faults.strike(self.state, name, place, rng).id

    def repair(self, fault_id: str) -> bool:
        """Repair a fault; return whether there was one."""
        return self.simulation.faults.repair(self.state, fault_id)

    def group(self, name: str) -> int:
        """Return the place of a group."""
        index = self.cluster.group_index(name)
        assert index is not None
        return index

    def cell(self, region: str, model: str) -> int:
        """Return the place of a cell."""
        return self.cluster.cells.index((region, model))

    def ended(self, region: str, model: str) -> dict[str, int]:
        """Return the requests of a cell that ended since the start, by outcome, in truth."""
        counts = self.state.truth.requests[self.cell(region, model)].tolist()
        return dict(zip(OUTCOMES, counts, strict=True))

    def shown(self, family: str, group: str) -> list[float]:
        """Return what an engine's page shows of a family."""
        return self.state.engines.registers.view(family)[self.group(group)].tolist()


def _make(
    *, seed: int = 1, step_seconds: float = 1.0, dcgm_interval: float = 5.0, **parts: Any
) -> Run:
    topology = Topology.model_validate(small_topology(**parts))
    cluster = build_cluster(topology, step_seconds=step_seconds)
    return Run(Simulation(cluster, seed=seed, now=START, dcgm_interval=dcgm_interval))


@cache
def _warmed() -> Run:
    run = _make()
    run.steps(120)
    return run


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """Makes simulations of small clusters."""
    return _make


@pytest.fixture
def run() -> Run:
    """A simulation that has not taken a step yet."""
    return _make()


@pytest.fixture
def warm() -> Run:
    """A simulation in its usual state, two minutes after the start."""
    return deepcopy(_warmed())
