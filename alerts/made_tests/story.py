"""What happens to an objective's events in a test, as the values of its series over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from slo.examples.series import InputSeries, mixed

Happening = Literal["good", "bad", "mixed", "still", "gone", "restart"]
"""``good``, ``bad``: so are all events. ``mixed``: a share of them is bad. ``still``: there are
none. ``gone``: whoever counts them does not answer. ``restart``: it begins to count at 0 again, at
once."""


@dataclass(frozen=True)
class Phase:
    """A part of a test's time."""

    happening: Happening
    seconds: float = 0
    """A multiple of the interval of samples."""
    bad_share: float = 0
    """Of the events of one that is mixed."""


def values_over(
    series: InputSeries,
    phases: Sequence[Phase],
    interval_seconds: float,
    *,
    times: float = 1,
    counted_before: float = 0,
) -> str:
    """Return a series in promtool's notation: ``0+150x39 6000+0x19 stale _x9``.

    Args:
        series: what it does while events are good or bad.
        phases: one after the other, from 0 on.
        interval_seconds: between samples.
        times: so many times the example's events.
        counted_before: what a counter says when it is first seen.
    """
    value = counted_before if series.is_counter else 0.0
    was_there, parts = False, []
    for phase in phases:
        samples = round(phase.seconds / interval_seconds)
        if phase.happening == "restart":
            value = 0.0
        elif not samples:
            continue
        elif phase.happening == "gone":
            parts += ["stale"] if was_there else []
            absent = samples - was_there
            parts += [f"_x{absent}"] if absent else []
            was_there = False
        elif series.is_counter:
            per_second = 0.0 if phase.happening == "still" else _value(series, phase)
            step = per_second * times * interval_seconds
            parts.append(_from(value, step, samples))
            value += step * samples
            was_there = True
        else:
            parts.append(_from(_value(series, phase), 0, samples))
            was_there = True
    return " ".join(parts)


def _value(series: InputSeries, phase: Phase) -> float:
    return mixed(series, {"bad": 1.0, "mixed": phase.bad_share}.get(phase.happening, 0.0))


def _from(value: float, step: float, samples: int) -> str:
    return f"{value:.12g}+{step:.12g}x{samples - 1}" if samples > 1 else f"{value:.12g}"
