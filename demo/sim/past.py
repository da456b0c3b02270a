"""The days that the routers had served before the simulation began.

Prometheus takes a counter that stands near 0 for one that was just born, and counts the first
events on it up to half a scrape interval short (``extrapolatedRate`` in promql/functions.go). In a
cluster that has served for days no counter of a busy router is young; so the demo's are not either.
"""

from __future__ import annotations

import numpy as np

from demo.sim.latency import lognormal
from demo.sim.state import State
from demo.sim.workload import (
    FIRST_TOKEN_MEDIAN_SECONDS,
    FIRST_TOKEN_SIGMA,
    RATE_LIMITED_RATIOS,
    SLOW_FIRST_TOKEN_MEDIAN_SECONDS,
    SLOW_FIRST_TOKEN_RATIO,
    SLOW_FIRST_TOKEN_SIGMA,
    TIER_SHARES,
)
from exporters.catalog import ATTEMPTS, OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

SERVED_SECONDS = 3 * 86400.0
ENDED_RATIOS = {"error": 0.00023, "timeout": 0.00007, "aborted": 0.005}
"""Of requests that were not rate-limited, in days like any other; the rest ended well."""


def let_routers_have_served(state: State, seconds: float = SERVED_SECONDS) -> None:
    """Add ordinary days to the routers' counters; the truth begins now and knows none of them."""
    cluster, routers = state.cluster, state.routers
    per_second = np.bincount(
        cluster.lane_of_group,
        weights=cluster.profiles["requests_per_second_and_group"],
        minlength=len(cluster.lanes),
    )
    shares = np.array([TIER_SHARES[tier] for tier in TIERS])
    limited_ratios = np.array([RATE_LIMITED_RATIOS[tier] for tier in TIERS])
    came = np.rint(np.outer(per_second, shares) * seconds).astype(np.int64)
    limited = np.rint(came * limited_ratios).astype(np.int64)
    admitted = came - limited
    routers.requests[..., OUTCOMES.index("rate_limited")] += limited
    well = admitted.copy()
    for outcome, ratio in ENDED_RATIOS.items():
        ended = np.rint(admitted * ratio).astype(np.int64)
        routers.requests[..., OUTCOMES.index(outcome)] += ended
        well -= ended
    routers.requests[..., OUTCOMES.index("ok")] += well
    routers.attempts[..., ATTEMPTS.index("first")] += admitted
    first_token = lognormal(
        (1 - SLOW_FIRST_TOKEN_RATIO, FIRST_TOKEN_MEDIAN_SECONDS, FIRST_TOKEN_SIGMA),
        (SLOW_FIRST_TOKEN_RATIO, SLOW_FIRST_TOKEN_MEDIAN_SECONDS, SLOW_FIRST_TOKEN_SIGMA),
    )
    below = first_token.share_below(np.array(TIME_TO_FIRST_TOKEN_BOUNDS))
    upto = np.rint(admitted[..., None] * below).astype(np.int64)
    edges = np.concatenate([np.zeros_like(upto[..., :1]), upto, admitted[..., None]], axis=-1)
    routers.first_token_counts += np.diff(edges, axis=-1)
    routers.first_token_sums += admitted * first_token.mean
