"""Where the events of an objective are seen, and which series says that they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from exporters import catalog
from exporters.catalog import Family, gpu, groups, probe
from exporters.histograms import SUFFIXES
from slo.objective import Objective
from slo.promql import selectors


@dataclass(frozen=True)
class EventSource:
    """An exporter whose series tell events."""

    name: str
    """The label ``exporter`` of :data:`exporters.catalog.SOURCE_UP`."""
    up: Family | None
    """0 where what is read does not answer: its events go on, unseen. None where that is an event
    itself: an engine whose page is gone is a dead group, and no unseen one."""
    families: tuple[Family, ...]
    hurt_by: EventSource | None = None
    """The source whose causes are its own as well: what hurts requests hurts groups."""


def _families_of(subject: ModuleType) -> tuple[Family, ...]:
    return tuple(each for each in vars(subject).values() if isinstance(each, Family))


ROUTER = EventSource(
    "router",
    catalog.ROUTER_UP,
    (
        catalog.ROUTER_REQUESTS,
        catalog.ROUTER_ATTEMPTS,
        catalog.ROUTER_TIME_TO_FIRST_TOKEN,
        catalog.ROUTER_END_TO_END,
    ),
)
GOVERNANCE = EventSource(
    "router",
    catalog.ROUTER_UP,
    (
        catalog.BILLED_TOKENS,
        catalog.SAFETY_CHECKS,
        catalog.SAFETY_SECONDS,
        catalog.RESIDENCY_REQUESTS,
    ),
)
"""What stands beside routers and is told on their pages. No lost GPU is why data leaves its region;
and there may be requests in flight without one of a government's among them."""
WEIGHTS = EventSource(
    "router",
    catalog.ROUTER_UP,
    (
        catalog.WEIGHTS_LOADS,
        catalog.WEIGHTS_LOAD_SECONDS,
        catalog.WEIGHTS_LOAD_RETRIES,
        catalog.WEIGHTS_INFO,
    ),
)
TOOLS = EventSource(
    "tools",
    catalog.TOOLS_UP,
    (
        catalog.TOOL_CALLS,
        catalog.TOOL_DURATION,
        catalog.TOOL_ATTEMPTS,
        catalog.PAGE_CACHE_REQUESTS,
        catalog.MCP_REQUESTS,
        catalog.MCP_DURATION,
    ),
)
GROUPS = EventSource("groups", None, _families_of(groups), hurt_by=ROUTER)
GPUS = EventSource("gpu", None, _families_of(gpu), hurt_by=ROUTER)
PROBES = EventSource("probe", None, _families_of(probe), hurt_by=ROUTER)

SOURCES = (GOVERNANCE, WEIGHTS, ROUTER, TOOLS, GPUS, PROBES, GROUPS)
"""The first of them that an objective reads is its source: what counts its events before what it
holds them against."""

_OF_THE_FLEET = ("shardwatch_", "shardwatch:", "slo:", "vllm:", "vllm_", "DCGM_")
"""How series begin that tell of the groups, engines and GPUs that causes are about."""


def find_source(objective: Objective) -> EventSource | None:
    """Return the exporter that sees an objective's events; None if it is none of ours."""
    selected = {each.name or "" for each in selectors(objective.indicator.expressions[0])}
    names = {name.removesuffix(suffix) for name in selected for suffix in ("", *SUFFIXES)}
    for source in SOURCES:
        if names & {family.name for family in source.families}:
            return source
    return None


def names_causes(objective: Objective) -> bool:
    """Return whether what fails in the fleet can be why an objective burns.

    Of series that are nobody's we know, nothing says that they depend on a GPU of ours: their
    owner may.
    """
    if objective.names_causes is not None:
        return objective.names_causes
    return any(
        (each.name or "").startswith(_OF_THE_FLEET)
        for expression in objective.indicator.expressions
        for each in selectors(expression)
    )


def shared_labels(family: Family, grouping_labels: Sequence[str]) -> tuple[str, ...]:
    """Return the grouping labels that a family has too, in their order."""
    return tuple(label for label in grouping_labels if label in family.labels)
