"""What the routers count, all of them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Counts, Flags, Fleet, Floats
from exporters.catalog import ATTEMPTS, OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

OK, ERROR, TIMEOUT, ABORTED, REJECTED, RATE_LIMITED = map(
    OUTCOMES.index, ("ok", "error", "timeout", "aborted", "rejected", "rate_limited")
)
DRAWN = 4
"""The first outcomes are ends of requests that a group had."""
FIRST_TOKEN, NEVER = DRAWN, DRAWN + 1


@dataclass
class Routers:
    """What the routers know and count, all of them together."""

    routable: Flags
    """Groups whose ``/health`` was 200 at the last check. [G]."""
    requests: Counts
    """Ended requests. [L, T, outcome]."""
    attempts: Counts
    """[L, T, attempt]."""
    in_flight: Counts
    """[L, T]."""
    first_token_counts: Counts
    """Observations in each bucket, the last above all bounds. [L, T, K]."""
    first_token_sums: Floats
    """Seconds. [L, T]."""
    billed_tokens: Floats
    """[L, T, prompt and generation]."""
    unsent: Floats
    """Parts of requests that a lane has got and that are not whole yet. [L]."""
    from_outside: Counts
    """Requests by the region they belong to. [C, T, R]."""
    flows: Floats
    """All that ended or began so far, before it is made whole. [L, ends and first tokens]."""
    counted: Counts
    """Of these, what has been counted. [L, ends and first tokens]."""


def start_routers(fleet: Fleet) -> Routers:
    """Return routers that have seen nothing yet, and hold every group for healthy."""
    lanes, tiers = lane_count(fleet), len(TIERS)
    buckets = len(TIME_TO_FIRST_TOKEN_BOUNDS) + 1

    def none(*shape: int) -> Counts:
        return np.zeros(shape, np.int64)

    return Routers(
        routable=np.ones(fleet.groups, bool),
        requests=none(lanes, tiers, len(OUTCOMES)),
        attempts=none(lanes, tiers, len(ATTEMPTS)),
        in_flight=none(lanes, tiers),
        first_token_counts=none(lanes, tiers, buckets),
        first_token_sums=np.zeros((lanes, tiers)),
        billed_tokens=np.zeros((lanes, tiers, 2)),
        unsent=np.zeros(lanes),
        from_outside=none(len(fleet.cells), tiers, len(fleet.regions)),
        flows=np.zeros((lanes, NEVER + 1)),
        counted=none(lanes, NEVER + 1),
    )


def lane_count(fleet: Fleet) -> int:
    """Return the number of lanes: cells times revisions."""
    return len(fleet.cells) * len(fleet.revisions)
