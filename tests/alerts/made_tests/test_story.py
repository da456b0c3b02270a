"""What happens to events, as promtool's notation says it."""

import pytest

from alerts.made_tests.story import Phase, values_over
from slo.examples.series import InputSeries

COUNTER = InputSeries("x", is_counter=True, good=10, bad=0)
GAUGE = InputSeries("x", is_counter=False, good=1, bad=6000)


@pytest.mark.parametrize(
    ("series", "phases", "expected"),
    [
        (COUNTER, [Phase("good", 60)], "0+150x3"),
        (COUNTER, [Phase("good", 60), Phase("bad", 30)], "0+150x3 600+0x1"),
        (COUNTER, [Phase("mixed", 60, 0.25)], "0+112.5x3"),
        (GAUGE, [Phase("mixed", 30, 0.5)], "3000.5+0x1"),
        (COUNTER, [Phase("good", 30), Phase("still", 30)], "0+150x1 300+0x1"),
        (COUNTER, [Phase("good", 30), Phase("restart"), Phase("good", 30)], "0+150x1 0+150x1"),
        (COUNTER, [Phase("good", 30), Phase("gone", 60)], "0+150x1 stale _x3"),
        (COUNTER, [Phase("gone", 30), Phase("good", 30)], "_x2 0+150x1"),
        (COUNTER, [Phase("good", 0), Phase("good", 15)], "0"),
        (GAUGE, [Phase("good", 30), Phase("bad", 30)], "1+0x1 6000+0x1"),
    ],
)
def test_phases_follow_each_other(series, phases, expected):
    """Fifteen seconds apart; a counter goes on where it was."""
    assert expected == values_over(series, phases, 15)


def test_more_events_and_events_before():
    """For examples of many, and for counters that are old when they are first seen."""
    assert "1000000+300x3" == values_over(
        COUNTER, [Phase("good", 60)], 15, times=2, counted_before=1e6
    )
