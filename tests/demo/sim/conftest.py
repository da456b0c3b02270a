"""A simulated cluster, small enough to reason about: seven cells, two groups each."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.sim.fleet import Fleet, fleet_of
from demo.sim.pages import Pages
from demo.sim.simulation import Simulation
from demo.sim.state import State
from demo.sim.telling import tell_truth
from exporters.catalog import OUTCOMES
from exporters.topology import Topology

MONDAY_AFTERNOON = 1_790_000_000.0
"""14:13 UTC: the busiest hour in ``eu``, the morning in ``us``."""
URL = "http://127.0.0.1:1"
CELLS = (
    *((region, model) for region in ("eu", "us") for model in ("agent", "chat", "code")),
    ("us-gov", "chat"),
)


def small_topology(*, cells=CELLS, groups_of_cell=2) -> Topology:
    """Return a topology of equal cells; each group has two hosts of two GPUs."""
    names = [(cell, "-".join((*cell, str(at)))) for cell in cells for at in range(groups_of_cell)]
    regions = sorted({region for region, _ in cells})
    content = {
        "version": 1,
        "cluster": "test",
        "groups": [
            {
                "name": name,
                "region": region,
                "model": model,
                "revision": "r1",
                "metrics": f"{URL}/engine/{name}/metrics",
                "members": [
                    {
                        "host": f"{name}-h{host}",
                        "gpus": [f"GPU-{name}-{host}-{gpu}" for gpu in (0, 1)],
                        "telemetry": f"{URL}/host/{name}-h{host}/metrics",
                    }
                    for host in (0, 1)
                ],
            }
            for (region, model), name in names
        ],
        "routers": [
            {"name": region, "region": region, "dialect": "demo", "metrics": URL}
            for region in regions
        ],
        "tools": [
            {"name": f"gateway-{region}", "region": region, "metrics": URL}
            for region in ("eu", "us")
            if region in regions
        ],
    }
    return Topology.model_validate(content)


@dataclass
class Run:
    """A simulation under test."""

    simulation: Simulation

    @property
    def state(self) -> State:
        """What is simulated, now."""
        return self.simulation.state

    @property
    def fleet(self) -> Fleet:
        """What it is made of."""
        return self.state.fleet

    def seconds(self, seconds: float) -> None:
        """Let some time pass."""
        for _ in range(round(seconds / self.fleet.step_seconds)):
            self.simulation.step()

    def strike(self, name: str, strength: float | None = None, **place: str) -> str:
        """Let a fault strike and return its id."""
        return self.simulation.faults.strike(self.state, name, place, strength).id

    def repair(self, fault_id: str) -> bool:
        """Repair a fault; return whether there was one."""
        return self.simulation.faults.repair(fault_id)

    def group(self, name: str) -> int:
        """Return the place of a group."""
        found = self.fleet.names.find_group(name)
        assert found is not None
        return found

    def cell(self, region: str, model: str) -> int:
        """Return the place of a cell."""
        return self.fleet.cells.index((region, model))

    def ended(self, region: str, model: str) -> dict[str, int]:
        """Return the requests of a cell that ended since the start, by outcome, in truth."""
        counts = self.state.truth.outcomes[self.cell(region, model)].sum(axis=0).tolist()
        return dict(zip(OUTCOMES, counts, strict=True))

    def bad_ratio(self, region: str, model: str, *, seconds: float) -> float:
        """Let some time pass; return the share of the requests that ended badly in it."""
        before = self.ended(region, model)
        self.seconds(seconds)
        after = self.ended(region, model)
        ended = {outcome: after[outcome] - before[outcome] for outcome in after}
        bad = ended["error"] + ended["timeout"] + ended["rejected"]
        return bad / max(sum(ended.values()) - ended["rate_limited"], 1)

    def told(self) -> dict:
        """Return what is told of the truth."""
        return tell_truth(self.state, self.simulation.faults.active.values())

    def pages(self) -> Pages:
        """Return the cluster's pages."""
        return Pages(self.fleet, self.state.tools.cells)

    def engine_page(self, group: str) -> bytes:
        """Return the page of an engine."""
        return self.pages().engine(self.state, self.group(group))

    def shown(self, group: str, sample: str, **labels: str) -> float:
        """Return what the page of an engine shows, summed over the samples with these labels."""
        return total(self.engine_page(group), sample, **labels)

    def everything(self) -> list[bytes]:
        """Return all pages of the cluster."""
        pages, state, fleet = self.pages(), self.state, self.fleet
        return [
            *(pages.engine(state, at) for at in range(fleet.groups)),
            *(pages.host(state, [at]) for at in range(fleet.hosts)),
            *(pages.router(state, at) for at in range(len(fleet.routers))),
            *(pages.gateway(state, at) for at in range(len(fleet.gateways))),
        ]


def samples(page: bytes) -> Iterable:
    """Return what prometheus-client reads on a page."""
    return [s for f in text_string_to_metric_families(page.decode()) for s in f.samples]


def total(page: bytes, name: str, **labels: str) -> float:
    """Return the sum of a page's samples of a name that have these labels."""
    found = [
        each.value
        for each in samples(page)
        if each.name == name and labels.items() <= each.labels.items()
    ]
    assert found, f"{name} is not there"
    return float(np.sum(found))


def start_run(
    *,
    seed: int = 1,
    step_seconds: float = 1.0,
    now: float = MONDAY_AFTERNOON,
    warm_up_seconds: float = 0.0,
    topology: Topology | None = None,
    dcgm_interval: float = 5.0,
) -> Run:
    """Return a simulation of a small cluster whose hardware does not fail by itself."""
    fleet = fleet_of(topology or small_topology(), step_seconds=step_seconds, more_revisions=["r2"])
    return Run(
        Simulation(
            fleet,
            seed=seed,
            now=now,
            failure_rate=0,
            warm_up_seconds=warm_up_seconds,
            dcgm_interval=dcgm_interval,
        )
    )


@cache
def _warmed() -> Run:
    return start_run(warm_up_seconds=300.0)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """Makes simulations of small clusters."""
    return start_run


@pytest.fixture(scope="session")
def make_topology() -> Callable[..., Topology]:
    """Makes topologies of small clusters."""
    return small_topology


@pytest.fixture(scope="session")
def read_total() -> Callable[..., float]:
    """Sums samples of a page."""
    return total


@pytest.fixture(scope="session")
def read_samples() -> Callable[[bytes], Iterable]:
    """Reads the samples of a page."""
    return samples


@pytest.fixture
def run() -> Run:
    """A simulation that has not taken a step yet."""
    return start_run()


@pytest.fixture
def warm() -> Run:
    """A simulation in its usual state, five minutes after the start, its truth just begun."""
    return deepcopy(_warmed())
