"""Families of shard groups: one engine is one group."""

from __future__ import annotations

from exporters.catalog.bounds import (
    INTER_TOKEN_LATENCY_BOUNDS,
    REQUEST_TIME_BOUNDS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import (
    ENGINE,
    FAILURE_DOMAIN,
    FINISH_REASON,
    GROUP_LABELS,
    PHASE,
    REASON,
    REVISION,
    STATE,
)

GROUP_UP = gauge(
    "group_up", "1 if the engine's page answered the last collection, else 0.", GROUP_LABELS
)
GROUP_HEALTH = gauge(
    "group_health_ok",
    "1 if the engine's /health answered 200, else 0; a stalled one still does.",
    GROUP_LABELS,
)
GROUP_STATE = gauge(
    "group_state", "1 for the group's state, 0 for every other state.", (*GROUP_LABELS, STATE)
)
GROUP_REASON = gauge(
    "group_reason", "1 for the current reason of the group's state.", (*GROUP_LABELS, REASON)
)
GROUP_INFO = gauge(
    "group_info",
    "Always 1: what the group runs and what it falls with.",
    (*GROUP_LABELS, REVISION, ENGINE, FAILURE_DOMAIN),
)
GROUP_CAPACITY = gauge(
    "group_capacity_ratio",
    "1 if the group can serve, 0 if any member is gone or it is stalled.",
    GROUP_LABELS,
)
GROUP_GPUS_EXPECTED = gauge(
    "group_gpus_expected", "GPUs that the topology gives the group.", GROUP_LABELS
)
GROUP_GPUS_UP = gauge(
    "group_gpus_up", "GPUs of the group that answer and are not lost.", GROUP_LABELS
)
GROUP_SECONDS_SINCE_STEP = gauge(
    "group_seconds_since_step",
    "Seconds since the engine's step counter last moved, or since the exporter first saw it.",
    GROUP_LABELS,
)
GROUP_RUNNING = gauge("group_requests_running", "Requests in the engine's batch.", GROUP_LABELS)
GROUP_WAITING = gauge("group_requests_waiting", "Requests in the engine's queue.", GROUP_LABELS)
GROUP_KV_CACHE_USAGE = gauge(
    "group_kv_cache_usage_ratio", "Share of the KV cache in use.", GROUP_LABELS
)
GROUP_FINISHED = counter(
    "group_requests_finished",
    "Requests that the engine finished; aborts are invisible to it.",
    (*GROUP_LABELS, FINISH_REASON),
)
GROUP_TOKENS = counter(
    "group_tokens",
    "Tokens processed (prompt, cached ones included) or generated.",
    (*GROUP_LABELS, PHASE),
)
GROUP_STEPS = counter("group_steps", "Steps of the engine.", GROUP_LABELS)
GROUP_PREEMPTIONS = counter(
    "group_preemptions", "Requests preempted for lack of KV cache.", GROUP_LABELS
)
GROUP_PREFIX_QUERIED_TOKENS = counter(
    "group_prefix_cache_queried_tokens",
    "Prompt tokens looked up in the prefix cache.",
    GROUP_LABELS,
)
GROUP_PREFIX_HIT_TOKENS = counter(
    "group_prefix_cache_hit_tokens", "Prompt tokens found in the prefix cache.", GROUP_LABELS
)
GROUP_TIME_TO_FIRST_TOKEN = histogram(
    "group_time_to_first_token_seconds",
    "Tokenisation to first token, as the engine saw it.",
    GROUP_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)
GROUP_INTER_TOKEN_LATENCY = histogram(
    "group_inter_token_latency_seconds",
    "Time between two streamed outputs.",
    GROUP_LABELS,
    INTER_TOKEN_LATENCY_BOUNDS,
)
GROUP_QUEUE_TIME = histogram(
    "group_request_queue_time_seconds",
    "Time in the engine's queue, of finished requests.",
    GROUP_LABELS,
    REQUEST_TIME_BOUNDS,
)
