"""Where the events of an objective are seen, and which series says that they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporters import catalog
from exporters.catalog import Family
from exporters.histograms import SUFFIXES
from slo.objective import Objective
from slo.promql import selectors


@dataclass(frozen=True)
class EventSource:
    """An exporter whose counters are events."""

    name: str
    """The label ``exporter`` of :data:`exporters.catalog.SOURCE_UP`."""
    up: Family
    """0 where what is read does not answer: its events go on, unseen."""
    families: tuple[Family, ...]


ROUTER = EventSource(
    "router",
    catalog.ROUTER_UP,
    (catalog.ROUTER_REQUESTS, catalog.ROUTER_ATTEMPTS, catalog.ROUTER_TIME_TO_FIRST_TOKEN),
)
TOOLS = EventSource("tools", catalog.TOOLS_UP, (catalog.TOOL_CALLS, catalog.TOOL_DURATION))

SOURCES = (ROUTER, TOOLS)

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
