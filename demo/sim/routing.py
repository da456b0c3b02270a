"""Requests come and are given to groups: round robin, by what ``/health`` said last."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from demo.sim.cluster import Cluster, Counts, Flags, sum_by
from demo.sim.latency import Floats
from demo.sim.state import Phase, State
from demo.sim.workload import RATE_LIMITED_RATIOS, SWELL_RATIO, SWELL_SECONDS, TIER_SHARES
from exporters.catalog import ATTEMPTS, TIERS

FIRST, RETRY = ATTEMPTS.index("first"), ATTEMPTS.index("retry")
_RATE_LIMITED = np.array([RATE_LIMITED_RATIOS[tier] for tier in TIERS])
_TIER_SHARES = np.array([TIER_SHARES[tier] for tier in TIERS])


@dataclass(frozen=True)
class Routed:
    """Where one step's arrivals went. Requests, each counted in one of the fields."""

    accepted: Counts
    """By an engine. [G, T]."""
    refused: Counts
    """By a group that was down, with no other to try. [G, T]."""
    rejected: Counts
    """For there was no healthy group. [C, T]."""
    rate_limited: Counts
    """[C, T]."""
    arrived: Counts
    """All of the above. [C, T]."""


def request_rates(cluster: Cluster, now: float) -> Floats:
    """Return the requests per second of each cell and tier. [C, T]."""
    usual = np.zeros(len(cluster.cells))
    np.add.at(usual, cluster.cell_of_group, cluster.profiles["requests_per_second_and_group"])
    phases = 2 * pi * (now / SWELL_SECONDS + np.arange(len(usual)) / len(usual))
    rates: Floats = (usual * (1 + SWELL_RATIO * np.sin(phases)))[:, None] * _TIER_SHARES
    return rates


def route_arrivals(state: State, rng: np.random.Generator) -> Routed:
    """Draw one step's arrivals and give them to groups, with one retry where one is down.

    Attempts are counted here; outcomes are not.
    """
    cluster, routers = state.cluster, state.routers
    cells = len(cluster.cells)
    arrived = rng.poisson(request_rates(cluster, state.now) * cluster.step_seconds)
    rate_limited = rng.binomial(arrived, _RATE_LIMITED)
    admitted = arrived - rate_limited

    first = _deal(cluster, admitted, routers.routable, routers.turn)
    rejected = admitted - sum_by(cluster.cell_of_group, first, cells)
    down = state.engines.phase == Phase.LOADING
    lost = first * down[:, None]
    again = sum_by(cluster.cell_of_group, lost, cells)
    second = _deal(cluster, again, routers.routable & ~down, routers.turn)
    stranded = again - sum_by(cluster.cell_of_group, second, cells)

    lanes = len(cluster.lanes)
    routers.attempts[:, :, FIRST] += sum_by(cluster.lane_of_group, first, lanes)
    routers.attempts[:, :, RETRY] += sum_by(cluster.lane_of_group, second, lanes)
    return Routed(
        accepted=first - lost + second,
        refused=lost * (stranded > 0)[cluster.cell_of_group],
        rejected=rejected,
        rate_limited=rate_limited,
        arrived=arrived,
    )


def check_health(state: State) -> None:
    """Let the routers look at every ``/health``, and at nothing else."""
    state.routers.routable = state.engines.phase == Phase.SERVING


def _deal(cluster: Cluster, requests: Counts, eligible: Flags, turn: Counts) -> Counts:
    """Give each cell's requests to its eligible groups in turn, and move the turn on. [G, T]."""
    cell = cluster.cell_of_group
    ones = eligible.astype(np.int64)
    choices = sum_by(cell, ones, len(cluster.cells))
    seat = _places_within(cluster, ones)
    of = np.maximum(choices, 1)[:, None]
    away = (seat[:, None] - turn[cell]) % of[cell]
    dealt: Counts = (requests[cell] + of[cell] - 1 - away) // of[cell] * ones[:, None]
    turn[:] = (turn + requests) % of
    return dealt


def _places_within(cluster: Cluster, ones: Counts) -> Counts:
    """Return how many eligible groups of the same cell come before each group. [G]."""
    order = np.argsort(cluster.cell_of_group, kind="stable")
    running = np.cumsum(ones[order]) - ones[order]
    cells = cluster.cell_of_group[order]
    starts = np.searchsorted(cells, np.arange(len(cluster.cells)))
    places = np.empty_like(running)
    places[order] = running - running[starts][cells]
    return places
