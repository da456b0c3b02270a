"""Families of tools."""

from __future__ import annotations

from exporters.catalog.bounds import TOOL_DURATION_BOUNDS
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import (
    ATTEMPT,
    ATTEMPTS,
    CACHE_RESULTS,
    CLUSTER,
    GATEWAY,
    MCP_METHODS,
    METHOD,
    OTHER,
    OTLP_DROP_REASONS,
    OUTCOME,
    REASON,
    REGION,
    RESULT,
    SIGNAL,
    SIGNALS,
    TOOL_LABELS,
    TOOL_OUTCOMES,
)

TOOLS_UP = gauge(
    "tools_up",
    "1 if the tool gateway's page answered the last collection, else 0.",
    (CLUSTER, REGION, GATEWAY),
)
TOOL_CALLS = counter(
    "tool_calls",
    "Tool calls by how they ended.",
    (*TOOL_LABELS, OUTCOME),
    {OUTCOME: TOOL_OUTCOMES},
)
TOOL_DURATION = histogram(
    "tool_call_duration_seconds",
    "Duration of tool calls, all outcomes.",
    TOOL_LABELS,
    TOOL_DURATION_BOUNDS,
)
TOOL_ATTEMPTS = counter(
    "tool_attempts",
    "Attempts of tool calls: first ones, and those made again after a failure.",
    (*TOOL_LABELS, ATTEMPT),
    {ATTEMPT: (*ATTEMPTS, OTHER)},
)
PAGE_CACHE_REQUESTS = counter(
    "page_cache_requests",
    "Requests of the tools for pages, by whether the page cache had them.",
    (CLUSTER, REGION, RESULT),
    {RESULT: (*CACHE_RESULTS, OTHER)},
)
MCP_REQUESTS = counter(
    "mcp_requests",
    "Requests of MCP clients by how they ended; calls of tools are tool calls as well.",
    (*TOOL_LABELS, METHOD, OUTCOME),
    {METHOD: (*MCP_METHODS, OTHER), OUTCOME: TOOL_OUTCOMES},
)
MCP_DURATION = histogram(
    "mcp_request_duration_seconds",
    "Duration of requests of MCP clients, all outcomes.",
    (*TOOL_LABELS, METHOD),
    TOOL_DURATION_BOUNDS,
    {METHOD: (*MCP_METHODS, OTHER)},
)
OTLP_CLIENTS = gauge(
    "otlp_clients",
    "Clients that sent telemetry of tools within the last five minutes.",
    (CLUSTER, REGION, SIGNAL),
    {SIGNAL: SIGNALS},
)
OTLP_REQUESTS = counter(
    "otlp_requests",
    "OTLP requests by their HTTP status.",
    (CLUSTER, SIGNAL, RESULT),
    {SIGNAL: SIGNALS},
)
OTLP_ITEMS = counter(
    "otlp_items",
    "Data points and spans taken; those of other instruments are not of tools and not counted.",
    (CLUSTER, SIGNAL),
    {SIGNAL: SIGNALS},
)
OTLP_COARSE = counter(
    "otlp_points_other_bounds",
    "Histogram points whose bounds are others than ours: some calls count at a later bound.",
    (CLUSTER,),
)
OTLP_DROPPED = counter(
    "otlp_items_dropped",
    "Data points and spans that were not counted, by reason.",
    (CLUSTER, SIGNAL, REASON),
    {SIGNAL: SIGNALS, REASON: OTLP_DROP_REASONS},
)
