"""Hourly snapshots of all budgets from Prometheus, and of the hours that were missed."""

from __future__ import annotations

import asyncio

from sqlalchemy import Engine

from slo.prometheus import PrometheusClient
from slo.review.hours import HOUR, hour_queries, read_hours, wanted_hours
from slo.review.snapshot_store import asked_hours, first_hour, write_hours

LATE_SECONDS = 60.0
"""After a full hour its last samples are written."""
MOST_HOURS = 24
"""Asked for at once: of 4,000 cells they are 700,000 values."""


async def take_snapshots(
    prometheus: PrometheusClient, engine: Engine, now: float, reach_seconds: int
) -> int:
    """Write all full hours that are not in the record; return how many were asked for.

    Where Prometheus knows nothing of an hour, its rules did not run, or its retention has passed:
    the hour is unknown. For a week it is asked for again, hourly: ``slo backfill`` may tell it.

    Args:
        prometheus: that is asked.
        engine: of the record.
        now: UNIX seconds.
        reach_seconds: how far back hours are wanted at first; later all since the first.

    Raises:
        PrometheusError: if it does not answer: hours that were not told are asked for again.
    """
    asked = 0
    begin = min(int(now - reach_seconds), await asyncio.to_thread(first_hour, engine, now))
    stretches = wanted_hours(asked_hours(engine, now), begin, now, LATE_SECONDS)
    for first, last in stretches:
        for begin in range(first, last + 1, MOST_HOURS * HOUR):
            end = min(begin + (MOST_HOURS - 1) * HOUR, last)
            series = [
                each
                for query in hour_queries()
                for each in await prometheus.query_range(query, begin, end, HOUR)
            ]
            at = range(begin, end + 1, HOUR)
            # In a thread: webhooks are answered meanwhile.
            await asyncio.to_thread(write_hours, engine, at, read_hours(series), int(now))
            asked += len(at)
    return asked
