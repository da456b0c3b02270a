"""One step of all engines: the queue, prefill and decode in one batch, KV cache, deadlines.

Requests are a fluid: shares of them begin, finish and fail. A request that the user has given up
while it was computed has cost what any other costs; with clients that try again, and caches that
run cold, that is all it takes for a queue that does not come back by itself.

The engine's step follows from its batch. With ``b`` streams and ``x`` prompt tokens a second to
compute, a step takes ``t = base + per_stream * b + per_token * x * t`` (weights are read once a
step, prompts are computed in chunks beside the streams), so ``t = (base + per_stream * b) /
(1 - per_token * x)``, and no step computes more than ``max_num_batched_tokens`` of prompts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import expm1

import numpy as np

from demo.sim.engines.caches import look_up, remember
from demo.sim.engines.figures import (
    ABORTED_PER_STREAMING_SECOND,
    BATCHED_TOKENS,
    FAILED_RATIO,
    INTER_TOKEN_DEADLINE_SECONDS,
    MAX_MODEL_LEN,
    MOST_STREAMS,
    SECONDS_PER_PROMPT_TOKEN,
    STEP_SECONDS_EMPTY,
    STEP_SECONDS_PER_STREAM,
    TOKENISATION_SECONDS,
)
from demo.sim.engines.levels import PREFILLS, late_shares, levels_on, wait_levels
from demo.sim.engines.state import Engines, Phase
from demo.sim.fleet import Flags, Floats, Indices
from demo.sim.state import State

PREEMPTED_PATIENCE_SECONDS = 2 * INTER_TOKEN_DEADLINE_SECONDS
"""Mean, of those whose stream stands still until it is computed again. Chosen."""
_LOADING = int(Phase.LOADING)
_NOTHING = 1e-9
_LEAST_WEAR = 1e-6
"""Of streams in a substep, so that nothing is divided by 0."""
_IDLE = 0.01
"""Streams and requests below which an engine takes no steps."""


@dataclass
class Served:
    """What one step brought, of each group. Requests or tokens, all [G] unless said otherwise."""

    first: Floats
    """First tokens that came in time."""
    finished: Floats
    failed: Floats
    aborted: Floats
    begun: Floats
    """Requests taken from the queue."""
    too_late: Floats
    """Of those, computed for users who had given up before their first token."""
    too_late_tokens: Floats
    """Of their prompts."""
    late: Floats
    """No first token by the deadline, in the queue or after it: timeouts."""
    cut: Floats
    """Streams that paused too long or did not end by the deadline: timeouts."""
    killed: Floats
    """Lost with their engine's process."""
    killed_waiting: Floats
    """Of those, without a first token."""
    prompt_tokens: Floats
    """Of first tokens that came in time."""
    missed_tokens: Floats
    """Of those, found in no cache."""
    computed_tokens: Floats
    generated_tokens: Floats
    preempted: Floats
    steps: Floats
    """Engine steps."""
    first_levels: list[tuple[Indices, Floats]]
    """For each substep the level of its first tokens, and their number. [G] each."""


@dataclass(frozen=True)
class _Asked:
    """What is the same in all substeps of a step. All [G] unless said otherwise."""

    seconds: float
    """Of a substep."""
    moves: Floats
    """1 for engines that take steps, 0 for others."""
    speed: Floats
    """Of the slowest member."""
    arrivals: Floats
    """Requests of a substep."""
    prompt_tokens: Floats
    """Of one request, in the mean."""
    missed: Floats
    """Share of them that is in no cache."""
    cost: Floats
    """Of one prompt, in tokens to compute."""
    cost_seconds: Floats
    """The same in seconds."""
    failing: Floats
    """Share of the requests that fail."""


_AMOUNTS = tuple(each.name for each in fields(Served) if each.name != "first_levels")


