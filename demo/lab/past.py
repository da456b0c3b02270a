"""The four weeks before a play: what the rules would have recorded of the cluster while it is well.

What users ask comes and goes with the week, as the demo's history has it. Of all other objectives
the past is as the healthy minutes before the play were: an even one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from demo.engine import Habit
from demo.lab.readings import Readings
from demo.sim.habits import habits_of
from demo.sim.plan import CELLS, groups_of_cells
from demo.sim.service import NONE_UNUSUAL
from demo.stack.history import cells_of
from demo.weektime import DAY_SECONDS
from slo.base import events_per_second
from slo.history import CellTraffic, history_batches
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.leading import Found
from slo.series import Series
from slo.steps import Floats

LARGEST_WRITE_SERIES = 2000
"""Of one request."""
PAST_SLICE_SECONDS = 4 * DAY_SECONDS
"""Of a batch: less than half of the shortest block of the lab's servers, which have none shorter
than 10 days. Labels are most of what is written of a past; the longer, the fewer times."""
LONGEST_WRITE_SECONDS = 1800.0
FIRST_SECONDS = 120.0
"""Of the healthy minutes: rates are not full yet."""

Usual = dict[str, list[CellTraffic]]
"""By an objective's name, what its cells usually do."""


def habits_of_cluster(
    groups: int, traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL
) -> list[Habit]:
    """Return what the cells of a simulated cluster do while nothing is wrong."""
    return [
        replace(
            habit,
            events_per_second=habit.events_per_second * traffic_ratios.get((region, model), 1.0),
        )
        for (region, model), count in zip(CELLS, groups_of_cells(groups), strict=True)
        if count
        for habit in habits_of(region, model, count)
    ]


async def measure_usual(
    client: PrometheusClient,
    objectives: Sequence[Objective],
    habits: Sequence[Habit],
    readings: Readings,
) -> Usual:
    """Return what each objective's cells usually do.

    Args:
        client: of an empty server; what is looked at of the readings is written to it.
        objectives: whose.
        habits: known without a look.
        readings: of which those before the scenario are healthy.
    """
    interval = readings.interval_seconds
    start, end = readings.start + FIRST_SECONDS, readings.began_at
    usual: Usual = {each.name: cells_of(habits, each.name) for each in objectives}
    unknown = [each for each in objectives if not usual[each.name]]
    found = Found(expr for each in unknown for expr in events_per_second(each, interval, ""))
    looked_at = [each for each in readings.series if each.labels in found]
    await write_readings(client, looked_at, readings.start, end)
    for each in unknown:
        usual[each.name] = [
            CellTraffic(labels, _Even(bad, total))
            for labels, bad, total in await _mean_events(client, each, interval, start, end)
        ]
    return usual


def many_times(usual: Usual, times: int) -> Usual:
    """Return what the cells of so many such clusters together usually do."""

    def multiplied(each: CellTraffic) -> CellTraffic:
        def many(moments: Floats) -> tuple[Floats, Floats]:
            bad, total = each.rates(moments)
            return bad * times, total * times

        return CellTraffic(each.labels, many)

    return {name: [multiplied(each) for each in cells] for name, cells in usual.items()}


async def write_past(
    client: PrometheusClient,
    objectives: Sequence[Objective],
    usual: Usual,
    end: float,
    interval_seconds: float,
    *,
    found: Found,
) -> None:
    """Write four weeks up to ``end`` (UNIX seconds) into an empty server.

    Of that what is found from ``end`` on.
    """
    traffic = {each: usual[each.name] for each in objectives if usual[each.name]}
    for batch in history_batches(traffic, end, interval_seconds, PAST_SLICE_SECONDS):
        wanted = list(_seen(batch, found, end))
        for at in range(0, len(wanted), LARGEST_WRITE_SERIES):
            await client.remote_write(wanted[at : at + LARGEST_WRITE_SERIES])


def _seen(series: Iterable[Series], found: Found, end: float) -> Iterator[Series]:
    """Yield of series the samples that are found at ``end`` or later."""
    for each in series:
        reach_seconds = found.reach_seconds(each.labels)
        if reach_seconds is not None:
            first = np.searchsorted(each.times_ms, (end - reach_seconds) * 1000)
            if first < len(each.times_ms):
                yield Series(each.labels, each.times_ms[first:], each.values[first:])


async def write_readings(
    client: PrometheusClient, series: Sequence[Series], start: float, end: float
) -> None:
    """Write readings in time order, so many at a time as a server takes."""
    bounds = [*np.arange(start, end, LONGEST_WRITE_SECONDS), end + 1.0]
    for first, last in pairwise(bounds):
        batch: list[Series] = []
        for each in series:
            cut = np.searchsorted(each.times_ms, [first * 1000, last * 1000])
            if cut[0] < cut[1]:
                kept = slice(*cut)
                batch.append(Series(each.labels, each.times_ms[kept], each.values[kept]))
            if len(batch) == LARGEST_WRITE_SERIES:
                await client.remote_write(batch)
                batch = []
        if batch:
            await client.remote_write(batch)


class _Even:
    """The same events at all times."""

    def __init__(self, bad: float, total: float) -> None:
        self._bad, self._total = bad, total

    def __call__(self, times: Floats) -> tuple[Floats, Floats]:
        return np.full_like(times, self._bad), np.full_like(times, self._total)


async def _mean_events(
    client: PrometheusClient,
    objective: Objective,
    interval_seconds: float,
    start: float,
    end: float,
) -> list[tuple[dict[str, str], float, float]]:
    """Return labels, bad and all events a second of each cell that has any, in the mean."""
    bad, total = events_per_second(objective, interval_seconds, "")
    means: list[dict[tuple[tuple[str, str], ...], float]] = []
    for expr in (bad, total):
        found = await client.query_range(expr, start, end, 4 * interval_seconds)
        means.append({
            tuple(sorted((k, v) for k, v in each.labels.items()
                         if k in objective.grouping_labels)): float(np.nanmean(each.values))
            for each in found
        })  # fmt: skip
    return [
        (dict(labels), min(means[0].get(labels, 0.0), events), events)
        for labels, events in sorted(means[1].items())
        if events > 0
    ]
