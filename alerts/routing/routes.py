"""Which alert goes to whom: the tree of routes. The first that takes an alert has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts.blackout_alerts import EVENTS_BLIND
from alerts.owners import OWNER
from alerts.routing.names import Naming, equals, fallback_of, is_there
from alerts.routing.times import times_of
from alerts.watchdog import HEARTBEAT_SECONDS, REPEAT_SECONDS, WATCHDOG
from exporters import catalog
from exporters.config import ConfigFile
from exporters.durations import format_duration
from slo import conventions

_IS_PAGE = equals(conventions.SEVERITY, conventions.PAGE)
_IS_TICKET = equals(conventions.SEVERITY, conventions.TICKET)
_IS_STATE = equals(conventions.SEVERITY, conventions.NOBODY)
"""Alerts that only inhibit others."""
_IS_OF_CELL = equals(conventions.INCIDENT, conventions.OF_CELL)
_IS_OF_REGION = equals(conventions.INCIDENT, conventions.OF_REGION)
_HAS_SERVICE = is_there(conventions.SERVICE)
"""What an objective says; a cause belongs to none."""

BY_KIND = [conventions.ALERTNAME, catalog.CLUSTER, catalog.REGION]
"""What tickets of no objective are grouped by."""
BY_CELL = [*BY_KIND, catalog.MODEL]
"""What pages of no objective and no incident are."""
BY_REGION = [catalog.CLUSTER, catalog.REGION]
"""What a region's incident is: whatever its pages are called."""


def top_route(file: ConfigFile, grouping_labels: Sequence[str], naming: Naming) -> dict[str, Any]:
    """Return the route of all our alerts.

    Args:
        file: the user's configuration.
        grouping_labels: of all objectives; those that an alert lacks group nothing.
        naming: of receivers and times.
    """
    timing = file.alertmanager
    cell, incident = cell_labels(grouping_labels), incident_labels(grouping_labels)
    return {
        "receiver": _last_resort(file, naming),
        "group_by": BY_KIND,
        "group_wait": format_duration(timing.group_wait),
        "group_interval": format_duration(timing.group_interval),
        "repeat_interval": format_duration(timing.repeat_interval),
        "routes": [
            _watchdog(naming),
            *([_webhook(cell, naming)] if file.webhook else []),
            {"receiver": naming.nobody, "matchers": [_IS_STATE]},
            *_owners(file, cell, incident, naming),
            *_fallback(file, cell, incident, naming),
        ],
    }


def cell_labels(grouping_labels: Sequence[str]) -> list[str]:
    """Return the labels of an objective's cell: what an incident of its own is."""
    return _once(conventions.SLO, conventions.SERVICE, catalog.CLUSTER, *grouping_labels)


def incident_labels(grouping_labels: Sequence[str]) -> list[str]:
    """Return the labels of a cell, whatever tells of it: what the incident of a cell is."""
    return _once(*catalog.CELL_LABELS, *grouping_labels)


def _once(*labels: str) -> list[str]:
    """Return labels each once: Alertmanager refuses a second."""
    return list(dict.fromkeys(labels))


def _last_resort(file: ConfigFile, naming: Naming) -> str:
    """Return the receiver of what no route takes."""
    if file.alertmanager.fallback is not None:
        return naming.of(file.alertmanager.fallback, conventions.TICKET)
    if file.webhook:
        return naming.webhook
    fallback = fallback_of(file)
    return naming.of(fallback, conventions.TICKET) if fallback else naming.nobody


def _watchdog(naming: Naming) -> dict[str, Any]:
    return {
        "receiver": naming.watchdog,
        "matchers": [equals(conventions.ALERTNAME, WATCHDOG)],
        "group_interval": format_duration(HEARTBEAT_SECONDS),
        "repeat_interval": format_duration(REPEAT_SECONDS),
    }


def _webhook(cell: list[str], naming: Naming) -> dict[str, Any]:
    return {
        "receiver": naming.webhook,
        "continue": True,
        "routes": [{"receiver": naming.webhook, "matchers": [_HAS_SERVICE], "group_by": cell}],
    }


def _owners(
    file: ConfigFile, cell: list[str], incident: list[str], naming: Naming
) -> list[dict[str, Any]]:
    """Return a route for each owner. Whoever owns an objective gets its pages and its tickets."""
    found = []
    for owner, receiver in sorted(file.alertmanager.owners.items()):
        pages = {"receiver": naming.of(receiver, conventions.PAGE)}
        found.append({
            **_tickets(file, receiver, naming),
            "matchers": [equals(OWNER, owner)],
            "group_by": cell,
            "routes": [
                {**pages, "matchers": [_IS_PAGE, _IS_OF_CELL], "group_by": incident},
                {**pages, "matchers": [_IS_PAGE]},
            ],
        })  # fmt: skip
    return found


def _fallback(
    file: ConfigFile, cell: list[str], incident: list[str], naming: Naming
) -> list[dict[str, Any]]:
    """Return the routes of those who get what is nobody else's."""
    receiver = fallback_of(file)
    if receiver is None:
        return []
    pages = {"receiver": naming.of(receiver, conventions.PAGE)}
    tickets = _tickets(file, receiver, naming)
    causes = [tickets] if file.alertmanager.fallback is not None else []
    return [
        {**pages, "matchers": [_IS_PAGE, _IS_OF_REGION], "group_by": BY_REGION},
        {**pages, "matchers": [_IS_PAGE, _IS_OF_CELL], "group_by": incident},
        {**pages, "matchers": [_IS_PAGE, _HAS_SERVICE], "group_by": cell},
        {**pages, "matchers": [_IS_PAGE], "group_by": BY_CELL},
        {**tickets, "matchers": [equals(conventions.ALERTNAME, EVENTS_BLIND)]},
        {**tickets, "matchers": [_IS_TICKET, _HAS_SERVICE], "group_by": cell},
        *causes,
    ]


def _tickets(file: ConfigFile, receiver: str, naming: Naming) -> dict[str, Any]:
    return {
        "receiver": naming.of(receiver, conventions.TICKET),
        **times_of(file.alertmanager.receivers.get(receiver), naming),
    }
