"""How far the simulated tools are from the published figures: measured over a long virtual run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Counts, Fleet, Floats
from demo.sim.tools.calls import Tools, call_tools, start_tools
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from demo.sim.tools.page_cache import HIT_RATIO
from demo.traffic.demand import CHOSEN
from demo.traffic.figures import figures

MEASURED_QUANTILES = (0.5, 0.9, 0.99)
_WELL = TOOL_ERROR_TYPES.index("")


@dataclass(frozen=True)
class ToolFigure:
    """One figure of the tools: published, and as it comes out of the simulation."""

    name: str
    published: float
    measured: float
    source: str
    """A key of ``Figures.sources``, or ``chosen``."""


def measure_tools(
    fleet: Fleet, finished_per_second: Floats, *, seconds: float, seed: int
) -> list[ToolFigure]:
    """Return what the simulated tools do, beside the figures.

    Args:
        fleet: whose tools are run, without faults.
        finished_per_second: requests that end well. [C].
        seconds: of virtual time.
        seed: of the draws.

    Returns:
        ``TOOL.p90_seconds`` of calls that ended well, ``TOOL.failed`` (share of all calls),
        ``MODEL.mix.TOOL`` and ``MODEL.calls_per_request``, and ``page_cache.hit_ratio``; of the
        tools and models that the fleet has.
    """
    rng = np.random.default_rng(seed)
    tools = start_tools(fleet, finished_per_second)
    finished = np.zeros(len(fleet.cells), np.int64)
    for step in range(int(seconds / fleet.step_seconds)):
        came = rng.poisson(finished_per_second * fleet.step_seconds)
        finished += came
        call_tools(tools, fleet, step, came, rng)
    measured = _measured(tools, finished)
    return [
        ToolFigure(name, value, float(measured[name]), source)
        for name, (value, source) in _published(tools).items()
    ]


def _measured(tools: Tools, finished: Counts) -> dict[str, float]:
    cells = tools.cells
    values: dict[str, float] = {}
    tool_of_end = np.array([tool for _, tool, _ in cells.names])[cells.of_end]
    for tool in sorted(set(tool_of_end.tolist())):
        ended = np.where(tool_of_end == tool, tools.ended, 0)
        well = np.where(cells.types == _WELL, ended, 0)
        for quantile in MEASURED_QUANTILES:
            seconds = _quantile(quantile, well, cells.lowest, cells.highest)
            values[_seconds_name(tool, quantile)] = seconds
        values[f"{tool}.failed"] = 1 - well.sum() / ended.sum()
    started = np.bincount(cells.of_end, tools.started, len(cells.names)) - tools.retries
    for model in sorted({model for _, _, model in cells.names}):
        of_model = np.array([each == model for _, _, each in cells.names])
        asked = finished[np.unique(cells.cell[of_model])].sum()
        values[f"{model}.calls_per_request"] = started[of_model].sum() / asked
        for tool in sorted(set(tool_of_end.tolist())):
            of_tool = of_model & np.array([each == tool for _, each, _ in cells.names])
            values[f"{model}.mix.{tool}"] = started[of_tool].sum() / started[of_model].sum()
    hits, misses = tools.pages.hits.sum(), tools.pages.misses.sum()
    values["page_cache.hit_ratio"] = hits / (hits + misses)
    return values


def _published(tools: Tools) -> Mapping[str, tuple[float, str]]:
    """Return the figures and their sources."""
    known = figures()
    names = tools.cells.names
    values = {"page_cache.hit_ratio": (HIT_RATIO, CHOSEN)}
    for tool in sorted({tool for _, tool, _ in names}):
        of_tool = known.tools[tool]
        for quantile in MEASURED_QUANTILES:
            seconds = of_tool.seconds
            values[_seconds_name(tool, quantile)] = seconds.value.at[quantile], seconds.source
        failed = sum(of_tool.failures.value.values())
        values[f"{tool}.failed"] = failed, of_tool.failures.source
    for model in sorted({model for _, _, model in names}):
        of_model = known.models[model]
        calls, mix = of_model.calls_per_request, of_model.tool_mix
        values[f"{model}.calls_per_request"] = calls.value, calls.source
        for tool in sorted({tool for _, tool, each in names if each == model}):
            values[f"{model}.mix.{tool}"] = mix.value[tool], mix.source
    return values


def _seconds_name(tool: str, quantile: float) -> str:
    return f"{tool}.p{quantile * 100:.0f}_seconds"


def _quantile(quantile: float, counts: Counts, lowest: Floats, highest: Floats) -> float:
    """Return the duration that this share of the calls stays below, to the width of a class.

    Within its class a call is taken to last as long as any: evenly on a logarithmic scale.
    """
    edges = np.unique(np.concatenate([lowest[counts > 0], highest[counts > 0]]))
    spans = np.log(highest / lowest)
    spans[spans <= 0] = 1e-9
    inside = np.clip(np.log(edges[:, None] / lowest) / spans, 0, 1)
    below = (inside * counts).sum(axis=1) / counts.sum()
    return float(np.exp(np.interp(quantile, below, np.log(edges))))
