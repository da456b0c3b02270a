"""One step of all engines: first tokens, streams, and the deadlines that pass meanwhile.

A cohort (group, tier, age) gets on by binomial draws. A hung engine gets nowhere while its
requests grow old: that is all there is to a hang, and the time-outs follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gamma

import numpy as np

from demo.sim.cluster import Counts
from demo.sim.latency import Floats, bucket_means, bucket_shares_by_age, hazards, lognormal
from demo.sim.state import Phase, State
from demo.sim.workload import (
    ABORTED_PER_STREAMING_SECOND,
    FAILED_BEFORE_FIRST_TOKEN_RATIO,
    FAILED_PER_STREAMING_SECOND,
    FIRST_TOKEN_DEADLINE_SECONDS,
    FIRST_TOKEN_MEDIAN_SECONDS,
    FIRST_TOKEN_SIGMA,
    INTER_TOKEN_DEADLINE_SECONDS,
    NETWORK_SECONDS,
    SLOW_FIRST_TOKEN_MEDIAN_SECONDS,
    SLOW_FIRST_TOKEN_RATIO,
    SLOW_FIRST_TOKEN_SIGMA,
    STEP_SECONDS_EMPTY,
    STEP_SECONDS_NOMINAL,
    STEP_SECONDS_PER_REQUEST,
)
from exporters.catalog import OUTCOMES, TIME_TO_FIRST_TOKEN_BOUNDS

FIRST_TOKEN = lognormal(
    (1 - SLOW_FIRST_TOKEN_RATIO, FIRST_TOKEN_MEDIAN_SECONDS, FIRST_TOKEN_SIGMA),
    (SLOW_FIRST_TOKEN_RATIO, SLOW_FIRST_TOKEN_MEDIAN_SECONDS, SLOW_FIRST_TOKEN_SIGMA),
)
"""Time to first token at the engine, at the usual load and with warm caches."""

OK, ERROR, TIMEOUT, ABORTED = map(OUTCOMES.index, ("ok", "error", "timeout", "aborted"))

_USUAL_LOAD = 15 / 48
_DECODE_SHAPE = 2.0
"""Of the Weibull distribution of a stream's length: lengths cluster, and end before deadlines."""
_BUCKET_SECONDS = bucket_means(TIME_TO_FIRST_TOKEN_BOUNDS, beyond=2 * FIRST_TOKEN_DEADLINE_SECONDS)


@dataclass(frozen=True)
class Served:
    """What one step brought."""

    ended: Counts
    """[G, T, outcome]."""
    first_token_counts: Counts
    """First tokens at the client in each bucket. [G, T, K]."""
    first_token_sums: Floats
    """Seconds, of those. [G, T]."""
    never: Counts
    """Requests that ended without a first token. [G, T]."""
    begun: Counts
    """First tokens by the age at which they came. [G, A]."""
    finished: Counts
    """Streams that came to their end, by age. [G, A]."""
    failed: Counts
    """Requests that the engine ended with an error. [G]."""
    batch: Floats
    """Mean number of streams during the step. [G]."""
    first_token_scale: Floats
    """How much longer than usual a first token takes. [G]."""


def serve(state: State, accepted: Counts, rng: np.random.Generator) -> Served:
    """Move all requests on by one step.

    Args:
        state: changed in place: requests, and the engines' load and step time.
        accepted: the step's new requests. [G, T].
        rng: for the draws.
    """
    requests, engines, dt = state.requests, state.engines, state.cluster.step_seconds
    moves = state.stepping
    ended = np.zeros((*accepted.shape, len(OUTCOMES)), np.int64)
    never = _lose_what_was_killed(state, ended)
    requests.waiting[:, :, 0] += accepted
    batch_before = requests.streaming.sum(axis=(1, 2))

    engines.arrivals_per_second += (accepted.sum(axis=1) / dt - engines.arrivals_per_second) * (
        1 - np.exp(-dt / 5)
    )
    scale = _first_token_scale(state)
    chances = _first_token_chances(state, scale) * moves[:, None]
    begun = rng.binomial(requests.waiting, chances[:, None, :])
    requests.waiting -= begun
    broken = rng.binomial(begun, FAILED_BEFORE_FIRST_TOKEN_RATIO)
    failed = broken.sum(axis=2)
    begun = begun - broken
    first_counts, first_sums = _time_first_tokens(state, begun, scale, rng)

    left = _end_streams(state, moves.astype(float), rng)
    ended[:, :, OK] += left.finished.sum(axis=2)
    ended[:, :, ABORTED] += left.aborted
    ended[:, :, ERROR] += failed + left.failed

    late, cut = _pass_deadlines(state)
    ended[:, :, TIMEOUT] += late + cut
    requests.streaming[:, :, 1 : begun.shape[2] + 1] += begun[
        :, :, : requests.streaming.shape[2] - 1
    ]

    batch = (batch_before + requests.streaming.sum(axis=(1, 2))) / 2 * moves
    engines.step_seconds = np.where(
        moves, STEP_SECONDS_EMPTY + STEP_SECONDS_PER_REQUEST * batch, engines.step_seconds
    )
    return Served(
        ended=ended,
        first_token_counts=first_counts,
        first_token_sums=first_sums,
        never=never + failed + late,
        begun=begun.sum(axis=1),
        finished=left.finished.sum(axis=1),
        failed=(failed + left.failed).sum(axis=1),
        batch=batch,
        first_token_scale=scale,
    )


