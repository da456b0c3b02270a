"""What an engine writes into its page when requests end: vLLM's histograms of whole requests.

A request that hangs is in none of them, and one that its client gave up never will be.
"""

from __future__ import annotations

import numpy as np

from demo.sim.cluster import Counts
from demo.sim.latency import Floats, bucket_shares, lognormal
from demo.sim.prompts import prompt_shares, sum_of_prompts
from demo.sim.serving import FIRST_TOKEN, Served
from demo.sim.state import State
from demo.sim.vllm_page import BOUNDS, Registers
from demo.sim.workload import STOPPED_BY_LENGTH_RATIO

_TIME_PER_TOKEN = lognormal((1.0, 1.0, 0.12))
"""Of whole requests, in multiples of the engine's step."""
_QUEUE = lognormal((1.0, 0.004, 1.0))
_MAX_TOKENS_ASKED = 4096
_BYTES_PER_TOKEN = 4.2
_RESPONSE_BYTES_PER_TOKEN = 190.0
"""Streamed: an event of JSON for each token."""
_FIRST_TOKEN_MEAN_SECONDS = FIRST_TOKEN.mean


def write_finished(state: State, served: Served, rng: np.random.Generator) -> None:
    """Add the requests that ended in one step to the registers of all engines."""
    registers = state.engines.registers
    finished = served.finished.sum(axis=1)
    by_length = rng.binomial(finished, STOPPED_BY_LENGTH_RATIO)
    registers.add_to("vllm:request_success_total", "stop", finished - by_length)
    registers.add_to("vllm:request_success_total", "length", by_length)
    registers.add_to("vllm:request_success_total", "error", served.failed)
    registers.add("http_requests_total", finished)

    tokens = _write_times(state, served, rng)
    registers.add_summary("http_response_size_bytes", finished, tokens * _RESPONSE_BYTES_PER_TOKEN)
    prompts = _write_prompts(state, finished, rng)
    registers.add_summary("http_request_size_bytes", finished, np.rint(prompts * _BYTES_PER_TOKEN))

    _observe_same(registers, "vllm:request_params_n", finished, 1)
    _observe_same(registers, "vllm:request_params_max_tokens", finished, _MAX_TOKENS_ASKED)
    _observe_same(registers, "vllm:request_num_preemptions", finished, 0)
    scale = served.first_token_scale
    for name, latency, times in (
        ("vllm:request_prefill_time_seconds", FIRST_TOKEN, scale),
        ("vllm:request_queue_time_seconds", _QUEUE, scale),
        (
            "vllm:request_time_per_output_token_seconds",
            _TIME_PER_TOKEN,
            state.engines.step_seconds,
        ),
    ):
        counts = rng.multinomial(finished, bucket_shares(latency, BOUNDS[name], times))
        registers.observe(name, counts, finished * latency.mean * times)


def _write_times(state: State, served: Served, rng: np.random.Generator) -> Floats:
    """Observe what follows from a request's age at its end; return tokens generated. [G]."""
    ages = np.arange(served.finished.shape[1]) + rng.random()
    seconds = np.broadcast_to(ages * state.cluster.step_seconds, served.finished.shape)
    first = _FIRST_TOKEN_MEAN_SECONDS * served.first_token_scale[:, None]
    decoding = np.maximum(seconds - first, seconds / 2)
    tokens = np.maximum(np.rint(decoding / state.engines.step_seconds[:, None]), 1.0)
    for name, values in (
        ("vllm:e2e_request_latency_seconds", seconds),
        ("vllm:request_inference_time_seconds", seconds),
        ("vllm:request_decode_time_seconds", decoding),
        ("vllm:request_generation_tokens", tokens),
        ("vllm:request_max_num_generation_tokens", tokens),
        ("http_request_duration_highr_seconds", seconds),
        ("http_request_duration_seconds", seconds),
    ):
        bounds = BOUNDS[name]
        counts = np.zeros((len(values), len(bounds) + 1))
        rows = np.broadcast_to(np.arange(len(values))[:, None], values.shape)
        np.add.at(counts, (rows, np.searchsorted(bounds, values)), served.finished)
        state.engines.registers.observe(name, counts, (served.finished * values).sum(axis=1))
    generated: Floats = (served.finished * tokens).sum(axis=1)
    return generated


def _write_prompts(state: State, finished: Counts, rng: np.random.Generator) -> Floats:
    """Observe the lengths of prompts; return their sums in tokens. [G]."""
    cluster, registers = state.cluster, state.engines.registers
    missed = 1 - cluster.profiles["prefix_hit_ratio"] * state.engines.cache_warmth
    prompts = sum_of_prompts(cluster, finished, rng)
    for name, part in (
        ("vllm:request_prompt_tokens", np.ones_like(missed)),
        ("vllm:request_prefill_kv_computed_tokens", missed),
    ):
        counts = rng.multinomial(finished, prompt_shares(cluster, BOUNDS[name], part))
        registers.observe(name, counts, np.rint(prompts * part))
    return prompts


def _observe_same(registers: Registers, name: str, counts: Counts, value: int) -> None:
    drawn = np.zeros((len(counts), len(BOUNDS[name]) + 1))
    drawn[:, np.searchsorted(BOUNDS[name], value)] = counts
    registers.observe(name, drawn, counts * float(value))
