"""What the simulated cluster is made of, as arrays: fixed from the start on.

Groups stand in cells (a region's model), hosts in groups, GPUs in hosts, each numbered in that
order, so that a group's hosts and a host's GPUs are neighbours. Names are made when they are asked
for: a million UUIDs as texts would take more memory than the whole simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from exporters.topology import Topology

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HOSTS_OF_RACK = 8
"""Hosts that share cooling. Chosen: two shard groups of four hosts."""
RACKS_OF_POWER_DOMAIN = 4
"""Racks that share a power feed. Chosen."""


class Names(Protocol):
    """How the parts are called."""

    def group(self, at: int) -> str:
        """Return the name of a group."""
        ...

    def host(self, at: int) -> str:
        """Return the name of a host."""
        ...

    def uuid(self, at: int) -> str:
        """Return the UUID of a GPU, as NVML gives it."""
        ...

    def find_group(self, name: str) -> int | None:
        """Return the place of a group; None if there is none of that name."""
        ...

    def find_hosts(self, name: str) -> Sequence[int]:
        """Return the places of a host: one for each group that has GPUs on it."""
        ...


@dataclass(frozen=True)
class Fleet:
    """The parts, their places in the arrays, and how they belong together."""

    step_seconds: float
    names: Names
    cells: tuple[tuple[str, str], ...]
    """Region and model, sorted."""
    regions: tuple[str, ...]
    """Sorted."""
    revisions: tuple[str, ...]
    """What groups may run, the first one as a rule; lanes are cells times revisions."""
    routers: tuple[tuple[str, str], ...]
    """Name and region."""
    gateways: tuple[tuple[str, str], ...]
    """Name and region."""
    cell_of_group: Indices
    revision_of_group: Indices
    """At the start."""
    engine_of_group: tuple[str, ...] | None
    """Data-parallel ranks; None where all are ``0``."""
    first_host_of_group: Indices
    """[G + 1]: a group's hosts are those from its entry to before the next."""
    first_gpu_of_host: Indices
    """[H + 1]."""

    @property
    def groups(self) -> int:
        """How many shard groups there are."""
        return len(self.cell_of_group)

    @property
    def hosts(self) -> int:
        """How many hosts there are; one that serves two groups counts twice."""
        return len(self.first_gpu_of_host) - 1

    @property
    def gpus(self) -> int:
        """How many GPUs there are."""
        return int(self.first_gpu_of_host[-1])

    @cached_property
    def group_of_host(self) -> Indices:
        """[H]."""
        return np.repeat(np.arange(self.groups), np.diff(self.first_host_of_group))

    @cached_property
    def region_of_cell(self) -> Indices:
        """[C]."""
        return np.array([self.regions.index(region) for region, _ in self.cells], np.int64)

    @cached_property
    def region_of_group(self) -> Indices:
        """[G]."""
        return self.region_of_cell[self.cell_of_group]

    @cached_property
    def rack_of_host(self) -> Indices:
        """Hosts of a region fill its racks in their order. [H]."""
        region = self.region_of_group[self.group_of_host]
        racks = np.zeros(self.hosts, np.int64)
        first = 0
        for at in range(len(self.regions)):
            hosts = np.flatnonzero(region == at)
            racks[hosts] = first + np.arange(len(hosts)) // HOSTS_OF_RACK
            first += -(-len(hosts) // HOSTS_OF_RACK)
        return racks

    @cached_property
    def groups_of_cell(self) -> Counts:
        """[C]."""
        return np.bincount(self.cell_of_group, minlength=len(self.cells))

    def hosts_of_group(self, group: int) -> range:
        """Return the hosts of a group."""
        return range(*self.first_host_of_group[group : group + 2].tolist())

    def gpus_of_host(self, host: int) -> range:
        """Return the GPUs of a host."""
        return range(*self.first_gpu_of_host[host : host + 2].tolist())

    def gpus_of_group(self, group: int) -> range:
        """Return the GPUs of a group."""
        hosts = self.hosts_of_group(group)
        return range(
            int(self.first_gpu_of_host[hosts.start]), int(self.first_gpu_of_host[hosts.stop])
        )

    def host_of_gpu(self, gpu: int) -> int:
        """Return the host of a GPU."""
        return int(np.searchsorted(self.first_gpu_of_host, gpu, side="right")) - 1

    def group_of_gpu(self, gpu: int) -> int:
        """Return the group of a GPU."""
        return int(self.group_of_host[self.host_of_gpu(gpu)])


@dataclass(frozen=True)
class ListedNames:
    """Names as a topology lists them."""

    groups: tuple[str, ...]
    hosts: tuple[str, ...]
    uuids: tuple[str, ...]

    def group(self, at: int) -> str:
        """Return the name of a group."""
        return self.groups[at]

    def host(self, at: int) -> str:
        """Return the name of a host."""
        return self.hosts[at]

    def uuid(self, at: int) -> str:
        """Return the UUID of a GPU."""
        return self.uuids[at]

    def find_group(self, name: str) -> int | None:
        """Return the place of a group; None if there is none of that name."""
        return next((at for at, each in enumerate(self.groups) if each == name), None)

    def find_hosts(self, name: str) -> Sequence[int]:
        """Return the places of a host."""
        return [at for at, each in enumerate(self.hosts) if each == name]


def fleet_of(
    topology: Topology, *, step_seconds: float = 1.0, more_revisions: Sequence[str] = ()
) -> Fleet:
    """Return the fleet that a topology describes.

    Args:
        topology: its groups, routers and gateways; where they are read is left out.
        step_seconds: the length of a step of the simulation.
        more_revisions: what groups may come to run, beside what the topology says.
    """
    groups = sorted(
        topology.groups, key=lambda each: (each.region, each.model)
    )  # stable: the topology's order within a cell
    cells = tuple(sorted({(group.region, group.model) for group in groups}))
    revisions = tuple(dict.fromkeys([*(group.revision for group in groups), *more_revisions]))
    members = [member for group in groups for member in group.members]
    places = {cell: at for at, cell in enumerate(cells)}
    return Fleet(
        step_seconds=step_seconds,
        names=ListedNames(
            tuple(group.name for group in groups),
            tuple(member.host for member in members),
            tuple(uuid for member in members for uuid in member.gpus),
        ),
        cells=cells,
        regions=tuple(sorted({region for region, _ in cells})),
        revisions=revisions,
        routers=tuple((each.name, each.region) for each in topology.routers),
        gateways=tuple((each.name, each.region) for each in topology.tools),
        cell_of_group=np.array([places[group.region, group.model] for group in groups], np.int64),
        revision_of_group=np.array([revisions.index(g.revision) for g in groups], np.int64),
        engine_of_group=tuple(group.engine for group in groups),
        first_host_of_group=_starts([len(group.members) for group in groups]),
        first_gpu_of_host=_starts([len(member.gpus) for member in members]),
    )


def total_by(index: Indices, amounts: Floats, size: int) -> Floats:
    """Return the totals of ``amounts`` by the place that ``index`` gives, fast. [size]."""
    return np.bincount(index, weights=amounts, minlength=size).astype(np.float64, copy=False)


def _starts(sizes: Sequence[int]) -> Indices:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
