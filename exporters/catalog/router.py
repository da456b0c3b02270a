"""Families of routers: the only place that sees what users felt. And of what stands beside them."""

from __future__ import annotations

from exporters.catalog.bounds import REQUEST_TIME_BOUNDS, TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import (
    ATTEMPT,
    ATTEMPTS,
    CLUSTER,
    DIALECT,
    GROUP_LABELS,
    HASH,
    HOME_REGION,
    OTHER,
    OUTCOME,
    OUTCOMES,
    PHASE,
    PHASES,
    REGION,
    REVISION,
    ROUTED_LABELS,
    ROUTER,
    ROUTER_FACTS,
    ROUTER_LABELS,
    ROUTER_TIERS,
    SAFETY_STAGES,
    SAFETY_VERDICTS,
    STAGE,
    TIER,
    VERDICT,
    WHAT,
)

ROUTER_UP = gauge(
    "router_up",
    "1 if the router's page answered the last collection, else 0.",
    (CLUSTER, REGION, ROUTER),
)
ROUTER_MISSING = gauge(
    "router_missing_info",
    "Always 1: what the router's dialect does not tell. Its series are absent, not 0.",
    (CLUSTER, REGION, ROUTER, DIALECT, WHAT),
    {WHAT: ROUTER_FACTS},
)
ROUTER_REQUESTS = counter(
    "router_requests",
    "Requests by how they ended; a timeout counts when its deadline passes.",
    (*ROUTER_LABELS, OUTCOME),
    {TIER: ROUTER_TIERS, OUTCOME: (*OUTCOMES, OTHER)},
)
ROUTER_ATTEMPTS = counter(
    "router_attempts",
    "Attempts sent to groups.",
    (*ROUTER_LABELS, ATTEMPT),
    {TIER: ROUTER_TIERS, ATTEMPT: (*ATTEMPTS, OTHER)},
)
ROUTER_IN_FLIGHT = gauge(
    "router_requests_in_flight",
    "Requests accepted and not yet ended.",
    ROUTER_LABELS,
    {TIER: ROUTER_TIERS},
)
ROUTER_TIME_TO_FIRST_TOKEN = histogram(
    "router_time_to_first_token_seconds",
    "Request to first token at the client; one that never came counts at its deadline.",
    ROUTER_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
    {TIER: ROUTER_TIERS},
)
ROUTER_END_TO_END = histogram(
    "router_request_duration_seconds",
    "Request to last token, as the router saw it, of requests that ended.",
    ROUTER_LABELS,
    REQUEST_TIME_BOUNDS,
    {TIER: ROUTER_TIERS},
)

BILLED_TOKENS = counter(
    "metering_billed_tokens",
    "Tokens that were billed.",
    (*ROUTER_LABELS, PHASE),
    {TIER: ROUTER_TIERS, PHASE: (*PHASES, OTHER)},
)
SAFETY_CHECKS = counter(
    "safety_checks",
    "Checks of prompts and of answers by the safety filter; bypassed ones were not made.",
    (*ROUTED_LABELS, STAGE, VERDICT),
    {STAGE: (*SAFETY_STAGES, OTHER), VERDICT: (*SAFETY_VERDICTS, OTHER)},
)
SAFETY_SECONDS = counter("safety_check_seconds", "Time that the safety filter took.", ROUTED_LABELS)
RESIDENCY_REQUESTS = counter(
    "residency_requests",
    "Requests served here, by the region that their data belongs to.",
    (*ROUTED_LABELS, TIER, HOME_REGION),
    {TIER: ROUTER_TIERS},
)
WEIGHTS_LOADS = counter(
    "weights_loads", "Engines that came up with weights from the store.", ROUTED_LABELS
)
WEIGHTS_LOAD_SECONDS = counter(
    "weights_load_seconds", "Time that engines spent on loading weights.", ROUTED_LABELS
)
WEIGHTS_LOAD_RETRIES = counter(
    "weights_load_retries",
    "Reads from the store of weights that had to be tried again.",
    ROUTED_LABELS,
)
WEIGHTS_INFO = gauge(
    "weights_info", "Always 1: which weights a group runs.", (*GROUP_LABELS, ROUTER, REVISION, HASH)
)
