"""What PagerDuty did not hear of incidents that are over is counted."""

from typing import Any

import pytest

from alerts.benching.incidents import Heard, Incident, incidents_over, judge


def trigger(key: str, model: str) -> dict[str, Any]:
    """Return an event as Alertmanager sends it, as far as it is looked at."""
    payload = {"custom_details": {"model": model}}
    return {"event_action": "trigger", "dedup_key": key, "payload": payload}


def resolve(key: str) -> dict[str, Any]:
    """Return its end."""
    return {"event_action": "resolve", "dedup_key": key}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([trigger("k", "a"), resolve("k")], Heard(0, 0, 0, 0)),
        ([], Heard(1, 0, 0, 0)),
        ([trigger("k", "a")], Heard(0, 1, 0, 0)),
        # One that begins again is not over, though its end was told.
        ([trigger("k", "a"), resolve("k"), trigger("k", "a")], Heard(0, 1, 0, 0, reopened=1)),
        (2 * [trigger("k", "a"), resolve("k")], Heard(0, 0, 0, 0, reopened=1)),
        ([trigger("k", "a"), trigger("k", "a"), resolve("k"), resolve("k")], Heard(0, 0, 0, 2)),
        ([trigger("k", "a"), trigger("l", "a"), resolve("k"), resolve("l")], Heard(0, 0, 1, 0)),
        ([trigger("k", "a"), trigger("l", "a"), resolve("k")], Heard(0, 1, 1, 0)),
    ],
)
def test_what_was_heard_is_counted(events: list[dict[str, Any]], expected: Heard):
    """Of an incident that is over. What is told again under its own key does no harm."""
    heard = judge([Incident("a", 0.0, 1.0)], events)

    assert expected == heard
    assert expected.lost == expected.lost_triggers + expected.lost_resolves + expected.other_keys


def test_an_alert_is_sent_as_prometheus_sends_it():
    """While it fires it ends later than now; once it ended, it ends then, whenever it is sent."""
    [incident] = incidents_over(1, 1000.0, 10.0, 60.0)

    firing, ended = incident.alert(1030.0, 60.0), incident.alert(1200.0, 60.0)

    assert "1970-01-01T00:16:40+00:00" == firing["startsAt"] == ended["startsAt"]
    assert "1970-01-01T00:18:10+00:00" == firing["endsAt"]
    assert "1970-01-01T00:17:40+00:00" == ended["endsAt"]
    assert firing["labels"] == ended["labels"]
