"""Incidents: pages of one place and time, and the causes beside them."""

from typing import Any

from slo.review.spans import Span
from slo.review.stories import Story, stories

MINUTE = 60_000


def span(
    name: str, starts: float, ends: float | None, severity: str = "page", **labels: Any
) -> Span:
    """Return an alert, its times in minutes."""
    own = {"alertname": name, "severity": severity, **labels}
    end = None if ends is None else round(ends * MINUTE)
    return Span(own, round(starts * MINUTE), end, (f"{name} {starts}",))


def burn(starts: float, ends: float | None, severity: str = "page", **labels: Any) -> Span:
    """Return a burn alert of the objective `chat`, in `eu` unless said otherwise."""
    place = {"cluster": "demo", "region": "eu", "model": "chat", "tier": "pro"}
    return span(
        "Burn", starts, ends, severity, **{"slo": "chat", "service": "c", **place, **labels}
    )


def told(found: list[Story]) -> list[tuple[float, float | None, list[str]]]:
    """Return start, end and alerts of stories; times in minutes."""
    return [
        (
            each.started_at_ms / MINUTE,
            None if each.ended_at_ms is None else each.ended_at_ms / MINUTE,
            [span.keys[0] for span in each.spans],
        )
        for each in found
    ]


def test_pages_of_one_place_at_one_time_are_one_incident():
    """Whichever tier of customers or of windows they are of."""
    found = stories([burn(10, 30), burn(12, 40, tier="free"), burn(50, 55)])

    assert [(10, 55, ["Burn 10", "Burn 12", "Burn 50"])] == told(found)
    assert {"cluster": "demo", "region": "eu", "model": "chat", "slo": "chat",
            "service": "c"} == found[0].labels  # fmt: skip


def test_another_region_is_another_incident():
    """Though it is at the same time."""
    assert 2 == len(stories([burn(10, 30), burn(12, 40, region="us")]))


def test_a_region_that_is_down_joins_its_models():
    """What they have in common is the region."""
    down = span("RegionDown", 9, 50, cluster="demo", region="eu")

    found = stories([burn(10, 30), burn(12, 40, model="code"), down])

    assert 1 == len(found)
    assert {"cluster": "demo", "region": "eu"} == found[0].labels


def test_a_page_that_comes_back_late_is_another_incident():
    """After a quarter of an hour."""
    assert 2 == len(stories([burn(10, 30), burn(46, 50)]))


def test_a_cause_belongs_to_the_incident_and_begins_it():
    """It fired first."""
    cause = span("GpuLost", 5, 50, "ticket", cluster="demo", region="eu", model="chat")

    assert [(5, 30, ["GpuLost 5", "Burn 10"])] == told(stories([burn(10, 30), cause]))


def test_a_cause_that_was_there_for_long_does_not_begin_the_incident():
    """It may explain it all the same."""
    cause = span("PatchLevelSkew", 0, None, "ticket", cluster="demo", region="eu", model="chat")

    assert [(100, 130, ["PatchLevelSkew 0", "Burn 100"])] == told(stories([burn(100, 130), cause]))


def test_a_slow_burn_is_an_incident_without_a_page():
    """It spends budget, and nobody was woken."""
    (story,) = stories([burn(10, 300, "ticket")])

    assert "ticket" == story.severity


def test_a_cause_alone_is_no_incident():
    """Nobody was hurt. Nor is an alert that only inhibits others."""
    alone = span("GpuLost", 5, 50, "ticket", cluster="demo", region="eu")
    watchdog = span("Watchdog", 0, None, "none", cluster="demo")

    assert [] == stories([alone, watchdog])


def test_an_incident_lasts_while_a_page_fires():
    """It has no end yet."""
    assert None is stories([burn(10, None), burn(12, 30)])[0].ended_at_ms
