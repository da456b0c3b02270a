"""The page of a tool gateway: durations of calls, attempts, requests to the page cache."""

from __future__ import annotations

from itertools import product

import numpy as np

from demo.sim.exposition import PageFamily, Template, histograms, make_template
from demo.sim.fleet import Counts, Fleet, Floats, Indices
from demo.sim.tools.calls import ToolCells, Tools
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from exporters.catalog import ATTEMPTS, TOOL_DURATION_BOUNDS
from exporters.dialects import read_dialect

_BUCKETS = len(TOOL_DURATION_BOUNDS) + 1
_DURATIONS, _ATTEMPTS, _PAGES = read_dialect("otel_tools").families


class GatewayPages:
    """The texts of the gateways' pages, made once, to be filled. A gateway sees its region."""

    def __init__(self, fleet: Fleet, cells: ToolCells) -> None:
        self._regions = [fleet.regions.index(region) for _, region in fleet.gateways]
        self._cells: list[Indices] = [np.flatnonzero(cells.region == at) for at in self._regions]
        self._templates = [
            _template([cells.names[at][1:] for at in here.tolist()]) for here in self._cells
        ]

    def page(self, tools: Tools, gateway: int) -> bytes:
        """Return the page of a gateway, by its place in ``Fleet.gateways``."""
        here, region = self._cells[gateway], self._regions[gateway]
        started = np.bincount(tools.cells.of_end, tools.started, len(tools.cells.names))[here]
        retries = tools.retries[here]
        values = (
            histograms(count_durations(tools)[here], sum_durations(tools)[here]),
            np.stack([started - retries, retries], axis=1),
            np.array([tools.pages.hits[region], tools.pages.misses[region]]),
        )
        return self._templates[gateway].fill(
            np.concatenate([each.astype(float).ravel() for each in values]).tolist()
        )


def count_durations(tools: Tools) -> Counts:
    """Return the ended calls by bucket, the last above all bounds. [X, error type, K]."""
    cells, types = tools.cells, len(TOOL_ERROR_TYPES)
    places = (cells.of_end * types + cells.types) * _BUCKETS + cells.buckets
    shape = (len(cells.names), types, _BUCKETS)
    counts = np.bincount(places, tools.ended, int(np.prod(shape)))
    return counts.reshape(shape).astype(np.int64)


def sum_durations(tools: Tools) -> Floats:
    """Return the seconds that the ended calls lasted. [X, error type]."""
    cells, types = tools.cells, len(TOOL_ERROR_TYPES)
    seconds = np.bincount(
        cells.of_end * types + cells.types,
        tools.ended * cells.seconds,
        len(cells.names) * types,
    )
    return seconds.reshape(-1, types).astype(np.float64)


def _template(of: list[tuple[str, str]]) -> Template:
    """Return the page of these tools and models."""
    durations = tuple((*child, each) for child, each in product(of, TOOL_ERROR_TYPES))
    attempts = tuple((*child, each) for child, each in product(of, ATTEMPTS))
    return make_template(
        [
            PageFamily(_DURATIONS, durations, _DURATIONS.bounds),
            PageFamily(_ATTEMPTS, attempts),
            PageFamily(_PAGES, tuple((each,) for each in _PAGES.values["result"])),
        ]
    )
