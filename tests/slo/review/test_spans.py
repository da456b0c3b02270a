"""Alerts as they were, of two witnesses."""

import itertools

import pytest

from slo.review.facts import ALERTMANAGER, PROMETHEUS, AlertFact
from slo.review.spans import spans_of

S = 1000


def told(starts: float, ends: float | None) -> AlertFact:
    """Return what Alertmanager tells, in seconds."""
    end = None if ends is None else round(ends * S)
    return AlertFact(ALERTMANAGER, {"alertname": "A"}, round(starts * S), end)


def seen(starts: float, ends: float | None) -> AlertFact:
    """Return what Prometheus tells, in seconds."""
    end = None if ends is None else round(ends * S)
    return AlertFact(PROMETHEUS, {"alertname": "A"}, round(starts * S), end)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([told(10, None)], [(10, None)]),
        ([told(10, 60)], [(10, 60)]),
        ([told(10, 60), seen(10, None)], [(10, 60)]),  # Prometheus is sure only later
        ([told(10, None), seen(10, 45)], [(10, 45)]),  # a resolve that nobody heard
        ([seen(10, 45)], [(10, 45)]),  # nobody listened at all
        ([told(10, None), seen(10, 45), told(500, None)], [(10, 45), (500, None)]),
        ([told(10, None), told(500, 560)], [(10, 70), (500, 560)]),  # it ended, nobody heard when
        ([told(10, 60), told(90, None), seen(10, None)], [(10, None)]),  # flapping, as one
        ([told(10, 60), told(90, None), seen(10, 200)], [(10, 200)]),
        ([told(10, 60), told(12, 61)], [(10, 61)]),  # two servers that watch the same
    ],
)
def test_two_witnesses_make_one_alert(facts, expected):
    """In any order of what they tell."""
    for order in itertools.permutations(facts):
        spans = spans_of(order)
        found = [
            (each.starts_at_ms / S, None if each.ends_at_ms is None else each.ends_at_ms / S)
            for each in spans
        ]
        assert expected == found
        assert sorted(each.key for each in facts) == sorted(
            key for each in spans for key in each.keys
        )
