"""Time in slices, each judged when it has ended: one event, good or bad.

Slices begin at multiples of their length since 1970, as the steps of subqueries do; that is how
each is judged over its own samples and exactly once. Its verdict is the base for as long as the
next slice runs, as a rate of one event in the length of a slice, so that a sum over that time is
one event. Alerts therefore hear of a bad slice when it has ended.

What a slice sees is what the rates over the base window show: up to one base window before it
began is in its first samples.
"""

from __future__ import annotations

from decimal import Decimal

from exporters.durations import format_duration
from slo import tiling
from slo.burn import format_decimal
from slo.objective import Slices

HAIR = Decimal("0.000000001")
"""Of a share of events: a slice that is exactly at its target is good, however sums are rounded."""


def verdicts(
    slices: Slices, bad_rate: str, rate: str, interval_seconds: float, lag_seconds: float = 0
) -> tuple[str, str]:
    """Return the expressions of bad slices and of all slices per second.

    Args:
        slices: how they are judged.
        bad_rate: selector of the bad events per second that were recorded.
        rate: the same of all events.
        interval_seconds: between two of them.
        lag_seconds: how late what was recorded is seen.
    """
    seconds = slices.window_seconds
    bad, total = (_in_the_last_slice(each, seconds, lag_seconds) for each in (bad_rate, rate))
    fewest = slices.fewest_events
    compares, least = (">=", f"{fewest / interval_seconds:.9g}") if fewest else (">", "0")
    # A slice that could be seen, and had no events, is 0: it is known not to count.
    counted = ">= bool 0" if slices.idle_is_good else f"{compares} bool {least}"
    counts = f"({total} {counted}) / {seconds}"
    judged = f"({total} {compares} {least})"
    if slices.target is None:
        return f"(\n{bad}\n/ {judged}\nor\n0 * {total}\n) / {seconds}", counts
    allowed = format_decimal(1 - slices.target + HAIR)
    if not fewest:
        return f"({bad}\n> bool {allowed} * {total}) / {seconds}", counts
    return f"(\n{bad}\n> bool {allowed} * {judged}\nor\n0 * {total}\n) / {seconds}", counts


def _in_the_last_slice(rate: str, seconds: int, lag_seconds: float) -> str:
    # One millisecond less holds one step, and each sample once, in every version: see slo.tiling.
    length = format_duration(seconds - 0.001)
    samples = f"{rate}[{length}]{tiling.offset(lag_seconds)}"
    return f"last_over_time(sum_over_time({samples})[{length}:{format_duration(seconds)}])"
