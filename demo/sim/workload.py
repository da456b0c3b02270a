"""What is asked of the service, and how it answers when it is well: figures and their sources.

==========  ======================================================================================
[azure]     Azure LLM inference traces 2023 (CC-BY): prompt tokens, conversation p50 1020, p90
            2735; code p50 1469, p90 5194
[mooncake]  Mooncake conversation trace (Apache-2.0): prompt tokens p50 6909, p90 27367
[wild]      KVCache cache in the wild, arXiv 2506.02634: 54 % and 62 % of prompt tokens hit
[tracelab]  TraceLab, arXiv 2606.30560 (CC BY 4.0): tool latencies, and the mix of an agent that
            codes: shell 76 %, file edits 11 %, read and search 9 %
==========  ======================================================================================

What has no source is chosen: rates, tiers, deadlines, error ratios, sizes of caches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log, sqrt

FIRST_TOKEN_DEADLINE_SECONDS = 10.0
"""A request without a first token after this long is a timeout; so is a stream that pauses so."""
END_TO_END_DEADLINE_SECONDS = 60.0
INTER_TOKEN_DEADLINE_SECONDS = 10.0

TIER_SHARES: Mapping[str, float] = {"free": 0.45, "pro": 0.35, "enterprise": 0.15, "gov": 0.05}
RATE_LIMITED_RATIOS: Mapping[str, float] = {
    "free": 0.004,
    "pro": 0.001,
    "enterprise": 0.0,
    "gov": 0.0,
}
"""Share of a tier's requests that its own limit turns away; they cost no error budget."""

SWELL_RATIO = 0.1
"""How far traffic swings around its mean."""
SWELL_SECONDS = 900.0

# Healthy is not perfect: together with the 0.007 % whose first token takes more than ten seconds,
# 0.03 % of requests are bad, which is 30 % of the budget of a 99.9 % objective.
FAILED_BEFORE_FIRST_TOKEN_RATIO = 0.00016
FAILED_PER_STREAMING_SECOND = 0.00001
ABORTED_PER_STREAMING_SECOND = 0.0006
"""Users who close the page while it streams."""
STOPPED_BY_LENGTH_RATIO = 0.08

# Time to first token: a body, and a tail of long prompts. 0.3 % are above 2.5 s.
FIRST_TOKEN_MEDIAN_SECONDS = 0.35
FIRST_TOKEN_SIGMA = 0.55
SLOW_FIRST_TOKEN_RATIO = 0.0037
SLOW_FIRST_TOKEN_MEDIAN_SECONDS = 3.5
SLOW_FIRST_TOKEN_SIGMA = 0.5
NETWORK_SECONDS = 0.015
"""What the client waits beyond what the engine sees."""

STEP_SECONDS_EMPTY = 0.024
STEP_SECONDS_PER_REQUEST = 0.00005
"""An engine's step, and so the time between two tokens, grows with its batch."""
STEP_SECONDS_NOMINAL = 0.030
"""With the batch that a group has at its usual traffic."""

MAX_MODEL_LEN = 131_072
"""The engines' longest context in tokens: the bounds of vLLM's token histograms follow from it."""

LOAD_SECONDS = 20.0
"""To read the weights and warm up."""
DRAIN_SECONDS = 30.0
EXECUTE_TIMEOUT_SECONDS = 300.0
"""vLLM's VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS: so long does a hung engine say that it is healthy."""
CACHE_WARMING_SECONDS = 90.0


@dataclass(frozen=True)
class Profile:
    """The traffic of one model, and the size of its engines."""

    requests_per_second_and_group: float = 15.0
    prompt_tokens_median: float = 1020.0  # [azure]
    prompt_tokens_sigma: float = log(2735 / 1020) / 1.2816  # [azure]
    decode_seconds_mean: float = 8.0
    """At the nominal step."""
    prefix_hit_ratio: float = 0.55  # [wild]
    first_tokens_per_second: float = 48.0
    """What a group's prefill can do."""
    kv_cache_tokens: int = 524_288
    tool_calls_per_request: float = 0.0
    tool_mix: Mapping[str, float] = field(default_factory=dict)

    @property
    def prompt_tokens_mean(self) -> float:
        """Mean of the lognormal."""
        return self.prompt_tokens_median * _lognormal_mean(self.prompt_tokens_sigma)

    @property
    def prompt_tokens_deviation(self) -> float:
        """Standard deviation of the lognormal."""
        mean = _lognormal_mean(self.prompt_tokens_sigma)
        return self.prompt_tokens_mean * sqrt(mean * mean - 1)


PROFILES: Mapping[str, Profile] = {
    "chat": Profile(),
    "code": Profile(
        prompt_tokens_median=1469.0,  # [azure]
        prompt_tokens_sigma=log(5194 / 1469) / 1.2816,  # [azure]
        kv_cache_tokens=1_048_576,
        tool_calls_per_request=0.3,
        tool_mix={"code_execution": 0.87, "browser": 0.04, "search": 0.09},  # [tracelab]
    ),
    "agent": Profile(
        prompt_tokens_median=6909.0,  # [mooncake]
        prompt_tokens_sigma=log(27367 / 6909) / 1.2816,  # [mooncake]
        kv_cache_tokens=4_194_304,
        tool_calls_per_request=0.4,
        tool_mix={"code_execution": 0.30, "browser": 0.35, "search": 0.35},
    ),
    "reason": Profile(decode_seconds_mean=11.0, kv_cache_tokens=786_432),
}
OTHER_PROFILE = Profile()
"""For models that have no profile of their own."""


@dataclass(frozen=True)
class ToolProfile:
    """How long a tool takes, and how often it fails when it is well."""

    seconds_at: Mapping[float, float]
    """Quantiles of calls that end well."""
    failures: Mapping[str, float]
    """Share of calls by error type."""


TOOLS: Mapping[str, ToolProfile] = {
    "code_execution": ToolProfile(
        {0.0: 0.02, 0.25: 0.11, 0.5: 0.85, 0.9: 22.0, 0.99: 240.0, 1.0: 600.0},  # [tracelab] shell
        {"tool_error": 0.002, "timeout": 0.001, "cancelled": 0.002},
    ),
    "browser": ToolProfile(
        {0.0: 0.3, 0.5: 5.9, 0.9: 62.0, 0.99: 260.0, 1.0: 600.0},  # [tracelab] web
        {"timeout": 0.0012, "captcha": 0.0012, "blocked": 0.0006, "cancelled": 0.004},
    ),
    "search": ToolProfile(
        {0.0: 0.005, 0.5: 0.043, 0.9: 0.48, 0.99: 7.2, 1.0: 60.0},  # [tracelab] read and search
        {"tool_error": 0.0015, "rate_limited": 0.001, "timeout": 0.0005, "cancelled": 0.001},
    ),
}
TOOL_FAILURE_SECONDS_AT: Mapping[float, float] = {0.0: 0.02, 0.5: 0.2, 0.99: 2.0, 1.0: 5.0}
"""Quantiles of calls that fail, timeouts left out."""
TOOL_TIMEOUT_SECONDS = 10.002
"""A tool that does not answer is given up after ten seconds; timers are a little late."""
OUTAGE_FAILURES: Mapping[str, float] = {"timeout": 0.8, "tool_error": 0.2}


def _lognormal_mean(sigma: float) -> float:
    """Return the mean of a lognormal distribution whose median is 1."""
    return exp(sigma * sigma / 2)
