"""A moment of the week, UTC, as scenarios write it: ``fri 19:30``."""

from __future__ import annotations

import re

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_SECONDS = 86_400
WEEK_SECONDS = 7 * DAY_SECONDS
_PATTERN = re.compile(rf"({'|'.join(DAYS)}) ([01]\d|2[0-3]):([0-5]\d)")

THURSDAY_SECONDS = 3 * DAY_SECONDS
"""The UNIX epoch was a Thursday, 00:00 UTC."""


def read_week_time(text: str) -> int:
    """Return the seconds from Monday, 00:00 UTC.

    Raises:
        ValueError: if the text is no weekday and time.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError(f"found {text!r}, expected a weekday and a time such as 'fri 19:30'")
    day, hour, minute = match.groups()
    return DAYS.index(day) * DAY_SECONDS + int(hour) * 3600 + int(minute) * 60


def second_of_week(unix_seconds: float) -> float:
    """Return how long the week of a moment has lasted, from Monday, 00:00 UTC."""
    return (unix_seconds + THURSDAY_SECONDS) % WEEK_SECONDS
