"""How far a server's clock is ahead of ours, as the header Date of its answers tells."""

from __future__ import annotations

from collections.abc import Mapping
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
