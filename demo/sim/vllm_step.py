"""What an engine writes into its page in one step: vLLM's gauges, and its counters of tokens.

vLLM's traps are kept. Gauges are set by a step and by nothing else, so those of a hung engine
stay. Aborted requests appear in no counter and no histogram.
"""

from __future__ import annotations

import numpy as np

from demo.sim.latency import Floats, bucket_means, bucket_shares, bucket_shares_by_age, lognormal
from demo.sim.prompts import sum_of_prompts
from demo.sim.serving import FIRST_TOKEN, Served
from demo.sim.state import State
from demo.sim.vllm_page import BOUNDS
from demo.sim.workload import STEP_SECONDS_NOMINAL

_TOKEN_GAP = lognormal((0.99, 1.0, 0.2), (0.01, 4.0, 0.5))
"""Time between two tokens in multiples of the step: now and then a prefill comes between."""
_BLOCK_TOKENS = 16
_CPU_RATIO = 0.4
"""Of a core, by the engine's front end."""


def write_step(state: State, served: Served, rng: np.random.Generator) -> None:
    """Add one step to the registers of all engines that took steps."""
    registers, dt = state.engines.registers, state.cluster.step_seconds
    computed = _read_prompts(state, served, rng)
    gaps = _take_steps(state, served, computed)
    _set_gauges(state, served)

    name = "vllm:inter_token_latency_seconds"
    shares = bucket_shares(_TOKEN_GAP, BOUNDS[name], state.engines.step_seconds)
    counts = rng.multinomial(gaps.astype(np.int64), shares)
    registers.observe(name, counts, gaps * _TOKEN_GAP.mean * state.engines.step_seconds)
    registers.add("process_cpu_seconds_total", state.stepping * _CPU_RATIO * dt)


def _read_prompts(state: State, served: Served, rng: np.random.Generator) -> Floats:
    """Count the prompts of requests that got their first token; return tokens computed. [G]."""
    registers, profiles = state.engines.registers, state.cluster.profiles
    prompt = sum_of_prompts(state.cluster, served.begun.sum(axis=1), rng)
    ratio = profiles["prefix_hit_ratio"] * state.engines.cache_warmth
    blocks = np.floor(prompt * ratio * rng.normal(1.0, 0.02, len(prompt)) / _BLOCK_TOKENS)
    hits = np.minimum(blocks * _BLOCK_TOKENS, prompt)
    computed: Floats = prompt - hits
    registers.add("vllm:prompt_tokens_total", prompt)
    registers.add("vllm:prefix_cache_queries_total", prompt)
    registers.add("vllm:prefix_cache_hits_total", hits)
    registers.add("vllm:prompt_tokens_cached_total", hits)
    registers.add_to("vllm:prompt_tokens_by_source_total", "local_compute", computed)
    registers.add_to("vllm:prompt_tokens_by_source_total", "local_cache_hit", hits)
    registers.add_to("vllm:prompt_tokens_cached_by_source_total", "device", hits)

    name = "vllm:time_to_first_token_seconds"
    shares = bucket_shares_by_age(
        FIRST_TOKEN,
        BOUNDS[name],
        slots=served.begun.shape[1],
        step_seconds=state.cluster.step_seconds,
        scale=served.first_token_scale,
    )
    counts = rng.multinomial(served.begun, shares).sum(axis=1)
    registers.observe(name, counts, counts @ bucket_means(BOUNDS[name], beyond=BOUNDS[name][-1]))
    return computed


def _take_steps(state: State, served: Served, computed: Floats) -> Floats:
    """Count steps and the tokens that they made; return the gaps between tokens. [G]."""
    registers = state.engines.registers
    begun = served.begun.sum(axis=1)
    batch = np.rint(served.batch)
    steps = np.rint(state.cluster.step_seconds / state.engines.step_seconds)
    steps *= (batch > 0) | (begun > 0)
    gaps: Floats = batch * steps
    registers.add("vllm:generation_tokens_total", gaps + begun)

    name = "vllm:iteration_tokens_total"
    prefilling = np.minimum(steps, begun)
    of_prefill = batch + (computed + begun) / np.maximum(prefilling, 1)
    counts = np.zeros((len(steps), len(BOUNDS[name]) + 1))
    rows = np.arange(len(steps))
    counts[rows, np.searchsorted(BOUNDS[name], batch)] += steps - prefilling
    counts[rows, np.searchsorted(BOUNDS[name], of_prefill)] += prefilling
    registers.observe(name, counts, gaps + begun + computed)
    return gaps


def _set_gauges(state: State, served: Served) -> None:
    requests, profiles = state.requests, state.cluster.profiles
    stepped = state.stepping & ((served.batch > 0) | (served.begun.sum(axis=1) > 0))
    waiting = requests.waiting.sum(axis=(1, 2))
    queued = waiting // 2
    running = waiting - queued + requests.streaming.sum(axis=(1, 2))
    half_generated = profiles["decode_seconds_mean"] / STEP_SECONDS_NOMINAL / 2
    tokens = running * (profiles["prompt_tokens_mean"] + half_generated)
    for name, values in (
        ("vllm:num_requests_running", running),
        ("vllm:num_requests_waiting", queued),
        ("vllm:num_requests_waiting_by_reason", queued),
        ("vllm:kv_cache_usage_perc", np.minimum(tokens / profiles["kv_cache_tokens"], 1.0)),
    ):
        gauge = state.engines.registers.view(name)
        gauge[:, 0] = np.where(stepped, values, gauge[:, 0])
