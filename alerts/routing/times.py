"""When tickets are told. Pages are told always.

What begins and ends outside of these times is never told. Nor is the end of what was told, unless
they begin within the 15 minutes for which Prometheus sends it: Alertmanager drops what it may not
send. A pager that knows support hours, as PagerDuty does, keeps both.
"""

from __future__ import annotations

from typing import Any

from alerts.routing.names import Naming
from exporters.notifying import Alertmanager, Receiver, TimeInterval


def time_intervals(alertmanager: Alertmanager, naming: Naming) -> list[dict[str, Any]]:
    """Return the named times as Alertmanager's YAML has them, sorted by name."""
    return [
        {"name": naming.time(name), "time_intervals": [_interval(each) for each in intervals]}
        for name, intervals in sorted(alertmanager.times.items())
    ]


def times_of(receiver: Receiver | None, naming: Naming) -> dict[str, list[str]]:
    """Return what a route to a receiver's tickets says of times; nothing where it has none."""
    if receiver is None:
        return {}
    found = {
        "active_time_intervals": [naming.time(each) for each in receiver.tickets_during],
        "mute_time_intervals": [naming.time(each) for each in receiver.no_tickets_during],
    }
    return {name: times for name, times in found.items() if times}


def _interval(interval: TimeInterval) -> dict[str, Any]:
    written = interval.model_dump()
    return {name: value for name, value in written.items() if value}
