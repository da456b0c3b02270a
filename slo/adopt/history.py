"""What a server's counters say of the last weeks: events and bad ones by day and cell.

Where there are few series, each hour's increase is asked for in one range query. Of many that would
have the server read every sample of four weeks. So there each day is the difference of two moments:
a counter that began anew in between counts from 0, what it had counted before that is lost, and so
are the last hours of series that ended. Both sides lose alike, but for errors that end a process.
Of very many series the moments are some days apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slo.adopt.raw import RawIndicator, RawSeries
from slo.adopt.saying import last_days
from slo.prometheus import PrometheusClient, PrometheusRefusedError, Sample

DAY_SECONDS = 86400
_HOUR_SECONDS = 3600
MOST_SAMPLES = 50_000_000
"""Read by a range query, as Prometheus's own limit for those held at a time
(``--query.max-samples``); a second or two of its work."""
MOST_LOOKUPS = 300_000
"""Of a series at a moment. Prometheus takes some 10 microseconds of a processor for each."""
SPANS_DAYS = (1, 2, 4, 7)
"""Between two moments; the shortest that needs no more lookups is taken."""
_LOOKUPS_OF_A_SPAN = 3
MOST_SERIES = 500_000
"""Of one side of an indicator; more than that is no question for two moments of each day either."""
PATIENCE_SECONDS = 60.0
"""For the days of one indicator."""

Cell = tuple[str, ...]
"""Values of the indicator's labels."""


@dataclass(frozen=True)
class Span:
    """Events of one day, or of some, in one cell."""

    bad: float
    total: float


@dataclass(frozen=True)
class History:
    """Of one indicator."""

    indicator: RawIndicator
    days: int
    """That were looked at; the last ended when it was asked."""
    cells: Mapping[Cell, Mapping[int, Span]]
    """Spans with events, by how many spans ago they ended."""
    by_moments: bool = False
    """Whether spans are differences of two moments."""
    span_days: int = 1
    """How long a span is."""
    notes: tuple[str, ...] = ()
    """What was not looked at, in sentences without a full stop."""

    @property
    def days_seen(self) -> int:
        """Return how many days have events in some cell."""
        return self.span_days * len({span for spans in self.cells.values() for span in spans})


@dataclass
class _Sums:
    """Events of one side, by cell and span."""

    of: dict[Cell, dict[int, float]] = field(default_factory=dict)

    def add(self, cell: Cell, span: int, events: float) -> None:
        if math.isfinite(events):
            spans = self.of.setdefault(cell, {})
            spans[span] = spans.get(span, 0.0) + events


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
                sums = {each: await self._by_hours(each, indicator) for each in sides}
                return _history(indicator, sums, self._days)
        span_days = next(
            (
                each
                for each in SPANS_DAYS
                if _LOOKUPS_OF_A_SPAN * count * self._days / each <= MOST_LOOKUPS
            ),
            SPANS_DAYS[-1],
        )
        sums, spans = await self._by_moments(tuple(sides), indicator, span_days)
        days = spans * span_days
        slow = f"the server was slow: it was asked for {last_days(days)} alone"
        found = _history(indicator, sums, days)
        return replace(
            found,
            by_moments=True,
            span_days=span_days,
            notes=(slow,) if spans < self._spans(span_days) else (),
        )

    async def _count(self, series: RawSeries) -> int:
        found = await self._prometheus.query(f"count({series.text(self._where)})")
        return int(sum(each.value for each in found))

    def _spans(self, span_days: int) -> int:
        return max(self._days // span_days, 1)

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
        self, sides: Sequence[RawSeries], indicator: RawIndicator, span_days: int
    ) -> tuple[dict[RawSeries, _Sums], int]:
        """Return the events of each span, by two moments, and how many there was time for."""
        until = time.monotonic() + PATIENCE_SECONDS
        counted: list[dict[RawSeries, list[Sample]]] = []
        for span in range(self._spans(span_days)):
            if time.monotonic() > until:
                break
            at = self._now - span * span_days * DAY_SECONDS
            # At the same time, for each keeps one of the server's processors busy, and no more.
            found = await asyncio.gather(
                *(self._between(each, indicator, at, span_days) for each in sides)
            )
            counted.append(dict(zip(sides, found, strict=True)))
        sums = {each: _Sums() for each in sides}
        for span, of in enumerate(counted):
            # Of a span before which there was nothing, all that was ever counted would be of it.
            if span + 1 < len(counted):
                was_there = bool(counted[span + 1][indicator.total[0]])
            else:
                before = self._now - (span + 1) * span_days * DAY_SECONDS
                was_there = await self._is_there(indicator.total[0], before)
            for each, samples in of.items() if was_there else ():
                for sample in samples:
                    sums[each].add(_cell(sample.labels, indicator), span, sample.value)
        return sums, len(counted)

    async def _between(
        self, series: RawSeries, indicator: RawIndicator, at: float, span_days: int
    ) -> list[Sample]:
        """Return what was counted in the days before a moment."""
        by, counter = ", ".join(indicator.labels), series.text(self._where)
        # Of a series that is new, or began anew, all that it counted.
        new = f"({counter} - {counter} offset {span_days}d) >= 0 or {counter}"
        return await self._prometheus.query(f"sum by ({by}) ({new})", at)

    async def _is_there(self, series: RawSeries, at: float) -> bool:
        return bool(await self._prometheus.query(f"count({series.text(self._where)})", at))


def _history(indicator: RawIndicator, sums: Mapping[RawSeries, _Sums], days: int) -> History:
    part, total = (
        _added(sums[each] for each in side) for side in (indicator.part, indicator.total)
    )
    return History(indicator, days, {
        cell: {
            span: Span(_bad(indicator, part.of.get(cell, {}).get(span, 0.0), events), events)
            for span, events in by_span.items()
            if events > 0
        }
        for cell, by_span in total.of.items()
    })  # fmt: skip


def _cell(labels: Mapping[str, str], indicator: RawIndicator) -> Cell:
    return tuple(labels.get(each, "") for each in indicator.labels)


def _added(sides: Iterable[_Sums]) -> _Sums:
    added = _Sums()
    for side in sides:
        for cell, by_span in side.of.items():
            for span, events in by_span.items():
                added.add(cell, span, events)
    return added


def _bad(indicator: RawIndicator, part: float, total: float) -> float:
    bad = total - part if indicator.is_good else part
    return min(max(bad, 0.0), total)
