"""The month that the routers and gateways had served before the simulation began.

Prometheus takes a counter that stands near 0 for one that was just born, and counts the first
events on it up to half a scrape interval short (``extrapolatedRate`` in promql/functions.go). In a
cluster that has served for weeks no counter of a busy router is young, nor are the demo's.
"""

from __future__ import annotations

import numpy as np

from demo.sim.engines.figures import LOAD_RETRIES_PER_LOAD, LOAD_SECONDS
from demo.sim.engines.lifecycle import RETRY_COST
from demo.sim.routers.counts import OK
from demo.sim.state import State
from demo.weektime import DAY_SECONDS
from exporters.catalog import OUTCOMES

SERVED_SECONDS = 30.0 * DAY_SECONDS
LEAST_RATIOS = {"error": 2e-4, "timeout": 1e-4, "rejected": 5e-5}
"""Of a tier's requests that ended so in these days, if the minutes just simulated had none: in a
month there was an hour with each."""
LEAST_CALL_RATIO = 1e-6
"""Of all tool calls, that ended in each of the ways in which any can."""
LOADS_OF_GROUP = 4
"""Of weights by each group in these days: about one roll-out a week. Chosen."""
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
    ended = routers.requests[..., OK]
    for outcome, ratio in LEAST_RATIOS.items():
        counts = routers.requests[..., OUTCOMES.index(outcome)]
        np.maximum(counts, np.rint(ended * ratio).astype(np.int64), out=counts)
    tools = state.tools
    calls = np.rint(tools.ended * factor) + np.rint(LEAST_CALL_RATIO * tools.ended.sum() * factor)
    tools.started += calls.astype(np.int64)
    tools.ended += calls.astype(np.int64)
    routers.first_token_sums *= 1 + factor
    routers.billed_tokens *= 1 + factor
    state.safety.checks *= 1 + factor
    loads = state.fleet.groups_of_cell * LOADS_OF_GROUP
    retries = np.rint(loads * LOAD_RETRIES_PER_LOAD).astype(np.int64)
    state.loads.ended += loads.astype(np.int64)
    state.loads.retries += retries
    state.loads.seconds += LOAD_SECONDS * (loads + RETRY_COST * retries)
