"""Families of routers: the only place that sees what users felt."""

from __future__ import annotations

from exporters.catalog.bounds import TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import ATTEMPT, CLUSTER, OUTCOME, REGION, ROUTER, ROUTER_LABELS

ROUTER_UP = gauge(
    "router_up",
    "1 if the router's page answered the last collection, else 0.",
    (CLUSTER, REGION, ROUTER),
)
ROUTER_REQUESTS = counter(
    "router_requests",
    "Requests by how they ended; a timeout counts when its deadline passes.",
    (*ROUTER_LABELS, OUTCOME),
)
ROUTER_ATTEMPTS = counter("router_attempts", "Attempts sent to groups.", (*ROUTER_LABELS, ATTEMPT))
ROUTER_IN_FLIGHT = gauge(
    "router_requests_in_flight", "Requests accepted and not yet ended.", ROUTER_LABELS
)
ROUTER_TIME_TO_FIRST_TOKEN = histogram(
    "router_time_to_first_token_seconds",
    "Request to first token at the client; one that never came counts at its deadline.",
    ROUTER_LABELS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)
