"""Calls to external tools: they take their time, and are counted when they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from demo.sim.cluster import Cluster, Counts, profile_of
from demo.sim.latency import Floats, Latency, from_quantiles
from demo.sim.truth import TOOL_ERROR_TYPES
from demo.sim.workload import (
    OUTAGE_FAILURES,
    TOOL_FAILURE_SECONDS_AT,
    TOOL_TIMEOUT_SECONDS,
    TOOLS,
)
from exporters.catalog import TOOL_DURATION_BOUNDS

_LASTING_KINDS = 3
_ENDS_WELL, _FAILS, _TIMES_OUT = range(_LASTING_KINDS)
_DURATIONS = np.append(np.geomspace(0.005, 600.0, 60), TOOL_TIMEOUT_SECONDS)
"""The durations that calls can have, in seconds. [J]; the last is a time-out's."""
_KIND_OF_TYPE = np.array(
    [_ENDS_WELL if name in ("", "cancelled") else _TIMES_OUT if name == "timeout" else _FAILS
     for name in TOOL_ERROR_TYPES]
)  # fmt: skip
_BUCKET_OF_DURATION = np.searchsorted(TOOL_DURATION_BOUNDS, _DURATIONS)


@dataclass
class Tools:
    """Calls on their way, and what the gateways count. E is the error type, J the duration."""

    calls_per_request: Floats
    """By finished request of the same region and model. [tool cell]."""
    usual: Floats
    """Chances of the error types when the tool is well. [tool cell, E]."""
    lasting: Floats
    """Chances of the durations, by kind of end. [tool cell, kind, J]."""
    outages: set[tuple[str, str]]
    """Region and tool."""
    pending: Counts
    """Calls by the step in which they end: for each duration a ring as long as it is.
    [rings end to end, tool cell, E]."""
    ring_start: Counts
    """[J]."""
    ring_length: Counts
    """[J]."""
    durations: Counts
    """Ended calls. [tool cell, E, K]."""
    duration_sums: Floats
    """[tool cell, E]."""
    started: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    """Calls since the start. [tool cell]."""

    def in_flight(self) -> Counts:
        """Return the calls that have not ended. [tool cell]."""
        pending: Counts = self.pending.sum(axis=(0, 2))
        return pending


def start_tools(cluster: Cluster) -> Tools:
    """Return the tools of a cluster, with no call on its way."""
    cells, types = cluster.tool_cells, len(TOOL_ERROR_TYPES)
    lengths = np.maximum(np.ceil(_DURATIONS / cluster.step_seconds), 1).astype(np.int64)
    mixes = [(profile_of(model), tool) for _, tool, model in cells]
    return Tools(
        calls_per_request=np.array([p.tool_calls_per_request * p.tool_mix[t] for p, t in mixes]),
        usual=np.array([_chances(TOOLS[tool].failures) for _, tool, _ in cells]).reshape(-1, types),
        lasting=np.array([_lasting(tool) for _, tool, _ in cells]).reshape(
            -1, _LASTING_KINDS, len(_DURATIONS)
        ),
        outages=set(),
        pending=np.zeros((int(lengths.sum()), len(cells), types), np.int64),
        ring_start=np.cumsum(lengths) - lengths,
        ring_length=lengths,
        durations=np.zeros((len(cells), types, len(TOOL_DURATION_BOUNDS) + 1), np.int64),
        duration_sums=np.zeros((len(cells), types)),
        started=np.zeros(len(cells), np.int64),
    )


def call_tools(
    tools: Tools, cluster: Cluster, steps: int, finished: Counts, rng: np.random.Generator
) -> Counts:
    """End the calls that are due, and start those of the requests that finished.

    Args:
        tools: changed in place.
        cluster: whose tools they are.
        steps: taken before this one.
        finished: requests that ended well in this step. [C].
        rng: for the draws.

    Returns:
        The calls that ended. [tool cell, E].
    """
    ring = tools.ring_start + steps % tools.ring_length
    due = tools.pending[ring]
    calls = rng.poisson(tools.calls_per_request * finished[cluster.cell_of_tool_cell])
    ended = rng.multinomial(calls, _chances_now(tools, cluster))
    tools.pending[ring] = rng.multinomial(ended, tools.lasting[:, _KIND_OF_TYPE]).transpose(2, 0, 1)
    tools.started += calls
    np.add.at(tools.durations.transpose(2, 0, 1), _BUCKET_OF_DURATION, due)
    tools.duration_sums += np.tensordot(_DURATIONS, due, axes=1)
    counted: Counts = due.sum(axis=0)
    return counted


def _chances_now(tools: Tools, cluster: Cluster) -> Floats:
    if not tools.outages:
        return tools.usual
    out = [(region, tool) in tools.outages for region, tool, _ in cluster.tool_cells]
    return np.where(np.array(out)[:, None], _chances(OUTAGE_FAILURES), tools.usual)


def _chances(failures: Mapping[str, float]) -> Floats:
    chances = np.array([failures.get(name, 0.0) for name in TOOL_ERROR_TYPES])
    chances[TOOL_ERROR_TYPES.index("")] = 1 - chances.sum()
    return chances


def _lasting(tool: str) -> Floats:
    times_out = np.zeros(len(_DURATIONS))
    times_out[-1] = 1.0
    well = _spread(from_quantiles(TOOLS[tool].seconds_at))
    return np.stack([well, _spread(from_quantiles(TOOL_FAILURE_SECONDS_AT)), times_out])


def _spread(latency: Latency) -> Floats:
    """Return the share of calls that each duration stands for. [J]."""
    durations = _DURATIONS[:-1]
    edges = np.concatenate([[0.0], np.sqrt(durations[1:] * durations[:-1]), [np.inf]])
    return np.append(np.diff(latency.share_below(edges)), 0.0)
