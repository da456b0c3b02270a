"""Levels of waiting and of slowness, and the distributions that belong to them.

A histogram of a hundred thousand engines is not kept bucket by bucket. What is counted is how many
times fell under which level (how long the queue was, how slow the engine); buckets are the counts
times a table, and are made when a page is asked for. Tables are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import log

import numpy as np

from demo.sim.engines.figures import (
    FIRST_TOKEN_DEADLINE_SECONDS,
    FIRST_TOKEN_SIGMA,
    NETWORK_SECONDS,
    SLOW_FIRST_TOKEN_FACTOR,
    SLOW_FIRST_TOKEN_RATIO,
    SLOW_FIRST_TOKEN_SIGMA,
)
from demo.sim.fleet import Counts, Floats
from demo.sim.latency import Latency, bucket_shares, delayed_shares, lognormal

WAITS = np.array([0.0, 0.75, 1.5, 2.5, 4.0, 6.0, 8.0, FIRST_TOKEN_DEADLINE_SECONDS])
"""Seconds in the queue. [W]."""
_WAIT_EDGES = (WAITS[1:] + WAITS[:-1]) / 2
PREFILLS = np.geomspace(0.04, 4.0, 16)
"""Medians of the seconds from the queue to the first token. [P]."""
STEPS = np.geomspace(0.008, 2.0, 28)
"""Seconds of an engine's step: the time between two tokens. [Q]."""

FIRST_TOKENS = len(WAITS) * len(PREFILLS)
"""Levels of first tokens: wait by wait, prefill by prefill. [W x P]."""

PREFILL = lognormal(
    (1 - SLOW_FIRST_TOKEN_RATIO, 1.0, FIRST_TOKEN_SIGMA),
    (SLOW_FIRST_TOKEN_RATIO, SLOW_FIRST_TOKEN_FACTOR, SLOW_FIRST_TOKEN_SIGMA),
)
"""From the queue to the first token, in multiples of its median: a body, and long prompts."""
TOKEN_GAP = lognormal((0.99, 1.0, 0.2), (0.01, 4.0, 0.5))
"""Between two tokens, in multiples of the step: now and then a prefill comes between."""
TIME_PER_TOKEN = lognormal((1.0, 1.0, 0.12))
"""Of whole requests, in multiples of their mean step."""
QUEUE = lognormal((1.0, 0.004, 1.0))
"""What the scheduler takes where nothing waits, in seconds."""


def wait_levels(seconds: Floats) -> Counts:
    """Return the level of each wait. [W]."""
    levels: Counts = _WAIT_EDGES.searchsorted(seconds)
    return levels


def levels_on(grid: Floats, values: Floats) -> Counts:
    """Return the nearest level of each value on a geometric grid, by its logarithm."""
    lowest = float(grid[0])
    per_step = 1 / log(float(grid[1]) / lowest)
    at = np.log(np.maximum(values, lowest)) * per_step
    at += 0.5 - log(lowest) * per_step
    levels: Counts = at.astype(np.int64)
    return np.minimum(levels, len(grid) - 1)


@cache
def late_shares() -> Floats:
    """Return the share of first tokens that come after their deadline. [W, P]."""
    shares = [
        1 - PREFILL.share_below(max(FIRST_TOKEN_DEADLINE_SECONDS - wait, 0.0) / PREFILLS)
        for wait in WAITS
    ]
    return np.array(shares)


@cache
def first_token_table(bounds: tuple[float, ...], *, at_client: bool) -> Floats:
    """Return the shares of the buckets of first tokens that came in time.

    Returns:
        [W x P, K].
    """
    network = NETWORK_SECONDS if at_client else 0.0
    parts = [delayed_shares(PREFILL, bounds, PREFILLS, wait + network) for wait in WAITS]
    table = np.concatenate(parts)
    table[:, np.array([*bounds, np.inf]) > FIRST_TOKEN_DEADLINE_SECONDS] = 0.0
    sums = table.sum(axis=1, keepdims=True)
    last = np.searchsorted(bounds, FIRST_TOKEN_DEADLINE_SECONDS)
    table[:, last] += (sums[:, 0] <= 0) * 1.0  # hopeless levels hold no first token in time
    table[:, :] = table / np.where(sums > 0, sums, 1.0)
    return table


@cache
def first_token_means() -> Floats:
    """Return the mean time of each level at the engine, in seconds. [W x P]."""
    means = WAITS[:, None] + PREFILLS[None, :] * PREFILL.mean
    return np.minimum(means, FIRST_TOKEN_DEADLINE_SECONDS).ravel()


@cache
def prefill_table(bounds: tuple[float, ...]) -> Floats:
    """Return the shares of the buckets of prefill times. [P, K]."""
    return bucket_shares(PREFILL, bounds, PREFILLS)


@cache
def queue_table(bounds: tuple[float, ...]) -> Floats:
    """Return the shares of the buckets of queue times. [W, K]."""
    rows = [delayed_shares(QUEUE, bounds, np.ones(1), wait)[0] for wait in WAITS]
    return np.array(rows)


def step_table(latency: Latency, bounds: Sequence[float], delay: float = 0.0) -> Floats:
    """Return the shares of the buckets of times that are multiples of the step. [Q, K].

    Args:
        latency: in steps.
        bounds: in seconds.
        delay: seconds that come before.
    """
    return delayed_shares(latency, bounds, STEPS, delay)
