"""Routers give requests to groups.

A router sees ``/health`` and nothing else of a group; a group whose GPU is lost goes on getting its
part. Sessions go to the group that knows them (prefix-aware choice), so a group's share is steady,
and its caches with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.engines.state import Phase
from demo.sim.fleet import Counts, Floats, total_by
from demo.sim.routers.counts import lane_count
from demo.sim.state import State
from exporters.catalog import ATTEMPTS, TIERS

_SERVING, _LOADING = int(Phase.SERVING), int(Phase.LOADING)
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
    arrivals *= (asked / np.maximum(drawn, 1e-12) * (total > 0))[cell]

    refused, moved = np.zeros(len(arrivals)), np.zeros(cells)
    down = (engines.phase == _LOADING) & routers.routable
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
    by_lane, again_by_lane = _split(state, admitted - rejected, retries, lanes)
    routers.in_flight += by_lane
    routers.attempts[:, :, RETRY] += again_by_lane
    routers.attempts[:, :, FIRST] += by_lane - again_by_lane
    if down.any():
        tiers = (admitted - rejected) / np.maximum(asked, 1.0)[:, None]
        main = np.arange(cells) * len(fleet.revisions)
        routers.attempts[main, :, RETRY] += np.rint(tiers * moved[:, None]).astype(np.int64)
    return Routed(arrivals, share, refused, rejected)


def _turn_away(state: State, requests: Counts, groups: Floats) -> Counts:
    """Return the requests for which there is no healthy group, or no room in one. [C, T]."""
    routers = state.routers
    in_flight = routers.in_flight.reshape(len(groups), -1).sum(axis=1)
    room = groups * ADMITTED_PER_GROUP - in_flight
    room *= state.substeps  # what ends meanwhile makes room for what comes
    asked = requests.sum(axis=1)
    if (asked <= room).all():
        return np.zeros(requests.shape, np.int64)
    turned_away = np.zeros(requests.shape, np.int64)
    for cell in np.flatnonzero(asked > room).tolist():
        over = int(asked[cell]) - max(int(room[cell]), 0)
        # As they come: a tier of few requests has the same part of the room as one of many.
        turned_away[cell] = state.rngs["routers"].multivariate_hypergeometric(requests[cell], over)
    return turned_away


def _split(state: State, requests: Counts, retries: Counts, lanes: Floats) -> tuple[Counts, Counts]:
    """Split whole requests of cells over their lanes, as the lanes' amounts are. [L, T] each.

    Args:
        state: what is sent to a lane follows what its groups get, to one request.
        requests: [C, T].
        retries: of those, further attempts. [C, T].
        lanes: what groups get, parts of requests. [L].
    """
    cells, revisions = len(state.fleet.cells), len(state.fleet.revisions)
    sent = np.zeros((cells, revisions, len(TIERS)), np.int64)
    again = np.zeros_like(sent)
    sent[:, 0], again[:, 0] = requests, retries
    amounts, unsent = lanes.reshape(cells, revisions), state.routers.unsent.reshape(cells, -1)
    rng = state.rngs["routers"]
    apart = amounts[:, 1:] > 0
    for cell, before in np.argwhere(apart).tolist() if apart.any() else ():
        revision = before + 1
        unsent[cell, revision] += amounts[cell, revision]
        left, left_again = sent[cell, 0], again[cell, 0]
        whole = min(int(unsent[cell, revision] + 1e-6), int(left.sum()))
        unsent[cell, revision] -= whole
        sent[cell, revision] = rng.multivariate_hypergeometric(left, whole)
        again[cell, revision] = rng.hypergeometric(
            left_again, left - left_again, sent[cell, revision]
        )
        left -= sent[cell, revision]
        left_again -= again[cell, revision]
    return sent.reshape(-1, len(TIERS)), again.reshape(-1, len(TIERS))


def check_health(state: State) -> None:
    """Let the routers look at every ``/health``, and at nothing else."""
    state.routers.routable = (state.engines.phase == _SERVING) & ~state.dark
