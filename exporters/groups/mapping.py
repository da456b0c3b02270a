"""What is kept of vLLM's page, as data: foreign series, families of ours, and why they are kept.

Cumulative values pass through under our names and labels. Foreign names are those of vLLM 0.32;
older ones are found by :mod:`exporters.dialects.vllm_changes`. What is not listed (sizes and
parameters of requests, distributions of prefill and decode times, Python's and the HTTP server's
own) explains a single engine, and is there for the asking at the engine itself.

The account of the KV cache
    All in prompt tokens. *Queried*: looked up in the prefix cache, counted when a request is
    scheduled. *Hit*, by tier, and *missed*: counted when its prefill ends, so what was queried and
    is in neither is under way. All are the engine's own counters; differences of them would fall
    at times. Hit ratios are for rules: ``rate(hit) / rate(queried)``. Pressure shows as
    preemptions, as KV usage, and where the engine tells of evictions, as the time for which their
    blocks had lain idle.

    What misses cost in GPU-seconds does not follow from the page, but a bound does: whenever a
    prompt is computed, some request is between its schedule and its first token, so the sum of
    these times, times the GPUs of the group, is no less. It is more by as much as requests in
    prefill share their batch, with each other and with others' decoding: at load, by several times.
    Compare it with itself, as over a flush of the cache. Not in it are requests that never finish,
    for vLLM sees times only then, and what is computed again after a preemption.
    (``estimated_flops_per_gpu`` would not do: it does not tell prefill from decode.)

    One figure is left out, for it would be made up: vLLM has no counter of the tokens that it
    computes again after a preemption; it counts preemptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporters import catalog
from exporters.catalog import Family

RUNNING = "vllm:num_requests_running"
SLEEP_STATE = "vllm:engine_sleep_state"
SLEEP_STATE_LABEL = "sleep_state"
AWAKE = "awake"
PROCESS_START = "process_start_time_seconds"
"""Of the API server; changes when the engine was restarted. Absent with several API servers."""
CACHE_CONFIG = "vllm:cache_config_info"
BLOCK_SIZE_LABEL = "block_size"
"""Tokens in a block of the KV cache."""
MODEL_LABEL = "model_name"
"""What a probe has to ask for."""
HTTP_REQUESTS = "http_requests_total"
"""Requests that the API server ended. One that ends while the engine makes no step was not served:
its client left."""
HANDLERS = ("completions", "responses", "messages", "generate", "embeddings")
"""Ends of the paths that give the engine work."""


@dataclass(frozen=True)
class Kept:
    """One foreign gauge or counter that is kept."""

    name: str
    family: Family
    why: str
    labels: tuple[str, ...] = ()
    """Values of the family's labels after the group's, where the foreign name implies them."""
    label_from: str | None = None
    """The foreign label that gives the value of the family's last label instead."""
    allowed: Mapping[str, str] = field(default_factory=dict)
    """The values that ``label_from`` may have, and ours for them; others become ``other``. Ours
    exist from 0 on."""
    only: str | None = None
    """The one value of ``label_from`` that is kept, where the family has no label for it."""
    without: str | None = None
    """Kept only where this other name is not on the page."""
    is_page_wide: bool = False
    """Counted by the API server, without the label of the engine: kept for its first one."""
    is_basic: bool = False
    """On every engine's page; Ray leaves counters out until they first count."""
    is_per_gpu: bool = False
    """Served times the GPUs of the group; not at all where the topology gives it none."""
    may_be_blocks: bool = False
    """Of the prefix cache: once counted in blocks, served in tokens."""


def _same(values: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(values, values, strict=True))


_CACHED_BY_TIER = "vllm:prompt_tokens_cached_by_source_total"
_BY_SOURCE = "vllm:prompt_tokens_by_source_total"
_TIERS = dict(
    zip(("device", "host", "p2p", "disk", "external_unspecified"), catalog.CACHE_TIERS, strict=True)
)

