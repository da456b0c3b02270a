"""Requests that wait for an engine: first come, first served, until their deadline passes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from demo.sim.engines.figures import FIRST_TOKEN_DEADLINE_SECONDS
from demo.sim.fleet import Flags, Floats

_NOBODY = 1e-6
"""Requests below which nobody waits: sums of shares are never quite 0."""


@dataclass
class Queues:
    """Requests that wait for their first token, first come, first served.

    Kept as the curve of all arrivals and the number of those that left: the head of the queue has
    waited since the curve passed that number.
    """

    arrived: Floats
    """All that came until the end of the last substep, the one before ... [R + 1, G]."""
    left: Floats
    """All that left the queue: served, or late. [G]."""
    head_seconds: Floats
    """How long the head of the queue has waited. [G]."""

    def waiting(self) -> Floats:
        """Return the requests that wait. [G]."""
        waiting: Floats = self.arrived[0] - self.left
        return waiting

    def join(self, arrivals: Floats) -> None:
        """Begin a substep with its arrivals. [G]."""
        self.arrived[1:] = self.arrived[:-1]
        self.arrived[0] += arrivals

    def leave(self, begun: Floats, h: float) -> tuple[Floats, Floats]:
        """Take the oldest from the queues, then those whose deadline has passed.

        Args:
            begun: how many are served in a substep. [G].
            h: the substep's seconds.

        Returns:
            The mean wait of those that begun in seconds, and how many were late. [G] each.
        """
        before = self.head_seconds
        self.left += begun
        head = self._head_seconds(h)
        wait = np.minimum((before + head) / 2, FIRST_TOKEN_DEADLINE_SECONDS)
        expired = np.maximum(self.arrived[-1] - self.left, 0.0)
        self.left += expired
        self.head_seconds = np.minimum(head, FIRST_TOKEN_DEADLINE_SECONDS)
        return wait, expired

    def empty(self, groups: Flags) -> None:
        """Send away all who wait at some groups. [G]."""
        self.left[groups] = self.arrived[0, groups]
        self.head_seconds[groups] = 0.0

    def _head_seconds(self, h: float) -> Floats:
        """Return how long ago the curve of arrivals passed the number of those that left. [G]."""
        arrived, left = self.arrived, self.left
        waits = arrived > left + _NOBODY
        if not np.count_nonzero(waits[0]):
            return np.zeros(len(left))
        passed = waits.sum(axis=0)  # substeps ago, rounded up
        slots, groups = arrived.shape
        flat, columns = arrived.reshape(-1), np.arange(groups)
        older = flat[np.minimum(passed, slots - 1) * groups + columns]
        newer = flat[np.maximum(passed - 1, 0) * groups + columns]
        part = np.clip((left - older) / np.maximum(newer - older, _NOBODY), 0.0, 1.0)
        seconds: Floats = np.where(passed > 0, (passed - part) * h, 0.0)
        return seconds


def start_queues(groups: int, substep_seconds: float) -> Queues:
    """Return empty queues, whose curves reach back to the deadline of a first token."""
    slots = ceil(FIRST_TOKEN_DEADLINE_SECONDS / substep_seconds)
    return Queues(np.zeros((slots + 1, groups)), np.zeros(groups), np.zeros(groups))
