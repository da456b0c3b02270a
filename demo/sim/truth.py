"""What really happened to requests and tool calls, counted at the moment it was decided.

No counter that anybody scrapes is read here: these are the outcomes themselves, so that what the
stack measures can be held against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from demo.sim.cluster import Cluster, Counts
from exporters.catalog import OUTCOMES, TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.dialects import read_dialect

AVAILABILITY, FIRST_TOKEN, TOOLS = "chat-availability", "chat-ttft", "tool-success"
FIRST_TOKEN_OBJECTIVE_SECONDS = 2.5

TOOL_ERROR_TYPES = read_dialect("otel_tools").families[0].values["error_type"]
"""How a tool call ended; empty if well."""

_LATE_BUCKETS = np.array(
    [bound > FIRST_TOKEN_OBJECTIVE_SECONDS for bound in (*TIME_TO_FIRST_TOKEN_BOUNDS, float("inf"))]
)
_UNCOUNTED_OUTCOMES = frozenset({"rate_limited"})
_GOOD_OUTCOMES = frozenset({"ok", "aborted"})
_UNCOUNTED_ERROR_TYPES = frozenset({"cancelled"})


@dataclass
class Truth:
    """Events since the start."""

    requests: Counts
    """[C, outcome]."""
    first_tokens: Counts
    """In time, late, never. [C, 3]."""
    tool_calls: Counts
    """[tool cell, error type]."""

    def count_requests(self, ended: Counts) -> None:
        """Count requests that ended. [C, outcome]."""
        self.requests += ended

    def count_first_tokens(self, counts: Counts, never: Counts) -> None:
        """Count first tokens by bucket [C, K], and requests that never got one [C]."""
        late = counts[:, _LATE_BUCKETS].sum(axis=1)
        self.first_tokens += np.stack([counts.sum(axis=1) - late, late, never], axis=1)

    def count_tool_calls(self, ended: Counts) -> None:
        """Count tool calls that ended. [tool cell, error type]."""
        self.tool_calls += ended


def start_truth(cluster: Cluster) -> Truth:
    """Return a truth in which nothing has happened yet."""
    return Truth(
        np.zeros((len(cluster.cells), len(OUTCOMES)), np.int64),
        np.zeros((len(cluster.cells), 3), np.int64),
        np.zeros((len(cluster.tool_cells), len(TOOL_ERROR_TYPES)), np.int64),
    )


def tell_truth(truth: Truth, cluster: Cluster, now: float) -> dict[str, Any]:
    """Return the content of ``GET /control/truth`` (see :mod:`demo.engine`)."""
    classes = []
    for (region, model), counts in zip(cluster.cells, truth.requests, strict=True):
        by_outcome = _named(OUTCOMES, counts, _UNCOUNTED_OUTCOMES)
        bad = {name: n for name, n in by_outcome.items() if name not in _GOOD_OUTCOMES}
        classes.append(_class(AVAILABILITY, region, model, bad, sum(by_outcome.values())))
    for (region, model), (in_time, late, never) in zip(
        cluster.cells, truth.first_tokens.tolist(), strict=True
    ):
        bad = {"late": float(late), "never": float(never)}
        classes.append(_class(FIRST_TOKEN, region, model, bad, in_time + late + never))
    for cell in dict.fromkeys(cluster.cell_of_tool_cell.tolist()):
        counts = truth.tool_calls[cluster.cell_of_tool_cell == cell].sum(axis=0)
        by_type = _named(TOOL_ERROR_TYPES, counts, _UNCOUNTED_ERROR_TYPES)
        bad = {name: n for name, n in by_type.items() if name}
        region, model = cluster.cells[cell]
        classes.append(_class(TOOLS, region, model, bad, sum(by_type.values())))
    return {"time": now, "classes": classes}


def _named(names: tuple[str, ...], counts: Counts, without: frozenset[str]) -> dict[str, float]:
    pairs = zip(names, counts.tolist(), strict=True)
    return {name: float(count) for name, count in pairs if name not in without}


def _class(
    slo: str, region: str, model: str, bad: Mapping[str, float], total: float
) -> dict[str, Any]:
    return {
        "slo": slo,
        "labels": {"region": region, "model": model},
        "bad": float(sum(bad.values())),
        "total": float(total),
        "reasons": {reason: count for reason, count in bad.items() if count},
    }
