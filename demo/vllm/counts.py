"""What the router counts, served in the demo's router dialect (exporters/dialects)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate, product
from typing import NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from exporters.catalog import ATTEMPTS, OUTCOMES
from exporters.dialects import read_dialect

_REQUESTS, _ATTEMPTS, _IN_FLIGHT, _FIRST_TOKEN = read_dialect("router_demo").families


class Lane(NamedTuple):
    """Requests that are counted together."""

    model: str
    revision: str
    tier: str


class Counts(Collector):
    """Counters of a router, from 0 on for each of its lanes."""

    def __init__(self, lanes: Iterable[Lane]) -> None:
        self._lanes: list[Lane] = []
        self._ended: dict[tuple[Lane, str], int] = {}
        self._attempts: dict[tuple[Lane, str], int] = {}
        self._in_flight: dict[Lane, int] = {}
        self._buckets: dict[Lane, list[int]] = {}
        self._seconds: dict[Lane, float] = {}
        self.open(lanes)

    def open(self, lanes: Iterable[Lane]) -> None:
        """Show lanes from 0 on, as when a new revision is rolled out; those that are there stay."""
        for lane in lanes:
            if lane not in self._in_flight:
                self._lanes.append(lane)
                self._ended |= dict.fromkeys(product([lane], OUTCOMES), 0)
                self._attempts |= dict.fromkeys(product([lane], ATTEMPTS), 0)
                self._in_flight[lane] = 0
                self._buckets[lane] = [0] * (len(_FIRST_TOKEN.bounds) + 1)
                self._seconds[lane] = 0.0

    def note_arrival(self, lane: Lane) -> None:
        """Count a request that was accepted."""
        self._in_flight[lane] += 1

    def note_attempt(self, lane: Lane, attempt: str) -> None:
        """Count a request sent to a group: ``first`` or ``retry``."""
        self._attempts[lane, attempt] += 1

    def note_first_token(self, lane: Lane, seconds: float) -> None:
        """Count a first token, or the deadline of one that never came."""
        self._buckets[lane][bisect_left(_FIRST_TOKEN.bounds, seconds)] += 1
        self._seconds[lane] += seconds

    def note_end(self, lane: Lane, outcome: str) -> None:
        """Count the end of a request."""
        self._in_flight[lane] -= 1
        self._ended[lane, outcome] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the families in the dialect's order."""
        ended = CounterMetricFamily(_REQUESTS.name, _REQUESTS.help, labels=_REQUESTS.labels)
        for (lane, outcome), number in self._ended.items():
            ended.add_metric([*lane, outcome], number)
        yield ended
        attempts = CounterMetricFamily(_ATTEMPTS.name, _ATTEMPTS.help, labels=_ATTEMPTS.labels)
        for (lane, attempt), number in self._attempts.items():
            attempts.add_metric([*lane, attempt], number)
        yield attempts
        in_flight = GaugeMetricFamily(_IN_FLIGHT.name, _IN_FLIGHT.help, labels=_IN_FLIGHT.labels)
        for lane, number in self._in_flight.items():
            in_flight.add_metric([*lane], number)
        yield in_flight
        first = HistogramMetricFamily(
            _FIRST_TOKEN.name, _FIRST_TOKEN.help, labels=_FIRST_TOKEN.labels
        )
        for lane in self._lanes:
            first.add_metric([*lane], self._cumulative(lane), self._seconds[lane])
        yield first

    def _cumulative(self, lane: Lane) -> list[tuple[str, float]]:
        bounds = [*map(str, _FIRST_TOKEN.bounds), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self._buckets[lane])), strict=True))
