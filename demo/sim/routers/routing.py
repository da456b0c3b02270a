"""Routers give requests to groups.

A router sees ``/health`` and nothing else of a group; a group whose GPU is lost goes on getting its
part. Sessions go to the group that knows them (prefix-aware choice), so a group's share is steady,
and its caches with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Counts, Floats, total_by
from demo.sim.routers.counts import lane_count
from demo.sim.state import Phase, State
from exporters.catalog import ATTEMPTS

FIRST, RETRY = ATTEMPTS.index("first"), ATTEMPTS.index("retry")
ADMITTED_PER_GROUP = 3072
"""Requests in flight for each healthy group, beyond which a router turns away what comes: three
times what the engine's batch holds, so it bounds a queue and does not prevent one. Chosen."""
REFUSED_SECONDS = 2.0
"""Until a health check sees that a process is gone; what is sent to it until then is refused."""


@dataclass(frozen=True)
class Routed:
    """Where one step's requests went."""

    arrivals: Floats
    """At each group. [G]."""
    share: Floats
    """Of its cell's traffic. [G]."""
    refused: Floats
    """By groups that were down, with no other to try. [G]."""
    rejected: Counts
    """For there was no healthy group, or those that there are had too much. [C, T]."""
    lanes: Floats
    """What each lane got. [L]."""


def lanes_of_groups(state: State) -> Counts:
    """Return the lane that each group serves now. [G]."""
    lanes: Counts = state.fleet.cell_of_group * len(state.fleet.revisions) + state.engines.revision
    return lanes


def route(state: State, admitted: Counts, retries: Counts) -> Routed:
    """Give one step's requests to groups; count attempts and requests in flight.

    Args:
        state: the routers' counts are changed in place.
        admitted: requests at the routers, of all attempts. [C, T].
        retries: of those, further attempts. [C, T].
    """
    fleet, routers, engines = state.fleet, state.routers, state.engines
    cell, cells = fleet.cell_of_group, len(fleet.cells)
    weight = engines.weight * routers.routable
    total = total_by(cell, weight, cells)
    rejected = _turn_away(state, admitted, total)
    retries = np.minimum(retries, admitted - rejected)
    asked = (admitted - rejected).sum(axis=1).astype(np.float64)
    share = weight / np.maximum(total, 1e-12)[cell]
    means = share * asked[cell]
    noise = state.rngs["routers"].standard_normal(len(means))
    arrivals = np.maximum(means + np.sqrt(means) * noise, 0.05 * means)
    drawn = total_by(cell, arrivals, cells)
    arrivals *= (asked / np.maximum(drawn, 1e-12))[cell] * (total > 0)[cell]

    refused, moved = np.zeros_like(arrivals), np.zeros(cells)
    down = (engines.phase == Phase.LOADING) & routers.routable
    if down.any():
        lost = np.where(down, arrivals, 0.0)
        up = np.where(down, 0.0, share)
        left = total_by(cell, up, cells)
        again = total_by(cell, lost, cells)
        refused = np.where((left <= 0)[cell], lost, 0.0)
        arrivals = arrivals - lost + up / np.maximum(left, 1e-12)[cell] * again[cell]
        arrivals[(left <= 0)[cell]] = 0.0
        moved = again * (left > 0) * min(1.0, REFUSED_SECONDS / fleet.step_seconds)

    lanes = total_by(lanes_of_groups(state), arrivals + refused, lane_count(fleet))
    by_lane = _by_lane(state, admitted - rejected, lanes)
    routers.in_flight += by_lane
    again_by_lane = np.minimum(_by_lane(state, retries, lanes), by_lane)
    routers.attempts[:, :, RETRY] += again_by_lane
    routers.attempts[:, :, FIRST] += by_lane - again_by_lane
    if moved.any():
        tiers = admitted / np.maximum(asked, 1.0)[:, None]
        main = np.arange(cells) * len(fleet.revisions)
        routers.attempts[main, :, RETRY] += np.rint(tiers * moved[:, None]).astype(np.int64)
    return Routed(arrivals, share, refused, rejected, lanes)


def _turn_away(state: State, requests: Counts, groups: Floats) -> Counts:
    """Return the requests for which there is no healthy group, or no room in one. [C, T]."""
    routers = state.routers
    in_flight = routers.in_flight.reshape(len(groups), -1).sum(axis=1)
    room = groups * ADMITTED_PER_GROUP - in_flight
    asked = requests.sum(axis=1)
    if (asked <= room).all():
        return np.zeros_like(requests)
    kept = np.clip(room / np.maximum(asked, 1), 0.0, 1.0)
    left: Counts = requests - np.floor(requests * kept[:, None]).astype(np.int64)
    return left


def _by_lane(state: State, requests: Counts, lanes: Floats) -> Counts:
    """Split whole requests of cells over their lanes, as the lanes' amounts are. [L, T]."""
    fleet = state.fleet
    amounts = lanes.reshape(len(fleet.cells), len(fleet.revisions))
    upto = np.cumsum(amounts, axis=1) / np.maximum(amounts.sum(axis=1, keepdims=True), 1e-12)
    upto[:, -1] = 1.0
    edges = np.floor(upto[:, :, None] * requests[:, None, :] + 0.5).astype(np.int64)
    parts: Counts = np.diff(edges, axis=1, prepend=0)
    return parts.reshape(-1, requests.shape[1])


def check_health(state: State) -> None:
    """Let the routers look at every ``/health``, and at nothing else."""
    state.routers.routable = (state.engines.phase == Phase.SERVING) & ~state.dark