VALUES: tuple[Kept, ...] = (
    Kept(RUNNING, catalog.GROUP_RUNNING, "load, and whether a step is due"),
    Kept("vllm:num_requests_waiting", catalog.GROUP_WAITING, "a queue that grows is the first "
         "sign of too much load"),
    Kept("vllm:num_requests_waiting_by_reason", catalog.GROUP_WAITING_BY_REASON,
         "a full engine and a slow transfer of KV cache ask for different cures",
         label_from="reason", allowed=_same(catalog.WAITING_REASONS)),
    Kept("vllm:admission_rejections_total", catalog.GROUP_REJECTED,
         "503s that clients and routers retry: the fuel of a snowball",
         label_from="reason", allowed=_same(catalog.REJECTION_REASONS), is_page_wide=True),
    Kept("vllm:kv_cache_usage_perc", catalog.GROUP_KV_CACHE_USAGE, "what limits the batch"),
    Kept("vllm:request_success_total", catalog.GROUP_FINISHED,
         "how requests ended; its errors are the only trace of one after its stream began",
         label_from="finished_reason", allowed=_same(catalog.FINISH_REASONS), is_basic=True),
    Kept("vllm:prompt_tokens_total", catalog.GROUP_TOKENS, "work done, by phase", ("prompt",),
         is_basic=True),
    Kept("vllm:generation_tokens_total", catalog.GROUP_TOKENS, "work done, by phase",
         ("generation",), is_basic=True),
    Kept(_BY_SOURCE, catalog.GROUP_PROMPT_TOKENS_BY_SOURCE, "prefill that was saved, or moved",
         label_from="source", allowed=_same(catalog.TOKEN_SOURCES)),
    # A histogram of tokens a step, whose own name ends in _total: its count is the steps.
    Kept("vllm:iteration_tokens_total_count", catalog.GROUP_STEPS,
         "what stands still when a collective hangs"),
    Kept("vllm:num_preemptions_total", catalog.GROUP_PREEMPTIONS, "too little KV cache",
         is_basic=True),
    Kept("vllm:prefix_cache_queries_total", catalog.GROUP_PREFIX_QUERIED_TOKENS,
         "the whole of the cache account", may_be_blocks=True),
    Kept("vllm:prefix_cache_hits_total", catalog.GROUP_PREFIX_HIT_TOKENS,
         "the device's hits at the moment of the look-up", may_be_blocks=True),
    Kept(_CACHED_BY_TIER, catalog.GROUP_CACHE_HIT_TOKENS, "the cache account, by tier",
         label_from="source", allowed=_TIERS),
    Kept("vllm:prefix_cache_hits_total", catalog.GROUP_CACHE_HIT_TOKENS,
         "the same before 0.32", ("device",), without=_CACHED_BY_TIER, may_be_blocks=True),
    Kept("vllm:external_prefix_cache_hits_total", catalog.GROUP_CACHE_HIT_TOKENS,
         "the same before 0.32: a KV connector's, of whatever tier", ("external",),
         without=_CACHED_BY_TIER),
    Kept(_BY_SOURCE, catalog.GROUP_CACHE_MISSED_TOKENS, "the cost of misses, in tokens",
         label_from="source", only="local_compute"),
    Kept("vllm:request_prefill_time_seconds_sum", catalog.GROUP_CACHE_MISSED_GPU_SECONDS,
         "the cost of misses, in GPU time: a bound", is_per_gpu=True),
    Kept("vllm:kv_block_idle_before_evict_seconds_count", catalog.GROUP_CACHE_EVICTIONS,
         "pressure on the cache (--kv-cache-metrics)"),
    Kept("vllm:kv_block_idle_before_evict_seconds_sum", catalog.GROUP_CACHE_EVICTED_IDLE,
         "how much of the pressure hurts (--kv-cache-metrics)"),
    Kept("vllm:kv_offload_cpu_cache_usage_perc", catalog.GROUP_HOST_CACHE_USAGE,
         "pressure on the host's tier"),
    Kept("vllm:kv_offload_allocation_failure_total", catalog.GROUP_HOST_CACHE_REFUSALS,
         "pressure on the host's tier"),
)  # fmt: skip


@dataclass(frozen=True)
class KeptDistribution:
    """One foreign histogram that is kept, cut to the bounds of the family."""

    name: str
    family: Family
    why: str


DISTRIBUTIONS: tuple[KeptDistribution, ...] = (
    KeptDistribution("vllm:time_to_first_token_seconds", catalog.GROUP_TIME_TO_FIRST_TOKEN,
                     "the engine's share of what users wait for at first"),
    KeptDistribution("vllm:inter_token_latency_seconds", catalog.GROUP_INTER_TOKEN_LATENCY,
                     "stutter while an answer streams"),
    KeptDistribution("vllm:request_time_per_output_token_seconds",
                     catalog.GROUP_TIME_PER_OUTPUT_TOKEN, "what published objectives are set on"),
    KeptDistribution("vllm:e2e_request_latency_seconds", catalog.GROUP_END_TO_END,
                     "how long requests hold their KV cache"),
    KeptDistribution("vllm:request_queue_time_seconds", catalog.GROUP_QUEUE_TIME,
                     "waiting apart from computing"),
)  # fmt: skip

REQUIRED = (catalog.GROUP_RUNNING, catalog.GROUP_WAITING)
"""Without these a page is no vLLM engine's. Nor without steps or tokens: no stall could be seen."""
