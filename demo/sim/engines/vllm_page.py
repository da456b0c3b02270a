"""The page of one vLLM 0.32 engine: every number on it is linear in the engine's registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from demo.sim.engines.figures import (
    FIRST_TOKEN_DEADLINE_SECONDS,
    MAX_MODEL_LEN,
    STOPPED_BY_LENGTH_RATIO,
)
from demo.sim.engines.levels import (
    PREFILL,
    PREFILLS,
    STEPS,
    TIME_PER_TOKEN,
    TOKEN_GAP,
    WAITS,
    first_token_means,
    first_token_table,
    prefill_table,
    queue_table,
    step_table,
)
from demo.sim.engines.registers import LEVEL_COUNT, LEVEL_PLACES, Number, Registers
from demo.sim.exposition import PageFamily, Template, children_of, created_name, make_template
from demo.sim.fleet import Flags, Floats, Indices
from demo.sim.latency import bucket_shares
from demo.sim.service import engine_figures, model_figures, output_lengths, prompt_lengths
from exporters.dialects import ForeignFamily, read_dialect

DIALECT = read_dialect("vllm_0_32")
REQUEST_TOKENS = frozenset(
    {
        "vllm:request_prompt_tokens",
        "vllm:request_generation_tokens",
        "vllm:request_max_num_generation_tokens",
        "vllm:request_params_max_tokens",
        "vllm:request_prefill_kv_computed_tokens",
    }
)
"""Histograms whose bounds follow from the longest context."""


def request_token_bounds(max_model_len: int) -> tuple[float, ...]:
    """Return 1, 2, 5, 10 ... up to the longest context in tokens, as vLLM makes them."""
    bounds = (float(mantissa * 10**power) for power in range(12) for mantissa in (1, 2, 5))
    return tuple(bound for bound in bounds if bound <= max_model_len)


def vllm_families(
    engine: str,
    model: str,
    *,
    max_model_len: int = MAX_MODEL_LEN,
    kv_cache_tokens: int | None = None,
) -> list[PageFamily]:
    """Return what stands on an engine's page.

    Args:
        engine: its data-parallel rank.
        model: the served model's name.
        max_model_len: the longest context in tokens.
        kv_cache_tokens: the size of the KV cache; None leaves the dialect's.
    """
    known = {"engine": engine, "model_name": model}
    return [
        PageFamily(
            family,
            children_of(_resize_cache(family, kv_cache_tokens), known),
            bounds_of(family, max_model_len),
        )
        for family in DIALECT.families
    ]


def bounds_of(family: ForeignFamily, max_model_len: int = MAX_MODEL_LEN) -> tuple[float, ...]:
    """Return a histogram's bounds on the page of an engine with this longest context."""
    return request_token_bounds(max_model_len) if family.name in REQUEST_TOKENS else family.bounds


def _resize_cache(family: ForeignFamily, tokens: int | None) -> ForeignFamily:
    if tokens is None or family.name != "vllm:cache_config_info":
        return family
    block = 16
    sizes = {
        "block_size": block,
        "effective_attention_block_size": block,
        "kv_cache_size_tokens": tokens,
        "num_gpu_blocks": tokens // block,
        "kv_cache_max_concurrency": tokens / MAX_MODEL_LEN,
        "kv_cache_memory_bytes": None,
    }
    values = {label: (str(size),) for label, size in sizes.items()}
    return replace(family, values={**family.values, **values})


BOUNDS = {family.name: bounds_of(family) for family in DIALECT.families if family.bounds}
"""Upper bounds of the engines' histograms."""

_MOST_TOKENS_ASKED = 4096
_BYTES_PER_TOKEN = 4.2
_RESPONSE_BYTES_PER_TOKEN = 190.0
"""Streamed: an event of JSON for each token."""
_USUAL_FIRST_TOKEN_SECONDS = 0.2
_ROUNDING = 1e-6
"""Sums of shares of whole numbers are a little less than whole."""


@dataclass(frozen=True)
class EnginePage:
    """The page of all engines of one model and rank: a text, and what its numbers follow from."""

    template: Template
    of_numbers: Floats
    """[Number, values]."""
    of_levels: tuple[tuple[slice, Indices, Floats], ...]
    """For each kind of level where it stands in the registers, which values it is part of, and
    how: the few that a level has to do with, of all. [levels, its values]."""
    whole: Flags
    """Which values are written as whole numbers. [values]."""

    def fill(self, registers: Registers, group: int) -> bytes:
        """Return the page of an engine."""
        levels = registers.levels[group]
        values: Floats = registers.numbers[:, group] @ self.of_numbers
        for place, at, shares in self.of_levels:
            values[at] += levels[place] @ shares
        np.floor(values + _ROUNDING, out=values, where=self.whole)
        return self.template.fill(values.tolist())


