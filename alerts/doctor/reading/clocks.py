"""Servers' times: how far a clock is ahead of ours, and moments as Go writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

HALF_A_SECOND = 0.5
"""Date has whole seconds: half of one is left out on average."""


def seconds_ahead(headers: Mapping[str, str], asked_at: float, answered_at: float) -> float | None:
    """Return how far a clock is ahead, to half a second and half of what the answer took.

    Args:
        headers: of an answer.
        asked_at: UNIX seconds by our clock.
        answered_at: likewise.
    """
    try:
        said = parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None
    return said + HALF_A_SECOND - (asked_at + answered_at) / 2


def parse_moment(text: str) -> float | None:
    """Return a time as Go writes it, in UNIX seconds; None of the year 1, which is its never."""
    try:
        # Go writes nanoseconds, of which Python's parser takes six digits.
        whole, point, rest = text.partition(".")
        zone = rest.lstrip("0123456789")
        fraction = rest[: len(rest) - len(zone)][:6]
        moment = datetime.fromisoformat(f"{whole}.{fraction}{zone}" if point else text)
    except ValueError:
        return None
    return moment.timestamp() if moment.year > 1 and moment.tzinfo else None
