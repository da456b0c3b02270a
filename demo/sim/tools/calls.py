"""Calls to external tools: they take their time, and are counted when they end.

A Poisson number of calls that part ways at random is a Poisson number on each way, so one draw a
step says how many calls start that will end so, after so long; :mod:`demo.sim.tools.ends` lists
the ends. Each end is a delay line: what starts now comes out after its time. Numbers are whole,
and every call that starts ends.

Agents' runtimes try some of the calls that failed once more, right then: a tool that fails gets
more calls, not fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from demo.sim.fleet import Counts, Fleet, Floats, Indices
from demo.sim.tools.ends import BROWSER, TOOL_ERROR_TYPES, Part, chances_of, ends_of
from demo.sim.tools.page_cache import PageCache, serve_pages, start_page_cache
from demo.traffic.figures import figures

RETRIED_RATIO = 0.3
"""Share of the calls that failed and are made again at once. Chosen."""
_RETRIED = np.array(
    [name in ("tool_error", "timeout", "rate_limited") for name in TOOL_ERROR_TYPES], np.int64
)
_CANCELLED = TOOL_ERROR_TYPES.index("cancelled")
_PARTS = len(Part) - 1

Faults = tuple[dict[tuple[str, str], float], dict[tuple[str, str], float], dict[str, float]]
"""What fails, what is slow, where captchas are asked for."""


@dataclass(frozen=True)
class ToolCells:
    """Which tools are called by which models where, and how their calls end.

    X is the tool cell; E is the end: a tool cell's are neighbours, sorted by error type.
    """

    names: tuple[tuple[str, str, str], ...]
    """Region, tool and model: of the regions that have a gateway and the models that call tools.
    In the order of the fleet's cells, then by tool. [X]."""
    cell: Indices
    """[X]."""
    region: Indices
    """[X]."""
    calls_per_request: Floats
    """[X]."""
    starts: Indices
    """The first end of each. [X]."""
    type_starts: Indices
    """The first end of each error type of each. [X * error types]."""
    of_end: Indices
    """[E]."""
    types: Counts
    """Places in ``TOOL_ERROR_TYPES``. [E]."""
    parts: Indices
    """0 for calls that ask no page cache, else 1 + 3 * region + its part less one. [E]."""
    lowest: Floats
    """Seconds. [E]."""
    highest: Floats
    """Seconds. [E]."""
    seconds: Floats
    """Means. [E]."""
    buckets: Counts
    """[E]."""


@dataclass(frozen=True)
class Ended:
    """The calls that ended in a step."""

    calls: Counts
    """Each attempt. [X, error type]."""
    by_cell: Counts
    """Those after which an agent goes on: neither made again nor cancelled by a user who left.
    [C]."""


@dataclass
class Tools:
    """Calls on their way, what was counted, and what is wrong with the tools."""

    cells: ToolCells
    pages: PageCache
    failing: dict[tuple[str, str], float]
    """Share of calls that an outage hits, by region and tool."""
    slowness: dict[tuple[str, str], float]
    """How many times longer calls take, by region and tool; from 1."""
    captchas: dict[str, float]
    """Share of the browser's fetched pages that ask for one, by region."""
    started: Counts
    """Attempts since the start. [E]."""
    ended: Counts
    """Attempts since the start. [E]."""
    retries: Counts
    """Attempts since the start that were not the first. [X]."""
    again: Counts
    """To be made again in the next step. [X]."""
    line: Counts
    """What started, by step modulo its length. [steps, E]."""
    taps: Indices
    """Where in the line an end's calls come out at step 0. [E]."""
    chances: Floats
    """With the faults that are heeded. [E]."""
    heeded: Faults

    def in_flight(self) -> Counts:
        """Return the calls that have not ended. [X].

        Each is on its way for whole steps, from one on: with long steps they are more.
        """
        if not self.cells.names:
            return np.zeros(0, np.int64)
        return np.add.reduceat(self.started - self.ended, self.cells.starts)


def start_tools(fleet: Fleet, finished_per_second: Floats) -> Tools:
    """Return the tools of a fleet, with no call on its way and warm page caches.

    Args:
        fleet: whose regions, gateways and models they are.
        finished_per_second: requests that usually end well. [C].
    """
    cells = _tool_cells(fleet)
    tools, ends = len(cells.names), len(cells.of_end)
    delays = np.maximum(np.rint(cells.seconds / fleet.step_seconds), 1).astype(np.int64)
    browses = np.array([tool == BROWSER for _, tool, _ in cells.names], bool)
    browsed = cells.calls_per_request * finished_per_second[cells.cell] * browses
    pages = np.bincount(cells.region, browsed, len(fleet.regions)).astype(np.float64)
    return Tools(
        cells,
        start_page_cache(pages),
        failing={},
        slowness={},
        captchas={},
        started=np.zeros(ends, np.int64),
        ended=np.zeros(ends, np.int64),
        retries=np.zeros(tools, np.int64),
        again=np.zeros(tools, np.int64),
        line=np.zeros((int(delays.max(initial=1)), ends), np.int64),
        taps=np.arange(ends) - delays * ends,
        chances=_chances(cells, ({}, {}, {})),
        heeded=({}, {}, {}),
    )


