"""Bad events and all events per second of each cell, of every sort of indicator.

Everything above reads these two, and knows nothing of counters, shares or thresholds.
"""

from __future__ import annotations

from exporters.durations import format_duration
from slo.births import with_births
from slo.burn import format_decimal
from slo.objective import BASE_WINDOW, Objective, Ratio, RawRatio, Threshold
from slo.promql import rated_selector
from slo.rule import base_window_seconds

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def events_per_second(
    objective: Objective, scrape_interval_seconds: float, recorded_total: str = ""
) -> tuple[str, str]:
    """Return the expressions of bad events and of all events per second, one element a cell.

    Both are absent where the source of events cannot be seen, and 0 where it can and there are
    none. Bad events are below 0 for a moment where they are a difference of counters that move at
    different moments: that evens out in sums, and only sums may be cut off at 0.

    Args:
        objective: whose events.
        scrape_interval_seconds: at which the base is recorded.
        recorded_total: selector of all events per second, if the expression of bad events may read
            what a rule before it recorded at its own moment. If empty, it reads the counters again.
    """
    seconds = base_window_seconds(scrape_interval_seconds)
    window = format_duration(seconds)
    indicator, cell = objective.indicator, ", ".join(objective.grouping_labels)
    if isinstance(indicator, Ratio):
        born = (
            with_births(indicator, objective.grouping_labels, window, seconds)
            if objective.is_zero_tolerance
            else None
        )
        bad, total = _ratio(indicator, cell, born or indicator.bad, recorded_total)
    elif isinstance(indicator, RawRatio):
        bad, total = _raw_ratio(indicator, cell)
    else:
        bad, total = _threshold(indicator, cell)
    return bad.replace(BASE_WINDOW, window), total.replace(BASE_WINDOW, window)


def _ratio(
    indicator: Ratio, cell: str, bad_events: str | None, recorded_total: str
) -> tuple[str, str]:
    """Bad events are 0, and known, only where there is a source of events now.

    The total that was recorded may be five minutes old where Prometheus has just started, and would
    make every event of that time a bad one: only a sample of this very moment counts.
    """
    on, total = f"on ({cell})", f"sum by ({cell}) ({indicator.total})"
    now = f"(timestamp({recorded_total}) == time())"
    if bad_events is not None:
        # The series of errors may be born with the first error; until then there are none.
        bad = f"sum by ({cell}) ({bad_events})"
        seen = now if recorded_total else total
        if not _are_of_one_counter(indicator.bad or "", indicator.total):
            bad = f"({bad}\nand {on}\n{seen})"
        elif not recorded_total:
            # The source of either is that of both, so that no more than this need be read.
            return f"sum by ({cell}) (\n{bad_events}\nor\n0 * {indicator.total}\n)", total
        return f"{bad}\nor {on}\n0 * {seen}", total
    # Good series that are not there are no good events.
    good = f"sum by ({cell}) ({indicator.good})"
    seen = f"({recorded_total} and {now})" if recorded_total else total
    return f"({seen}\n- {on}\n{good})\nor {on}\n{seen}", total


def _are_of_one_counter(bad: str, total: str) -> bool:
    """Tell whether both are nothing but rates of the same metric, whatever they match."""
    one, other = rated_selector(bad), rated_selector(total)
    if one is None or other is None:
        return False
    return one.name is not None and one.name == other.name


def _raw_ratio(indicator: RawRatio, cell: str) -> tuple[str, str]:
    """NaN is what 0/0 gives: somebody could look, and there was nothing to count."""
    share = f"({indicator.share})"
    mean = f"avg by ({cell}) (clamp({share} > -Inf, 0, 1))"
    bad = f"1 - {mean}" if indicator.is_good else mean
    return (
        f"{bad}\nor on ({cell})\n0 * group by ({cell}) {share}",
        f"max by ({cell}) ({share} > bool -Inf)",
    )


def _threshold(indicator: Threshold, cell: str) -> tuple[str, str]:
    """NaN compares with nothing: it is neither bad nor an event."""
    value, bound = f"({indicator.value})", format_decimal(indicator.bound)
    return (
        f"sum by ({cell}) ({value} {_OPPOSITE[indicator.op]} bool {bound})",
        f"sum by ({cell}) ({value} > bool -Inf)",
    )
