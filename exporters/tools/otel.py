"""The dialect of OpenTelemetry's tool metrics, as data.

``gen_ai.execute_tool.duration`` (semantic conventions for GenAI, 1.42) as Prometheus names it. Its
attribute ``error.type`` says how a call ended: absent or empty for success. The conventions have no
attribute for the model; where an agent runtime adds ``gen_ai.request.model``, it is used.
"""

from __future__ import annotations

from collections.abc import Mapping

DURATION = "gen_ai_execute_tool_duration_seconds"
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
