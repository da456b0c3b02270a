"""What a kind of fault is: where it may strike, what its strength means, who can bring it about.

Which kinds there are stands in :mod:`demo.faults`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["sim", "vllm", "lab"]
"""What a scenario is played on: ``lab`` is the simulator in virtual time, by ``shardwatch lab``,
for what no demo shows: own servers that ail, and faults of which it takes an hour to be told."""
PlaceKey = Literal[
    "group", "host", "uuid", "rank", "region", "model", "tier", "tool", "exporter", "server"
]  # fmt: skip

LEVELS: tuple[PlaceKey, ...] = (
    "server", "exporter", "region", "model", "tier", "tool", "group", "rank", "host", "uuid"
)  # fmt: skip
"""From the widest kind of place to the narrowest."""

LAB: frozenset[EngineName] = frozenset({"lab"})
SIM: frozenset[EngineName] = frozenset({"sim", *LAB})
ALL: frozenset[EngineName] = frozenset({"vllm", *SIM})


@dataclass(frozen=True)
class Strength:
    """What a fault's strength means, and what it may be."""

    means: str
    usual: float
    lowest: float
    """Included."""
    highest: float
    """Included."""


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault."""

    name: str
    summary: str
    """What happens, in the words of the timeline."""
    needs: frozenset[PlaceKey]
    """Keys that the place must have."""
    allows: frozenset[PlaceKey] = frozenset()
    """Keys that the place may have; what is left out is chosen and reported, or means all."""
    strength: Strength | None = None
    """None where there is no more or less of it."""
    engines: frozenset[EngineName] = SIM
    by_stack: bool = False
    """True where it strikes shardwatch itself, and not the cluster."""
    repaired: bool = True
    """False for an event that passes by itself and has no length."""
    takes_away: frozenset[PlaceKey] = frozenset()
    """What of its place is gone, or stands still, while it lasts: nothing else strikes there."""

    @property
    def level(self) -> PlaceKey:
        """The narrowest kind of place that it can name: what it acts on."""
        return max(self.needs | self.allows, key=LEVELS.index)

    @property
    def needs_gpus(self) -> bool:
        """Whether it strikes GPUs, so that a group without any cannot have it."""
        return "uuid" in self.allows and self.engines == SIM