@dataclass(frozen=True)
class _Left:
    finished: Counts
    """[G, T, A]."""
    aborted: Counts
    """[G, T]."""
    failed: Counts
    """[G, T]."""


def _lose_what_was_killed(state: State, ended: Counts) -> Counts:
    """End the requests of engines whose process is gone; return those without a first token."""
    requests = state.requests
    dead = state.engines.phase == Phase.LOADING
    never: Counts = requests.waiting.sum(axis=2) * dead[:, None]
    ended[:, :, ERROR] += requests.in_flight() * dead[:, None]
    requests.waiting[dead] = 0
    requests.streaming[dead] = 0
    return never


def _first_token_scale(state: State) -> Floats:
    """Return how much longer than usual first tokens take: by load, and by cold caches. [G]."""
    engines, profiles = state.engines, state.cluster.profiles
    load = engines.arrivals_per_second / profiles["first_tokens_per_second"]
    crowd = np.maximum(load - _USUAL_LOAD, 0.0) / (1 - np.minimum(load, 0.95))
    recomputed = profiles["prefix_hit_ratio"] * (1 - engines.cache_warmth)
    scale: Floats = (1 + 0.5 * crowd) * (1 + 0.8 * recomputed)
    return scale


def _first_token_chances(state: State, scale: Floats) -> Floats:
    """Return the chance of a first token in this step, by age. [G, A].

    A prefill that is asked for more than it can do leaves the rest waiting: the queue.
    """
    waiting, dt = state.requests.waiting.sum(axis=1), state.cluster.step_seconds
    chances = hazards(FIRST_TOKEN, waiting.shape[1], dt, scale)
    wanted = (waiting * chances).sum(axis=1)
    possible = state.cluster.profiles["first_tokens_per_second"] * dt
    throttled: Floats = chances * np.minimum(1.0, possible / np.maximum(wanted, 1e-9))[:, None]
    return throttled


def _time_first_tokens(
    state: State, begun: Counts, scale: Floats, rng: np.random.Generator
) -> tuple[Counts, Floats]:
    shares = bucket_shares_by_age(
        FIRST_TOKEN,
        TIME_TO_FIRST_TOKEN_BOUNDS,
        slots=begun.shape[2],
        step_seconds=state.cluster.step_seconds,
        scale=scale,
        offset_seconds=NETWORK_SECONDS,
    )
    counts = rng.multinomial(begun, shares[:, None]).sum(axis=2)
    return counts, counts @ _BUCKET_SECONDS


def _end_streams(state: State, speed: Floats, rng: np.random.Generator) -> _Left:
    """Take from the streams those that finish, break or are closed by their users."""
    streaming, dt = state.requests.streaming, state.cluster.step_seconds
    ages = np.arange(streaming.shape[2] + 1) * dt
    lasting = state.cluster.profiles["decode_seconds_mean"] / gamma(1 + 1 / _DECODE_SHAPE)
    worn = np.diff((ages / lasting[:, None]) ** _DECODE_SHAPE, axis=1)
    speed = speed * STEP_SECONDS_NOMINAL / state.engines.step_seconds
    chances = 1 - np.exp(-worn * speed[:, None])
    finished = rng.binomial(streaming, chances[:, None, :])
    streaming -= finished
    aborted = rng.binomial(streaming, ABORTED_PER_STREAMING_SECOND * dt)
    streaming -= aborted
    moves = (speed > 0)[:, None, None]
    failed = rng.binomial(streaming, FAILED_PER_STREAMING_SECOND * dt * moves)
    streaming -= failed
    return _Left(finished, aborted.sum(axis=2), failed.sum(axis=2))


def _pass_deadlines(state: State) -> tuple[Counts, Counts]:
    """Let all requests grow older by a step; return those whose time is up.

    Returns:
        Those without a first token, and those cut off while streaming. [G, T] each.
    """
    requests = state.requests
    late = _grow_older(requests.waiting)
    cut = _grow_older(requests.streaming)
    stalled = state.engines.stalled_seconds >= INTER_TOKEN_DEADLINE_SECONDS
    cut += requests.streaming.sum(axis=2) * stalled[:, None]
    requests.streaming[stalled] = 0
    return late, cut


def _grow_older(cohorts: Counts) -> Counts:
    """Move cohorts on by one age and return those that were in the last. [G, T]."""
    oldest: Counts = cohorts[:, :, -1].copy()
    cohorts[:, :, 1:] = cohorts[:, :, :-1]
    cohorts[:, :, 0] = 0
    return oldest
