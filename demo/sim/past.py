"""The days that the routers had served before the simulation began.

Prometheus takes a counter that stands near 0 for one that was just born, and counts the first
events on it up to half a scrape interval short (``extrapolatedRate`` in promql/functions.go). In a
cluster that has served for days no counter of a busy router is young; so the demo's are not either.
"""

from __future__ import annotations

import numpy as np

from demo.sim.routers.counts import OK
from demo.sim.state import State
from demo.weektime import DAY_SECONDS

SERVED_SECONDS = 3.0 * DAY_SECONDS
PARTS_OF_MEAN = 0.7
"""What was served on these days, in parts of the minutes just simulated."""


def let_routers_have_served(state: State, seconds: float = SERVED_SECONDS) -> None:
    """Add ordinary days to the routers' counters; the truth begins now and knows none of them.

    The days are like the minutes that were simulated so far, and these must be some.
    """
    routers = state.routers
    if not routers.requests[..., OK].any():
        raise ValueError("nothing was served yet, expected some minutes of ordinary traffic")
    lasted = state.steps * state.fleet.step_seconds
    factor = seconds * PARTS_OF_MEAN / lasted
    for counts in (
        routers.requests,
        routers.attempts,
        routers.first_token_counts,
        routers.from_outside,
    ):
        counts[:] += np.rint(counts * factor).astype(np.int64)
    routers.first_token_sums *= 1 + factor
    routers.billed_tokens *= 1 + factor
    state.safety.checks *= 1 + factor
