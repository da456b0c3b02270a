"""Routers count what their users felt: outcomes, first tokens, and the tokens that are billed.

Engines serve a fluid; here it becomes whole requests, and each gets its tier by chance from those
that are in flight. What is counted here is the truth, and at the same time what the pages say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.engines.figures import FIRST_TOKEN_DEADLINE_SECONDS, NETWORK_SECONDS
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
    Routers,
    lane_count,
)
from demo.sim.routers.routing import Routed, lanes_of_groups
from demo.sim.state import State
from exporters.catalog import OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

_NEVER_BUCKET = int(np.searchsorted(TIME_TO_FIRST_TOKEN_BOUNDS, FIRST_TOKEN_DEADLINE_SECONDS)) + 1
"""A first token that never came is observed at its deadline, and timers are a little late."""

_NOTHING = 1e-9
_FINISHED, _FAILED, _LOST, _OVERDUE, _ABORTED, _FIRST, _NEVER, _PROMPT_TOKENS = range(8)
_END_COUNT = _PROMPT_TOKENS + 3
_END_PLACES = np.arange(_END_COUNT)[:, None]


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

    ends = _ends_by_lane(lane, lanes, routed, served)
    failed = ends[_FAILED]
    drawn = rng.poisson(failed)  # failures are rare, and come as chance has it
    flows = routers.flows
    flows[:, OK] += ends[_FINISHED] + failed - drawn
    flows[:, ERROR] += drawn + ends[_LOST]
    flows[:, TIMEOUT] += ends[_OVERDUE]
    flows[:, ABORTED] += ends[_ABORTED]
    flows[:, FIRST_TOKEN] += ends[_FIRST] + failed - drawn
    flows[:, NEVER] += ends[_NEVER] + drawn
    new = np.maximum(np.floor(flows + 1e-6).astype(np.int64) - routers.counted, 0)
    routers.counted += new

    mix: Floats = routers.in_flight.astype(np.float64) + _NOTHING
    mix /= mix.sum(axis=1, keepdims=True)
    by_tier = rng.multinomial(new, mix[:, None, :])  # [L, ends, T]
    outcomes = np.zeros((lanes, len(TIERS), len(OUTCOMES)), np.int64)
    outcomes[:, :, :DRAWN] = by_tier[:, :DRAWN].transpose(0, 2, 1)
    left = routers.in_flight - outcomes.sum(axis=2)
    if left.min() < 0:  # of a tier of which few are there, chance took more than there are
        for overdrawn in np.flatnonzero((left < 0).any(axis=1)).tolist():
            taken = _take(routers, overdrawn, new[overdrawn, :DRAWN], rng)
            outcomes[overdrawn, :, :DRAWN] = taken.T
            left[overdrawn] = routers.in_flight[overdrawn] - taken.sum(axis=0)
    routers.in_flight = left
    main = np.arange(len(fleet.cells)) * len(fleet.revisions)
    outcomes[main, :, REJECTED] += routed.rejected
    routers.requests += outcomes
    routers.requests[main, :, RATE_LIMITED] += limited

    expected = _first_token_levels(lane, lanes, served)
    state.truth.first_token_levels += expected
    table = first_token_table(TIME_TO_FIRST_TOKEN_BOUNDS, at_client=True)
    shares = expected @ table
    total = shares.sum(axis=1, keepdims=True)
    means = expected @ first_token_means()
    if (total <= _NOTHING).any():  # where there were none, any shares will do
        nothing = total <= _NOTHING
        shares = np.where(nothing, table[:1], shares)
        total[nothing] = 1.0
    shares /= total
    means /= total[:, 0]
    counts = rng.multinomial(by_tier[:, FIRST_TOKEN], shares[:, None, :])
    means += NETWORK_SECONDS
    never_by_tier = by_tier[:, NEVER].copy()
    never_by_tier[main] += routed.rejected
    routers.first_token_counts += counts
    routers.first_token_counts[:, :, _NEVER_BUCKET] += never_by_tier
    routers.first_token_sums += (
        by_tier[:, FIRST_TOKEN] * means[:, None] + never_by_tier * FIRST_TOKEN_DEADLINE_SECONDS
    )
    _bill(state, ends[_PROMPT_TOKENS:], mix)
    return Ended(outcomes, counts.sum(axis=1), never_by_tier.sum(axis=1))


def _take(routers: Routers, lane: int, ended: Counts, rng: np.random.Generator) -> Counts:
    """Take requests that ended out of those in flight in a lane, each once. [ends, T]."""
    left, taken = routers.in_flight[lane].copy(), np.zeros((len(ended), len(TIERS)), np.int64)
    for at, count in enumerate(ended.tolist()):
        there = min(count, int(left.sum()))
        routers.counted[lane, at] -= count - there  # what is not there yet ends later
        taken[at] = rng.multivariate_hypergeometric(left, there)
        left -= taken[at]
    return taken


def _ends_by_lane(lane: Counts, lanes: int, routed: Routed, served: Served) -> Floats:
    """Return what came of requests, and the tokens, of each lane. [_END_COUNT, L]."""
    amounts = np.array([
        served.finished,
        served.failed,
        served.killed + routed.refused,
        served.late + served.cut,
        served.aborted,
        served.first,
        served.late + served.killed_waiting + routed.refused,
        served.prompt_tokens,
        served.missed_tokens,
        served.generated_tokens + served.first,
    ])  # fmt: skip
    places = lane + _END_PLACES * lanes
    ends = total_by(places.reshape(-1), amounts.reshape(-1), _END_COUNT * lanes)
    return ends.reshape(_END_COUNT, lanes)


def _first_token_levels(lane: Counts, lanes: int, served: Served) -> Floats:
    """Return the first tokens of each lane by their level. [L, FIRST_TOKENS]."""
    first = lane * FIRST_TOKENS
    places = np.concatenate([first + levels for levels, _ in served.first_levels])
    amounts = np.concatenate([amounts for _, amounts in served.first_levels])
    return total_by(places, amounts, lanes * FIRST_TOKENS).reshape(lanes, FIRST_TOKENS)


def _bill(state: State, tokens: Floats, mix: Floats) -> None:
    """Bill the tokens that were served, or the part of them that metering sees.

    Args:
        state: what is billed is counted in it, and the truth.
        tokens: of prompts, of those that no cache had, and generated. [3, L].
        mix: shares of the tiers. [L, T].
    """
    prompt, missed, generated = tokens
    seen = np.repeat(1 - state.metering.unbilled, len(state.fleet.revisions))
    billed = seen * tokens[::2]
    state.routers.billed_tokens += billed.T[:, None, :] * mix[:, :, None]
    told = np.array([prompt, prompt - missed, generated, billed[0] + billed[1]])
    by_tier = told.T[:, None, :] * mix[:, :, None]
    cells = len(state.fleet.cells)
    state.truth.tokens += by_tier.reshape(cells, -1, *by_tier.shape[1:]).sum(axis=1)
