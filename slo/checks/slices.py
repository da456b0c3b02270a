"""Slices so short that what is bad in one is seen in the next as well."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.burn import format_decimal
from slo.checks.finding import finding
from slo.objective import BASE_WINDOW, Objective
from slo.rule import base_window_seconds

WINDOWS = 4
"""Of rates that a slice should hold: an event then counts in 1.25 slices at most."""

_SHORTEST_SECONDS = int(base_window_seconds(0))


def check_slices(objective: Objective) -> Iterator[Problem]:
    """Yield a warning where slices of rates hold few base windows; its shortest is taken.

    A rate tells of the whole window before its moment, so that bad time of up to one base window
    before a slice is in that slice too. Values of one moment, as of gauges, know no such time.
    """
    slices = objective.slices
    if slices is None or not any(BASE_WINDOW in each for each in objective.indicator.expressions):
        return
    seconds = slices.window_seconds
    if seconds >= WINDOWS * _SHORTEST_SECONDS:
        return
    times = Decimal(seconds + _SHORTEST_SECONDS) / seconds
    yield finding(
        objective,
        "slice-smeared",
        f"slices of {format_duration(seconds)} are judged by rates over "
        f"{format_duration(_SHORTEST_SECONDS)} at least, so that bad time is seen in the slice "
        f"after it too and counts up to {format_decimal(times.quantize(Decimal('0.01')))} times",
        f"take slices of {format_duration(WINDOWS * _SHORTEST_SECONDS)} or more",
    )
