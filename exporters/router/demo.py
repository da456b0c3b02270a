"""The dialect of the demo's routers, as data: its series, and families of ours.

The label sets are alike but for ``cluster`` and ``region``, which the topology gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from exporters import catalog
from exporters.catalog import Family

VALUES: Mapping[str, Family] = {
    "router_requests_total": catalog.ROUTER_REQUESTS,
    "router_request_attempts_total": catalog.ROUTER_ATTEMPTS,
    "router_requests_in_flight": catalog.ROUTER_IN_FLIGHT,
}

DISTRIBUTIONS: Mapping[str, Family] = {
    "router_time_to_first_token_seconds": catalog.ROUTER_TIME_TO_FIRST_TOKEN,
}

LAST_LABEL: Mapping[str, tuple[str, ...]] = {
    catalog.ROUTER_REQUESTS.name: catalog.OUTCOMES,
    catalog.ROUTER_ATTEMPTS.name: catalog.ATTEMPTS,
}
"""The values of the label after ``ROUTER_LABELS``, of the families that have one."""
