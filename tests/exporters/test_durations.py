"""Durations as Prometheus writes them."""

import pytest

from exporters.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("1h30m", 5400.0), ("28d", 2_419_200.0), ("1w", 604_800.0), ("1500ms", 1.5)],
)
def test_a_duration_is_seconds(text, seconds):
    """Units from the largest to the smallest."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "0s", "5s1h", "-5s", "1.5h", "5 s", "5S"])
def test_what_prometheus_would_refuse_is_refused(text):
    """Also nothing at all: an interval of 0 is none."""
    with pytest.raises(ValueError, match="is no duration such as 15s, 1h30m or 28d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5s"), (5400, "1h30m"), (2_419_200, "28d"), (0.8, "800ms"), (12, "12s")],
)
def test_seconds_are_written_as_the_shortest_duration(seconds, text):
    """Without weeks and years."""
    assert format_duration(seconds) == text
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("seconds", [0, -1, 0.0004])
def test_there_is_no_duration_of_nothing(seconds):
    """Prometheus has none."""
    with pytest.raises(ValueError, match="is no duration above zero"):
        format_duration(seconds)
