"""What a server's counters say of the last weeks: events and bad ones by day and cell.

Where there are few series, each hour's increase is asked for in one range query. Of many that would
have the server read every sample of four weeks. So there each day is the difference of two moments:
a counter that began anew in between counts from 0, what it had counted before that is lost, and so
are the last hours of series that ended. Both sides lose alike, but for errors that end a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from slo.adopt.raw import RawIndicator, RawSeries
from slo.prometheus import PrometheusClient, PrometheusRefusedError, Sample

DAY_SECONDS = 86400
_HOUR_SECONDS = 3600
MOST_SAMPLES = 50_000_000
"""Read by a range query, as Prometheus's own limit for those held at a time
(``--query.max-samples``); a second or two of its work."""
MOST_SERIES = 500_000
"""Of one side of an indicator; more than that is no question for two moments of each day either."""
PATIENCE_SECONDS = 60.0
"""For the days of one indicator."""

Cell = tuple[str, ...]
"""Values of the indicator's labels."""


@dataclass(frozen=True)
class Day:
    """Events of one day in one cell."""

    bad: float
    total: float


@dataclass(frozen=True)
class History:
    """Of one indicator."""

    indicator: RawIndicator
    days: int
    """That were looked at; the last ended when it was asked."""
    cells: Mapping[Cell, Mapping[int, Day]]
    """Days with events, by how many days ago they ended."""
    by_moments: bool = False
    """Whether days are differences of two moments."""
    notes: tuple[str, ...] = ()
    """What was not looked at, in sentences without a full stop."""

    @property
    def days_seen(self) -> int:
        """Return how many days have events in some cell."""
        return len({day for days in self.cells.values() for day in days})


@dataclass
class _Sums:
    """Events of one side, by cell and day."""

    of: dict[Cell, dict[int, float]] = field(default_factory=dict)

    def add(self, cell: Cell, day: int, events: float) -> None:
        if math.isfinite(events):
            days = self.of.setdefault(cell, {})
            days[day] = days.get(day, 0.0) + events


