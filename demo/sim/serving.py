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

from demo.sim.caches import look_up, remember
from demo.sim.engine_figures import (
    ABORTED_PER_STREAMING_SECOND,
    BATCHED_TOKENS,
    FAILED_RATIO,
    FIRST_TOKEN_DEADLINE_SECONDS,
    INTER_TOKEN_DEADLINE_SECONDS,
    MAX_MODEL_LEN,
    MOST_STREAMS,
    SECONDS_PER_PROMPT_TOKEN,
    STEP_SECONDS_EMPTY,
    STEP_SECONDS_PER_STREAM,
    TOKENISATION_SECONDS,
)
from demo.sim.fleet import Floats, Indices
from demo.sim.levels import PREFILLS, late_shares, levels_on, wait_levels
from demo.sim.state import COHORTS, Engines, Phase, Queues, State

_TINY = 1e-12


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
    failed_waiting: Floats
    """Of those that failed, without a first token."""
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
    streams, queues = engines.streams, engines.queues
    h = state.fleet.step_seconds / state.substeps
    queues.arrived[1:] = queues.arrived[:-1]
    queues.arrived[0] += asked.arrivals
    prompt = asked.prompt_tokens
    waiting = queues.waiting()

    # Streams that end: each has as many tokens before it as the mean says, whatever its age.
    wear = moves * h / (service.output_tokens * engines.step_seconds)
    ending = -np.expm1(-wear)
    staying = np.where(wear > 1e-9, ending / np.maximum(wear, _TINY), 1.0)  # of those that begin
    ended = streams.count * ending

    # What can begin: by tokens, by streams, by room in the KV cache.
    base = (STEP_SECONDS_EMPTY + STEP_SECONDS_PER_STREAM * engines.batch) / speed
    per_token = SECONDS_PER_PROMPT_TOKEN / speed
    budget = moves * (h * BATCHED_TOKENS) / (base + per_token * BATCHED_TOKENS)
    redone = np.minimum(streams.preempted_tokens, budget)
    back = streams.preempted * redone / np.maximum(streams.preempted_tokens, _TINY)
    cost = prompt * engines.caches.cost
    each = streams.context_tokens / np.maximum(streams.count, _TINY)
    room = service.kv_cache_tokens - streams.context_tokens - redone + ended * each
    begun = np.minimum(waiting, (budget - redone) / cost)
    begun = np.minimum(begun, (MOST_STREAMS - streams.count - back + ended) / staying)
    begun = np.maximum(np.minimum(begun, room / (prompt * staying)), 0.0) * moves

    computing = np.minimum((begun * cost + redone) / h, budget / h)
    step = np.minimum(
        base / np.maximum(1 - per_token * computing, 0.02), base + per_token * BATCHED_TOKENS
    )
    step = np.where(moves > 0, step, engines.step_seconds)
    median = TOKENISATION_SECONDS + step + cost * per_token * step / base

    wait, expired = _leave_queue(queues, begun, h)
    levels = wait_levels(wait) * len(PREFILLS) + levels_on(PREFILLS, median)
    late = begun * late_shares().reshape(-1)[levels]
    broken = (begun - late) * np.minimum(asked.failing, 1.0)
    entered = begun - late - broken

    batch = moves * (
        streams.count * staying
        + entered * np.where(wear > 1e-6, (1 - staying) / np.maximum(wear, _TINY), 0.5)
    )
    generated = batch * h / step
    aborted = ABORTED_PER_STREAMING_SECOND * h * batch
    finished = ended + entered * (1 - staying)
    streams.decay += wear + ABORTED_PER_STREAMING_SECOND * h * moves
    streams.count += entered + back - finished - aborted
    np.maximum(streams.count, 0.0, out=streams.count)
    per_stream = (streams.context_tokens + entered * prompt + generated + redone) / np.maximum(
        streams.count + finished + aborted, _TINY
    )
    streams.context_tokens = per_stream * streams.count
    streams.preempted -= back
    streams.preempted_tokens -= redone
    preempted = _preempt(state, per_stream)
    cut = _pass_deadline(state, entered, h)

    engines.step_seconds = step
    engines.batch = batch
    engines.first_token_seconds = median
    served.first += begun - late - broken
    served.first_levels.append((levels, entered))
    served.finished += finished
    served.failed += broken
    served.failed_waiting += broken
    served.aborted += aborted
    served.late += late + expired
    served.cut += cut
    served.prompt_tokens += (begun - late) * prompt
    missed = 1 - engines.caches.hits.sum(axis=0)
    served.missed_tokens += (begun - late) * prompt * missed
    served.computed_tokens += begun * prompt * missed + redone
    served.generated_tokens += generated
    served.preempted += preempted
    served.steps += np.where((batch > 0.01) | (begun > 0), moves * h / step, 0.0)


