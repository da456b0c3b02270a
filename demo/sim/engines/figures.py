"""How engines answer when they are well: figures of vLLM on 32 GPUs, and their sources.

===========  =====================================================================================
[deepseek]   DeepSeek-V3/R1 inference system overview, March 2025: 20 to 22 tokens a second and user
[vllm]       vLLM 0.32: ``max_num_batched_tokens`` 8192 and ``max_num_seqs`` 1024 on H100 and
             larger, ``VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS`` 300
[mlperf]     MLPerf inference rules: Llama 3.1 405B, time per output token 175 ms (server)
===========  =====================================================================================

What has no source is chosen, so that a group at its daily peak does about 60 % of what it can. What
users ask (lengths, rhythm, tools) is in ``demo/traffic/figures.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FIRST_TOKEN_DEADLINE_SECONDS = 10.0
"""A request without a first token after this long is a timeout."""
INTER_TOKEN_DEADLINE_SECONDS = 10.0
"""So is a stream that pauses so long."""

STEP_SECONDS_EMPTY = 0.0257
"""Reading the weights once: with a usual batch 21 tokens a second and user [deepseek]."""
USUAL_STEP_SECONDS = 1 / 21  # [deepseek]
STEP_SECONDS_PER_STREAM = 0.00006
SECONDS_PER_PROMPT_TOKEN = 1 / 60_000
BATCHED_TOKENS = 8192  # [vllm]
"""Of prompts, at the most in one step (chunked prefill)."""
MOST_STREAMS = 1024  # [vllm]

NETWORK_SECONDS = 0.015
"""What a client waits beyond what the engine sees; the safety filter's time is in it."""
TOKENISATION_SECONDS = 0.03
"""What every first token takes besides the engine's step and the prompt."""
FIRST_TOKEN_SIGMA = 0.55
SLOW_FIRST_TOKEN_RATIO = 0.0035
SLOW_FIRST_TOKEN_FACTOR = 22.0
SLOW_FIRST_TOKEN_SIGMA = 0.35

FAILED_RATIO = 0.00024
"""Requests that the engine ends with an error: background, with the blips 30 to 50 % of the budget
of a 99.9 % objective."""
ABORTED_PER_STREAMING_SECOND = 0.0006
"""Users who close the page while it streams."""
STOPPED_BY_LENGTH_RATIO = 0.04

RESTORED_FROM_HOST_COST = 0.05
RESTORED_FROM_STORE_COST = 0.2
"""What a prompt token costs that is read back from a lower tier, in parts of computing it."""
SHARED_PREFIX_RATIO = 0.3
"""Part of the hits that any group gives (system prompts); the rest is of a session's own group."""
REUSE_SHAPE = 0.8
"""Of the distance between two uses of a prefix: hits = 1 - exp(-(kept / scale)^shape)."""
HOST_TIER_TOKENS = 16_000_000
STORE_TIER_TOKENS = 200_000_000
FAMILIAR_SECONDS = 120.0
"""How long sessions last that were moved from another group."""

LOAD_SECONDS = 20.0
"""To read the weights at full speed and warm up."""
LOAD_RETRIES_PER_LOAD = 0.1
"""Reads from the store that fail and are tried again, a quarter of the load longer each."""
DRAIN_SECONDS = 30.0
EXECUTE_TIMEOUT_SECONDS = 300.0  # [vllm]
"""So long does a hung engine say that it is healthy."""

MAX_MODEL_LEN = 131_072
"""The engines' longest context in tokens: the bounds of vLLM's token histograms follow from it."""


@dataclass(frozen=True)
class EngineFigures:
    """What tells the engines of one model from others."""

    requests_per_second: float
    """At the daily peak, of one group."""
    kv_cache_tokens: int
    reuse_tokens: float
    """Scale of the distance between two uses of a prefix."""
    end_to_end_deadline_seconds: float


ENGINES: Mapping[str, EngineFigures] = {
    "chat": EngineFigures(30.0, 2_000_000, 3.0e6, 120.0),
    "code": EngineFigures(32.0, 2_000_000, 3.0e6, 120.0),
    "agent": EngineFigures(6.4, 4_000_000, 8.0e6, 300.0),
    "reason": EngineFigures(6.6, 4_000_000, 3.0e6, 900.0),
}
OTHER_MODEL = "chat"
"""Whose figures a model has that is not known."""
