"""Envoy, as data: the counters of its upstream clusters, and those of the Envoy AI Gateway.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/
cluster_stats and the OpenTelemetry names of https://aigateway.envoyproxy.io/docs/.

An Envoy cluster is what the topology says it is (``names`` of the router). Its codes are those of
final answers, Envoy's own included; answers that were tried again are under ``retry.``. A client
that leaves has no code, so nobody is ``aborted``. 503 is ``rejected``: overflow and an engine's
admission limit, but also a connection that failed. Other codes from 400 to 499 are the client's
mistake and count neither as good nor as bad.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporters import catalog
from exporters.router.dialect import RouterDialect, Rule

OUTCOME_OF_CODE: Mapping[str, str | None] = {
    **{str(code): "ok" for code in range(200, 400)},
    **{str(code): None for code in range(400, 500)},
    "408": "timeout",
    "429": "rate_limited",
    "499": "aborted",
    "503": "rejected",
    "504": "timeout",
}
"""Of an HTTP status; every other one is ``error``."""
_CLUSTER_CODES = {code: outcome for code, outcome in OUTCOME_OF_CODE.items() if code != "499"}

ENVOY = RouterDialect(
    "envoy",
    (
        Rule(
            ("envoy_cluster_upstream_rq",),
            catalog.ROUTER_REQUESTS,
            source="envoy_response_code",
            values=_CLUSTER_CODES,
            default="error",
        ),
        # Each request that was completed had one first attempt, counted at its end.
        Rule(
            ("envoy_cluster_upstream_rq_completed",),
            catalog.ROUTER_ATTEMPTS,
            fixed={catalog.ATTEMPT: "first"},
        ),
        Rule(
            ("envoy_cluster_upstream_rq_retry",),
            catalog.ROUTER_ATTEMPTS,
            fixed={catalog.ATTEMPT: "retry"},
        ),
        Rule(("envoy_cluster_upstream_rq_active",), catalog.ROUTER_IN_FLIGHT),
        Rule(("envoy_cluster_upstream_rq_time",), catalog.ROUTER_END_TO_END, seconds=1e-3),
    ),
    model=("envoy_cluster_name",),
    explained=True,
)

ENVOY_AI_GATEWAY = RouterDialect(
    "envoy-ai-gateway",
    (
        Rule(
            ("gen_ai_server_request_duration_seconds_count",),
            catalog.ROUTER_REQUESTS,
            source="error_type",
            # Absent on success; a code where the gateway knows one, else "_OTHER".
            values={"": "ok", **OUTCOME_OF_CODE},
            default="error",
        ),
        Rule(("gen_ai_server_time_to_first_token_seconds",), catalog.ROUTER_TIME_TO_FIRST_TOKEN),
        Rule(("gen_ai_server_request_duration_seconds",), catalog.ROUTER_END_TO_END),
    ),
    model=("gen_ai_original_model", "gen_ai_request_model"),
)
