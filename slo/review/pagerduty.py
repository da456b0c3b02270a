"""PagerDuty's webhooks, version 3, read: that somebody acknowledged an incident. Pure.

https://developer.pagerduty.com/docs/webhooks-overview and .../verifying-webhook-signatures. An
event names an incident by what it is called: the summary of what began it. Its key is a hash of the
group that Alertmanager told of, and its details are not told.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slo.review.facts import digest
from slo.review.webhook import shortened

SIGNATURE = "x-pagerduty-signature"
"""The header."""
NOBODY_NAMED = "PagerDuty"
"""Of an event without an agent."""
_ACKNOWLEDGED = "incident.acknowledged"
_SCHEME = "v1="
_LONGEST_NAME = 200


class MalformedEventError(Exception):
    """A body that is no event of PagerDuty's; the text says what is wrong."""


@dataclass(frozen=True)
class Acknowledged:
    """Somebody acknowledged an incident of PagerDuty's."""

    key: str
    """Of the event: sent again it is the same."""
    at: int
    """UNIX seconds."""
    by: str
    title: str
    """Of the incident."""


def sign(body: bytes, secret: bytes) -> str:
    """Return the signature of a body, as the header has it."""
    return _SCHEME + hmac.new(secret, body, hashlib.sha256).hexdigest()


def is_signed(header: str, body: bytes, secret: bytes) -> bool:
    """Tell whether one of a header's signatures is that of the body: there may be several."""
    expected = sign(body, secret).encode()
    given = [each.strip().encode("utf-8", "replace") for each in header.split(",")]
    return any(hmac.compare_digest(each, expected) for each in given)


def read_event(body: bytes) -> Acknowledged | None:
    """Return what an event tells; None for one of another kind.

    Raises:
        MalformedEventError: if it is no event.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedEventError("expected JSON") from None
    event = _object(_object(content, "the body").get("event"), "event")
    if _text(event, "event", "event_type") != _ACKNOWLEDGED:
        return None
    data = _object(event.get("data"), "event.data")
    agent = event.get("agent")
    name = agent.get("summary") if isinstance(agent, dict) else None
    by = shortened(name)[:_LONGEST_NAME] if isinstance(name, str) and name else NOBODY_NAMED
    return Acknowledged(
        digest(["pagerduty", _text(event, "event", "id")]),
        _seconds(_text(event, "event", "occurred_at")),
        by,
        shortened(_text(data, "event.data", "title")),
    )


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedEventError(f"{place}: expected an object")
    return value


def _text(found: dict[str, Any], place: str, name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEventError(f"{place}.{name}: expected a text")
    return value


def _seconds(text: str) -> int:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedEventError("event.occurred_at: expected a time of ISO 8601") from None
    if when.tzinfo is None or not 1970 < when.year < 9999:
        raise MalformedEventError("event.occurred_at: expected a time of ISO 8601 with a zone")
    return int(when.astimezone(UTC).timestamp())
