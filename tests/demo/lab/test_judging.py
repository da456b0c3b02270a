"""Expectations at another timing, and which alert a scenario means."""

from demo.lab.judging import fired, role_of, scenario_at, told_of
from demo.lab.setting import USUAL
from demo.stack.files import LIVE
from demo.stack.report import Page
from slo.replay.firing import Firing
from tests.demo.lab.conftest import story

LOST = {"fault": "lost-gpu", "at": "10s", "length": "60s", "place": {"group": "g"}}
SCENARIO = story(
    LOST,
    expect=[
        {"alert": "GpuLost", "labels": {"region": "eu"}, "within": "15s"},
        {"alert": "ErrorBudgetBurn", "page": True, "within": "100s", "within_theory": "75s"},
    ],
    forbid=[
        {"alert": "GpuLost"},
        {"page": True, "labels": {"region": "us"}},
        {"page": True, "text": "GPU-"},
    ],
)


def firing(name: str, at: float | None, ended: float | None = None, **labels: str) -> Firing:
    """Return an alert that fired."""
    return Firing(name, {"alertname": name, **labels}, at or 0.0, at, ended)


def test_at_the_demos_own_timing_expectations_are_as_written() -> None:
    """They were written for it."""
    assert SCENARIO == scenario_at(SCENARIO, LIVE)


def test_three_longer_intervals_are_allowed_to_an_alert_and_the_wait_to_a_page() -> None:
    """15 s instead of 5, and a wait of 30 s instead of 5."""
    alert, page = scenario_at(SCENARIO, USUAL).expect

    assert 15 + 3 * 10 == alert.within
    assert 100 + 3 * 10 + 25 == page.within
    assert 75 + 3 * 10 + 25 == page.within_theory


def test_an_expected_alert_is_expected_where_others_of_its_name_are_forbidden() -> None:
    """By its labels."""
    assert "expected" == role_of(SCENARIO, "GpuLost", {"region": "eu"}, paged=False)
    assert "forbidden" == role_of(SCENARIO, "GpuLost", {"region": "us"}, paged=False)


def test_what_must_not_page_may_fire() -> None:
    """Only a page of it is forbidden."""
    assert "allowed" == role_of(SCENARIO, "ShardGroupDead", {"region": "us"}, paged=False)
    assert "forbidden" == role_of(SCENARIO, "ShardGroupDead", {"region": "us"}, paged=True)


def test_an_alert_of_before_the_scenario_was_not_seen_to_begin() -> None:
    """Nor is a pending one, nor the Watchdog, which always fires."""
    found = fired(
        [firing("Old", 50.0), firing("New", 120.0), firing("Pending", None),
         firing("Watchdog", 130.0)],
        since=100.0, fault_at=110.0,
    )  # fmt: skip
    assert [("New", 10.0)] == [(each.labels["alertname"], each.seconds) for each in found]


def test_an_alert_that_fires_twice_counts_from_the_first_time() -> None:
    """In whatever order they are told."""
    found = fired([firing("A", 150.0), firing("A", 120.0, 130.0)], since=100.0, fault_at=100.0)
    assert [20.0] == [each.seconds for each in found]


def event(action: str, key: str, **details: str) -> dict[str, object]:
    """Return an event of PagerDuty's."""
    return {"event_action": action, "dedup_key": key, "payload": {"custom_details": details}}


def test_a_page_that_is_triggered_again_after_its_resolve_is_open() -> None:
    """The last event of its key counts."""
    burn = firing("ErrorBudgetBurn", 10.0)
    pages = [
        Page(40.0, event("trigger", "k", probable_cause="GpuLost: x")),
        Page(100.0, event("resolve", "k")),
        Page(200.0, event("trigger", "k")),
    ]
    told = told_of(pages, {0: [burn], 1: [], 2: [burn]}, burn)

    assert [40.0, 200.0] == told.triggers
    assert told.resolved is None
    assert "GpuLost: x" == told.cause
    assert 100.0 == told_of(pages[:2], {0: [burn], 1: []}, burn).resolved


def test_an_alert_that_nobody_was_told_of_has_no_page() -> None:
    """Another's is none of it."""
    told = told_of([Page(40.0, event("trigger", "k"))], {0: [firing("B", 1.0)]}, firing("A", 1.0))
    assert ([], None) == (told.triggers, told.resolved)
