"""Which pages are one incident: people are woken once for a cell, and once for a region.

One fault of a cell makes its requests fail, first tokens late, probes fail and queues stay, each
with a page of its own. They say ``incident: cell`` and are told under one key, which opens with the
first and is closed with the last: nothing is inhibited, so that whatever fires is told as long as
it fires. Regions do the same with ``incident: region``: ``RegionDown`` and ``RegionFailing`` alone,
so that nothing else that may last for a day keeps it open, and with it the next lost region silent.
Traffic that vanishes is its cell's, and a lost router an incident of its own.

What is no matter of capacity stays apart: a government's data or a safety filter is another fault,
with other people to wake, and must wake them while a cell's incident is open.
"""

from __future__ import annotations

from alerts.sources import ROUTER, EventSource, find_source
from slo import conventions
from slo.objective import Objective

TRAFFIC_VANISHED = "TrafficVanished"
"""The page of a cell that may last for a day."""


def incident_label(objective: Objective, severity: str) -> dict[str, str]:
    """Return the label of an objective's burns that are told with the others of their cell.

    Pages alone: tickets are read one by one.
    """
    if severity != conventions.PAGE or not is_felt_in_cell(objective):
        return {}
    return {conventions.INCIDENT: conventions.OF_CELL}


def is_felt_in_cell(objective: Objective) -> bool:
    """Return whether an objective's events are requests, or are hurt by what hurts these."""
    return is_of_cell(find_source(objective))


def is_of_cell(source: EventSource | None) -> bool:
    """Return whether what a source sees are requests, or is hurt by what hurts these."""
    return source is not None and ROUTER in (source, source.hurt_by)
