"""llm-d's endpoint picker, as data: three generations of names.

Source: ``pkg/epp/metrics/metrics.go`` of llm-d's scheduler and of gateway-api-inference-extension.
A picker in transition serves old and new names of the same thing, so the newest that is on the
page counts. ``ok`` are requests whose answer was complete; an engine's error may be among them, and
is then counted as ``error`` as well. It sees no retries, for each is a request to it.
"""

from __future__ import annotations

from exporters import catalog
from exporters.router.dialect import RouterDialect, Rule

_PREFIXES = ("llm_d_epp_", "llm_d_router_epp_", "inference_objective_")


def _names(*names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{name}" for prefix in _PREFIXES for name in names)


DIALECT = RouterDialect(
    "llm-d",
    (
        Rule(
            _names("request_duration_seconds_count"),
            catalog.ROUTER_REQUESTS,
            fixed={catalog.OUTCOME: "ok"},
        ),
        Rule(
            _names("request_error_total"),
            catalog.ROUTER_REQUESTS,
            source="error_code",
            # Canonical codes of the picker; a bad request is its sender's mistake.
            values={
                "BadRequest": None,
                "InferencePoolResourceExhausted": "rejected",
                "ResourceExhausted": "rejected",
                "ServiceUnavailable": "rejected",
            },
            default="error",
        ),
        Rule(
            _names("request_total"),
            catalog.ROUTER_ATTEMPTS,
            fixed={catalog.ATTEMPT: "first"},
        ),
        Rule(_names("request_running", "running_requests"), catalog.ROUTER_IN_FLIGHT),
        Rule(_names("request_ttft_seconds"), catalog.ROUTER_TIME_TO_FIRST_TOKEN),
        Rule(_names("request_duration_seconds"), catalog.ROUTER_END_TO_END),
    ),
    model=("model_name",),
    revision=("target_model_name",),
)
