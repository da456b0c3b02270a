"""What the simulated cluster is made of, as arrays: from a topology, and fixed from then on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from demo.sim.latency import Floats
from demo.sim.workload import OTHER_PROFILE, PROFILES, TOOLS, Profile
from exporters.topology import Group, Topology, expected_gpus

Indices = npt.NDArray[np.int64]
Counts = npt.NDArray[np.int64]
Amounts = TypeVar("Amounts", Counts, Floats)
Flags = npt.NDArray[np.bool_]


_ATTRIBUTES = (
    "requests_per_second_and_group",
    "prompt_tokens_median",
    "prompt_tokens_sigma",
    "prompt_tokens_mean",
    "prompt_tokens_deviation",
    "decode_seconds_mean",
    "prefix_hit_ratio",
    "first_tokens_per_second",
    "kv_cache_tokens",
)


@dataclass(frozen=True)
class Gpu:
    """One GPU and where it is."""

    uuid: str
    host: str
    group: str
    number: int
    """On its host, from 0."""


@dataclass(frozen=True)
class Cluster:
    """The parts of the cluster, their places in the arrays, and how they belong together."""

    step_seconds: float
    groups: tuple[Group, ...]
    cells: tuple[tuple[str, str], ...]
    """Region and model."""
    lanes: tuple[tuple[str, str, str], ...]
    """Region, model and revision: what a router tells apart."""
    gpus: tuple[Gpu, ...]
    hosts: tuple[str, ...]
    routers: tuple[tuple[str, str], ...]
    """Name and region."""
    gateways: tuple[tuple[str, str], ...]
    """Name and region."""
    tool_cells: tuple[tuple[str, str, str], ...]
    """Region, tool and model, of the regions that have a gateway and the models that call tools."""

    cell_of_group: Indices
    lane_of_group: Indices
    lane_of_cell: Indices
    """The first of the cell's lanes: for requests that reach no group."""
    group_of_gpu: Indices
    host_of_gpu: Indices
    cell_of_tool_cell: Indices
    profiles: Mapping[str, Floats]
    """Attributes of each group's traffic, :class:`~demo.sim.workload.Profile`. Each [G]."""

    def group_index(self, name: str) -> int | None:
        """Return the place of a group, None if there is none of that name."""
        return next((i for i, group in enumerate(self.groups) if group.name == name), None)


def profile_of(model: str) -> Profile:
    """Return the traffic of a model."""
    return PROFILES.get(model, OTHER_PROFILE)


def build_cluster(topology: Topology, *, step_seconds: float = 1.0) -> Cluster:
    """Return the cluster that a topology describes.

    Args:
        topology: its groups, routers and gateways; where they are read is left out.
        step_seconds: the length of a step, to which ages are counted.
    """
    groups = tuple(topology.groups)
    cells = tuple(sorted({(group.region, group.model) for group in groups}))
    lanes = tuple(sorted({(group.region, group.model, group.revision) for group in groups}))
    gpus = _number_gpus(topology)
    hosts = tuple(dict.fromkeys(member.host for group in groups for member in group.members))
    regions_with_tools = {each.region for each in topology.tools}
    tool_cells = tuple(
        (region, tool, model)
        for region, model in cells
        if region in regions_with_tools
        for tool in sorted(TOOLS)
        if profile_of(model).tool_mix.get(tool)
    )
    names = [group.name for group in groups]
    return Cluster(
        step_seconds=step_seconds,
        groups=groups,
        cells=cells,
        lanes=lanes,
        gpus=gpus,
        hosts=hosts,
        routers=tuple((each.name, each.region) for each in topology.routers),
        gateways=tuple((each.name, each.region) for each in topology.tools),
        tool_cells=tool_cells,
        cell_of_group=_places(cells, [(group.region, group.model) for group in groups]),
        lane_of_group=_places(
            lanes, [(group.region, group.model, group.revision) for group in groups]
        ),
        lane_of_cell=_places([lane[:2] for lane in lanes], cells),
        group_of_gpu=_places(names, [gpu.group for gpu in gpus]),
        host_of_gpu=_places(hosts, [gpu.host for gpu in gpus]),
        cell_of_tool_cell=_places(cells, [(region, model) for region, _, model in tool_cells]),
        profiles={
            attribute: np.array([getattr(profile_of(group.model), attribute) for group in groups])
            for attribute in _ATTRIBUTES
        },
    )


def sum_by(index: Indices, values: Amounts, size: int) -> Amounts:
    """Return the sums of ``values`` over their first axis, by the place that ``index`` gives."""
    sums = np.zeros((size, *values.shape[1:]), values.dtype)
    np.add.at(sums, index, values)
    return sums


def _number_gpus(topology: Topology) -> tuple[Gpu, ...]:
    on_host: dict[str, int] = {}
    gpus = []
    for place in expected_gpus(topology):
        number = on_host.get(place.host, 0)
        on_host[place.host] = number + 1
        gpus.append(Gpu(place.uuid, place.host, place.group.name, number))
    return tuple(gpus)


def _places(names: Sequence[object], wanted: Iterable[object]) -> Indices:
    first: dict[object, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    return np.array([first[each] for each in wanted], np.int64)