def _leave_queue(queues: Queues, begun: Floats, h: float) -> tuple[Floats, Floats]:
    """Take the oldest from the queues, then those whose deadline has passed.

    Returns:
        The mean wait of those that begun in seconds, and how many were late. [G] each.
    """
    before = queues.head_seconds
    queues.left += begun
    head = _head_seconds(queues, h)
    wait = np.minimum((before + head) / 2, FIRST_TOKEN_DEADLINE_SECONDS)
    expired = np.maximum(queues.arrived[-1] - queues.left, 0.0)
    queues.left += expired
    queues.head_seconds = np.minimum(head, FIRST_TOKEN_DEADLINE_SECONDS)
    return wait, expired


def _head_seconds(queues: Queues, h: float) -> Floats:
    """Return how long ago the curve of arrivals passed the number of those that left. [G]."""
    arrived, left = queues.arrived, queues.left
    passed = (arrived > left + 1e-6).sum(axis=0)  # how many substeps ago that was, rounded up
    if not passed.any():
        return np.zeros(len(left))
    slots, groups = arrived.shape
    flat, columns = arrived.reshape(-1), np.arange(groups)
    older = flat[np.minimum(passed, slots - 1) * groups + columns]
    newer = flat[np.maximum(passed - 1, 0) * groups + columns]
    part = np.clip((left - older) / np.maximum(newer - older, _TINY), 0.0, 1.0)
    seconds: Floats = np.where(passed > 0, (passed - part) * h, 0.0)
    return seconds


def _preempt(state: State, per_stream: Floats) -> Floats:
    """Take the KV cache from the youngest streams where it overflows; return how many. [G]."""
    streams = state.engines.streams
    over = streams.context_tokens - state.service.kv_cache_tokens
    if not (over > 0).any():
        return np.zeros(len(over))
    over = np.maximum(over, 0.0)
    preempted = over / np.maximum(per_stream, 1.0)
    streams.count -= preempted
    streams.context_tokens -= over
    streams.preempted += preempted
    streams.preempted_tokens += over
    return preempted


def _pass_deadline(state: State, entered: Floats, h: float) -> Floats:
    """Note the streams that began, and end those whose end-to-end deadline has passed. [G]."""
    streams = state.engines.streams
    columns = np.arange(len(entered))
    at = streams.slot * len(entered) + columns
    then = streams.decay_then.reshape(-1)
    grown = np.exp(np.minimum(streams.decay - then[at], 50.0))
    streams.entered.reshape(-1)[at] += entered * grown
    streams.slot_seconds += h
    full = streams.slot_seconds * COHORTS >= state.service.deadline_seconds
    if not full.any():
        return np.zeros(len(entered))
    groups = np.flatnonzero(full)
    streams.slot_seconds[groups] = 0.0
    slot = (streams.slot[groups] + 1) % COHORTS
    streams.slot[groups] = slot
    age = streams.decay[groups] - streams.decay_then[slot, groups]
    expired = np.zeros(len(entered))
    left = streams.entered[slot, groups] * np.exp(-np.minimum(age, 500.0))
    expired[groups] = np.minimum(left, streams.count[groups])
    share = expired / np.maximum(streams.count, _TINY)
    streams.count -= expired
    streams.context_tokens *= 1 - share
    streams.entered[slot, groups] = 0.0
    streams.decay_then[slot, groups] = streams.decay[groups]
    return expired


def _lose_what_was_killed(engines: Engines, served: Served) -> None:
    """End the requests of engines whose process is gone."""
    gone = engines.phase == Phase.LOADING
    if not gone.any():
        return
    queues, streams = engines.queues, engines.streams
    waiting = np.where(gone, queues.waiting(), 0.0)
    served.killed_waiting += waiting
    served.killed += waiting + np.where(gone, streams.count + streams.preempted, 0.0)
    queues.left += waiting
    queues.head_seconds[gone] = 0.0
    _end_streams(engines, gone)


def _let_stalled_streams_go(state: State, served: Served) -> None:
    """Time out the streams of engines that have paused too long, and preempted ones that waited."""
    engines, dt = state.engines, state.fleet.step_seconds
    streams = engines.streams
    stalled = engines.stalled_seconds + dt > INTER_TOKEN_DEADLINE_SECONDS
    stalled &= ~state.moving
    if stalled.any():
        served.cut += np.where(stalled, streams.count + streams.preempted, 0.0)
        _end_streams(engines, stalled)
    if streams.preempted.any():
        given_up = streams.preempted * min(1.0, dt / INTER_TOKEN_DEADLINE_SECONDS / 2)
        share = given_up / np.maximum(streams.preempted, _TINY)
        streams.preempted -= given_up
        streams.preempted_tokens *= 1 - share
        served.cut += given_up


def _end_streams(engines: Engines, ended: np.ndarray) -> None:
    streams = engines.streams
    for each in (
        streams.count,
        streams.context_tokens,
        streams.preempted,
        streams.preempted_tokens,
    ):
        each[ended] = 0.0
    streams.entered[:, ended] = 0.0
