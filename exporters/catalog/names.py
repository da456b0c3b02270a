"""Label names and their bounded values."""

from __future__ import annotations

CLUSTER = "cluster"
REGION = "region"
MODEL = "model"
"""What users ask for; never the name of the GPU's model."""
GROUP = "group"
REVISION = "revision"
"""Version of weights and engine: the canary key."""
TIER = "tier"
"""Class of customer. Never a tenant."""
OUTCOME = "outcome"
ATTEMPT = "attempt"
HOST = "host"
UUID = "uuid"
"""NVML's UUID of a GPU: indices shift when a GPU is lost."""
STATE = "state"
REASON = "reason"
ENGINE = "engine"
"""vLLM's data-parallel rank."""
FAILURE_DOMAIN = "failure_domain"
FINISH_REASON = "finish_reason"
PHASE = "phase"
ROUTER = "router"
GATEWAY = "gateway"
TOOL = "tool"
EXPORTER = "exporter"
SOURCE = "source"
"""Name of what an exporter reads: a group, a host, a router, a gateway."""
LABEL = "label"
VERSION = "version"

CELL_LABELS = (CLUSTER, REGION, MODEL)
GROUP_LABELS = (*CELL_LABELS, GROUP)
GPU_LABELS = (*GROUP_LABELS, HOST, UUID)
ROUTER_LABELS = (*CELL_LABELS, REVISION, TIER)
TOOL_LABELS = (*CELL_LABELS, TOOL)

OTHER = "other"
"""What a label value becomes that is not among the bounded ones; such folds are counted."""

# --- bounded values -----------------------------------------------------------------------------

TIERS = ("free", "pro", "enterprise", "gov")

OUTCOMES = ("ok", "error", "timeout", "aborted", "rejected", "rate_limited")
"""How a request ended, or failed to, as its user saw it at the router.

``timeout``: its deadline passed, counted then and not when it ends. ``aborted``: the user left
before the deadline. ``rejected``: no capacity. ``rate_limited``: the user's own limit.
"""

ATTEMPTS = ("first", "retry")

FINISH_REASONS = ("stop", "length", "abort", "error", "repetition")
"""vLLM's finish reasons (facts: vLLM 0.32 ``request_success_total``)."""

PHASES = ("prompt", "generation")

TOOL_OUTCOMES = ("ok", "error", "timeout", "captcha", "rate_limited", "blocked", "cancelled")

GROUP_STATES = ("dead", "stalled", "degraded", "draining", "starting", "sleeping", "up")
"""Precedence: the first that applies is the state."""

GROUP_REASONS = (
    "gpu_lost",  # a member GPU is lost: the group lives or dies as one
    "engine_unreachable",  # its page cannot be had: refused, timed out, 5xx
    "engine_unhealthy",  # /health answers, but not 200
    "no_step",  # requests are running and the engine has not stepped
    "gpu_degraded",  # all members alive, one below its peers
    "below_peers",  # far fewer tokens/s than groups of the same model and revision at such load
    "member_unknown",  # a member's telemetry cannot be had
    "draining",  # /health is 503, and it goes on with what it has
    "starting",
    "sleeping",
    "none",
)

GPU_STATES = ("lost", "hung", "degraded", "healthy")
"""Precedence: the first that applies is the state."""

GPU_REASONS = (
    "xid_79",  # fallen off the bus (https://docs.nvidia.com/deploy/xid-errors/)
    "absent",  # expected, and missing from two collections in a row
    "telemetry_unreachable",  # the host's page cannot be had
    "xid_uncontained",  # 48, 95, 140 ...: needs a reset
    "gsp_dead",  # 119, 120
    "row_remap_failure",
    "starting",  # seen missing once, or not looked at yet
    "none",
)

SOURCE_REASONS = (
    "refused",
    "timeout",
    "http_status",
    "too_large",
    "malformed",
    "circuit_open",
    "none",
)

MEMBER_STATES = (*GPU_STATES, "unknown")
"""A GPU of a group: its own state, or that nobody can see it."""

DIALECT = "dialect"
CACHE_UNIT = "cache_unit"
CACHE_TIER = "cache_tier"
"""Where a cached token was found. Not ``tier``, which is the class of customer."""
TOKEN_SOURCE = "token_source"  # noqa: S105 - no secret
HISTOGRAM = "histogram"

ENGINE_DIALECTS = (
    "vllm_0_6",
    "vllm_0_7",
    "vllm_0_8",  # 0.8 and 0.9
    "vllm_0_10",
    "vllm_0_11",
    "vllm_0_12",  # 0.12 up to the tokens by source
    "vllm_0_32",  # 0.32 and 0.33
)
"""What engines speak; ``ray_`` goes before it where Ray serves the page (exporters/dialects)."""

CACHE_UNITS = ("tokens", "blocks", "none")
"""In what the engine counts its prefix cache. Served are tokens, whatever it counts."""

WAITING_REASONS = ("capacity", "deferred")
REJECTION_REASONS = ("max_num_queued_reqs", "max_num_queued_tokens")
TOKEN_SOURCES = ("local_compute", "local_cache_hit", "external_kv_transfer")
CACHE_TIERS = ("device", "host", "peer", "disk", "external")

PROBE_OUTCOMES = ("answered", "unanswered", "refused")
"""Of a probe by one token: ``refused`` says nothing of the engine (4xx, 5xx, no connection)."""