def call_tools(
    tools: Tools, fleet: Fleet, steps: int, finished: Counts, rng: np.random.Generator
) -> Ended:
    """End the calls that are due, and start those of the requests that finished.

    Args:
        tools: changed in place. Places without a tool cell in its faults change nothing.
        fleet: whose tools they are.
        steps: taken before this one.
        finished: requests that ended well in this step. [C].
        rng: for the draws.
    """
    cells = tools.cells
    if not cells.names:
        empty = np.zeros((0, len(TOOL_ERROR_TYPES)), np.int64)
        return Ended(empty, np.zeros(len(fleet.cells), np.int64))
    row = steps % len(tools.line)
    due = tools.line.take(tools.taps + row * len(tools.taps), mode="wrap")
    tools.line[row] = started = _start_calls(tools, fleet, finished, rng)
    tools.started += started
    tools.ended += due
    calls = np.add.reduceat(due, cells.type_starts).reshape(-1, len(TOOL_ERROR_TYPES))
    failed = calls @ _RETRIED
    tools.again = rng.binomial(failed, RETRIED_RATIO) if failed.any() else failed
    over = calls.sum(axis=1) - calls[:, _CANCELLED] - tools.again
    by_cell = np.bincount(cells.cell, over, len(fleet.cells)).astype(np.int64)
    return Ended(calls, by_cell)


def _start_calls(tools: Tools, fleet: Fleet, finished: Counts, rng: np.random.Generator) -> Counts:
    """Return the calls that start in this step, by how they will end. [E]."""
    cells, pages = tools.cells, tools.pages
    if (tools.failing, tools.slowness, tools.captchas) != tools.heeded:
        tools.heeded = dict(tools.failing), dict(tools.slowness), dict(tools.captchas)
        tools.chances = _chances(cells, tools.heeded)
    asked = cells.calls_per_request * finished[cells.cell]
    wanted = asked + tools.again
    shares = np.ones(1 + _PARTS * len(fleet.regions))
    hits, misses = shares[1::_PARTS], shares[1:].reshape(-1, _PARTS)[:, 1:]
    hits[:] = pages.hit_ratio()
    misses -= hits[:, None]
    started: Counts = rng.poisson(tools.chances * wanted[cells.of_end] * shares[cells.parts])
    if tools.again.any():
        made = np.add.reduceat(started, cells.starts)
        tools.retries += rng.binomial(made, tools.again / np.maximum(wanted, 1e-12))
    parts = np.bincount(cells.parts, started, len(shares)).astype(np.int64)
    hit, fetched, lost = parts[1:].reshape(-1, _PARTS).T
    serve_pages(pages, hit, fetched, lost, fleet.step_seconds)
    return started


def _tool_cells(fleet: Fleet) -> ToolCells:
    models, served = figures().models, {region for _, region in fleet.gateways}
    found = [
        (at, tool, models[model].calls_per_request.value * share)
        for at, (region, model) in enumerate(fleet.cells)
        if region in served and model in models
        for tool, share in sorted(models[model].tool_mix.value.items())
        if models[model].calls_per_request.value * share
    ]
    ends = [ends_of(tool) for _, tool, _ in found]
    sizes = np.array([len(each.kinds) for each in ends], np.int64)
    starts = np.cumsum(sizes) - sizes
    cell = np.array([at for at, _, _ in found], np.int64)
    region = fleet.region_of_cell[cell]
    of_end = np.repeat(np.arange(len(found)), sizes)
    types = _joined([each.types for each in ends], np.int64)
    parts = _joined([each.parts for each in ends], np.int64)
    every_type = np.arange(len(TOOL_ERROR_TYPES))
    firsts = [np.searchsorted(each.types, every_type) for each in ends]
    return ToolCells(
        names=tuple((fleet.cells[at][0], tool, fleet.cells[at][1]) for at, tool, _ in found),
        cell=cell,
        region=region,
        calls_per_request=np.array([calls for _, _, calls in found]),
        starts=starts,
        type_starts=_joined([s + each for s, each in zip(starts, firsts, strict=True)], np.int64),
        of_end=of_end,
        types=types,
        parts=np.where(parts > 0, parts + _PARTS * region[of_end], 0),
        lowest=_joined([each.lowest for each in ends], np.float64),
        highest=_joined([each.highest for each in ends], np.float64),
        seconds=_joined([each.seconds for each in ends], np.float64),
        buckets=_joined([each.buckets for each in ends], np.int64),
    )


def _chances(cells: ToolCells, faults: Faults) -> Floats:
    failing, slowness, captchas = faults
    chances: Floats = _joined(
        [
            chances_of(
                tool,
                failing.get((region, tool), 0.0),
                slowness.get((region, tool), 1.0),
                captchas.get(region, 0.0) if tool == BROWSER else 0.0,
            )
            for region, tool, _ in cells.names
        ],
        np.float64,
    )
    return chances


def _joined(parts: Sequence[Any], of: type[Any]) -> Any:
    """Return one array of these, which may be none."""
    return np.concatenate([np.zeros(0, of), *parts])