@cache
def engine_page(engine: str, model: str) -> EnginePage:
    """Return the page of the engines of a model."""
    tokens = engine_figures(model).kv_cache_tokens
    template = make_template(vllm_families(engine, model, kv_cache_tokens=tokens))
    matrix = np.zeros((len(Number) + LEVEL_COUNT, template.size))
    for name, rows in _rows(model):
        matrix[:, template.slots[name]] += rows.T
    whole = np.ones(template.size, bool)
    for family in DIALECT.families:
        slot = template.slots[family.name]
        if family.type == "gauge" or family.name.startswith("process_"):
            whole[slot] = False
        elif family.type == "histogram":
            whole[slot.stop - 1] = False  # the sum
        if family.created:
            whole[template.slots[created_name(family)]] = False
    whole[template.slots["process_start_time_seconds"]] = False
    levels = matrix[len(Number) :]
    of_levels = []
    for place in LEVEL_PLACES.values():
        at = np.flatnonzero(levels[place].any(axis=0))
        of_levels.append((place, at, levels[place][:, at]))
    return EnginePage(template, matrix[: len(Number)].copy(), tuple(of_levels), whole)


def _rows(model: str) -> Iterator[tuple[str, Floats]]:
    """Yield what each family's values are made of. [values, registers]."""
    for family in DIALECT.families:
        if family.created:
            children = len(children_of(family, {"engine": "", "model_name": ""}))
            yield created_name(family), np.repeat(_one(Number.STARTED), children, axis=0)
    for name, value in _CONSTANTS.items():
        yield name, _one(Number.ALWAYS) * np.atleast_1d(np.array(value))[:, None]
    yield from _counters()
    yield from _histograms(model)


def _one(number: Number, factor: float = 1.0) -> Floats:
    row = np.zeros((1, len(Number) + LEVEL_COUNT))
    row[0, number] = factor
    return row


def _stacked(*rows: Floats | None) -> Floats:
    """Return a family's children; None for one that is 0."""
    return np.concatenate([np.zeros_like(_one(Number.ALWAYS)) if r is None else r for r in rows])


def _counters() -> Iterator[tuple[str, Floats]]:
    prompt = _one(Number.PROMPT_TOKENS)
    device, host, store = map(
        _one, (Number.HIT_DEVICE_TOKENS, Number.HIT_HOST_TOKENS, Number.HIT_STORE_TOKENS)
    )
    finished, failed = _one(Number.FINISHED), _one(Number.FAILED)
    by_length = STOPPED_BY_LENGTH_RATIO
    yield "process_start_time_seconds", _one(Number.STARTED)
    yield "process_cpu_seconds_total", _one(Number.CPU_SECONDS)
    yield "vllm:num_requests_running", _one(Number.RUNNING)
    yield "vllm:num_requests_waiting", _one(Number.WAITING)
    yield "vllm:num_requests_waiting_by_reason", _stacked(_one(Number.WAITING), None)
    yield "vllm:kv_cache_usage_perc", _one(Number.KV_USAGE_RATIO)
    yield "vllm:prefix_cache_queries_total", prompt
    yield "vllm:prefix_cache_hits_total", device
    yield "vllm:external_prefix_cache_queries_total", prompt - device
    yield "vllm:external_prefix_cache_hits_total", host + store
    yield "vllm:num_preemptions_total", _one(Number.PREEMPTIONS)
    yield "vllm:prompt_tokens_total", prompt
    sources = _stacked(prompt - device - host - store, device, host + store)
    yield "vllm:prompt_tokens_by_source_total", sources
    yield "vllm:prompt_tokens_cached_total", device + host + store
    cached = _stacked(device, host, None, None, store)
    yield "vllm:prompt_tokens_cached_by_source_total", cached
    yield "vllm:generation_tokens_total", _one(Number.GENERATED_TOKENS)
    ends = _stacked(finished * (1 - by_length), finished * by_length, None, failed, None)
    yield "vllm:request_success_total", ends
    # Routers turn away before the engine has to.
    yield "vllm:admission_rejections_total", _stacked(None, None)
    yield "http_requests_total", finished


