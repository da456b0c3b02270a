"""What tells whether counts that were recorded under an objective's name are of the same events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from slo.objective import Indicator, Objective, Ratio, RawRatio

DIGITS = 10
"""Of the hash, hexadecimal: 40 bits, which every server's numbers hold exactly."""


def fingerprint(objective: Objective) -> int:
    """Return a number that changes with what an objective counts, by which cells and periods.

    Target, alerts and texts are not in it, for counts do not depend on them; nor is white space
    in expressions. It is the same on every machine and in every version of shardwatch.
    """
    text = "\n".join(_parts(objective))
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:DIGITS], 16)


def _parts(objective: Objective) -> Iterator[str]:
    yield from _indicator(objective.indicator)
    yield f"by {','.join(sorted(objective.grouping_labels))}"
    yield f"over {objective.period_seconds}"
    if slices := objective.slices:
        target = "shares" if slices.target is None else f"{slices.target.normalize():f}"
        fewest = f" {slices.fewest_events}" if slices.fewest_events else ""
        yield f"slices {slices.window_seconds} {target} {slices.idle_is_good}{fewest}"
    if calendar := objective.calendar:
        yield f"calendar {calendar.count} {calendar.unit} {calendar.start} {calendar.zone}"


def _indicator(indicator: Indicator) -> Iterator[str]:
    if isinstance(indicator, Ratio):
        yield f"total {_in_a_line(indicator.total)}"
        yield f"bad {_in_a_line(indicator.bad or '')}"
        yield f"good {_in_a_line(indicator.good or '')}"
    elif isinstance(indicator, RawRatio):
        yield f"{'good' if indicator.is_good else 'bad'} share {_in_a_line(indicator.share)}"
    else:
        bound = f"{indicator.bound.normalize():f}"
        yield f"value {_in_a_line(indicator.value)} {indicator.op} {bound}"


def _in_a_line(expression: str) -> str:
    return " ".join(expression.split())
