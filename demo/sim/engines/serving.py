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
from demo.sim.fleet import Floats, Indices
from demo.sim.state import Engines, Phase, State

_NOTHING = 1e-9
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
    late: Floats
    """No first token by the deadline: timeouts."""
    cut: Floats
    """Streams that paused too long or did not end by the deadline: timeouts."""
    killed: Floats
    """Lost with their engine's process."""
    killed_waiting: Floats
    """Of those, without a first token."""
    prompt_tokens: Floats
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
    """What is asked of each group in a substep. All [G]."""

    arrivals: Floats
    prompt_tokens: Floats
    """Of one request, in the mean."""
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
    moves = state.moving.astype(np.float64)
    speed = np.maximum(state.hardware.speed, 0.05)
    asked = _Asked(
        arrivals=arrivals / state.substeps,
        prompt_tokens=_prompts(state, arrivals),
        failing=FAILED_RATIO + engines.failing + blips[state.fleet.cell_of_group],
    )
    for _ in range(state.substeps):
        _substep(state, served, asked, moves, speed)
    _let_stalled_streams_go(state, served)
    held = engines.streams.context_tokens
    remember(engines.caches, service, served.computed_tokens + served.generated_tokens, held)
    return served


def _prompts(state: State, arrivals: Floats) -> Floats:
    """Return the mean prompt of a step's requests in tokens, by the central limit. [G]."""
    service = state.service
    drawn = state.rngs["engines"].standard_normal(len(arrivals))
    spread = service.prompt_deviation / np.sqrt(np.maximum(arrivals, 1.0))
    lowest = service.prompt_tokens * 0.1
    return np.clip(service.prompt_tokens + spread * drawn, lowest, float(MAX_MODEL_LEN))


def _substep(state: State, served: Served, asked: _Asked, moves: Floats, speed: Floats) -> None:
    engines, service = state.engines, state.service
    queues, streams = engines.queues, engines.streams
    h = state.fleet.step_seconds / state.substeps
    queues.join(asked.arrivals)
    wear = moves * h / (service.output_tokens * engines.step_seconds)
    ending = -np.expm1(-wear)
    worn = wear > _NOTHING
    staying = np.where(worn, ending / np.maximum(wear, _NOTHING), 1.0)  # of those that begin
    plan = _plan_prefill(state, asked, _Substep(h, moves, speed, ending, staying))

    wait, expired = queues.leave(plan.begun, h)
    levels = wait_levels(wait) * len(PREFILLS) + levels_on(PREFILLS, plan.first_token_seconds)
    late = plan.begun * late_shares().reshape(-1)[levels]
    in_time = plan.begun - late
    broken = in_time * np.minimum(asked.failing, 1.0)
    entered = in_time - broken

    present = np.where(worn, (1 - staying) / np.maximum(wear, _NOTHING), 0.5)  # of those that begin
    batch = moves * (streams.count * staying + entered * present)
    generated = batch * h / plan.step_seconds
    aborted = ABORTED_PER_STREAMING_SECOND * h * batch
    finished = streams.count * ending + entered * (1 - staying)
    streams.decay += wear + ABORTED_PER_STREAMING_SECOND * h * moves
    context = streams.context_tokens + entered * asked.prompt_tokens + generated + plan.redone
    held = streams.count + entered + plan.back
    streams.count = np.maximum(held - finished - aborted, 0.0)
    streams.context_tokens = context * streams.count / np.maximum(held, _NOTHING)
    streams.preempted -= plan.back
    streams.preempted_tokens -= plan.redone
    streams.begin(entered, h)

    engines.step_seconds, engines.batch = plan.step_seconds, batch
    engines.first_token_seconds = plan.first_token_seconds
    missed = 1 - engines.caches.hits.sum(axis=0)
    served.first_levels.append((levels, entered))
    served.first += entered
    served.finished += finished
    served.failed += broken
    served.aborted += aborted
    served.late += late + expired
    served.cut += streams.pass_deadline(service.deadline_seconds)
    served.prompt_tokens += in_time * asked.prompt_tokens
    served.missed_tokens += in_time * asked.prompt_tokens * missed
    served.computed_tokens += plan.begun * asked.prompt_tokens * missed + plan.redone
    served.generated_tokens += generated
    served.preempted += streams.preempt(service.kv_cache_tokens)
    served.steps += np.where(batch + plan.begun > _IDLE, moves * h / plan.step_seconds, 0.0)


@dataclass(frozen=True)
class _Substep:
    seconds: float
    moves: Floats
    """1 for engines that take steps, 0 for others. [G]."""
    speed: Floats
    """Of the slowest member. [G]."""
    ending: Floats
    """Share of the streams that end. [G]."""
    staying: Floats
    """Share of those that begin and do not end at once. [G]."""


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
    first_token_seconds: Floats
    """Median from the queue to the first token."""


def _plan_prefill(state: State, asked: _Asked, now: _Substep) -> _Prefill:
    """Return what can begin: by tokens, by streams, by room in the KV cache."""
    engines, streams = state.engines, state.engines.streams
    base = (STEP_SECONDS_EMPTY + STEP_SECONDS_PER_STREAM * engines.batch) / now.speed
    per_token = SECONDS_PER_PROMPT_TOKEN / now.speed
    longest = base + per_token * BATCHED_TOKENS
    budget = now.moves * (now.seconds * BATCHED_TOKENS) / longest
    redone = np.minimum(streams.preempted_tokens, budget)
    back = streams.preempted * redone / np.maximum(streams.preempted_tokens, _NOTHING)
    cost = asked.prompt_tokens * engines.caches.cost
    streams_left = MOST_STREAMS - back - streams.count * (1 - now.ending)
    room = state.service.kv_cache_tokens - redone - streams.context_tokens * (1 - now.ending)
    begun = np.minimum(engines.queues.waiting(), (budget - redone) / cost)
    begun = np.minimum(begun, streams_left / now.staying)
    begun = np.minimum(begun, room / (asked.prompt_tokens * now.staying))
    begun = np.maximum(begun, 0.0) * now.moves
    rate = (begun * cost + redone) / now.seconds
    step = np.minimum(base / np.maximum(1 - per_token * rate, 0.02), longest)
    step = np.where(now.moves > 0, step, engines.step_seconds)
    first_token = TOKENISATION_SECONDS + step + cost * per_token * step / base
    return _Prefill(begun, redone, back, step, first_token)


def _lose_what_was_killed(engines: Engines, served: Served) -> None:
    """End the requests of engines whose process is gone."""
    gone = engines.phase == Phase.LOADING
    if not gone.any():
        return
    queues, streams = engines.queues, engines.streams
    served.killed_waiting += np.where(gone, queues.waiting(), 0.0)
    served.killed += served.killed_waiting
    served.killed += np.where(gone, streams.count + streams.preempted, 0.0)
    queues.empty(gone)
    streams.end(gone)


def _let_stalled_streams_go(state: State, served: Served) -> None:
    """Time out the streams of engines that have paused too long, and preempted ones that waited."""
    engines, dt = state.engines, state.fleet.step_seconds
    streams = engines.streams
    stalled = engines.stalled_seconds + dt > INTER_TOKEN_DEADLINE_SECONDS
    stalled &= ~state.moving
    if stalled.any():
        served.cut += np.where(stalled, streams.count + streams.preempted, 0.0)
        streams.end(stalled)
    if streams.preempted.any():
        served.cut += streams.give_up_preempted(min(1.0, dt / INTER_TOKEN_DEADLINE_SECONDS / 2))