def _histograms(model: str) -> Iterator[tuple[str, Floats]]:
    missed = 1 - model_figures(model).prefix_hit_ratio.value
    prompt, lengths = prompt_lengths(model), output_lengths(model)
    for name, latency, factor in (
        ("vllm:request_prompt_tokens", prompt, 1.0),
        ("vllm:request_prefill_kv_computed_tokens", prompt, missed),
        ("vllm:request_generation_tokens", lengths, 1.0),
        ("vllm:request_max_num_generation_tokens", lengths, 1.0),
    ):
        shares = bucket_shares(latency, BOUNDS[name], np.array([factor]))
        yield name, _histogram(_finished(), shares, np.array([latency.mean * factor]))
    for name, value in (
        ("vllm:request_params_n", 1.0),
        ("vllm:request_params_max_tokens", float(_MOST_TOKENS_ASKED)),
        ("vllm:request_num_preemptions", 0.0),
    ):
        shares = np.eye(len(BOUNDS[name]) + 1)[[np.searchsorted(BOUNDS[name], value)]]
        yield name, _histogram(_finished(), shares, np.array([value]))
    for name, mean, bytes_per_token in (
        ("http_request_size_bytes", prompt.mean, _BYTES_PER_TOKEN),
        ("http_response_size_bytes", lengths.mean, _RESPONSE_BYTES_PER_TOKEN),
    ):
        yield name, _stacked(_one(Number.FINISHED), _one(Number.FINISHED, mean * bytes_per_token))

    name = "vllm:time_to_first_token_seconds"
    in_time = _histogram(
        _levels("first_tokens"),
        first_token_table(BOUNDS[name], at_client=False),
        first_token_means(),
    )
    bucket = np.searchsorted(BOUNDS[name], FIRST_TOKEN_DEADLINE_SECONDS) + 1
    late = np.eye(len(BOUNDS[name]) + 1)[[bucket]]
    means = np.array([FIRST_TOKEN_DEADLINE_SECONDS])
    yield name, in_time + _histogram(_one(Number.LATE_FIRST_TOKENS), late, means)
    name = "vllm:request_queue_time_seconds"
    waits = WAITS + 0.005
    yield name, _histogram(_levels("finished_waits"), queue_table(BOUNDS[name]), waits)
    name = "vllm:request_prefill_time_seconds"
    means = PREFILLS * PREFILL.mean
    yield name, _histogram(_levels("finished_prefills"), prefill_table(BOUNDS[name]), means)
    name = "vllm:iteration_tokens_total"
    edges = np.array([0.0, *BOUNDS[name], 2 * BOUNDS[name][-1]])
    shares = np.eye(len(BOUNDS[name]) + 1)
    yield name, _histogram(_levels("iterations"), shares, (edges[1:] + edges[:-1]) / 2)
    first = _USUAL_FIRST_TOKEN_SECONDS
    for name, levels, latency, delay in (
        ("vllm:inter_token_latency_seconds", "gaps", TOKEN_GAP, 0.0),
        ("vllm:request_time_per_output_token_seconds", "finished_steps", TIME_PER_TOKEN, 0.0),
        ("vllm:request_decode_time_seconds", "finished_steps", lengths, 0.0),
        ("vllm:e2e_request_latency_seconds", "finished_steps", lengths, first),
        ("vllm:request_inference_time_seconds", "finished_steps", lengths, first),
        ("http_request_duration_highr_seconds", "finished_steps", lengths, first),
        ("http_request_duration_seconds", "finished_steps", lengths, first),
    ):
        shares = step_table(latency, BOUNDS[name], delay)
        yield name, _histogram(_levels(levels), shares, STEPS * latency.mean + delay)


def _finished() -> Floats:
    return _one(Number.FINISHED)


def _levels(name: str) -> Floats:
    """Return the rows of one kind of level. [levels, registers]."""
    place = LEVEL_PLACES[name]
    rows = np.zeros((place.stop - place.start, len(Number) + LEVEL_COUNT))
    rows[np.arange(len(rows)), len(Number) + place.start + np.arange(len(rows))] = 1.0
    return rows


def _histogram(of: Floats, shares: Floats, means: Floats) -> Floats:
    """Return buckets (cumulative), count and sum of observations.

    Args:
        of: what is observed, level by level. [levels, registers].
        shares: of each bucket, by level. [levels, K].
        means: of the observed values. [levels].
    """
    upto = np.minimum(shares.cumsum(axis=1), 1.0)
    upto[:, -1] = 1.0
    return np.concatenate([upto, np.ones((len(upto), 1)), means[:, None]], axis=1).T @ of


_CONSTANTS: dict[str, float | Sequence[float]] = {
    "python_info": 1.0,
    "python_gc_objects_collected_total": (15279.0, 1570.0, 1241.0),
    "python_gc_collections_total": (1552.0, 141.0, 10.0),
    "process_virtual_memory_bytes": 4.2e10,
    "process_resident_memory_bytes": 3.1e9,
    "process_open_fds": 135.0,
    "process_max_fds": 1048576.0,
    "vllm:engine_sleep_state": (1.0, 0.0, 0.0),
    "vllm:cache_config_info": 1.0,
}
"""What an engine shows when it has just started."""
