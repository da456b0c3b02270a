"""The demo's routers, as data: their label sets are ours but for ``cluster`` and ``region``.

Beside a router of the demo stand services that its page speaks of as well: metering, the safety
filter, data residency, the store of weights.
"""

from __future__ import annotations

from exporters import catalog
from exporters.router.dialect import RouterDialect, Rule

DIALECT = RouterDialect(
    "demo",
    (
        Rule(("router_requests_total",), catalog.ROUTER_REQUESTS),
        Rule(("router_request_attempts_total",), catalog.ROUTER_ATTEMPTS),
        Rule(("router_requests_in_flight",), catalog.ROUTER_IN_FLIGHT),
        Rule(("router_time_to_first_token_seconds",), catalog.ROUTER_TIME_TO_FIRST_TOKEN),
        Rule(("metering_tokens_billed_total",), catalog.BILLED_TOKENS, is_optional=True),
        Rule(("safety_checks_total",), catalog.SAFETY_CHECKS, is_optional=True),
        Rule(("safety_check_seconds_total",), catalog.SAFETY_SECONDS, is_optional=True),
        Rule(("residency_requests_total",), catalog.RESIDENCY_REQUESTS, is_optional=True),
        Rule(("weights_loads_total",), catalog.WEIGHTS_LOADS, is_optional=True),
        Rule(("weights_load_seconds_total",), catalog.WEIGHTS_LOAD_SECONDS, is_optional=True),
        Rule(("weights_load_retries_total",), catalog.WEIGHTS_LOAD_RETRIES, is_optional=True),
        Rule(("weights_info",), catalog.WEIGHTS_INFO, is_optional=True),
    ),
    model=("model",),
    revision=("revision",),
    learns_revisions=True,
    tier=("tier",),
    has_our_series=True,
)
