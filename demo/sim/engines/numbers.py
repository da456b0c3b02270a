"""What engines write into their pages in one step.

vLLM's traps are kept. Gauges are set by a step and by nothing else, so those of a hung engine
stay. Requests that their clients gave up appear in no counter and no histogram, and histograms of
whole requests see them when they finish, never before.
"""

from __future__ import annotations

import numpy as np

from demo.sim.engines.levels import PREFILLS, STEPS, levels_on
from demo.sim.engines.registers import ITERATION_BOUNDS, Number
from demo.sim.engines.serving import Served
from demo.sim.fleet import Floats
from demo.sim.state import State

CPU_RATIO = 0.4
"""Of a core, by an engine's front end."""


def write_numbers(state: State, served: Served) -> None:
    """Add one step to the registers of all engines."""
    engines, registers = state.engines, state.engines.registers
    numbers, hits = registers.numbers, engines.caches.hits
    moved = served.steps > 0
    numbers[Number.CPU_SECONDS] += moved * (CPU_RATIO * state.fleet.step_seconds)
    numbers[Number.FIRST_TOKENS] += served.first
    numbers[Number.PROMPT_TOKENS] += served.prompt_tokens
    numbers[Number.HIT_DEVICE_TOKENS : Number.HIT_STORE_TOKENS + 1] += hits * served.prompt_tokens
    numbers[Number.GENERATED_TOKENS] += served.generated_tokens + served.first
    numbers[Number.PREEMPTIONS] += served.preempted
    numbers[Number.FINISHED] += served.finished
    numbers[Number.FAILED] += served.failed
    for row, values in (
        (Number.RUNNING, engines.batch),
        (Number.WAITING, engines.queues.waiting() + engines.streams.preempted),
        (
            Number.KV_USAGE_RATIO,
            engines.streams.context_tokens / state.service.kv_cache_tokens,
        ),
    ):
        np.copyto(numbers[row], values, where=moved)

    for levels, amounts in served.first_levels:
        registers.add_levels("first_tokens", levels, amounts)
    step_levels = levels_on(STEPS, engines.step_seconds)
    registers.add_levels("gaps", step_levels, served.generated_tokens)
    registers.add_levels("finished_steps", step_levels, served.finished)
    first_levels = served.first_levels[-1][0]
    registers.add_levels("finished_waits", first_levels // len(PREFILLS), served.finished)
    registers.add_levels("finished_prefills", first_levels % len(PREFILLS), served.finished)
    _write_iterations(state, served)


def _write_iterations(state: State, served: Served) -> None:
    """Count the engine's steps by their tokens, those that compute prompts apart. [G]."""
    registers = state.engines.registers
    with_prompts = np.minimum(served.steps, served.first)
    batch = served.generated_tokens / np.maximum(served.steps, 1.0)
    prompts: Floats = served.computed_tokens / np.maximum(with_prompts, 1.0)
    decode = np.searchsorted(ITERATION_BOUNDS, batch)
    registers.add_levels("iterations", decode, served.steps - with_prompts)
    mixed = np.searchsorted(ITERATION_BOUNDS, batch + prompts)
    registers.add_levels("iterations", mixed, with_prompts)
