"""What PagerDuty's Events API v2 takes: the limits of an event, and what is wrong with one.

Source: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ and the API's schema,
https://github.com/PagerDuty/api-schema (reference/events-v2). And what its webhooks tell.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from exporters.routing_key import ROUTING_KEY_CHARACTERS

DEDUP_KEY_CHARACTERS = 255
SUMMARY_CHARACTERS = 1024
EVENT_BYTES = 512 * 1024

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")

_TEXTS = ("component", "group", "class")


def event_errors(event: Any, routing_keys: Collection[str]) -> list[str]:
    """Return what is wrong with an event, each as a sentence; empty if PagerDuty would take it.

    Fields that the API does not know are tolerated, as the API does.

    Args:
        event: what the request's JSON holds.
        routing_keys: the keys of integrations that exist.
    """
    if not isinstance(event, Mapping):
        return ["Event object is not a JSON object"]
    return [
        *_routing_key_errors(event.get("routing_key"), routing_keys),
        *_action_errors(event),
        *(_payload_errors(event.get("payload")) if event.get("event_action") == "trigger" else ()),
        *_attachment_errors(event, "links", required="href"),
        *_attachment_errors(event, "images", required="src"),
        *_text_errors(event, ("client", "client_url"), ""),
    ]


def change_errors(change: Any, routing_keys: Collection[str]) -> list[str]:
    """Return the same of a change event, which tells what somebody did and resolves nothing."""
    if not isinstance(change, Mapping):
        return ["Event object is not a JSON object"]
    return [
        *_routing_key_errors(change.get("routing_key"), routing_keys),
        *_payload_errors(change.get("payload"), required=("summary",)),
        *_attachment_errors(change, "links", required="href"),
    ]


def acknowledged_event(title: str, key: str, by: str, at: float) -> dict[str, Any]:
    """Return the webhook (version 3) by which PagerDuty tells that an incident was acknowledged.

    As https://developer.pagerduty.com/docs/webhooks-overview shows it, with what programs read.

    Args:
        title: of the incident: its event's summary.
        key: its event's ``dedup_key``.
        by: who did.
        at: UNIX seconds.
    """
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    event = {
        "event_type": "incident.acknowledged",
        "resource_type": "incident",
        "occurred_at": when.replace("+00:00", "Z"),
        "agent": {"id": "PSTANDIN", "summary": by, "type": "user_reference"},
        "client": None,
        "data": {
            "id": "PINCIDENT",
            "type": "incident",
            "status": "acknowledged",
            "incident_key": key,
            "title": title,
            "urgency": "high",
        },
    }
    number = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{key} {by} {when}"))
    return {"event": {"id": number, **event}}


def _routing_key_errors(key: Any, known: Collection[str]) -> Iterator[str]:
    if key is None or key == "":
        yield "'routing_key' is missing or blank"
    elif not isinstance(key, str):
        yield f"'routing_key' must be a string, not {_kind(key)}"
    elif len(key) != ROUTING_KEY_CHARACTERS:
        yield (
            f"Length of 'routing_key' is incorrect (should be {ROUTING_KEY_CHARACTERS} characters)"
        )
    elif not (key.isascii() and key.isalnum()):
        yield "'routing_key' cannot contain non-alphanumeric characters"
    elif key not in known:
        yield "'routing_key' belongs to no integration"


def _action_errors(event: Mapping[str, Any]) -> Iterator[str]:
    action, key = event.get("event_action"), event.get("dedup_key")
    if action is None or action == "":
        yield "'event_action' is missing or blank"
    elif action not in ACTIONS:
        yield f"'event_action' is {_shown(action)} (should be one of {', '.join(ACTIONS)})"
    if key is None or key == "":
        if action in ("acknowledge", "resolve"):
            yield f"'dedup_key' is missing or blank (required to {action})"
    elif not isinstance(key, str):
        yield f"'dedup_key' must be a string, not {_kind(key)}"
    elif len(key) > DEDUP_KEY_CHARACTERS:
        yield f"'dedup_key' has {len(key)} characters (at most {DEDUP_KEY_CHARACTERS})"


def _payload_errors(
    payload: Any, required: tuple[str, ...] = ("summary", "source", "severity")
) -> Iterator[str]:
    if payload is None:
        yield "'payload' is missing or blank"
        return
    if not isinstance(payload, Mapping):
        yield f"'payload' must be an object, not {_kind(payload)}"
        return
    for name in ("summary", "source", "severity"):
        value = payload.get(name)
        if value is None or value == "":
            if name in required:
                yield f"'payload.{name}' is missing or blank"
        elif not isinstance(value, str):
            yield f"'payload.{name}' must be a string, not {_kind(value)}"
        elif name == "summary" and len(value) > SUMMARY_CHARACTERS:
            yield f"'payload.summary' has {len(value)} characters (at most {SUMMARY_CHARACTERS})"
        elif name == "severity" and value not in SEVERITIES:
            known = ", ".join(SEVERITIES)
            yield f"'payload.severity' is {_shown(value)} (should be one of {known})"
    details = payload.get("custom_details")
    if details is not None and not isinstance(details, Mapping):
        yield f"'payload.custom_details' must be an object, not {_kind(details)}"
    moment = payload.get("timestamp")
    if moment is not None and not _is_moment(moment):
        yield f"'payload.timestamp' is {_shown(moment)} (should be an ISO 8601 time)"
    yield from _text_errors(payload, _TEXTS, "payload.")


def _attachment_errors(event: Mapping[str, Any], name: str, required: str) -> Iterator[str]:
    found = event.get(name)
    if found is None:
        return
    if not isinstance(found, list):
        yield f"'{name}' must be a list, not {_kind(found)}"
        return
    for index, each in enumerate(found):
        place = f"{name}[{index}]"
        if not isinstance(each, Mapping):
            yield f"'{place}' must be an object, not {_kind(each)}"
        elif not isinstance(each.get(required), str) or not each[required]:
            yield f"'{place}.{required}' is missing or blank"
        else:
            yield from _text_errors(each, ("text", "href", "alt"), f"{place}.")


def _text_errors(found: Mapping[str, Any], names: tuple[str, ...], place: str) -> Iterator[str]:
    for name in names:
        value = found.get(name)
        if value is not None and not isinstance(value, str):
            yield f"'{place}{name}' must be a string, not {_kind(value)}"


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "a boolean"
    return "null" if value is None else "a number" if isinstance(value, int | float) else "a string"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else _kind(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
