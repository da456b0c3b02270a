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
ROUTED_LABELS = (*CELL_LABELS, ROUTER)
"""Of what a router serves for a cell, which others may serve as well: sums belong into rules."""
ROUTER_LABELS = (*ROUTED_LABELS, REVISION, TIER)
TOOL_LABELS = (*CELL_LABELS, TOOL)

OTHER = "other"
"""What a label value becomes that is not among the bounded ones; such folds are counted."""

# --- bounded values -----------------------------------------------------------------------------

TIERS = ("free", "pro", "enterprise", "gov")
PROBE_TIER = "probe"
"""Of our own probes, where they go through a router that tells tiers: no user's."""
ROUTER_TIERS = (*TIERS, PROBE_TIER, OTHER)
"""All that a router's series may have; the last is also that of routers that tell no tier."""

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
    "gpu_hung",  # a member GPU does not answer its driver, or hangs in a kernel
    "engine_unreachable",  # its page cannot be had: refused, timed out, 5xx
    "engine_unhealthy",  # /health answers, but not 200
    "undiscovered",  # likewise, and service discovery has no target of it any more
    "no_step",  # requests are running and the engine has not stepped
    "gpu_degraded",  # all members alive, one below its peers
    "below_peers",  # far fewer tokens/s than groups of the same model and revision at such load
    "member_unknown",  # a member's telemetry cannot be had
    "draining",  # /health is 503, and it goes on with what it has; or the topology says so
    "starting",
    "sleeping",
    "none",
)

GPU_STATES = ("lost", "hung", "degraded", "healthy")
"""Precedence: the first that applies is the state."""

GPU_REASONS = (
    "xid_79",  # fallen off the bus (https://docs.nvidia.com/deploy/xid-errors/)
    "gpu_is_lost",  # NVML or DCGM says so
    "absent",  # expected, and missing from two collections in a row
    "gsp_dead",  # 119, 120
    "unresponsive",  # calls to it do not come back
    "hung_kernel",
    "xid_uncontained",  # 48, 95, 140 ...: needs a reset
    "ecc_uncorrected",
    "row_remap_failure",
    "recovery_reboot",  # what the driver asks for
    "recovery_drain",
    "recovery_reset",
    "nvlink",
    "fabric",
    "contained_repeatedly",
    "hw_thermal",
    "hw_power_brake",
    "sw_thermal",
    "pcie",
    "row_remap_pending",
    "xid_contained",  # 94
    "application_fault",  # 13, 31, 43 ...
    "utilization_latch",
    "telemetry_unreachable",  # the host's page cannot be had
    "starting",  # seen missing once, or not looked at yet
    "none",
)

GPU_SEVERITIES = ("page", "ticket", "info", "none")

GPU_ACTIONS = (
    "reboot_host",
    "reset_gpu",
    "reset_gpu_in_window",
    "replace_gpu",
    "reseat_gpu",
    "drain",
    "restart_engine",
    "restart_fabric_manager",
    "check_cooling",
    "check_power",
    "open_context",
    "none",
)

CODE = "code"
"""Of an XID."""
BACKEND = "backend"
GPU_BACKENDS = ("nvml", "dcgm")
"""Libraries that read GPUs without a page."""
EVENT = "event"
DIRECTION = "direction"
KIND = "kind"
SEVERITY = "severity"
ACTION = "action"
HEALTH = "health"
RANK = "rank"
"""Of one of vLLM's workers: ``TP0``."""
INSTANCE = "gpu_instance"
COMPUTE_INSTANCE = "compute_instance"
PROFILE = "profile"

XID_CODES = (
    "8", "13", "31", "32", "38", "39", "42", "43", "44", "45", "46", "48", "54", "56", "57", "58",
    "60", "61", "62", "63", "64", "67", "68", "69", "73", "74", "78", "79", "92", "93", "94", "95",
    "109", "110", "119", "120", "121", "136", "137", "140", "143", "144", "145", "146", "147",
    "148", "149", "150", "151", "154", "155", "156", "157", "158", "160", "161", "162", "163",
    "164", "165", "166", "167", "168", "169", "170", "171", "172",
)  # fmt: skip
"""Codes of NVIDIA's catalogue that are served as such."""

