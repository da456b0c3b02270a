"""Routers count what their users felt: outcomes, first tokens, and the tokens that are billed.

Engines serve a fluid; here it becomes whole requests, and each gets its tier by chance from those
that are in flight. What is counted here is the truth, and at the same time what the pages say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demo.sim.engines.figures import FIRST_TOKEN_DEADLINE_SECONDS
from demo.sim.engines.levels import FIRST_TOKENS, first_token_means, first_token_table
from demo.sim.engines.serving import Served
from demo.sim.fleet import Counts, Floats, total_by
from demo.sim.routers.counts import (
    ABORTED,
    DRAWN,
    ERROR,
    FIRST_TOKEN,
    NEVER,
    OK,
    RATE_LIMITED,
    REJECTED,
    TIMEOUT,
    lane_count,
)
from demo.sim.routers.routing import Routed, lanes_of_groups
from demo.sim.state import State
from exporters.catalog import OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

_NEVER_BUCKET = int(np.searchsorted(TIME_TO_FIRST_TOKEN_BOUNDS, FIRST_TOKEN_DEADLINE_SECONDS)) + 1
"""A first token that never came is observed at its deadline, and timers are a little late."""


@dataclass(frozen=True)
class Ended:
    """What one step's requests came to, whole numbers."""

    outcomes: Counts
    """[L, T, outcome], without the rate-limited."""
    first_tokens: Counts
    """[L, K]."""
    never: Counts
    """Requests that ended without a first token. [L]."""


def account(state: State, routed: Routed, served: Served, limited: Counts) -> Ended:
    """Count what ended in one step, as the routers see it.

    Args:
        state: the routers' counts are changed in place.
        routed: where requests went.
        served: what came of them.
        limited: turned away by their own limit. [C, T].
    """
    fleet, routers, rng = state.fleet, state.routers, state.rngs["routers"]
    lane, lanes = lanes_of_groups(state), lane_count(fleet)

    def by_lane(amounts: Floats) -> Floats:
        return total_by(lane, amounts, lanes)

    failed = by_lane(served.failed)
    drawn = rng.poisson(failed)  # failures are rare, and come as chance has it
    lost = by_lane(served.killed + routed.refused)
    never = by_lane(served.late + served.killed_waiting + routed.refused)
    flows = routers.flows
    flows[:, OK] += by_lane(served.finished) + failed - drawn
    flows[:, ERROR] += drawn + lost
    flows[:, TIMEOUT] += by_lane(served.late + served.cut)
    flows[:, ABORTED] += by_lane(served.aborted)
    flows[:, FIRST_TOKEN] += by_lane(served.first)
    flows[:, NEVER] += never + drawn
    new = np.maximum(np.floor(flows + 1e-6).astype(np.int64) - routers.counted, 0)
    routers.counted += new

    mix = routers.in_flight + 1e-9
    mix = mix / mix.sum(axis=1, keepdims=True)
    by_tier = rng.multinomial(new, mix[:, None, :])  # [L, ends, T]
    outcomes = np.zeros((lanes, len(TIERS), len(OUTCOMES)), np.int64)
    outcomes[:, :, :DRAWN] = by_tier[:, :DRAWN].transpose(0, 2, 1)
    routers.in_flight = np.maximum(routers.in_flight - outcomes.sum(axis=2), 0)
    main = np.arange(len(fleet.cells)) * len(fleet.revisions)
    outcomes[main, :, REJECTED] += routed.rejected
    routers.requests += outcomes
    routers.requests[main, :, RATE_LIMITED] += limited

    totals = np.zeros(lanes * FIRST_TOKENS)
    for levels, amounts in served.first_levels:
        totals += total_by(lane * FIRST_TOKENS + levels, amounts, len(totals))
    expected = totals.reshape(lanes, FIRST_TOKENS)
    state.truth.first_token_levels += expected
    table = first_token_table(TIME_TO_FIRST_TOKEN_BOUNDS, at_client=True)
    shares = expected @ table
    total = shares.sum(axis=1, keepdims=True)
    shares = np.where(total > 1e-9, shares / np.maximum(total, 1e-9), table[:1])
    counts = rng.multinomial(by_tier[:, FIRST_TOKEN], shares[:, None, :])
    means = np.where(
        total[:, 0] > 1e-9, (expected @ first_token_means()) / np.maximum(total[:, 0], 1e-9), 0.2
    )
    never_by_tier = by_tier[:, NEVER].copy()
    never_by_tier[main] += routed.rejected
    routers.first_token_counts += counts
    routers.first_token_counts[:, :, _NEVER_BUCKET] += never_by_tier
    routers.first_token_sums += (
        by_tier[:, FIRST_TOKEN] * means[:, None] + never_by_tier * FIRST_TOKEN_DEADLINE_SECONDS
    )
    _bill(state, served, by_lane, mix)
    return Ended(outcomes, counts.sum(axis=1), never_by_tier.sum(axis=1))


def _bill(state: State, served: Served, by_lane: Callable[[Floats], Floats], mix: Floats) -> None:
    """Bill the tokens that were served, or the part of them that metering sees."""
    tokens = np.stack([by_lane(served.prompt_tokens), by_lane(served.generated_tokens)], axis=1)
    billed = tokens * np.repeat(1 - state.metering.unbilled, len(state.fleet.revisions))[:, None]
    state.routers.billed_tokens += billed[:, None, :] * mix[:, :, None]
    cached = tokens[:, 0] - by_lane(served.missed_tokens)
    told = np.stack([tokens[:, 0], cached, tokens[:, 1], billed.sum(axis=1)], axis=1)
    by_tier = told[:, None, :] * mix[:, :, None]
    cells = len(state.fleet.cells)
    state.truth.tokens += by_tier.reshape(cells, -1, *by_tier.shape[1:]).sum(axis=1)
