"""Families of tools."""

from __future__ import annotations

from exporters.catalog.bounds import TOOL_DURATION_BOUNDS
from exporters.catalog.family import counter, gauge, histogram
from exporters.catalog.names import CLUSTER, GATEWAY, OUTCOME, REGION, TOOL_LABELS

TOOLS_UP = gauge(
    "tools_up",
    "1 if the tool gateway's page answered the last collection, else 0.",
    (CLUSTER, REGION, GATEWAY),
)
TOOL_CALLS = counter("tool_calls", "Tool calls by how they ended.", (*TOOL_LABELS, OUTCOME))
TOOL_DURATION = histogram(
    "tool_call_duration_seconds",
    "Duration of tool calls, all outcomes.",
    TOOL_LABELS,
    TOOL_DURATION_BOUNDS,
)
