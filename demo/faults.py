"""The faults that the demo can bring about, by name: what each is, where it strikes, who does it.

An engine (simulated or real) carries out what happens inside the cluster, the stack what happens
to shardwatch itself. Scenarios name faults; a scenario that names another is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["sim", "vllm"]


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault."""

    name: str
    summary: str
    """What happens, in the words of the timeline."""
    needs: frozenset[str]
    """Keys that the place must have."""
    allows: frozenset[str] = frozenset()
    """Keys that the place may have; what is left out is chosen and reported."""
    engines: frozenset[EngineName] = frozenset({"sim"})
    by_stack: bool = False
    """True where the stack does it to itself, not the engine to the cluster."""
    repaired: bool = True
    """False for an event that passes by itself and has no length."""


FAULTS: dict[str, FaultKind] = {
    each.name: each
    for each in (
        FaultKind(
            "lost-gpu",
            "a GPU falls off the bus; its engine hangs, and /health still answers 200",
            needs=frozenset({"group"}),
            allows=frozenset({"host", "uuid"}),
        ),
        FaultKind(
            "tool-outage",
            "calls to a tool time out or fail",
            needs=frozenset({"region", "tool"}),
        ),
        FaultKind(
            "engine-restart",
            "an engine drains, stops, and loads its weights again",
            needs=frozenset({"group"}),
            repaired=False,
        ),
        FaultKind(
            "frozen-worker",
            "a worker process is stopped (SIGSTOP); the engine waits for it forever",
            needs=frozenset({"group"}),
            allows=frozenset({"rank"}),
            engines=frozenset({"vllm"}),
        ),
        FaultKind(
            "exporter-restart",
            "an exporter is killed and started again",
            needs=frozenset({"exporter"}),
            engines=frozenset({"sim", "vllm"}),
            by_stack=True,
            repaired=False,
        ),
    )
}
