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

# Places of rows as plain numbers: to look a member of an enumeration up takes as long as to add.
_CPU_SECONDS, _LATE_FIRST_TOKENS, _PROMPT_TOKENS, _GENERATED_TOKENS = map(
    int,
    (Number.CPU_SECONDS, Number.LATE_FIRST_TOKENS, Number.PROMPT_TOKENS, Number.GENERATED_TOKENS),
)
_PREEMPTIONS, _FINISHED, _FAILED = map(int, (Number.PREEMPTIONS, Number.FINISHED, Number.FAILED))
_HIT_TOKENS = slice(Number.HIT_DEVICE_TOKENS, Number.HIT_STORE_TOKENS + 1)
_ITERATION_BOUNDS = np.array(ITERATION_BOUNDS)
_GAUGES = slice(Number.RUNNING, Number.KV_USAGE_RATIO + 1)

CPU_RATIO = 0.4
"""Of a core, by an engine's front end."""


def write_numbers(state: State, served: Served) -> None:
    """Add one step to the registers of all engines."""
    engines, registers = state.engines, state.engines.registers
    numbers, hits = registers.numbers, engines.caches.hits
    moved = served.steps > 0
    numbers[_CPU_SECONDS] += moved * (CPU_RATIO * state.fleet.step_seconds)
    prompt_tokens = served.prompt_tokens + served.too_late_tokens
    numbers[_LATE_FIRST_TOKENS] += served.too_late
    numbers[_PROMPT_TOKENS] += prompt_tokens
    numbers[_HIT_TOKENS] += hits * prompt_tokens
    numbers[_GENERATED_TOKENS] += served.generated_tokens + served.first + served.too_late
    numbers[_PREEMPTIONS] += served.preempted
    numbers[_FINISHED] += served.finished
    numbers[_FAILED] += served.failed
    # The last request's last step leaves 0, not a remainder.
    running = np.rint(engines.batch + engines.prefilling)
    waiting = np.rint(engines.queues.waiting() + engines.streams.preempted)
    held = engines.streams.context_tokens + engines.prefilling * state.service.prompt_tokens
    usage = np.minimum(held / state.service.kv_cache_tokens, 1.0)
    np.copyto(numbers[_GAUGES], (running, waiting, usage), where=moved)

    for levels, amounts in served.first_levels:
        registers.add_levels("first_tokens", levels, amounts)
    step_levels = levels_on(STEPS, engines.step_seconds)
    registers.add_levels("gaps", step_levels, served.generated_tokens)
    # A second of prompts slows all streams down, and no whole answer by as much.
    paces = levels_on(STEPS, engines.pace_seconds)
    registers.add_levels("finished_steps", paces, served.finished)
    waits, prefills = np.divmod(served.first_levels[-1][0], len(PREFILLS))
    registers.add_levels("finished_waits", waits, served.finished)
    registers.add_levels("finished_prefills", prefills, served.finished)
    _write_iterations(state, served)


def _write_iterations(state: State, served: Served) -> None:
    """Count the engine's steps by their tokens, those that compute prompts apart. [G]."""
    registers = state.engines.registers
    with_prompts = np.minimum(served.steps, served.begun)
    batch = served.generated_tokens / np.maximum(served.steps, 1.0)
    prompts: Floats = served.computed_tokens / np.maximum(with_prompts, 1.0)
    decode = _ITERATION_BOUNDS.searchsorted(batch)
    registers.add_levels("iterations", decode, served.steps - with_prompts)
    mixed = _ITERATION_BOUNDS.searchsorted(batch + prompts)
    registers.add_levels("iterations", mixed, with_prompts)
