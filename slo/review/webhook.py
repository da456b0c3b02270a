"""Alertmanager's webhook, read: whatever is sent, either facts or one sentence of what is wrong.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slo.review.facts import ALERTMANAGER, AlertFact

LARGEST_BYTES = 16 * 1024 * 1024
"""Of a message, which holds every alert of its group."""
MOST_ALERTS = 20_000
MOST_LABELS = 100
LONGEST_NAME = 512
LONGEST_VALUE = 8192
"""Characters. What is longer is cut, and says so."""
LONGEST_TEXT = 20_000
"""Characters of what people write; what is longer is refused, and never cut."""
_CUT = " [cut]"
_YEAR = 365 * 86400 * 1000


class MalformedWebhookError(Exception):
    """A message that is none of Alertmanager's; the text says what is wrong."""


@dataclass(frozen=True)
class Message:
    """What a webhook told."""

    facts: tuple[AlertFact, ...]
    left_out: int
    """Alerts that the sender cut off (``max_alerts``)."""


def read_webhook(body: bytes, now_ms: int) -> Message:
    """Return what a message tells.

    Args:
        body: as it came.
        now_ms: UNIX milliseconds. An end in the future is none: so a sender says until when an
            alert fires unless it tells again.

    Raises:
        MalformedWebhookError: if it is no message of Alertmanager's.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedWebhookError("expected JSON") from None
    message = _expect(content, dict, "the message", "an object")
    version = message.get("version")
    if version != "4":
        raise MalformedWebhookError(f"version: found {_shown(version)}, expected '4'")
    alerts = _expect(message.get("alerts"), list, "alerts", "a list")
    if len(alerts) > MOST_ALERTS:
        found = f"alerts: found {len(alerts)}, expected {MOST_ALERTS} at most; set max_alerts"
        raise MalformedWebhookError(found)
    left_out = message.get("truncatedAlerts", 0)
    is_count = isinstance(left_out, int) and 0 <= left_out < 2**31
    facts = tuple(_fact(each, f"alerts[{i}]", now_ms) for i, each in enumerate(alerts))
    return Message(facts, left_out if is_count else 0)


def _fact(alert: Any, place: str, now_ms: int) -> AlertFact:
    alert = _expect(alert, dict, place, "an object")
    labels = _texts(alert.get("labels"), f"{place}.labels")
    if not labels.get("alertname"):
        raise MalformedWebhookError(f"{place}.labels: found no alertname")
    status = alert.get("status")
    if status not in ("firing", "resolved"):
        found = f"{place}.status: found {_shown(status)}, expected 'firing' or 'resolved'"
        raise MalformedWebhookError(found)
    starts = _time_ms(alert.get("startsAt"), f"{place}.startsAt")
    if starts is None or starts > now_ms + _YEAR:
        found = f"{place}.startsAt: found {_shown(alert.get('startsAt'))}, expected when it began"
        raise MalformedWebhookError(found)
    ends = _time_ms(alert.get("endsAt"), f"{place}.endsAt") if status == "resolved" else None
    if status == "resolved":
        # A clock that went back: it is over, and lasted no time that we can tell.
        ends = max(starts, now_ms if ends is None else min(ends, max(now_ms, starts)))
    evidence = _texts(alert.get("annotations", {}), f"{place}.annotations")
    return AlertFact(ALERTMANAGER, labels, starts, ends, tuple(sorted(evidence.items())))


def _expect(value: Any, type_: type, place: str, expected: str) -> Any:
    if not isinstance(value, type_):
        raise MalformedWebhookError(f"{place}: found {_shown(value)}, expected {expected}")
    return value


def _texts(value: Any, place: str) -> Mapping[str, str]:
    pairs: dict[str, Any] = _expect(value, dict, place, "an object")
    if len(pairs) > MOST_LABELS:
        found = f"{place}: found {len(pairs)} names, expected {MOST_LABELS} at most"
        raise MalformedWebhookError(found)
    texts: dict[str, str] = {}
    for name, text in pairs.items():
        if not name or len(name) > LONGEST_NAME or not isinstance(text, str):
            found = f"{place}: found {_shown(name)}: {_shown(text)}, expected a name with a text"
            raise MalformedWebhookError(found)
        texts[storable(name)] = shortened(text)
    return texts


def storable(text: str) -> str:
    """Return a text as both databases take it: no NUL, no half of a character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def shortened(text: str) -> str:
    """Return a text that no person wrote as it is stored: what is too long is cut, and says so."""
    clean = storable(text)
    return clean if len(clean) <= LONGEST_VALUE else clean[: LONGEST_VALUE - len(_CUT)] + _CUT


def _time_ms(value: Any, place: str) -> int | None:
    """Return UNIX milliseconds; None for the zero time, which says that there is none."""
    if value is None or value == "":
        return None
    try:
        when = datetime.fromisoformat(_expect(value, str, place, "a time"))
    except ValueError:
        found = f"{place}: found {_shown(value)}, expected a time as RFC 3339 writes it"
        raise MalformedWebhookError(found) from None
    if when.tzinfo is None:
        raise MalformedWebhookError(f"{place}: found {_shown(value)}, expected a time with a zone")
    try:
        since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return None
    # Whole milliseconds, as Prometheus has them, and no float between.
    milliseconds = (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000
    return milliseconds if milliseconds > 0 else None


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
