"""Fleets to try hardware on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Fleet


@dataclass(frozen=True)
class NumberedNames:
    """Names made of numbers: ``g3``, ``h7``, ``GPU-42``."""

    groups: int
    hosts: int

    def group(self, at: int) -> str:
        """Return the name of a group."""
        return f"g{at}"

    def host(self, at: int) -> str:
        """Return the name of a host."""
        return f"h{at}"

    def uuid(self, at: int) -> str:
        """Return the UUID of a GPU."""
        return f"GPU-{at}"

    def find_group(self, name: str) -> int | None:
        """Return the place of a group."""
        at = int(name[1:])
        return at if at < self.groups else None

    def find_hosts(self, name: str) -> Sequence[int]:
        """Return the only place of a host."""
        at = int(name[1:])
        return [at] if at < self.hosts else []


def numbered_fleet(
    groups: int, *, hosts: int = 2, gpus: int = 2, regions: int = 2, step_seconds: float = 1.0
) -> Fleet:
    """Return a fleet of equal groups, one model, spread evenly over regions.

    Args:
        groups: how many; at least one a region.
        hosts: of a group.
        gpus: of a host.
        regions: how many.
        step_seconds: the length of a step.
    """
    names = tuple(f"r{at}" for at in range(regions))
    return Fleet(
        step_seconds=step_seconds,
        names=NumberedNames(groups, groups * hosts),
        cells=tuple((name, "chat") for name in names),
        regions=names,
        revisions=("r1",),
        routers=(),
        gateways=(),
        cell_of_group=np.arange(groups) * regions // groups,
        revision_of_group=np.zeros(groups, np.int64),
        engine_of_group=None,
        first_host_of_group=np.arange(groups + 1) * hosts,
        first_gpu_of_host=np.arange(groups * hosts + 1) * gpus,
    )
