"""Every family that shardwatch's exporters serve, and every label name, state, reason and bound.

Others import names from here: a rule, an alert or a panel that asks for something that no exporter
serves cannot be written. Foreign names (vLLM's, DCGM's, routers') are in :mod:`exporters.dialects`.

Conventions: prefix ``shardwatch_``, base units, counters end in ``_total``, ratios go from 0 to 1
(https://prometheus.io/docs/practices/naming/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# --- labels -------------------------------------------------------------------------------------

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
    "member_unknown",  # a member's telemetry cannot be had
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

# --- histogram bounds (seconds) -----------------------------------------------------------------

TIME_TO_FIRST_TOKEN_BOUNDS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
)  # fmt: skip
"""vLLM 0.32's bounds (vllm/v1/metrics/buckets.py); the first 16 are OpenTelemetry's
``gen_ai.server.time_to_first_token``."""

INTER_TOKEN_LATENCY_BOUNDS = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
    40.0, 80.0,
)  # fmt: skip
"""vLLM 0.32's bounds; the first 13 are OpenTelemetry's ``gen_ai.server.time_per_output_token``."""

REQUEST_TIME_BOUNDS = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0,
    480.0, 960.0, 1920.0, 7680.0,
)  # fmt: skip
"""vLLM 0.32's bounds of queue, prefill, decode and end-to-end times."""

TOOL_DURATION_BOUNDS = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
    3600.0,
)  # fmt: skip
"""OpenTelemetry's ``mcp.client.operation.duration`` bounds, plus 600, 1800 and 3600: 4 % of real
tool calls last longer than a minute (TraceLab, arXiv 2606.30560)."""

# --- families -----------------------------------------------------------------------------------

Kind = Literal["gauge", "counter", "histogram"]


