"""The GPUs of members of which the topology names none: those that their host shows.

Service discovery knows pods, and not which GPUs they were given. dcgm-exporter knows both. What was
seen once is expected from then on, or a lost GPU would be one that was never there.
"""

from __future__ import annotations

import re
from collections.abc import Container

from exporters.gpu.readings import GpuReadings
from exporters.gpu.sightings import Reports

MOST_GPUS = 64
"""Of a member; a page that lies shall not make series without end."""
_UUID = re.compile(r"[!-~]{1,128}")


class Inventory:
    """Of one member.

    Args:
        pod: ``NAMESPACE/POD``, if it is one.
        is_alone: whether no other member is on its host, so that all GPUs there are its own.
        gpus: what is known already.
    """

    def __init__(self, pod: str | None, *, is_alone: bool, gpus: tuple[str, ...] = ()) -> None:
        self.gpus = gpus
        """Those that are expected: UUIDs, sorted."""
        self._pod = pod
        self._is_alone = is_alone
        self._has_pods = False
        """Whether the host has told pods: where it does, no pod is not just any."""

    def look(self, shown: GpuReadings | Reports, taken: Container[str] = ()) -> None:
        """Learn from what the host shows.

        A pod that has as many GPUs as ever was given others for those that are gone. If it has
        fewer, those that are gone are missed.

        Args:
            shown: by the host.
            taken: GPUs of other members.
        """
        mine = [
            uuid for uuid in self._own(shown) if _UUID.fullmatch(uuid) and uuid not in taken
        ][:MOST_GPUS]  # fmt: skip
        if not mine:
            return
        missed = [uuid for uuid in self.gpus if uuid not in shown]
        if len(mine) >= len(self.gpus):
            missed = []
        self.gpus = tuple(sorted({*mine, *missed}))

    def _own(self, shown: GpuReadings | Reports) -> list[str]:
        pods = {} if isinstance(shown, Reports) else {u: each.pods for u, each in shown.items()}
        self._has_pods = self._has_pods or any(pods.values())
        if self._pod and self._has_pods:
            return [uuid for uuid, of in pods.items() if self._pod in of]
        return list(shown) if self._is_alone else []