class Historian:
    """Asks for the history of indicators.

    Args:
        prometheus: an open client.
        where: labels, each with the value that all series have.
        days: to look back.
        interval_seconds: between two samples of a series.
        now: UNIX seconds.
    """

    def __init__(
        self,
        prometheus: PrometheusClient,
        where: Mapping[str, str],
        days: int,
        interval_seconds: float,
        now: float,
    ) -> None:
        self._prometheus = prometheus
        self._where = where
        self._days = days
        self._interval_seconds = interval_seconds
        self._now = now

    async def ask(self, indicator: RawIndicator) -> History:
        """Return the history of an indicator.

        Raises:
            PrometheusError: if the server does not answer.
        """
        try:
            return await self._look_back(indicator)
        except PrometheusRefusedError as error:
            return History(indicator, 0, {}, notes=(str(error),))

    async def _look_back(self, indicator: RawIndicator) -> History:
        sides = dict.fromkeys((*indicator.part, *indicator.total))
        count = sum([await self._count(each) for each in sides])
        if count > MOST_SERIES:
            note = f"{count:,} series were too many to look back at"
            return History(indicator, 0, {}, notes=(note,))
        samples = count * self._days * DAY_SECONDS / self._interval_seconds
        if samples <= MOST_SAMPLES:
            with contextlib.suppress(PrometheusRefusedError):  # it has a lower limit
                return await self._ask(indicator, by_moments=False)
        return await self._ask(indicator, by_moments=True)

    async def _count(self, series: RawSeries) -> int:
        found = await self._prometheus.query(f"count({series.text(self._where)})")
        return int(sum(each.value for each in found))

    async def _ask(self, indicator: RawIndicator, *, by_moments: bool) -> History:
        sides = tuple(dict.fromkeys((*indicator.part, *indicator.total)))
        days = self._days
        if by_moments:
            sums, days = await self._by_moments(sides, indicator)
        else:
            sums = {each: await self._by_hours(each, indicator) for each in sides}
        slow = f"the server was slow: only the last {days} days were looked at"
        part, total = (
            _added(sums[each] for each in side) for side in (indicator.part, indicator.total)
        )
        cells = {
            cell: {
                day: Day(_bad(indicator, part.of.get(cell, {}).get(day, 0.0), events), events)
                for day, events in by_day.items()
                if day < days and events > 0
            }
            for cell, by_day in total.of.items()
        }
        notes = (slow,) if days < self._days else ()
        return History(indicator, days, cells, by_moments=by_moments, notes=notes)

    async def _by_hours(self, series: RawSeries, indicator: RawIndicator) -> _Sums:
        """Return the events of each day, as its hours' increases."""
        by = ", ".join(indicator.labels)
        expr = f"sum by ({by}) (increase({series.text(self._where)}[1h]))"
        start = self._now - self._days * DAY_SECONDS + _HOUR_SECONDS
        sums = _Sums()
        for found in await self._prometheus.query_range(expr, start, self._now, _HOUR_SECONDS):
            cell = _cell(found.labels, indicator)
            for at_ms, events in zip(found.times_ms, found.values, strict=True):
                # A little later than the hour's end, so that it is of the day that ends with it.
                day = int((self._now - at_ms / 1000 + 1) // DAY_SECONDS)
                sums.add(cell, day, float(events))
        return sums

    async def _by_moments(
        self, sides: Sequence[RawSeries], indicator: RawIndicator
    ) -> tuple[dict[RawSeries, _Sums], int]:
        """Return the events of each day, by two moments, and how many days there was time for."""
        by = ", ".join(indicator.labels)
        until = time.monotonic() + PATIENCE_SECONDS
        counted: list[dict[RawSeries, list[Sample]]] = []
        for day in range(self._days):
            if time.monotonic() > until:
                break
            at = self._now - day * DAY_SECONDS
            # At the same time, for each keeps one of the server's processors busy, and no more.
            of_day = await asyncio.gather(*(self._between(each, by, at) for each in sides))
            counted.append(dict(zip(sides, of_day, strict=True)))
        sums = {each: _Sums() for each in sides}
        for day, of in enumerate(counted):
            # Of a day before which there was nothing, all that was ever counted would be of it.
            if not await self._was_there(indicator.total[0], day + 1, counted):
                continue
            for each, found in of.items():
                for sample in found:
                    sums[each].add(_cell(sample.labels, indicator), day, sample.value)
        return sums, len(counted)

    async def _was_there(
        self, series: RawSeries, day: int, counted: Sequence[Mapping[RawSeries, list[Sample]]]
    ) -> bool:
        """Return whether a series had samples when a day ended, as what it counted in it tells."""
        if day < len(counted):
            return bool(counted[day][series])
        at = self._now - day * DAY_SECONDS
        return bool(await self._prometheus.query(f"count({series.text(self._where)})", at))

    async def _between(self, series: RawSeries, by: str, at: float) -> list[Sample]:
        """Return what was counted in the day before a moment."""
        counter = series.text(self._where)
        # Of a series that is new, or began anew, all that it counted.
        new = f"({counter} - {counter} offset 1d) >= 0 or {counter}"
        return await self._prometheus.query(f"sum by ({by}) ({new})", at)


def _cell(labels: Mapping[str, str], indicator: RawIndicator) -> Cell:
    return tuple(labels.get(each, "") for each in indicator.labels)


def _added(sides: Iterable[_Sums]) -> _Sums:
    added = _Sums()
    for side in sides:
        for cell, by_day in side.of.items():
            for day, events in by_day.items():
                added.add(cell, day, events)
    return added


def _bad(indicator: RawIndicator, part: float, total: float) -> float:
    bad = total - part if indicator.is_good else part
    return min(max(bad, 0.0), total)