@dataclass(frozen=True)
class Family:
    """One family of the exposition: its name on the wire, its help, its labels, its bounds."""

    name: str
    """On the wire: counters with ``_total``."""
    kind: Kind
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without +Inf."""


def _gauge(name: str, help: str, labels: tuple[str, ...]) -> Family:
    return Family(f"shardwatch_{name}", "gauge", help, labels)


def _counter(name: str, help: str, labels: tuple[str, ...]) -> Family:
    return Family(f"shardwatch_{name}_total", "counter", help, labels)


def _histogram(name: str, help: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> Family:
    return Family(f"shardwatch_{name}", "histogram", help, labels, bounds)


# every exporter
EXPORTER_BUILD_INFO = _gauge("exporter_build_info", "Always 1.", (EXPORTER, VERSION))
EXPORTER_COLLECTION_SECONDS = _gauge(
    "exporter_collection_seconds",
    "Seconds that the last collection of all sources took.",
    (EXPORTER,),
)
EXPORTER_FOLDED_VALUES = _counter(
    "exporter_folded_values",
    f"Label values outside the bounded set, served as {OTHER!r}.",
    (EXPORTER, LABEL),
)
SOURCE_UP = _gauge(
    "source_up",
    "1 if the source answered the last collection in time and in form, else 0.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)
SOURCE_REASON = _gauge(
    "source_reason",
    "1 for each reason why a source is not up, circuit_open beside the one behind it; "
    "'none' if it is.",
    (EXPORTER, CLUSTER, REGION, SOURCE, REASON),
)
SOURCE_SECONDS = _gauge(
    "source_collection_seconds",
    "Seconds that the last collection of this source took.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)

# gpu: one series for each expected GPU, whether it answers or not
GPU_UP = _gauge(
    "gpu_up", "1 if this expected GPU answered the last collection, else 0.", GPU_LABELS
)
GPU_STATE = _gauge(
    "gpu_state", "1 for the GPU's state, 0 for every other state.", (*GPU_LABELS, STATE)
)
GPU_REASON = _gauge(
    "gpu_reason", "1 for the current reason of the GPU's state.", (*GPU_LABELS, REASON)
)
GPU_LAST_XID = _gauge(
    "gpu_last_xid_code",
    "Code of the last XID error, 0 if none; the source never clears it.",
    GPU_LABELS,
)
GPU_TEMPERATURE = _gauge("gpu_temperature_celsius", "Temperature of the GPU.", GPU_LABELS)
GPU_MEMORY_TEMPERATURE = _gauge(
    "gpu_memory_temperature_celsius", "Temperature of the memory.", GPU_LABELS
)
GPU_POWER = _gauge("gpu_power_watts", "Power draw of the board.", GPU_LABELS)
GPU_ENERGY = _counter("gpu_energy_joules", "Energy since the driver was loaded.", GPU_LABELS)
GPU_UTILIZATION = _gauge(
    "gpu_utilization_ratio", "Share of time in which a kernel ran.", GPU_LABELS
)
GPU_TENSOR_ACTIVE = _gauge(
    "gpu_tensor_active_ratio", "Share of cycles in which the tensor pipe was active.", GPU_LABELS
)
GPU_SM_CLOCK = _gauge("gpu_sm_clock_hertz", "Clock of the SMs.", GPU_LABELS)
GPU_MEMORY_USED = _gauge(
    "gpu_memory_used_bytes", "Memory in use, reserved memory left out.", GPU_LABELS
)
GPU_MEMORY_FREE = _gauge("gpu_memory_free_bytes", "Memory free.", GPU_LABELS)

# groups: one engine is one group
GROUP_UP = _gauge(
    "group_up", "1 if the engine's page answered the last collection, else 0.", GROUP_LABELS
)
GROUP_HEALTH = _gauge(
    "group_health_ok",
    "1 if the engine's /health answered 200, else 0; a stalled one still does.",
    GROUP_LABELS,
)
GROUP_STATE = _gauge(
    "group_state", "1 for the group's state, 0 for every other state.", (*GROUP_LABELS, STATE)
)
GROUP_REASON = _gauge(
    "group_reason", "1 for the current reason of the group's state.", (*GROUP_LABELS, REASON)
)
GROUP_INFO = _gauge(
    "group_info",
    "Always 1: what the group runs and what it falls with.",
    (*GROUP_LABELS, REVISION, ENGINE, FAILURE_DOMAIN),
)
GROUP_CAPACITY = _gauge(
    "group_capacity_ratio",
    "1 if the group can serve, 0 if any member is gone or it is stalled.",
    GROUP_LABELS,
)
GROUP_GPUS_EXPECTED = _gauge(
    "group_gpus_expected", "GPUs that the topology gives the group.", GROUP_LABELS
)
GROUP_GPUS_UP = _gauge(
    "group_gpus_up", "GPUs of the group that answer and are not lost.", GROUP_LABELS
)
GROUP_SECONDS_SINCE_STEP = _gauge(
    "group_seconds_since_step",
    "Seconds since the engine's step counter last moved, or since the exporter first saw it.",
    GROUP_LABELS,
)
GROUP_RUNNING = _gauge("group_requests_running", "Requests in the engine's batch.", GROUP_LABELS)
GROUP_WAITING = _gauge("group_requests_waiting", "Requests in the engine's queue.", GROUP_LABELS)
GROUP_KV_CACHE_USAGE = _gauge(
    "group_kv_cache_usage_ratio", "Share of the KV cache in use.", GROUP_LABELS
)
GROUP_FINISHED = _counter(
    "group_requests_finished",
    "Requests that the engine finished; aborts are invisible to it.",
    (*GROUP_LABELS, FINISH_REASON),
)
GROUP_TOKENS = _counter(
    "group_tokens",
    "Tokens processed (prompt, cached ones included) or generated.",
    (*GROUP_LABELS, PHASE),
)
GROUP_STEPS = _counter("group_steps", "Steps of the engine.", GROUP_LABELS)
GROUP_PREEMPTIONS = _counter(
    "group_preemptions", "Requests preempted for lack of KV cache.", GROUP_LABELS
)
GROUP_PREFIX_QUERIED_TOKENS = _counter(
    "group_prefix_cache_queried_tokens",
    "Prompt tokens looked up in the prefix cache.",
    GROUP_LABELS,
)
GROUP_PREFIX_HIT_TOKENS = _counter(
    "group_prefix_cache_hit_tokens", "Prompt tokens found in the prefix cache.", GROUP_LABELS
)
GROUP_TIME_TO_FIRST_TOKEN = _histogram(
    "group_time_to_first_token_seconds",
    "Tokenisation to first token, as the engine saw it.",
    GROUP_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)
GROUP_INTER_TOKEN_LATENCY = _histogram(
    "group_inter_token_latency_seconds",
    "Time between two streamed outputs.",
    GROUP_LABELS,
    INTER_TOKEN_LATENCY_BOUNDS,
)
GROUP_QUEUE_TIME = _histogram(
    "group_request_queue_time_seconds",
    "Time in the engine's queue, of finished requests.",
    GROUP_LABELS,
    REQUEST_TIME_BOUNDS,
)

# router: the only place that sees what users felt
ROUTER_UP = _gauge(
    "router_up",
    "1 if the router's page answered the last collection, else 0.",
    (CLUSTER, REGION, ROUTER),
)
ROUTER_REQUESTS = _counter(
    "router_requests",
    "Requests by how they ended; a timeout counts when its deadline passes.",
    (*ROUTER_LABELS, OUTCOME),
)
ROUTER_ATTEMPTS = _counter("router_attempts", "Attempts sent to groups.", (*ROUTER_LABELS, ATTEMPT))
ROUTER_IN_FLIGHT = _gauge(
    "router_requests_in_flight", "Requests accepted and not yet ended.", ROUTER_LABELS
)
ROUTER_TIME_TO_FIRST_TOKEN = _histogram(
    "router_time_to_first_token_seconds",
    "Request to first token at the client; one that never came counts at its deadline.",
    ROUTER_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)

# tools
TOOLS_UP = _gauge(
    "tools_up",
    "1 if the tool gateway's page answered the last collection, else 0.",
    (CLUSTER, REGION, GATEWAY),
)
TOOL_CALLS = _counter("tool_calls", "Tool calls by how they ended.", (*TOOL_LABELS, OUTCOME))
TOOL_DURATION = _histogram(
    "tool_call_duration_seconds",
    "Duration of tool calls, all outcomes.",
    TOOL_LABELS,
    TOOL_DURATION_BOUNDS,
)

FAMILIES: dict[str, Family] = {
    each.name: each for each in tuple(globals().values()) if isinstance(each, Family)
}
"""All of the above, by name."""
