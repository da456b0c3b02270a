"""PromQL sums that count each sample exactly once, whatever the moment of evaluation.

Three habits of Prometheus make naive sums wrong (seen in 2.42):

- A range includes both ends, so that ``[5m]`` over samples every 5 s holds 61 of them where the
  evaluation falls on a sample, as it does in a group that reads itself. Version 3 leaves out the
  left end. A range that is 1 ms shorter holds 60 in both.
- The steps of a subquery are multiples of the step since 1970, not counted back from now. That is
  what makes tiles: at each full 5 minutes a count of 5 minutes covers what came after the tile
  before. A step takes the last sample at or before it, so a tile ends up to one interval early.
- The tile of the hour at which an evaluation falls must not be there sometimes and sometimes not:
  ``offset 1ms`` leaves it out always. The count of an hour that is seen at a full hour H therefore
  holds the steps H-60m to H-5m, and what comes after, from H on, belongs to the hour that runs.

Because whole hours are dropped at the far end, a period holds between 5 and 65 minutes more than
its length: an incident is never forgotten early. Its coverage is that of its full hours.
"""

from __future__ import annotations

from decimal import Decimal

from exporters.durations import format_duration
from slo.burn import format_decimal

_STEP = "5m"
STEP_SECONDS = 300
"""Of a count. Intervals of samples must divide it: seven of 45 s are 315 s, and counted as such."""


def count_of_samples(rate: str, interval_seconds: float) -> str:
    """Return the events within 5 minutes: the sum of a rate's samples times their interval."""
    range_ = _one_millisecond_less(STEP_SECONDS)
    return f"{_number(interval_seconds)} * sum_over_time({rate}[{range_}])"


def share_of_samples_present(rate: str, interval_seconds: float) -> str:
    """Return the samples within 5 minutes over those expected; nothing where there are none.

    At most 1: where history meets the first evaluation, a sample more may stand there.
    """
    range_ = _one_millisecond_less(STEP_SECONDS)
    seconds = _number(interval_seconds)
    return f"clamp_max({seconds} * count_over_time({rate}[{range_}]) / {STEP_SECONDS}, 1)"


def sum_of_5_minute_steps(level: str) -> str:
    """Return the sum of an hour's twelve 5-minute steps before now."""
    return f"sum_over_time({level}[{_one_millisecond_less(3600)}:{_STEP}] offset 1ms)"


def sum_of_hours(level: str, period_seconds: int) -> str:
    """Return the sum of a period's full hours, up to the last that has ended."""
    return f"sum_over_time({level}[{_one_millisecond_less(period_seconds)}:1h])"


def sum_of_period(
    *, by: str, full_hours: str, counts_of_5_minutes: str, rate: str, interval_seconds: float
) -> str:
    """Return the events within the period up to the last sample of ``rate``.

    ``full_hours`` is recorded by a slower group: its own timestamp says which hours it holds, and
    so which steps of 5 minutes are still to be added. Likewise the last count of 5 minutes says
    where these 5 minutes began. The three parts differ in the label ``window`` (the period, 5m,
    none), so that ``or`` keeps them all, and hours and minutes that hold nothing count as 0.
    Without full hours there is no sum: a part is not the whole.

    Args:
        by: labels to sum by.
        full_hours: selector of what :func:`sum_of_hours` recorded.
        counts_of_5_minutes: selector of what :func:`count_of_samples` recorded.
        rate: selector of the base rate.
        interval_seconds: of the samples of the last two.
    """
    seconds = _number(interval_seconds)
    hour = f"3600 * floor(timestamp({full_hours} @ end()) / 3600)"
    step = f"300 * floor(timestamp({counts_of_5_minutes} @ end()) / 300)"
    return (
        f"sum by ({by}) (\n{full_hours}\n"
        f"or\nsum_over_time((\n{counts_of_5_minutes}\nand on ({by})\n({hour} <= time())\n)"
        f"[65m:5m])\n"
        f"or\n{seconds} * sum_over_time((\n{rate}\nand on ({by})\n({step} < time())\n)"
        f"[5m:{format_duration(interval_seconds)}])\n)\nand on ({by})\n{full_hours}"
    )


def _one_millisecond_less(seconds: int) -> str:
    return format_duration(seconds - 0.001)


def _number(seconds: float) -> str:
    return format_decimal(Decimal(round(seconds * 1000)) / 1000)
