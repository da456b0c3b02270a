"""Which scrape intervals rules can be made for."""

from __future__ import annotations

from exporters.durations import format_duration
from slo.rules import LONGEST_INTERVAL_SECONDS
from slo.tiling import STEP_SECONDS

_WHOLE_SECONDS = tuple(
    each for each in range(1, LONGEST_INTERVAL_SECONDS + 1) if STEP_SECONDS % each == 0
)
"""Intervals that counts of 5 minutes can be made of."""


def wrong_interval(scrape_interval_seconds: float) -> tuple[str, str] | None:
    """Return what is wrong with a scrape interval and what to do, or None if it will do.

    Rules are evaluated at it: not too seldom for alerts, and a whole number of times in 5 minutes.
    """
    found = f"found {format_duration(scrape_interval_seconds)}"
    if scrape_interval_seconds > LONGEST_INTERVAL_SECONDS:
        return (
            f"{found}, expected at most {format_duration(_WHOLE_SECONDS[-1])}",
            "Prometheus forgets a sample after 5 minutes, and alerts with it",
        )
    if STEP_SECONDS * 1000 % round(scrape_interval_seconds * 1000):
        step = format_duration(STEP_SECONDS)
        expected = f"a divisor of {step}, for counts of 5 minutes must hold whole samples"
        nearest = " or ".join(map(format_duration, _nearest(scrape_interval_seconds)))
        return f"{found}, expected {expected}", f"take {nearest}"
    return None


def _nearest(seconds: float) -> list[int]:
    """Return the next shorter and the next longer interval that may be, in whole seconds."""
    shorter = [each for each in _WHOLE_SECONDS if each < seconds]
    longer = [each for each in _WHOLE_SECONDS if each > seconds]
    return [*shorter[-1:], *longer[:1]]
