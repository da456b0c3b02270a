"""Named times come again as Alertmanager says."""

from datetime import UTC, datetime

import pytest

from alerts.alertmanager.time_intervals import read_time_intervals


def contains(interval: dict, *moment: int) -> bool:
    """Tell whether an interval contains a moment, UTC."""
    named = {"name": "x", "time_intervals": [interval]}
    (found,) = read_time_intervals({"time_intervals": [named]})["x"]
    return found.contains(datetime(*moment, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]},
         (2024, 1, 2, 9), (2024, 1, 2, 17)),
        ({"weekdays": ["monday:friday", "sunday"]}, (2024, 1, 7), (2024, 1, 6)),
        ({"days_of_month": ["1:3", "-1"]}, (2024, 2, 29), (2024, 2, 28)),
        ({"days_of_month": ["-3:-2"]}, (2024, 4, 28), (2024, 4, 30)),
        ({"months": ["january:march", "12"]}, (2024, 12, 1), (2024, 4, 1)),
        ({"years": ["2023:2024"]}, (2024, 6, 1), (2025, 6, 1)),
        ({"times": [{"start_time": "00:00", "end_time": "01:00"}], "location": "Asia/Tokyo"},
         (2024, 1, 1, 15, 30), (2024, 1, 1, 0, 30)),
    ],
)  # fmt: skip
def test_a_moment_lies_in_an_interval_or_not(interval: dict, inside: tuple, outside: tuple):
    """Ends of times are left out, all others are in."""
    assert (True, False) == (contains(interval, *inside), contains(interval, *outside))
