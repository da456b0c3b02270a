"""A fragment joins a configuration that is there already, and takes nobody else's alerts."""

from pathlib import Path
from typing import Any

import pytest

from tests.alerts.routing.configuring import (
    OWNED,
    WEBHOOK,
    assert_routes,
    assert_takes,
    fragment,
)

THEIRS = {
    "global": {"resolve_timeout": "5m"},
    "route": {
        "receiver": "theirs",
        "group_by": ["alertname"],
        "group_wait": "30s",
        "routes": [
            {"receiver": "their-databases", "matchers": ['team="db"']},
            {"receiver": "their-heartbeat", "matchers": ['alertname="Watchdog"']},
        ],
    },
    "inhibit_rules": [
        {"source_matchers": ['severity="critical"'], "target_matchers": ['severity="warning"'],
         "equal": ["alertname"]}
    ],
    "receivers": [{"name": "theirs"}, {"name": "their-databases"}, {"name": "their-heartbeat"}],
    "time_intervals": [{"name": "work", "time_intervals": [{"weekdays": ["monday"]}]}],
}  # fmt: skip


def merged(first: Any, second: Any) -> Any:
    """Return what ``yq``'s ``*+`` makes: mappings merged, lists joined, else the second's."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            key: merged(first[key], second[key])
            if key in first and key in second
            else first.get(key, second.get(key))
            for key in (*first, *(each for each in second if each not in first))
        }
    return first + second if isinstance(first, list) and isinstance(second, list) else second


@pytest.fixture
def both() -> dict[str, Any]:
    """Theirs with ours before it, as the fragment's first lines tell."""
    return merged(fragment(alertmanager=OWNED, webhook=WEBHOOK), THEIRS)


def test_it_can_be_merged(both: dict[str, Any], tmp_path: Path):
    """Nothing of theirs goes or changes."""
    assert_takes(both, tmp_path)
    assert "theirs" == both["route"]["receiver"]
    assert THEIRS["route"]["routes"] == both["route"]["routes"][-2:]
    assert {"nobody", "work"}.isdisjoint(
        each["name"] for each in fragment(alertmanager=OWNED, webhook=WEBHOOK)["receivers"]
    )


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        ("alertname=ErrorBudgetBurn;service=inference;slo=x;owner=team serving;severity=page",
         "shardwatch-webhook,shardwatch-serving-pages"),
        ("alertname=GpuLost;severity=ticket", "shardwatch-webhook,shardwatch-ops-tickets"),
        ("alertname=HighLoad;severity=page", "theirs"),
        ("alertname=HighLoad;severity=page;slo=x;owner=agents", "theirs"),
        ("alertname=Slow;team=db", "their-databases"),
        ("alertname=Watchdog;severity=none;watches=shardwatch",
         "shardwatch-watchdog,their-heartbeat"),
    ],
)  # fmt: skip
def test_each_gets_their_own(both: dict[str, Any], alert: str, expected: str, tmp_path: Path):
    """Ours are told by their names; the heartbeat, which both may have, is told to both."""
    assert_routes(both, alert, expected, tmp_path)


def test_all_names_begin_alike():
    """Receivers and times of theirs cannot be meant."""
    config = fragment(alertmanager=OWNED, webhook=WEBHOOK)
    names = [each["name"] for each in (*config["receivers"], *config["time_intervals"])]

    assert all(each.startswith("shardwatch-") for each in names), names


def test_it_inhibits_no_alert_of_theirs():
    """Each rule's target names our alerts."""
    for rule in fragment(alertmanager=OWNED)["inhibit_rules"]:
        assert any(each.startswith("alertname=") for each in rule["target_matchers"]), rule


def test_without_a_heartbeat_theirs_is_left_alone(tmp_path: Path):
    """Theirs is led as before. Ours, which always fires, never gets to their last resort."""
    both = merged(fragment(), THEIRS)
    assert_routes(both, "alertname=Watchdog;severity=none", "their-heartbeat", tmp_path)
    without = {**THEIRS, "route": {"receiver": "theirs"}}
    both = merged(fragment(), without)
    assert_routes(both, "alertname=Watchdog;severity=none", "theirs", tmp_path)
    ours = "alertname=Watchdog;severity=none;watches=shardwatch"
    assert_routes(both, ours, "shardwatch-watchdog", tmp_path)
