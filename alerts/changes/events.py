"""Change events of PagerDuty's Events API v2.

Source: https://developer.pagerduty.com/docs/send-change-events
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from alerts.changes.core import Change
from alerts.links import FLEET_BOARD
from alerts.pagerduty import SUMMARY_CHARACTERS
from exporters import catalog
from exporters.config import Links

PLACES_SHOWN = 50
"""Names in an event; the rest are counted."""
_BEFORE_SECONDS = 1800
"""From then on the board shows what came of it."""

Event = dict[str, Any]


def change_event(change: Change, at: float, links: Links) -> Event:
    """Return the event of a change, without the routing key, which is a secret.

    Args:
        change: what changed.
        at: when it was seen, UNIX seconds.
        links: bases of the links.
    """
    kind, labels = change.kind, dict(zip(change.kind.cell, change.cell, strict=True))
    more = len(change.places) - PLACES_SHOWN
    shown = ", ".join(change.places[:PLACES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return {
        "payload": {
            "summary": _shortened(change.summary),
            "timestamp": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
            "source": labels[catalog.CLUSTER],
            "custom_details": {
                **labels,
                "change": kind.name,
                "now": change.value,
                "before": ", ".join(change.before),
                kind.places: shown,
            },
        },
        "links": [{"href": _board_url(labels, at, links), "text": "dashboard"}],
    }


def _shortened(text: str) -> str:
    if len(text) <= SUMMARY_CHARACTERS:
        return text
    return text[: SUMMARY_CHARACTERS - 3] + "..."


def _board_url(labels: dict[str, str], at: float, links: Links) -> str:
    variables = {f"var-{name}": value for name, value in labels.items() if value}
    begin = round((at - _BEFORE_SECONDS) * 1000)
    query = urlencode({**variables, "from": begin, "to": "now"})
    return f"{links.grafana.rstrip('/')}/d/{FLEET_BOARD}?{query}"
