"""Foreign names as data: what engines, dcgm-exporter, routers and tool gateways serve.

The exporters read these names; the demo's simulator writes them. Each dialect is a JSON file of
families in the order in which the real thing serves them. Those of routers but the demo's are
written from their sources and documentation, without a capture, and hold what we read alone; what
one serves besides, so that its boards can be checked, stands apart.

==================  ================================================================================
``vllm_0_32``       vLLM 0.32.0, from the page of a running server (one engine, CPU)
``dcgm_4``          dcgm-exporter 4.8.2, the counters enabled by default, with DCGM's field ids
``dcgm_4_more``     counters that it serves once its list names them, which the verdict on a GPU
                    wants: why clocks are lowered, and errors of links
``router_demo``     the demo's routers
``router_demo_services``  what stands beside the demo's routers: metering, safety filter, data
                    residency, the store of weights
``router_production_stack``  vLLM production-stack's router
``router_production_stack_more``  what it serves besides under names of its own
``router_envoy``    the upstream clusters of Envoy
``router_envoy_ai_gateway``  Envoy AI Gateway
``router_llm_d``    llm-d's endpoint picker, old and new names
``otel_tools``      OpenTelemetry's ``gen_ai.execute_tool.duration``, as Prometheus names it
==================  ================================================================================

What other versions of vLLM call the same is in ``vllm_changes.json``, a table of another shape
(:mod:`exporters.dialects.vllm_changes`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

DialectName = Literal[
    "vllm_0_32", "dcgm_4", "dcgm_4_more", "router_demo", "router_demo_services",
    "router_production_stack", "router_production_stack_more", "router_envoy",
    "router_envoy_ai_gateway", "router_llm_d", "otel_tools",
]  # fmt: skip


@dataclass(frozen=True)
class ForeignFamily:
    """One family of somebody else's exposition."""

    name: str
    """On the wire: counters with ``_total``, as in the TYPE line of the text format."""
    type: Literal["gauge", "counter", "histogram", "summary"]
    help: str
    labels: tuple[str, ...]
    """Without ``le``. In the order in which the real thing writes them."""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of labels that are bounded, in the order of the page."""
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without +Inf."""
    created: bool = False
    """Whether a gauge ``_created`` follows, as prometheus-client writes it."""
    field: int | None = None
    """DCGM's field id, which survives the renames of DCGM 4.6."""


@dataclass(frozen=True)
class Dialect:
    """The families of one foreign page, in its order."""

    dialect: str
    version: str
    families: tuple[ForeignFamily, ...]


@cache
def read_dialect(name: DialectName) -> Dialect:
    """Return the dialect that the JSON file ``name`` of this package holds."""
    content = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return Dialect(
        content["dialect"],
        content["version"],
        tuple(
            ForeignFamily(
                name=each["name"],
                type=each["type"],
                help=each["help"],
                labels=tuple(each["labels"]),
                values={label: tuple(values) for label, values in each.get("values", {}).items()},
                bounds=tuple(each.get("bounds", ())),
                created=each.get("created", False),
                field=each.get("field"),
            )
            for each in content["families"]
        ),
    )
