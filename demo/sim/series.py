"""The series that rules read, in virtual time: their names once, their values at each step.

A simulated month has no scrapes and no pages: what Prometheus would have stored follows from the
state at once, under the names and labels of :mod:`exporters.catalog`. A series that Prometheus
would not have, for the page it comes from does not answer, is NaN.

It is as if exporters looked at the end of each step and believed what they see; the state of a
group is that of :mod:`exporters.groups.state`, without waiting for a second look. Counters are
whole numbers, as on the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from demo.sim.engines.registers import LEVEL_PLACES, Number
from demo.sim.engines.state import Phase
from demo.sim.exposition import format_number
from demo.sim.fleet import Flags, Fleet, Floats, total_by
from demo.sim.hardware.state import SLOWED_BELOW_RATIO
from demo.sim.state import State
from demo.sim.tools.calls import ToolCells
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from exporters import catalog
from exporters.catalog import Family
from exporters.groups.state import STALLED_AFTER_SECONDS
from exporters.tools.otel import OUTCOME_OF_ERROR

DEAD, STALLED, DEGRADED, UP = map(catalog.GROUP_STATES.index, ("dead", "stalled", "degraded", "up"))
_NUMBERS = (
    (catalog.GROUP_RUNNING, (), Number.RUNNING),
    (catalog.GROUP_WAITING, (), Number.WAITING),
    (catalog.GROUP_KV_CACHE_USAGE, (), Number.KV_USAGE_RATIO),
    (catalog.GROUP_TOKENS, ("prompt",), Number.PROMPT_TOKENS),
    (catalog.GROUP_TOKENS, ("generation",), Number.GENERATED_TOKENS),
    (catalog.GROUP_PREEMPTIONS, (), Number.PREEMPTIONS),
    (catalog.GROUP_PREFIX_QUERIED_TOKENS, (), Number.PROMPT_TOKENS),
    (catalog.GROUP_PREFIX_HIT_TOKENS, (), Number.HIT_DEVICE_TOKENS),
)
"""What an engine's page says: the family, its last label, and where the number stands."""
_ROWS = np.array([row for _, _, row in _NUMBERS])
_ITERATIONS = LEVEL_PLACES["iterations"]
_FIRST_COUNTER = 3
"""Of the numbers; those before are gauges, and need not be whole."""
_ROUNDING = 1e-6
"""Sums of shares of whole numbers are a little less than whole."""
_FROM_PAGES = (
    *((family, last) for family, last, _ in _NUMBERS),
    (catalog.GROUP_STEPS, ()),
    (catalog.GROUP_SECONDS_SINCE_STEP, ()),
)
_ALWAYS = (catalog.GROUP_UP, catalog.GROUP_HEALTH, catalog.GROUP_CAPACITY)
_OUTCOMES = len(catalog.TOOL_OUTCOMES)
_DURATIONS = len(catalog.TOOL_DURATION_BOUNDS) + 1


@dataclass(frozen=True)
class Name:
    """What identifies a series."""

    name: str
    """On the wire: a histogram's ends in ``_bucket``, ``_count`` or ``_sum``."""
    labels: tuple[tuple[str, str], ...]
    """In the order of the catalogue."""


