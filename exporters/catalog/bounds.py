"""Bounds of histograms, in seconds."""

from __future__ import annotations

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

# Of the groups' histograms, among vLLM's own. An engine's page is cut down to them, for every group
# of a fleet pays for each. Kept are the limits of published objectives (MLPerf inference rules:
# 100 and 200 ms for each token), and enough beyond to tell slow from hung.

GROUP_TIME_TO_FIRST_TOKEN_BOUNDS = (
    0.04, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 160.0,
)  # fmt: skip
GROUP_INTER_TOKEN_LATENCY_BOUNDS = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0,
)  # fmt: skip
GROUP_TIME_PER_OUTPUT_TOKEN_BOUNDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.5, 1.0)
GROUP_END_TO_END_BOUNDS = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 480.0, 1920.0)
GROUP_QUEUE_TIME_BOUNDS = (0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