SOURCE_REASONS = (
    "refused",
    "timeout",
    "http_status",
    "too_large",
    "malformed",
    "no_turn",  # no failing of the source's: other sources took all the time there was
    "circuit_open",
    "none",
)

# --- tools, routers' services, probes -----------------------------------------------------------

RESULT = "result"
METHOD = "method"
"""Of MCP."""
SIGNAL = "signal"
"""Of OpenTelemetry: metrics or traces."""

CACHE_RESULTS = ("hit", "miss")
"""Of the page cache."""

NONE = "none"
"""The tool of a request that is of no tool."""

SIGNALS = ("metrics", "traces")

OTLP_DROP_REASONS = (
    "attributes",  # more than 64
    "buckets",  # bounds not ordered, or counts that do not add up
    "id",  # a span without identity
    "in_metrics",  # a span of a client that sends durations as well
    "kind",  # a tool's instrument that is of another kind, such as a gauge
    "no_value",  # a point that says that there is none
    "repeated",  # sent again, or out of order
    "temporality",  # neither cumulative nor delta
    "time",  # a span that ends before it starts
    "too_many_clients",
    "too_many_streams",
    "unit",  # of a duration: neither s, ms nor us
    "value",  # not finite, or below 0
)

MCP_METHODS = (
    "initialize",
    "ping",
    "tools/call",
    "tools/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "prompts/get",
    "prompts/list",
    "completion/complete",
    "logging/setLevel",
)
"""Requests of MCP's clients (https://modelcontextprotocol.io/specification)."""

WHAT = "what"
DIALECT = "dialect"
STAGE = "stage"
VERDICT = "verdict"
HOME_REGION = "home_region"
"""Where a request's data belongs."""
HASH = "hash"
"""Of weights, as their store has it."""

SAFETY_STAGES = ("input", "output")
SAFETY_VERDICTS = ("passed", "blocked", "bypassed")

ROUTER_FACTS = (
    *(f"outcome_{outcome}" for outcome in OUTCOMES),
    *(f"attempt_{attempt}" for attempt in ATTEMPTS),
    "time_to_first_token",
    "end_to_end",
    "in_flight",
    MODEL,
    REVISION,
    TIER,
)
"""What users feel at a router, and whom it concerns. No dialect but the demo's tells all of it."""

PROBE_OUTCOMES = ("ok", "error", "timeout", "rejected", "rate_limited")
"""Of ``OUTCOMES``: nobody aborts a probe."""

PROBE_REASONS = (
    *SOURCE_REASONS,
    "empty",  # an answer without a token
    "not_yet",  # nobody asked so far
    "overdue",  # the last answer is older than three intervals
)

# --- reloads and discovery ---------------------------------------------------------------------

FILE = "file"
"""What an exporter reads again when it changes, one of ``RELOADED_FILES``."""
RELOADED_FILES = ("topology", "web_config")

UNPLACED_REASONS = (
    "no_group",
    "no_region",
    "no_model",
    "no_engine",  # a worker whose group has no engine
    "no_host",  # telemetry of a host on which no group is
    "no_dialect",
    "repeated",
    "bad_value",
    "unknown_role",
)
"""Why a target of service discovery has no place in the topology."""

# --- groups ------------------------------------------------------------------------------------

MEMBER_STATES = (*GPU_STATES, "unknown")
"""A GPU of a group: its own state, or that nobody can see it."""

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
SERVED_DIALECTS = (*ENGINE_DIALECTS, *(f"ray_{each}" for each in ENGINE_DIALECTS), OTHER)

CACHE_UNITS = ("tokens", "blocks", "none")
"""In what the engine counts its prefix cache. Served are tokens, whatever it counts."""

WAITING_REASONS = ("capacity", "deferred")
REJECTION_REASONS = ("max_num_queued_reqs", "max_num_queued_tokens")
TOKEN_SOURCES = ("local_compute", "local_cache_hit", "external_kv_transfer")
CACHE_TIERS = ("device", "host", "peer", "disk", "external")

STALL_PROBE_OUTCOMES = ("answered", "unanswered", "refused")
"""Of a probe by one token: ``refused`` says nothing of the engine (4xx, 5xx, no connection)."""
