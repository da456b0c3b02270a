"""Alertmanager's own words as those of an AlertmanagerConfig (``v1alpha1``).

That version needs no webhook that converts. Keys are in camel case, maps are lists of pairs, a
matcher is an object, and a secret is a key of a Secret in place of a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Secret = Callable[[str], dict[str, str]]
"""Returns the reference to the key that stands for a file, by its path."""

_MATCHER = re.compile(r'(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)(?P<type>=~|!~|!=|=)(?P<value>".*")')
_SPELLED = {
    "api_url_file": "apiURL",
    "html": "html",
    "require_tls": "requireTLS",
    "mrkdwn_in": "mrkdwnIn",
}
_KINDS = ("pagerduty_configs", "slack_configs", "email_configs", "webhook_configs")


def matcher(text: str) -> dict[str, str]:
    """Return a matcher of a route as the operator has it.

    Raises:
        ValueError: if it is none of those that we write.
    """
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no matcher")
    value = json.loads(found["value"])
    return {"name": found["name"], "matchType": found["type"], "value": value}


def route(written: Mapping[str, Any], times: Mapping[str, Any]) -> dict[str, Any]:
    """Return a route with its routes.

    Args:
        written: as Alertmanager has it.
        times: named times that there are; others are left out.
    """
    found: dict[str, Any] = {}
    for key, value in written.items():
        if key == "matchers":
            found["matchers"] = [matcher(each) for each in value]
        elif key == "routes":
            found["routes"] = [route(each, times) for each in value]
        elif key.endswith("_time_intervals"):
            if known := [each for each in value if each in times]:
                found[_camel(key)] = known
        else:
            found[_camel(key)] = value
    return found


def inhibition(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return an inhibition rule."""
    return {
        "sourceMatch": [matcher(each) for each in written["source_matchers"]],
        "targetMatch": [matcher(each) for each in written["target_matchers"]],
        "equal": list(written["equal"]),
    }


def receiver(written: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
    """Return a receiver with all its ways to tell."""
    found: dict[str, Any] = {"name": written["name"]}
    for kind in _KINDS:
        if kind in written:
            found[_camel(kind)] = [_way(each, secret) for each in written[kind]]
    return found


def mute_times(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return named times."""
    return {
        "name": written["name"],
        "timeIntervals": [_interval(each) for each in written["time_intervals"]],
    }


def location_of(written: Mapping[str, Any]) -> str:
    """Return where named times are, if not in UTC, which is all that the operator knows."""
    places = {each.get("location", "UTC") for each in written["time_intervals"]}
    return ", ".join(sorted(places - {"UTC"}))


def _way(written: Mapping[str, Any], secret: Secret) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in written.items():
        if key == "links":
            found["pagerDutyLinkConfigs"] = [
                {"href": each["href"], "alt": each["text"]} for each in value
            ]
        elif key in ("details", "headers"):
            found[key] = [{"key": name, "value": text} for name, text in value.items()]
        elif key == "http_config":
            credentials = value["authorization"]["credentials_file"]
            found["httpConfig"] = {"authorization": {"credentials": secret(credentials)}}
        elif key.endswith("_file"):
            found[_SPELLED.get(key, _camel(key.removesuffix("_file")))] = secret(value)
        else:
            found[_SPELLED.get(key, _camel(key))] = value
    return found


def _interval(written: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in written.items():
        if key == "times":
            found["times"] = [
                {"startTime": each["start_time"], "endTime": each["end_time"]} for each in value
            ]
        elif key == "days_of_month":
            found["daysOfMonth"] = [_days(each) for each in value]
        elif key in ("months", "years"):
            found[key] = [str(each) for each in value]
        elif key == "weekdays":
            found[key] = list(value)
    return found


def _days(written: int | str) -> dict[str, int]:
    first, _, last = str(written).partition(":")
    return {"start": int(first), "end": int(last or first)}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(each.capitalize() for each in others)
