"""vLLM production-stack's router, as data.

Source: ``src/vllm_router/services/metrics_service/__init__.py`` and ``request_service/request.py``
of vllm-project/production-stack. ``server`` is the address of an engine, by which the topology
tells model and revision. The router also repeats gauges of engines under vLLM's own names
(``vllm:num_requests_running{server}``): they are not read, the engines serve them.

Older releases have neither ``request_latency_seconds`` nor ``request_errors``; of those only
attempts and requests in flight are there. What an engine answers with a status from 400 on is no
error there: the router counts its own failures.
"""

from __future__ import annotations

from exporters import catalog
from exporters.router.dialect import RouterDialect, Rule

DIALECT = RouterDialect(
    "production-stack",
    (
        Rule(
            ("vllm:request_latency_seconds_count",),
            catalog.ROUTER_REQUESTS,
            source="status",
            # Errors are counted by the next rule, whatever their status here is called.
            values={"success": "ok", "ok": "ok", "200": "ok"},
            default=None,
        ),
        Rule(
            ("vllm:request_errors_total",),
            catalog.ROUTER_REQUESTS,
            source="error_type",
            # Names of Python's and aiohttp's exceptions.
            values={
                "TimeoutError": "timeout",
                "ServerTimeoutError": "timeout",
                "SocketTimeoutError": "timeout",
                "ConnectionTimeoutError": "timeout",
                "CancelledError": "aborted",
                "ClientDisconnect": "aborted",
            },
            default="error",
        ),
        Rule(
            ("vllm:num_incoming_requests_total",),
            catalog.ROUTER_ATTEMPTS,
            fixed={catalog.ATTEMPT: "first"},
        ),
        Rule(("vllm:num_prefill_requests",), catalog.ROUTER_IN_FLIGHT),
        Rule(("vllm:num_decoding_requests",), catalog.ROUTER_IN_FLIGHT),
        Rule(("vllm:request_latency_seconds",), catalog.ROUTER_END_TO_END),
    ),
    model=("model",),
    server="server",
)
