"""PromQL sums that count each sample exactly once, whatever the moment of evaluation.

What makes naive sums wrong (seen in Prometheus 2.42 and VictoriaMetrics 1.79):

- A range includes both ends, so that ``[5m]`` over samples every 5 s holds 61 of them where the
  evaluation falls on a sample, as it does in a group that reads itself. Prometheus 3 and
  VictoriaMetrics leave out the left end. A range that is 1 ms shorter holds 60 in all.
- The steps of a subquery are multiples of the step since 1970, not counted back from now. That is
  what makes tiles: at each full 5 minutes a count of 5 minutes covers what came after the tile
  before. A step takes the last sample at or before it, so a tile ends up to one interval early.
- The tile of the hour at which an evaluation falls must not be there sometimes and sometimes not:
  an offset leaves it out always. It is 2 ms and not 1, for else a left end that is left out would
  fall on a step in evaluations at full hours, as all of vmalert's are. The count of an hour that is
  seen at a full hour H therefore holds the steps H-60m to H-5m, and what comes after, from H on,
  belongs to the hour that runs.
- Within a subquery nothing tells when the query itself is: ``@ end()`` is nothing there in
  VictoriaMetrics, and another time in a range query. Which steps belong to the hour that runs is
  told by parity: even hours are summed apart from odd ones, and the sum of that hour is taken.

Because whole hours are dropped at the far end, a rolling period holds between 5 and 65 minutes more
than its length: an incident is never forgotten early. Its coverage is that of its full hours.
"""

from __future__ import annotations

from decimal import Decimal

from exporters.durations import format_duration
from slo.burn import format_decimal

_STEP = "5m"
STEP_SECONDS = 300
"""Of a count. Intervals of samples must divide it: seven of 45 s are 315 s, and counted as such."""


def offset(lag_seconds: float) -> str:
    """Return what makes a range end some time before now; nothing for no time."""
    return f" offset {format_duration(lag_seconds)}" if lag_seconds else ""


def count_of_samples(rate: str, interval_seconds: float, lag_seconds: float = 0) -> str:
    """Return the events within 5 minutes: the sum of a rate's samples times their interval."""
    range_ = f"[{_one_millisecond_less(STEP_SECONDS)}]{offset(lag_seconds)}"
    return f"{_number(interval_seconds)} * sum_over_time({rate}{range_})"


def share_of_samples_present(rate: str, interval_seconds: float, lag_seconds: float = 0) -> str:
    """Return the samples within 5 minutes over those expected; nothing where there are none.

    At most 1: where history meets the first evaluation, a sample more may stand there.
    """
    range_ = f"[{_one_millisecond_less(STEP_SECONDS)}]{offset(lag_seconds)}"
    seconds = _number(interval_seconds)
    return f"clamp_max({seconds} * count_over_time({rate}{range_}) / {STEP_SECONDS}, 1)"


def sum_of_5_minute_steps(level: str) -> str:
    """Return the sum of an hour's twelve 5-minute steps before now."""
    return f"sum_over_time({level}[{_one_millisecond_less(3600)}:{_STEP}] offset 2ms)"


def sum_of_hours(level: str, period_seconds: int) -> str:
    """Return the sum of a period's full hours, up to the last that has ended."""
    return f"sum_over_time({level}[{_one_millisecond_less(period_seconds)}:1h])"


def steps_of_the_hour(level: str, keep: str = "") -> tuple[str, str]:
    """Return the sums of the 5-minute steps from the last full hour on: of even hours, of odd ones.

    One of them is there. The label sets are those of ``level``, an expression.

    Args:
        level: of the 5-minute steps.
        keep: said of the sums: ``and on (label) ...``.
    """
    # 65 minutes, for an hour that has just ended may be asked for until its sum is recorded.
    return _by_parity(level, f"[{_LAST_STEPS}:{_STEP}]", _HOUR_OF_STEP, _HOUR_OF_STEP, keep)


def sum_of_period(
    *,
    by: str,
    full_hours: str,
    counts_of_5_minutes: str,
    rate: str,
    interval_seconds: float,
    lag_seconds: float = 0,
    keep: str = "",
) -> str:
    """Return the events within the period up to the last sample of ``rate``.

    ``full_hours`` is recorded by a slower group, so that just after a full hour it may be from the
    hour before: then all steps since are added. The last count of 5 minutes and the last rate must
    be from this evaluation. The parts differ in the label ``window`` (the period, 5m, none), so
    that ``or`` keeps them all, and hours and minutes that hold nothing count as 0. Without full
    hours there is no sum: a part is not the whole.

    Args:
        by: labels to sum by.
        full_hours: selector of what :func:`sum_of_hours` recorded.
        counts_of_5_minutes: expression of what :func:`count_of_samples` recorded.
        rate: selector of the base rate.
        interval_seconds: of the samples of the last two.
        lag_seconds: what the counts of 5 minutes were made with.
        keep: said of the sums of counts of 5 minutes.
    """
    seconds = _number(interval_seconds)
    late = f"timestamp({full_hours}) < scalar(3600 * {_HOUR_OF_STEP})"
    # Samples after a step, up to the next one, are numbered as that one is.
    samples = _by_parity(
        f"{rate}{offset(lag_seconds)}",
        f"[{_one_millisecond_less(STEP_SECONDS)}:{format_duration(interval_seconds)}]",
        f"ceil(vector(time()) / {STEP_SECONDS})",
        f"(floor(vector(time()) / {STEP_SECONDS}) + 1)",
    )
    all_steps = f"sum_over_time({counts_of_5_minutes}[{_LAST_STEPS}:{_STEP}]){keep}"
    parts = (
        full_hours,
        f"{all_steps}\nand on ({by})\n({late})",
        *steps_of_the_hour(counts_of_5_minutes, keep),
        *(f"{seconds} * ({each})" for each in samples),
    )
    return f"sum by ({by}) (\n" + "\nor\n".join(parts) + f"\n)\nand on ({by})\n{full_hours}"


_HOUR_OF_STEP = "floor(vector(time()) / 3600)"


def _by_parity(
    level: str, steps: str, number_of_step: str, number_now: str, keep: str = ""
) -> tuple[str, str]:
    even, odd = (
        f"sum_over_time(({level} and on () ({number_of_step} % 2 == {parity})){steps}){keep}\n"
        f"and on () ({number_now} % 2 == {parity})"
        for parity in (0, 1)
    )
    return even, odd


def _one_millisecond_less(seconds: int) -> str:
    return format_duration(seconds - 0.001)


_LAST_STEPS = _one_millisecond_less(3600 + STEP_SECONDS)


def _number(seconds: float) -> str:
    return format_decimal(Decimal(round(seconds * 1000)) / 1000)
