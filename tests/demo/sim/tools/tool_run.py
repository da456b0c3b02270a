"""Simulated tools under test: two regions, of which one may have no gateway."""

from dataclasses import dataclass, field

import numpy as np

from demo.sim.fleet import Fleet, fleet_of
from demo.sim.tools.calls import Tools, call_tools, start_tools
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from exporters.topology import Topology

URL = "http://127.0.0.1:1"


def tool_topology(*, models=("agent", "chat", "code"), gateways=("eu", "us")) -> Topology:
    """Return one group for each model in eu and us, and gateways where it is said."""
    names = [(region, model) for region in ("eu", "us") for model in models]
    content = {
        "version": 1,
        "cluster": "test",
        "groups": [
            {
                "name": f"{region}-{model}",
                "region": region,
                "model": model,
                "revision": "r1",
                "metrics": URL,
                "members": [
                    {
                        "host": f"{region}-{model}",
                        "gpus": [f"GPU-{region}-{model}"],
                        "telemetry": URL,
                    }
                ],
            }
            for region, model in names
        ],
        "routers": [],
        "tools": [
            {"name": f"{region}-gateway", "region": region, "metrics": URL} for region in gateways
        ],
    }
    return Topology.model_validate(content)


@dataclass
class ToolRun:
    """Tools that are called at a constant rate, and what ended since the start."""

    fleet: Fleet
    finished_per_second: float
    rng: np.random.Generator
    tools: Tools = field(init=False)
    taken: int = 0
    again: int = 0
    """Calls that were to be made again."""

    def __post_init__(self) -> None:
        rates = np.full(len(self.fleet.cells), self.finished_per_second)
        self.tools = start_tools(self.fleet, rates)
        self.calls = np.zeros((len(self.tools.cells.names), len(TOOL_ERROR_TYPES)), np.int64)
        self.by_cell = np.zeros(len(self.fleet.cells), np.int64)

    def seconds(self, seconds: float, *, finished_per_second: float | None = None) -> None:
        """Let some time pass; requests finish as usual, or at the rate given."""
        rate = self.finished_per_second if finished_per_second is None else finished_per_second
        step_seconds = self.fleet.step_seconds
        for _ in range(round(seconds / step_seconds)):
            finished = self.rng.poisson(rate * step_seconds, len(self.fleet.cells))
            ended = call_tools(self.tools, self.fleet, self.taken, finished, self.rng)
            self.calls += ended.calls
            self.by_cell += ended.by_cell
            self.again += int(self.tools.again.sum())
            self.taken += 1

    def place(self, region: str, tool: str, model: str = "agent") -> int:
        """Return the place of a tool cell."""
        return self.tools.cells.names.index((region, tool, model))

    def ended(self, region: str, tool: str, model: str = "agent") -> dict[str, int]:
        """Return the calls that ended since the start, by error type."""
        counts = self.calls[self.place(region, tool, model)].tolist()
        return dict(zip(TOOL_ERROR_TYPES, counts, strict=True))


def tool_run(
    topology: Topology | None = None, *, step_seconds=1.0, finished_per_second=20.0, seed=1
) -> ToolRun:
    """Return tools that no call was made to yet."""
    fleet = fleet_of(topology or tool_topology(), step_seconds=step_seconds)
    return ToolRun(fleet, finished_per_second, np.random.default_rng(seed))
