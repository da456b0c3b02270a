"""Families of shard groups: one engine is one group."""

from __future__ import annotations

from exporters.catalog.bounds import (
    GROUP_END_TO_END_BOUNDS,
    GROUP_INTER_TOKEN_LATENCY_BOUNDS,
    GROUP_QUEUE_TIME_BOUNDS,
    GROUP_TIME_PER_OUTPUT_TOKEN_BOUNDS,
    GROUP_TIME_TO_FIRST_TOKEN_BOUNDS,
)
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import (
    CACHE_TIER,
    CACHE_TIERS,
    CACHE_UNIT,
    CACHE_UNITS,
    DIALECT,
    ENGINE,
    FAILURE_DOMAIN,
    FINISH_REASON,
    FINISH_REASONS,
    GROUP_LABELS,
    GROUP_REASONS,
    GROUP_STATES,
    HISTOGRAM,
    MEMBER_STATES,
    OTHER,
    OUTCOME,
    PHASE,
    PHASES,
    REASON,
    REJECTION_REASONS,
    REVISION,
    SERVED_DIALECTS,
    STALL_PROBE_OUTCOMES,
    STATE,
    TOKEN_SOURCE,
    TOKEN_SOURCES,
    WAITING_REASONS,
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
    "group_state",
    "1 for the group's state, 0 for every other state.",
    (*GROUP_LABELS, STATE),
    {STATE: GROUP_STATES},
)
GROUP_REASON = gauge(
    "group_reason",
    "1 for the current reason of the group's state.",
    (*GROUP_LABELS, REASON),
    {REASON: GROUP_REASONS},
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
GROUP_DRAINING = gauge(
    "group_draining",
    "1 while the group is taken out of service on purpose, whatever its state: its /health says "
    "503 and it goes on with what it has, or the topology says so. Else 0.",
    GROUP_LABELS,
)
GROUP_DRAINING_UNTIL = gauge(
    "group_draining_until_timestamp_seconds",
    "Unix time until which the topology says that the group is out of service on purpose; absent "
    "where it says nothing.",
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
GROUP_MEMBERS = gauge(
    "group_members",
    "GPUs of the group in each state; unknown are those that nobody can see.",
    (*GROUP_LABELS, STATE),
    {STATE: MEMBER_STATES},
)
GROUP_SPEED_TO_PEERS = gauge(
    "group_speed_to_peers_ratio",
    "Tokens generated a second for each running request, over the median of the groups of the same "
    "model and revision at similar load; absent where fewer than three others can be compared.",
    GROUP_LABELS,
)
GROUP_ROUTER_MISSING = gauge(
    "group_router_missing",
    "1 if the topology has no router in the group's region: how requests ended for their users "
    "(timeout, aborted, rejected, rate_limited), attempts, tiers and times at the client are not "
    "known then, and the engine's own counters are all there is. Else 0.",
    GROUP_LABELS,
)
GROUP_DIALECT_INFO = gauge(
    "group_dialect_info",
    "Always 1: the names that the engine's page speaks, and in what it counts its prefix cache.",
    (*GROUP_LABELS, DIALECT, CACHE_UNIT),
    {DIALECT: SERVED_DIALECTS, CACHE_UNIT: CACHE_UNITS},
)
GROUP_MISSING_BOUNDS = gauge(
    "group_missing_bounds",
    "Bounds of this histogram that the engine does not have; absent where it has all of them.",
    (*GROUP_LABELS, HISTOGRAM),
)
GROUP_PROBES = counter(
    "group_probes",
    "Requests for one token that this exporter sent because the engine seemed stalled.",
    (*GROUP_LABELS, OUTCOME),
    {OUTCOME: STALL_PROBE_OUTCOMES},
)
GROUP_PROBE_REFUSED = gauge(
    "group_probe_refused",
    "1 if the engine refused the last request for one token, as for a key that it was not given: a "
    "stall of it cannot be confirmed, and its page alone is believed. Else 0.",
    GROUP_LABELS,
)
GROUP_RUNNING = gauge("group_requests_running", "Requests in the engine's batch.", GROUP_LABELS)
GROUP_WAITING = gauge("group_requests_waiting", "Requests in the engine's queue.", GROUP_LABELS)
GROUP_WAITING_BY_REASON = gauge(
    "group_requests_waiting_by_reason",
    "The same by reason: no capacity, or deferred until its KV cache has come.",
    (*GROUP_LABELS, REASON),
    {REASON: (*WAITING_REASONS, OTHER)},
)
GROUP_REJECTED = counter(
    "group_requests_rejected",
    "Requests that the engine refused with 503 because its queue was full. Of an API server that "
    "serves several engines, counted at the first of them.",
    (*GROUP_LABELS, REASON),
    {REASON: (*REJECTION_REASONS, OTHER)},
)
GROUP_KV_CACHE_USAGE = gauge(
    "group_kv_cache_usage_ratio", "Share of the KV cache in use.", GROUP_LABELS
)
GROUP_FINISHED = counter(
    "group_requests_finished",
    "Requests that the engine finished; aborts are invisible to it.",
    (*GROUP_LABELS, FINISH_REASON),
    {FINISH_REASON: (*FINISH_REASONS, OTHER)},
)
GROUP_TOKENS = counter(
    "group_tokens",
    "Tokens processed (prompt, cached ones included) or generated.",
    (*GROUP_LABELS, PHASE),
    {PHASE: PHASES},
)
GROUP_PROMPT_TOKENS_BY_SOURCE = counter(
    "group_prompt_tokens_by_source",
    "Prompt tokens by where their KV cache came from.",
    (*GROUP_LABELS, TOKEN_SOURCE),
    {TOKEN_SOURCE: (*TOKEN_SOURCES, OTHER)},
)
GROUP_STEPS = counter("group_steps", "Steps of the engine.", GROUP_LABELS)
GROUP_PREEMPTIONS = counter(
    "group_preemptions", "Requests preempted for lack of KV cache.", GROUP_LABELS
)
GROUP_PREFIX_QUERIED_TOKENS = counter(
    "group_prefix_cache_queried_tokens",
    "Prompt tokens looked up in the prefix cache: all that the cache account is about.",
    GROUP_LABELS,
)
GROUP_PREFIX_HIT_TOKENS = counter(
    "group_prefix_cache_hit_tokens",
    "Prompt tokens found in the prefix cache of the GPUs.",
    GROUP_LABELS,
)
GROUP_CACHE_HIT_TOKENS = counter(
    "group_cache_hit_tokens",
    "Prompt tokens that were not computed, by the tier that had them.",
    (*GROUP_LABELS, CACHE_TIER),
    {CACHE_TIER: (*CACHE_TIERS, OTHER)},
)
GROUP_CACHE_MISSED_TOKENS = counter(
    "group_cache_missed_tokens",
    "Prompt tokens that had to be computed, for no tier had them.",
    GROUP_LABELS,
)
GROUP_CACHE_MISSED_GPU_SECONDS = counter(
    "group_cache_missed_bound_gpu_seconds",
    "At most so much GPU time went into prompt tokens that no tier had: the time that finished "
    "requests spent in prefill, times the GPUs of the group. A bound, for they share their batch "
    "with each other and with decoding, and each of them counts all of it.",
    GROUP_LABELS,
)
GROUP_CACHE_EVICTIONS = counter(
    "group_cache_sampled_evictions",
    "Evictions from the prefix cache that the engine looked at: one in a hundred, with "
    "--kv-cache-metrics.",
    GROUP_LABELS,
)
GROUP_CACHE_EVICTED_IDLE = counter(
    "group_cache_evicted_idle_seconds",
    "Time for which the blocks of these evictions had not been used; little of it is pressure.",
    GROUP_LABELS,
)
GROUP_HOST_CACHE_USAGE = gauge(
    "group_host_cache_usage_ratio", "Share of the host's tier of the KV cache in use.", GROUP_LABELS
)
GROUP_HOST_CACHE_REFUSALS = counter(
    "group_host_cache_allocation_failures",
    "Times that the host's tier had no room.",
    GROUP_LABELS,
)
GROUP_TIME_TO_FIRST_TOKEN = histogram(
    "group_time_to_first_token_seconds",
    "Tokenisation to first token, as the engine saw it.",
    GROUP_LABELS,
    GROUP_TIME_TO_FIRST_TOKEN_BOUNDS,
)
GROUP_INTER_TOKEN_LATENCY = histogram(
    "group_inter_token_latency_seconds",
    "Time between two streamed outputs.",
    GROUP_LABELS,
    GROUP_INTER_TOKEN_LATENCY_BOUNDS,
)
GROUP_TIME_PER_OUTPUT_TOKEN = histogram(
    "group_time_per_output_token_seconds",
    "Time for each token after the first, of finished requests.",
    GROUP_LABELS,
    GROUP_TIME_PER_OUTPUT_TOKEN_BOUNDS,
)
GROUP_END_TO_END = histogram(
    "group_end_to_end_latency_seconds",
    "Tokenisation to last token, of finished requests.",
    GROUP_LABELS,
    GROUP_END_TO_END_BOUNDS,
)
GROUP_QUEUE_TIME = histogram(
    "group_request_queue_time_seconds",
    "Time in the engine's queue, of finished requests.",
    GROUP_LABELS,
    GROUP_QUEUE_TIME_BOUNDS,
)
