"""What faults do to the tools that agents call, and how that is undone."""

from __future__ import annotations

from typing import TypeVar

from demo.orders import FaultError, one_of
from demo.sim.effects.effect import Place, Undo
from demo.sim.state import State

Key = TypeVar("Key")


def _tool(state: State, place: Place) -> tuple[str, str]:
    known = {(region, tool) for region, tool, _ in state.tools.cells.names}
    hit = (place["region"], place["tool"])
    if hit not in known:
        pairs = one_of(f"{tool} in {region}" for region, tool in known)
        raise FaultError(f"found the tool {hit[1]!r} in {hit[0]!r}, expected {pairs}")
    return hit


def _hold(table: dict[Key, float], key: Key, value: float, what: str) -> Undo:
    """Put a value into a table of faults; return what takes it out again."""
    if key in table:
        raise FaultError(f"found {what}, which is there already")
    table[key] = value

    def undo() -> None:
        del table[key]

    return undo


def fail_tool(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a share of a tool's calls fail."""
    tool = _tool(state, place)
    return place, _hold(state.tools.failing, tool, strength, f"the outage of {tool[1]!r}")


def slow_tool(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a tool's calls take longer."""
    tool = _tool(state, place)
    return place, _hold(state.tools.slowness, tool, strength, f"the slowness of {tool[1]!r}")


def ask_for_captchas(state: State, place: Place, strength: float) -> tuple[Place, Undo]:
    """Let a share of the pages that a region fetches ask for captchas."""
    region = place["region"]
    if region not in {region for region, tool, _ in state.tools.cells.names if tool == "browser"}:
        raise FaultError(f"found the region {region!r}, where nobody browses")
    return place, _hold(state.tools.captchas, region, strength, f"the captchas of {region!r}")
