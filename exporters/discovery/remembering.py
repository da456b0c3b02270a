"""Groups that vanish from service discovery: dead for a while, then forgotten.

A pod that fails is gone from what Kubernetes tells, and its group with it, until there is another:
just then somebody has to say that the group is dead. One that was taken away on purpose looks the
same, so that it is dead for that while too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from exporters.discovery.placing import Placement, place
from exporters.discovery.targets import DiscoveredTarget
from exporters.topology import Group


class Remembered:
    """Places targets, and remembers the groups.

    Args:
        seconds: for which a group is remembered of which nothing is left.
        clock: monotonic, in seconds.
    """

    def __init__(self, seconds: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._groups: dict[str, Group] = {}
        self._gone_at: dict[str, float] = {}
        """When a group of ``_groups`` was first not there any more."""

    def place(
        self, targets: Iterable[DiscoveredTarget], cluster: str | None, origin: str
    ) -> Placement:
        """Return the topology that targets make, with the groups that vanished a while ago.

        Raises:
            InputError: as :func:`exporters.discovery.placing.place`.
        """
        now = self._clock()
        known = {name: each for name, each in self._groups.items() if not self._is_over(name, now)}
        placement = place(targets, cluster, origin, known)
        self._groups = {group.name: group for group in placement.topology.groups}
        self._gone_at = {name: self._gone_at.get(name, now) for name in placement.vanished}
        return placement

    @property
    def overdue(self) -> frozenset[str]:
        """The groups whose time is over, though they are still in the topology."""
        now = self._clock()
        return frozenset(name for name in self._gone_at if self._is_over(name, now))

    def _is_over(self, name: str, now: float) -> bool:
        return now - self._gone_at.get(name, now) >= self._seconds
