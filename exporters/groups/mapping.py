"""What is kept of vLLM's page, as data: foreign series on the left, families of ours on the right.

Cumulative values pass through under our names and labels. Kept is what says how requests ended, how
much work was done, how long users of the engine waited, how full it is, and whether it steps. The
other families (request sizes, per-request parameters, Python's and the HTTP server's own) explain
single engines and are there for the asking at the engine itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters import catalog
from exporters.catalog import Family

ENGINE_LABEL = "engine"
"""vLLM's data-parallel rank; absent before vLLM's V1 engine."""
SLEEP_STATE = "vllm:engine_sleep_state"
SLEEP_STATE_LABEL = "sleep_state"
AWAKE = "awake"
PROCESS_START = "process_start_time_seconds"
"""Of the API server; changes when the engine was restarted. Absent with several API servers."""


@dataclass(frozen=True)
class Kept:
    """One foreign gauge or counter that is kept."""

    family: Family
    labels: tuple[str, ...] = ()
    """Values of the family's labels after the group's, where the foreign name implies them."""
    label_from: str | None = None
    """The foreign label that gives the value of the family's last label instead."""
    allowed: tuple[str, ...] = ()
    """The values that ``label_from`` may have; others become ``other``, these exist from 0 on."""


VALUES: Mapping[str, Kept] = {
    "vllm:num_requests_running": Kept(catalog.GROUP_RUNNING),
    "vllm:num_requests_waiting": Kept(catalog.GROUP_WAITING),
    "vllm:kv_cache_usage_perc": Kept(catalog.GROUP_KV_CACHE_USAGE),
    "vllm:request_success_total": Kept(
        catalog.GROUP_FINISHED, label_from="finished_reason", allowed=catalog.FINISH_REASONS
    ),
    "vllm:prompt_tokens_total": Kept(catalog.GROUP_TOKENS, ("prompt",)),
    "vllm:generation_tokens_total": Kept(catalog.GROUP_TOKENS, ("generation",)),
    # A histogram of tokens a step, whose own name ends in _total: its count is the steps.
    "vllm:iteration_tokens_total_count": Kept(catalog.GROUP_STEPS),
    "vllm:num_preemptions_total": Kept(catalog.GROUP_PREEMPTIONS),
    "vllm:prefix_cache_queries_total": Kept(catalog.GROUP_PREFIX_QUERIED_TOKENS),
    "vllm:prefix_cache_hits_total": Kept(catalog.GROUP_PREFIX_HIT_TOKENS),
}

DISTRIBUTIONS: Mapping[str, Family] = {
    "vllm:time_to_first_token_seconds": catalog.GROUP_TIME_TO_FIRST_TOKEN,
    "vllm:inter_token_latency_seconds": catalog.GROUP_INTER_TOKEN_LATENCY,
    "vllm:request_queue_time_seconds": catalog.GROUP_QUEUE_TIME,
}

REQUIRED = (catalog.GROUP_RUNNING, catalog.GROUP_WAITING, catalog.GROUP_STEPS)
"""Without these a page is no vLLM engine's, and no stall could be seen."""
