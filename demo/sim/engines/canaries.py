"""Canaries: one group of a cell runs the next revision and gets a small share of its traffic."""

from __future__ import annotations

from demo.sim.engines.lifecycle import drain
from demo.sim.state import State

CANARY_SHARE = 0.05
"""Of a cell's traffic."""


def begin_canary(state: State, group: int, failing: float) -> None:
    """Drain a group and start it with the next revision, a small share, and bad answers."""
    engines, fleet = state.engines, state.fleet
    others = int(fleet.groups_of_cell[fleet.cell_of_group[group]]) - 1
    engines.next_revision[group] = len(fleet.revisions) - 1
    engines.weight[group] = CANARY_SHARE / (1 - CANARY_SHARE) * others if others else 1.0
    engines.next_failing[group] = failing
    drain(state, group)


def end_canary(state: State, group: int) -> None:
    """Drain a group and start it with the revision of the others."""
    engines = state.engines
    engines.next_revision[group] = state.fleet.revision_of_group[group]
    engines.weight[group] = 1.0
    engines.next_failing[group] = 0.0
    drain(state, group)
