"""What an effect is: it strikes a state at a place, or is refused; and it can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from demo.sim.state import State

Place = Mapping[str, str]
Undo = Callable[[], None]
Effect = Callable[[State, Place, float], tuple[Place, Undo | None]]
"""Strikes a state at a place with a strength; returns the place completed, and how to repair it.

Raises FaultError, with nothing changed, if it cannot."""
