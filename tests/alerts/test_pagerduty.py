"""What PagerDuty takes and what it refuses."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import pagerduty
from alerts.pagerduty import change_errors, event_errors

KEY = "0123456789abcdef0123456789abcdef"

GOOD: dict[str, Any] = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "eu/chat",
    "client": "Alertmanager",
    "client_url": "http://alertmanager",
    "links": [{"href": "http://runbook", "text": "runbook"}],
    "images": [{"src": "https://image", "href": "http://page", "alt": "a picture"}],
    "payload": {
        "summary": "chat-availability burns",
        "source": "demo",
        "severity": "critical",
        "timestamp": "2026-11-23T20:00:00+00:00",
        "component": "chat",
        "group": "eu",
        "class": "ErrorBudgetBurn",
        "custom_details": {"burn_rate": "44"},
    },
}
"""An event with every field that the API has."""


def broken(place: str, value: Any) -> dict[str, Any]:
    """Return the good event with one value replaced, or removed where it is None."""
    event = copy.deepcopy(GOOD)
    *parents, last = place.split(".")
    holder = event
    for each in parents:
        holder = holder[each]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return event


def test_a_complete_event_is_taken():
    """Nothing is wrong with an event that uses every field."""
    assert [] == event_errors(GOOD, [KEY])


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_an_acknowledgement_and_a_resolve_need_no_payload(action: str):
    """Only the dedup key says what they are about."""
    event = {"routing_key": KEY, "event_action": action, "dedup_key": "eu/chat"}

    assert [] == event_errors(event, [KEY])


def test_a_trigger_needs_no_dedup_key():
    """PagerDuty makes one up."""
    assert [] == event_errors(broken("dedup_key", None), [KEY])


def test_unknown_fields_are_tolerated_as_the_real_one_does():
    """At the top and in the payload."""
    assert [] == event_errors({**GOOD, "colour": "red"}, [KEY])
    assert [] == event_errors(broken("payload.colour", "red"), [KEY])


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("routing_key", None, "'routing_key' is missing or blank"),
        ("routing_key", "", "'routing_key' is missing or blank"),
        ("routing_key", 7, "'routing_key' must be a string, not a number"),
        (
            "routing_key",
            "short",
            "Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
        ("routing_key", "-" * 32, "'routing_key' cannot contain non-alphanumeric characters"),
        ("routing_key", "f" * 32, "'routing_key' belongs to no integration"),
        ("event_action", None, "'event_action' is missing or blank"),
        (
            "event_action",
            "close",
            "'event_action' is 'close' (should be one of trigger, acknowledge, resolve)",
        ),
        (
            "event_action",
            ["trigger"],
            "'event_action' is a list (should be one of trigger, acknowledge, resolve)",
        ),
        ("dedup_key", 7, "'dedup_key' must be a string, not a number"),
        ("dedup_key", "k" * 256, "'dedup_key' has 256 characters (at most 255)"),
        ("payload", None, "'payload' is missing or blank"),
        ("payload", "text", "'payload' must be an object, not a string"),
        ("payload.summary", None, "'payload.summary' is missing or blank"),
        ("payload.summary", "", "'payload.summary' is missing or blank"),
        ("payload.summary", "s" * 1025, "'payload.summary' has 1025 characters (at most 1024)"),
        ("payload.summary", ["s"], "'payload.summary' must be a string, not a list"),
        ("payload.source", None, "'payload.source' is missing or blank"),
        ("payload.source", {}, "'payload.source' must be a string, not an object"),
        ("payload.severity", None, "'payload.severity' is missing or blank"),
        (
            "payload.severity",
            "page",
            "'payload.severity' is 'page' (should be one of critical, error, warning, info)",
        ),
        (
            "payload.custom_details",
            "text",
            "'payload.custom_details' must be an object, not a string",
        ),
        (
            "payload.timestamp",
            "yesterday",
            "'payload.timestamp' is 'yesterday' (should be an ISO 8601 time)",
        ),
        ("payload.class", True, "'payload.class' must be a string, not a boolean"),
        ("client", 7, "'client' must be a string, not a number"),
        ("links", {}, "'links' must be a list, not an object"),
        ("links", ["http://x"], "'links[0]' must be an object, not a string"),
        ("links", [{"text": "x"}], "'links[0].href' is missing or blank"),
        ("links", [{"href": "x", "text": 7}], "'links[0].text' must be a string, not a number"),
        ("images", [{"href": "x"}], "'images[0].src' is missing or blank"),
    ],
)
def test_each_malformed_field_is_named(place: str, value: Any, expected: str):
    """One thing wrong is one error that says what and where."""
    assert [expected] == event_errors(broken(place, value), [KEY])


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_a_dedup_key_is_required_to_end_something(action: str):
    """Without it nobody knows what is meant."""
    event = {"routing_key": KEY, "event_action": action}

    assert [f"'dedup_key' is missing or blank (required to {action})"] == event_errors(event, [KEY])


@pytest.mark.parametrize("event", [None, [], "text", 7])
def test_what_is_no_object_is_no_event(event: Any):
    """JSON, but nothing to read fields from."""
    assert ["Event object is not a JSON object"] == event_errors(event, [KEY])


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
fields = st.sampled_from([
    *(f"payload.{name}" for name in GOOD["payload"]),
    *(name for name in GOOD if name != "payload"),
])  # fmt: skip


@given(fields, json_values)
def test_whatever_is_taken_keeps_every_limit(place: str, value: Any):
    """For any value in any field: an event without errors is within what the API documents."""
    event = broken(place, value)
    if event_errors(event, [KEY]):
        return
    payload = event["payload"]

    assert KEY == event["routing_key"]
    assert event["event_action"] in pagerduty.ACTIONS
    assert len(event.get("dedup_key") or "") <= 255
    if event["event_action"] == "trigger":
        assert 0 < len(payload["summary"]) <= 1024
        assert payload["source"]
        assert payload["severity"] in pagerduty.SEVERITIES
        assert isinstance(payload.get("custom_details") or {}, dict)
    assert all(link["href"] for link in event.get("links") or [])


@given(json_values)
def test_any_json_gets_an_answer(value: Any):
    """Errors are sentences; nothing is raised."""
    errors = event_errors(value, [KEY])

    assert errors
    assert all(isinstance(each, str) and each for each in errors)
    json.dumps(errors)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"routing_key": KEY, "payload": {"summary": "a rollout"}}, []),
        ({"routing_key": KEY, "payload": {"summary": "a", "source": "demo", "custom_details": {}},
          "links": []}, []),
        ([], ["Event object is not a JSON object"]),
        ({"routing_key": KEY}, ["'payload' is missing or blank"]),
        ({"payload": {"summary": "a"}}, ["'routing_key' is missing or blank"]),
        ({"routing_key": KEY, "payload": "a"}, ["'payload' must be an object, not a string"]),
        ({"routing_key": KEY, "payload": {"source": "demo"}},
         ["'payload.summary' is missing or blank"]),
        ({"routing_key": KEY, "payload": {"summary": "a", "timestamp": "now"}},
         ["'payload.timestamp' is 'now' (should be an ISO 8601 time)"]),
    ],
)  # fmt: skip
def test_a_change_is_refused_for_what_is_wrong_with_it(change, expected):
    """It needs a summary alone, and no action, severity or dedup key."""
    assert expected == change_errors(change, [KEY])