def serve(state: State, arrivals: Floats, share: Floats, blips: Floats) -> Served:
    """Move all requests on by one step.

    Args:
        state: changed in place.
        arrivals: the step's new requests of each group. [G].
        share: of its cell's traffic that each group gets. [G].
        blips: share of each cell's requests that fail in a blip. [C].
    """
    engines, service, dt = state.engines, state.service, state.fleet.step_seconds
    served = Served(**{name: np.zeros(len(arrivals)) for name in _AMOUNTS}, first_levels=[])
    _lose_what_was_killed(engines, served)
    look_up(engines.caches, service, share, dt)
    moving = state.moving
    asked = _ask(state, arrivals, moving, blips)
    for _ in range(state.substeps):
        _substep(state, served, asked)
    _let_stalled_streams_go(state, served, moving)
    held = engines.streams.context_tokens
    remember(engines.caches, service, served.computed_tokens + served.generated_tokens, held)
    return served


def _ask(state: State, arrivals: Floats, moving: Flags, blips: Floats) -> _Asked:
    engines, substeps = state.engines, state.substeps
    speed = np.maximum(state.hardware.speed, 0.05)
    prompt_tokens = _prompts(state, arrivals)
    cost = prompt_tokens * engines.caches.cost
    failing = engines.failing + (FAILED_RATIO + blips)[state.fleet.cell_of_group]
    return _Asked(
        seconds=state.fleet.step_seconds / substeps,
        moves=moving.astype(np.float64),
        speed=speed,
        arrivals=arrivals / substeps,
        prompt_tokens=prompt_tokens,
        missed=1 - engines.caches.hits.sum(axis=0),
        cost=cost,
        cost_seconds=cost * (SECONDS_PER_PROMPT_TOKEN / speed),
        failing=np.minimum(failing, 1.0),
    )


def _prompts(state: State, arrivals: Floats) -> Floats:
    """Return the mean prompt of a step's requests in tokens, by the central limit. [G]."""
    service = state.service
    drawn = state.rngs["engines"].standard_normal(len(arrivals))
    spread = service.prompt_deviation / np.sqrt(np.maximum(arrivals, 1.0))
    lowest = service.prompt_tokens * 0.1
    return np.minimum(np.maximum(service.prompt_tokens + spread * drawn, lowest), MAX_MODEL_LEN)


def _substep(state: State, served: Served, asked: _Asked) -> None:
    engines, service = state.engines, state.service
    queues, streams = engines.queues, engines.streams
    h, moves = asked.seconds, asked.moves
    queues.join(asked.arrivals)
    wear = h / (service.tokens_after_first * engines.step_seconds)
    wear *= moves
    np.maximum(wear, _LEAST_WEAR, out=wear)
    ending = -np.expm1(-wear)
    staying = ending / wear  # of those that begin
    leaving = 1 - staying
    ending *= moves
    plan = _plan_prefill(state, asked, ending, staying)

    wait, expired = queues.leave(plan.begun, h)
    levels = wait_levels(wait) * len(PREFILLS) + levels_on(PREFILLS, plan.first_token_seconds)
    late = plan.begun * late_shares().reshape(-1)[levels]
    in_time = plan.begun - late
    broken = in_time * asked.failing
    entered = in_time - broken

    present = leaving / wear  # of those that begin
    batch = moves * (streams.count * staying + entered * present)
    steps = (moves * h) / plan.step_seconds
    generated = batch * steps
    aborted = batch * (ABORTED_PER_STREAMING_SECOND * h)
    finished = streams.count * ending + entered * leaving
    streams.decay += wear + moves * (ABORTED_PER_STREAMING_SECOND * h)
    context = streams.context_tokens + entered * asked.prompt_tokens + generated + plan.redone
    held = streams.count + entered + plan.back
    streams.count = np.maximum(held - finished - aborted, 0.0)
    streams.context_tokens = context * streams.count / np.maximum(held, _NOTHING)
    streams.preempted -= plan.back
    streams.preempted_tokens -= plan.redone
    streams.begin(entered, h)

    # Ages of streams without memory: of what those have lived that end now, such a part was now.
    engines.pace_seconds += ending * (plan.step_seconds - engines.pace_seconds)
    engines.step_seconds, engines.batch = plan.step_seconds, batch
    engines.prefilling = plan.begun * plan.first_token_seconds / h
    engines.computing = plan.busy
    engines.first_token_seconds = plan.first_token_seconds
    _note_prompts(served, asked, plan, late)
    served.first_levels.append((levels, entered))
    served.first += entered
    served.finished += finished
    served.failed += broken
    served.aborted += aborted
    served.late += late + expired
    served.cut += streams.pass_deadline(service.deadline_seconds)
    served.generated_tokens += generated
    served.preempted += streams.preempt(service.kv_cache_tokens)
    served.steps += steps * (batch + plan.begun > _IDLE)


