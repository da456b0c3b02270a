"""Bad and good events must be among all events."""

from dataclasses import replace

import pytest

from slo.checks import check_objectives
from slo.objective import Ratio


def outside(objective, part, total, side="bad"):
    """Return what is found about two selections of one counter."""
    indicator = Ratio(f"rate({total}[$window])", **{side: f"rate({part}[$window])"})
    changed = replace(objective, period_seconds=28 * 86400, indicator=indicator)
    return [each.message for each in check_objectives([changed])]


@pytest.mark.parametrize(
    ("part", "total", "expected"),
    [
        ('x{o=~"error|limited"}', 'x{o!="limited"}', 'bad counts o="limited"'),
        ('x{o!="ok"}', 'x{o!~"limited|left"}', 'bad counts o="left", "limited"'),
        ('x{o="error"}', 'x{o=~"ok|bad"}', 'bad counts o="error"'),
        ('x{o="error"}', 'x{o=~"ok|error", tier="gov"}', "bad counts tier=anything"),
        ('x{o="error", tier="pro"}', 'x{tier="gov"}', 'bad counts tier="pro"'),
    ],
)
def test_events_outside_of_the_total_are_told(objective, part, total, expected):
    """With their label and values."""
    [found] = outside(objective, part, total)

    assert f"{expected}, which total does not: there may be more bad events than events" == found


@pytest.mark.parametrize(
    ("part", "total"),
    [
        ('x{o="error"}', "x"),
        ('x{o=~"error|timeout"}', 'x{o!="limited"}'),
        ('x{o!~"ok|limited"}', 'x{o!="limited"}'),
        ('x{code="500"}', 'x{o!="limited"}'),
        ('x{o="error", tier="gov"}', 'x{tier="gov"}'),
        ('x{o=~"5.."}', 'x{o=~".+"}'),
        ('errors{o="error"}', 'x{o!="error"}'),
    ],
)
def test_events_among_all_are_right(objective, part, total):
    """Or may be, for all that can be told."""
    assert [] == outside(objective, part, total)


def test_good_events_of_a_bucket_are_among_those_of_its_count(objective):
    """One family, whatever its suffix."""
    assert [] == outside(objective, 'x_bucket{le="1"}', "x_count", "good")
    assert [
        'good counts tool="b", which total does not: there may be more good events than events'
    ] == outside(objective, 'x_bucket{le="1",tool="b"}', 'x_count{tool!="b"}', "good")
