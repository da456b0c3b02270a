"""What changes from step to step: cohorts of requests, engines, routers, GPUs, tools, the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from math import ceil

import numpy as np

from demo.sim.cluster import Cluster, Counts, Flags, sum_by
from demo.sim.hardware import Hardware, start_hardware
from demo.sim.latency import Floats
from demo.sim.tools import Tools, start_tools
from demo.sim.truth import Truth, start_truth
from demo.sim.vllm_page import Registers
from demo.sim.workload import (
    END_TO_END_DEADLINE_SECONDS,
    FIRST_TOKEN_DEADLINE_SECONDS,
    STEP_SECONDS_NOMINAL,
)
from exporters.catalog import ATTEMPTS, OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS


class Phase(IntEnum):
    """What an engine's process does."""

    SERVING = 0
    DRAINING = 1
    """Finishes what it has; its ``/health`` is 503."""
    LOADING = 2
    """Down, then reading weights: connections are refused."""


@dataclass
class Requests:
    """Requests in flight: how many of each group, tier and age (steps since they came)."""

    waiting: Counts
    """Without a first token yet. [G, T, A] up to the deadline of the first token."""
    streaming: Counts
    """Between first and last token. [G, T, A] up to the end-to-end deadline."""

    def in_flight(self) -> Counts:
        """Return the requests in flight. [G, T]."""
        total: Counts = self.waiting.sum(axis=2) + self.streaming.sum(axis=2)
        return total


@dataclass
class Engines:
    """The engines, one a group. All [G]."""

    phase: Counts
    seconds_left: Floats
    """Of draining or loading."""
    stalled_seconds: Floats
    """Since the last step, while there is something to do."""
    arrivals_per_second: Floats
    """Smoothed."""
    step_seconds: Floats
    """How long the engine's step takes with its batch: the time between two tokens."""
    cache_warmth: Floats
    """0 with empty prefix caches, 1 with the usual content."""
    registers: Registers


@dataclass
class Routers:
    """What the routers know and count, all of them together."""

    routable: Flags
    """Groups whose ``/health`` was 200 at the last check. [G]."""
    turn: Counts
    """Round robin: which of the routable groups is next. [C, T]."""
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


@dataclass
class State:
    """All that the simulation remembers."""

    cluster: Cluster
    now: float
    """UNIX seconds: the end of the last step."""
    requests: Requests
    engines: Engines
    routers: Routers
    hardware: Hardware
    tools: Tools
    truth: Truth
    steps: int = 0
    arrived: Counts = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    """Requests that came since the start. [C, T]."""

    @property
    def stepping(self) -> Flags:
        """Engines that can take steps: their process is up and all their GPUs answer. [G]."""
        up: Flags = self.engines.phase != Phase.LOADING
        up &= ~self.hardware.groups_with_lost_gpus(self.cluster)
        return up


def start(cluster: Cluster, now: float, rng: np.random.Generator, *, dcgm_interval: float) -> State:
    """Return the cluster at the moment before its first request, engines up and caches warm.

    Args:
        cluster: what it is made of.
        now: UNIX seconds.
        rng: for what differs from GPU to GPU.
        dcgm_interval: seconds between two collections of a host's dcgm-exporter.
    """
    groups, cells, lanes = len(cluster.groups), len(cluster.cells), len(cluster.lanes)
    tiers, buckets = len(TIERS), len(TIME_TO_FIRST_TOKEN_BOUNDS) + 1

    def none(*shape: int) -> Counts:
        return np.zeros(shape, np.int64)

    return State(
        cluster=cluster,
        now=now,
        requests=Requests(
            waiting=none(groups, tiers, ceil(FIRST_TOKEN_DEADLINE_SECONDS / cluster.step_seconds)),
            streaming=none(groups, tiers, ceil(END_TO_END_DEADLINE_SECONDS / cluster.step_seconds)),
        ),
        engines=Engines(
            phase=none(groups),
            seconds_left=np.zeros(groups),
            stalled_seconds=np.zeros(groups),
            arrivals_per_second=cluster.profiles["requests_per_second_and_group"].copy(),
            step_seconds=np.full(groups, STEP_SECONDS_NOMINAL),
            cache_warmth=np.ones(groups),
            registers=Registers(groups, now),
        ),
        routers=Routers(
            routable=np.ones(groups, bool),
            turn=none(cells, tiers),
            requests=none(lanes, tiers, len(OUTCOMES)),
            attempts=none(lanes, tiers, len(ATTEMPTS)),
            in_flight=none(lanes, tiers),
            first_token_counts=none(lanes, tiers, buckets),
            first_token_sums=np.zeros((lanes, tiers)),
        ),
        hardware=start_hardware(cluster, rng, dcgm_interval=dcgm_interval),
        tools=start_tools(cluster),
        truth=start_truth(cluster),
        arrived=none(cells, tiers),
    )


def in_flight_by_lane(state: State) -> Counts:
    """Return the requests in flight as the routers count them. [L, T]."""
    cluster = state.cluster
    return sum_by(cluster.lane_of_group, state.requests.in_flight(), len(cluster.lanes))
