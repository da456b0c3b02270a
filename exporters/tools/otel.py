"""The dialect of OpenTelemetry's tool metrics, as data.

Names of instruments and attributes (semantic conventions for GenAI and MCP, 1.42), and the same as
Prometheus writes them. The attribute ``error.type`` says how a call ended: absent or empty for
success. The conventions have no attribute for the model of a tool call, and nothing that tells
attempts from tasks; where an agent runtime adds ``gen_ai.request.model`` and counts
``tool_call.attempts``, they are used.
"""

from __future__ import annotations

from collections.abc import Mapping

EXECUTE_TOOL_DURATION = "gen_ai.execute_tool.duration"
MCP_CLIENT_DURATION = "mcp.client.operation.duration"
TOOL_ATTEMPTS = "tool_call.attempts"
PAGE_CACHE_REQUESTS = "page_cache.requests"

TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
REQUEST_MODEL = "gen_ai.request.model"
OPERATION_NAME = "gen_ai.operation.name"
ERROR_TYPE = "error.type"
MCP_METHOD = "mcp.method.name"
ATTEMPT = "attempt"
CACHE_RESULT = "result"

DURATION = "gen_ai_execute_tool_duration_seconds"
ATTEMPTS = "tool_call_attempts_total"
PAGES = "page_cache_requests_total"
TOOL_LABEL = "gen_ai_tool_name"
MODEL_LABEL = "gen_ai_request_model"
ERROR_LABEL = "error_type"

OUTCOME_OF_ERROR: Mapping[str, str] = {
    "": "ok",
    "timeout": "timeout",
    "captcha": "captcha",
    "rate_limited": "rate_limited",
    "blocked": "blocked",
    "cancelled": "cancelled",
    # What runtimes write that let their exception's name or an HTTP status through:
    "TimeoutError": "timeout",
    "asyncio.TimeoutError": "timeout",
    "CancelledError": "cancelled",
    "asyncio.CancelledError": "cancelled",
    "429": "rate_limited",
    "403": "blocked",
    "504": "timeout",
}
"""Of ``catalog.TOOL_OUTCOMES``; every other error type is ``error``."""