class Series:
    """The series of one fleet, in an order that does not change.

    Args:
        fleet: whose series they are.
        tools: its tool cells.
        cluster: value of the label of that name.
    """

    def __init__(self, fleet: Fleet, tools: ToolCells, cluster: str = "demo") -> None:
        self._fleet, self._tools, self._cluster = fleet, tools, cluster
        self._region_of_lane = np.repeat(fleet.region_of_cell, len(fleet.revisions))
        outcomes = [
            catalog.TOOL_OUTCOMES.index(OUTCOME_OF_ERROR.get(each, "error"))
            for each in TOOL_ERROR_TYPES
        ]
        outcome_of_end = np.array(outcomes, np.int64)[tools.types]
        self._call_places = tools.of_end * _OUTCOMES + outcome_of_end
        self._duration_places = tools.of_end * _DURATIONS + tools.buckets

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """What the values belong to. Made when it is asked for: a large fleet has millions."""
        return (
            *self._router_names(),
            *self._tool_names(),
            *self._group_names(),
            *self._gpu_names(),
        )

    def values(self, state: State) -> Floats:
        """Return the values after a step, one for each name; NaN for a series that is not there."""
        parts = (*self._routers(state), *self._tool_calls(state), *self._groups(state))
        return np.concatenate([*(part.reshape(-1) for part in parts), self._gpus_up(state)])

    # --- routers: [L, T, ...] ---------------------------------------------------------------------

    def _router_names(self) -> Iterator[Name]:
        fleet = self._fleet
        router_of = {region: name for name, region in fleet.routers}
        of_lanes = [
            (self._cluster, *cell, router_of[cell[0]], revision, tier)
            for cell, revision, tier in product(fleet.cells, fleet.revisions, catalog.TIERS)
        ]
        yield from _names(catalog.ROUTER_REQUESTS, of_lanes, catalog.OUTCOMES)
        yield from _names(catalog.ROUTER_ATTEMPTS, of_lanes, catalog.ATTEMPTS)
        yield from _names(catalog.ROUTER_IN_FLIGHT, of_lanes)
        yield from _histogram_names(catalog.ROUTER_TIME_TO_FIRST_TOKEN, of_lanes)

    def _routers(self, state: State) -> Iterator[Floats]:
        routers = state.routers
        running = routers.first_token_counts.cumsum(axis=2)
        dark = state.dark_regions[self._region_of_lane] if state.dark_regions.any() else None
        for part in (
            routers.requests,
            routers.attempts,
            routers.in_flight,
            running,
            running[:, :, -1],
            routers.first_token_sums,
        ):
            values = part.astype(np.float64)
            if dark is not None:
                values[dark] = np.nan
            yield values

    # --- tools: [X, ...] --------------------------------------------------------------------------

    def _tool_names(self) -> Iterator[Name]:
        of_tools = [
            (self._cluster, region, model, tool) for region, tool, model in self._tools.names
        ]
        yield from _names(catalog.TOOL_CALLS, of_tools, catalog.TOOL_OUTCOMES)
        yield from _histogram_names(catalog.TOOL_DURATION, of_tools)

    def _tool_calls(self, state: State) -> Iterator[Floats]:
        cells, tools = self._tools, len(self._tools.names)
        ended = state.tools.ended.astype(np.float64)
        calls = total_by(self._call_places, ended, tools * _OUTCOMES).reshape(tools, -1)
        counts = total_by(self._duration_places, ended, tools * _DURATIONS).reshape(tools, -1)
        running = counts.cumsum(axis=1)
        seconds = total_by(cells.of_end, ended * cells.seconds, tools)
        parts = (calls, running, running[:, -1], seconds)
        if state.dark_regions.any():
            for part in parts:
                part[state.dark_regions[cells.region]] = np.nan
        yield from parts

    # --- groups: [..., G] -------------------------------------------------------------------------

    def _group_names(self) -> Iterator[Name]:
        fleet = self._fleet
        of_groups = [
            (self._cluster, *fleet.cells[cell], fleet.names.group(at))
            for at, cell in enumerate(fleet.cell_of_group.tolist())
        ]
        for family, last in (*_FROM_PAGES, *((each, ()) for each in _ALWAYS)):
            yield from _names(family, [(*labels, *last) for labels in of_groups])
        for each in catalog.GROUP_STATES:
            yield from _names(catalog.GROUP_STATE, [(*labels, each) for labels in of_groups])

    def _groups(self, state: State) -> Iterator[Floats]:
        engines, hardware, registers = state.engines, state.hardware, state.engines.registers
        dark = state.dark
        answers = (engines.phase != Phase.LOADING) & ~dark
        pages = np.empty((len(_FROM_PAGES), self._fleet.groups))
        pages[:-2] = registers.numbers[_ROWS]
        pages[-2] = registers.levels[:, _ITERATIONS].sum(axis=1)
        pages[_FIRST_COUNTER:-1] = np.floor(pages[_FIRST_COUNTER:-1] + _ROUNDING)
        pages[-1] = engines.stalled_seconds
        if not answers.all():
            pages[:, ~answers] = np.nan
        yield pages
        states = np.zeros((len(catalog.GROUP_STATES), self._fleet.groups))
        lost = ~hardware.complete | self._without_telemetry(state)
        dead = lost | (engines.phase != Phase.SERVING) | dark
        at = np.where(engines.stalled_seconds >= STALLED_AFTER_SECONDS, STALLED, UP)
        at = np.where((hardware.speed < SLOWED_BELOW_RATIO) & (at == UP), DEGRADED, at)
        at[dead] = DEAD
        states[at, np.arange(len(at))] = 1.0
        yield np.array([answers, (engines.phase == Phase.SERVING) & ~dark, at > STALLED], float)
        yield states

    def _without_telemetry(self, state: State) -> Flags:
        """Return the groups with a host whose page does not answer. [G]."""
        groups = np.zeros(self._fleet.groups, bool)
        if state.hardware.dark.any():
            groups[self._fleet.group_of_host[state.hardware.dark]] = True
        return groups

    # --- GPUs: [N] --------------------------------------------------------------------------------

    def _gpu_names(self) -> Iterator[Name]:
        fleet = self._fleet
        for host, group in enumerate(fleet.group_of_host.tolist()):
            cell = fleet.cells[fleet.cell_of_group[group]]
            place = (self._cluster, *cell, fleet.names.group(group), fleet.names.host(host))
            uuids = [fleet.names.uuid(gpu) for gpu in fleet.gpus_of_host(host)]
            yield from _names(catalog.GPU_UP, [(*place, uuid) for uuid in uuids])

    def _gpus_up(self, state: State) -> Floats:
        fleet, hardware = self._fleet, state.hardware
        up = np.ones(fleet.gpus)
        up[[gpu for gpu, each in hardware.conditions.items() if each.losses]] = 0.0
        if hardware.dark.any() or state.dark_regions.any():
            dark = hardware.dark | state.dark[fleet.group_of_host]
            for host in np.flatnonzero(dark).tolist():
                up[fleet.gpus_of_host(host)] = 0.0
        return up


def _names(
    family: Family, places: Iterable[tuple[str, ...]], last: tuple[str, ...] = ()
) -> Iterator[Name]:
    """Yield the names of a family: place by place, and for each the values of its last label."""
    for place in places:
        for labels in [(*place, each) for each in last] or [place]:
            yield Name(family.name, tuple(zip(family.labels, labels, strict=True)))


def _histogram_names(family: Family, places: Sequence[tuple[str, ...]]) -> Iterator[Name]:
    """Yield the names of all buckets, then those of all counts, then of all sums."""
    bounds = [*map(format_number, family.bounds), "+Inf"]
    for place in places:
        labels = tuple(zip(family.labels, place, strict=True))
        yield from (Name(f"{family.name}_bucket", (*labels, ("le", each))) for each in bounds)
    for end in ("count", "sum"):
        for place in places:
            yield Name(f"{family.name}_{end}", tuple(zip(family.labels, place, strict=True)))
