"""Which parts of the past an objective has no recorded series of: those are filled, no others.

Where the rules recorded, nothing is written. The same question tells a backfill that was
interrupted where to go on, and one that is done that nothing is left.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from exporters.durations import format_duration
from slo import conventions as names
from slo.levels import HOUR
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.rule import matching
from slo.tiling import STEP_SECONDS as STEP


@dataclass(frozen=True)
class Stretch:
    """A part of the past without recorded series; UNIX seconds, both ends left out."""

    start: float
    end: float
    reaches_now: bool = False
    """Whether nothing was recorded since: no rules run yet."""


def missing_hours(hours: Collection[int], recorded: Collection[int]) -> list[tuple[int, int]]:
    """Return the runs of full hours that were not recorded: the first and the last of each."""
    there = set(recorded)
    runs: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if hour in there:
            continue
        if runs and runs[-1][1] == hour - HOUR:
            runs[-1] = (runs[-1][0], hour)
        else:
            runs.append((hour, hour))
    return runs


async def find_stretches(
    client: PrometheusClient,
    objective: Objective,
    interval_seconds: float,
    start: float,
    now: float,
) -> list[Stretch]:
    """Return the parts between ``start`` and ``now`` that a server has nothing recorded of.

    Recorded is what the level of full hours says, which goes on while nothing can be seen, and is
    the last that a backfill writes of each of its pieces.

    Raises:
        PrometheusError: if it does not answer.
    """
    period = format_duration(objective.period_seconds)
    full = matching(names.EVENTS_FULL_HOURS, objective, window=period)
    # An hour's turn less than two steps after the start has none behind it that is wholly seen.
    first, last = (int((start + 2 * STEP) // HOUR) + 1) * HOUR, int(now // HOUR) * HOUR
    hours = range(first, last + 1, HOUR)
    found = await client.query_range(f"group({full})", first, last, HOUR) if hours else []
    recorded = {int(each) for series in found for each in series.times_ms // 1000}
    edges = _Edges(client, objective, full, interval_seconds)
    runs = missing_hours(hours, recorded)
    stretches = []
    for first_missing, last_missing in runs:
        begins = await edges.last_before(first_missing)
        ends = await edges.first_after(last_missing, now)
        stretches.append(
            Stretch(
                max(start, begins) if begins is not None else start,
                ends if ends is not None else now,
                reaches_now=ends is None,
            )
        )
    return stretches


@dataclass(frozen=True)
class _Edges:
    client: PrometheusClient
    objective: Objective
    full_hours: str
    interval: float

    async def last_before(self, hour: int) -> float | None:
        """Return the time of the last sample within the hour before; None if there is none."""
        step = format_duration(self.interval)
        expr = f"max(max_over_time(timestamp({self.full_hours})[1h:{step}]))"
        found = await self.client.query(expr, hour)
        return found[0].value if found else None

    async def first_after(self, hour: int, now: float) -> float | None:
        """Return the time of the first sample within the hour after; None if there is none."""
        until = min(hour + HOUR, now)
        step = format_duration(self.interval)
        times = []
        for each in (self.full_hours, matching(names.EVENTS_RATE, self.objective)):
            expr = f"min(min_over_time((timestamp({each}) > {hour})[1h:{step}]))"
            times += [sample.value for sample in await self.client.query(expr, until)]
        there = [each for each in times if np.isfinite(each)]
        return min(there) if there else None