def _note_prompts(served: Served, asked: _Asked, plan: _Prefill, late: Floats) -> None:
    """Count the prompts of a substep; those of ``late`` requests were computed for nobody. [G]."""
    tokens, in_vain = plan.begun * asked.prompt_tokens, late * asked.prompt_tokens
    served.begun += plan.begun
    served.too_late += late
    served.too_late_tokens += in_vain
    served.prompt_tokens += tokens - in_vain
    served.missed_tokens += (tokens - in_vain) * asked.missed
    served.computed_tokens += tokens * asked.missed + plan.redone


@dataclass(frozen=True)
class _Prefill:
    """What engines compute of prompts in a substep. All [G]."""

    begun: Floats
    """Requests taken from the queue."""
    redone: Floats
    """Tokens computed again for streams that were preempted."""
    back: Floats
    """Streams for which that is done."""
    step_seconds: Floats
    busy: Floats
    """Share of the time that prompts take."""
    first_token_seconds: Floats
    """Median from the queue to the first token."""


def _plan_prefill(state: State, asked: _Asked, ending: Floats, staying: Floats) -> _Prefill:
    """Return what can begin: by tokens, by streams, by room in the KV cache.

    Args:
        state: the engines and what they have.
        asked: of them.
        ending: share of the streams that end in the substep. [G].
        staying: share of those that begin and do not end at once. [G].
    """
    engines, streams, h = state.engines, state.engines.streams, asked.seconds
    base = (STEP_SECONDS_EMPTY + STEP_SECONDS_PER_STREAM * engines.batch) / asked.speed
    per_token = SECONDS_PER_PROMPT_TOKEN / asked.speed
    longest = base + per_token * BATCHED_TOKENS
    budget = asked.moves * (h * BATCHED_TOKENS) / longest
    redone = np.minimum(streams.preempted_tokens, budget)
    back = streams.preempted * redone / np.maximum(streams.preempted_tokens, _NOTHING)
    going_on = 1 - ending
    streams_left = MOST_STREAMS - back - streams.count * going_on
    room = state.service.kv_cache_tokens - redone - streams.context_tokens * going_on
    fitting = np.minimum(streams_left, room / asked.prompt_tokens) / staying
    begun = np.minimum(engines.queues.waiting(), (budget - redone) / asked.cost)
    np.minimum(begun, fitting, out=begun)
    np.maximum(begun, 0.0, out=begun)
    begun *= asked.moves
    busy = (begun * asked.cost + redone) * (per_token / h)
    step = np.minimum(base / np.maximum(1 - busy, 0.02), longest)
    step = np.where(asked.moves > 0, step, engines.step_seconds)
    first_token = step + asked.cost_seconds * step / base
    first_token += TOKENISATION_SECONDS
    return _Prefill(begun, redone, back, step, busy, first_token)


def _lose_what_was_killed(engines: Engines, served: Served) -> None:
    """End the requests of engines whose process is gone."""
    gone = engines.phase == _LOADING
    if not gone.any():
        return
    queues, streams = engines.queues, engines.streams
    served.killed_waiting += np.where(gone, queues.waiting(), 0.0)
    served.killed += served.killed_waiting
    served.killed += np.where(gone, streams.count + streams.preempted, 0.0)
    queues.empty(gone)
    streams.end(gone)


def _let_stalled_streams_go(state: State, served: Served, moving: Flags) -> None:
    """Time out the streams of engines that have paused too long, and preempted ones that waited."""
    engines, dt = state.engines, state.fleet.step_seconds
    streams = engines.streams
    stalled = engines.stalled_seconds + dt > INTER_TOKEN_DEADLINE_SECONDS
    stalled &= ~moving
    if stalled.any():
        served.cut += np.where(stalled, streams.count + streams.preempted, 0.0)
        streams.end(stalled)
    if streams.preempted.any():
        served.cut += streams.give_up_preempted(-expm1(-dt / PREEMPTED_PATIENCE_SECONDS))
