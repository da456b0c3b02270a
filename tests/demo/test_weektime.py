"""Moments of the week."""

import pytest

from demo.weektime import read_week_time, second_of_week


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("mon 00:00", 0), ("tue 10:00", 122_400), ("sun 23:59", 7 * 86400 - 60)],
)
def test_the_week_begins_on_monday_in_utc(text: str, seconds: int):
    """In seconds."""
    assert seconds == read_week_time(text)


@pytest.mark.parametrize("text", ["", "friday 19:30", "fri 24:00", "fri 9:30", "19:30"])
def test_anything_else_is_refused(text: str):
    """With an example."""
    with pytest.raises(ValueError, match="such as 'fri 19:30'"):
        read_week_time(text)


def test_a_moment_stands_at_its_second_of_the_week():
    """2026-11-27, 19:30 UTC was a Friday."""
    assert read_week_time("fri 19:30") == second_of_week(1_795_807_800)
