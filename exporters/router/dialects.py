"""The dialects of routers, by the name that the topology gives them."""

from __future__ import annotations

from collections.abc import Mapping

from exporters.router import demo, llm_d, production_stack
from exporters.router.dialect import RouterDialect
from exporters.router.envoy import ENVOY, ENVOY_AI_GATEWAY

DIALECTS: Mapping[str, RouterDialect] = {
    each.name: each
    for each in (demo.DIALECT, production_stack.DIALECT, ENVOY, ENVOY_AI_GATEWAY, llm_d.DIALECT)
}
