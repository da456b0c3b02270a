"""What is new in a data point: cumulative and delta streams, restarts, batches sent again. Pure.

A cumulative stream is told from others by its client, its attributes and its start: a client that
restarts is another stream, and so are two processes that share an identity by mistake.

The first point of a stream counts whole if all of it was observed under our eyes: the stream
started after we did, or its client was heard for a while without it. Else nobody knows how much of
it was counted before, by us before a restart, and it is where counting begins. So a restart of the
receiver loses what was observed since the last point before it, and counts nothing twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from exporters.tools.otlp.items import Client, Point
from exporters.tools.otlp.limits import MOST_CLIENTS, MOST_STREAMS, MOST_STREAMS_OF_CLIENT

FIRST_ROUND_SECONDS = 120.0
"""All streams of a client have been heard by then: SDKs send all of them every 60 s. Where
processes share an identity, all of these."""
IDLE_SECONDS = 3600.0
"""A client that sent nothing for as long is forgotten."""
_WINDOWS = 8
"""Windows of a delta stream that are remembered: batches are sent again soon or never."""


@dataclass(frozen=True, slots=True)
class Increment:
    """What was observed since the last point."""

    counts: tuple[float, ...]
    count: float
    sum: float


@dataclass(slots=True)
class _Cumulative:
    heard: float
    time: int
    counts: tuple[float, ...]
    count: float
    sum: float


@dataclass(slots=True)
class _Known:
    """A client, what is known of its streams."""

    first_heard: float
    last_heard: float
    cumulative: dict[tuple[bytes, int], _Cumulative] = field(default_factory=dict)
    delta: dict[bytes, deque[tuple[int, int]]] = field(default_factory=dict)
    forgotten_until: int = 0
    """The latest start of its streams that were forgotten."""

    @property
    def size(self) -> int:
        return len(self.cumulative) + len(self.delta)


class Streams:
    """The streams of all clients.

    Args:
        started_at: when the receiver started, in nanoseconds since 1970.
    """

    def __init__(self, started_at: int) -> None:
        self._whole_from = started_at
        """Unknown streams that started at or after it were never counted."""
        self._clients: dict[bytes, _Known] = {}
        self._size = 0

    def increment(self, client: Client, point: Point, now: float) -> Increment | str:
        """Return what is new in a point, or the reason why it does not count.

        ``now`` is in seconds of a monotonic clock.
        """
        known = self._clients.get(client.key)
        if known is None:
            if len(self._clients) >= MOST_CLIENTS:
                return "too_many_clients"
            known = self._clients[client.key] = _Known(now, now)
        known.last_heard = now
        before = known.size
        made = (
            self._add_delta(known, point)
            if point.is_delta
            else self._add_cumulative(known, point, now)
        )
        self._size += known.size - before
        return made

    def _is_full_for(self, known: _Known) -> bool:
        return self._size >= MOST_STREAMS or known.size >= MOST_STREAMS_OF_CLIENT

    def forget_idle(self, now: float) -> Iterator[bytes]:
        """Forget clients that fell silent, and yield their keys; forget silent streams of others.

        What comes back is counted from there on.
        """
        idle = [
            key for key, known in self._clients.items() if now - known.last_heard > IDLE_SECONDS
        ]
        for key in idle:
            known = self._clients.pop(key)
            self._size -= known.size
            latest = max((start for _, start in known.cumulative), default=0)
            self._whole_from = max(self._whole_from, latest + 1)
            yield key
        for known in self._clients.values():
            old = [
                stream
                for stream, last in known.cumulative.items()
                if now - last.heard > IDLE_SECONDS
            ]
            for stream in old:
                del known.cumulative[stream]
                self._size -= 1
                known.forgotten_until = max(known.forgotten_until, stream[1])

    def _add_delta(self, known: _Known, point: Point) -> Increment | str:
        windows = known.delta.get(point.stream)
        if windows is None:
            if self._is_full_for(known):
                return "too_many_streams"
            windows = known.delta[point.stream] = deque(maxlen=_WINDOWS)
        window = (point.start, point.time)
        if window in windows:
            return "repeated"
        windows.append(window)
        return Increment(point.counts, point.count, point.sum)

    def _add_cumulative(self, known: _Known, point: Point, now: float) -> Increment | str:
        key = (point.stream, point.start)
        last = known.cumulative.get(key)
        if last is None:
            if self._is_full_for(known):
                return "too_many_streams"
            known.cumulative[key] = _Cumulative(
                now, point.time, point.counts, point.count, point.sum
            )
            is_under_our_eyes = (
                point.start >= self._whole_from or now - known.first_heard > FIRST_ROUND_SECONDS
            )
            is_whole = is_under_our_eyes and not 0 < point.start <= known.forgotten_until
            return Increment(point.counts, point.count, point.sum) if is_whole else _nothing(point)
        if point.time <= last.time:
            return "repeated"
        if point.count < last.count:
            # A restart of a client that does not tell when it started.
            known.cumulative[key] = _Cumulative(
                now, point.time, point.counts, point.count, point.sum
            )
            return Increment(point.counts, point.count, point.sum)
        # Counts never fall, not even where an exponential histogram becomes coarser.
        counts = tuple(map(max, last.counts, point.counts)) if last.counts else point.counts
        made = Increment(
            tuple(high - low for high, low in zip(counts, last.counts or counts, strict=True)),
            point.count - last.count,
            max(point.sum - last.sum, 0.0),
        )
        last.heard = now
        last.time, last.counts, last.count = point.time, counts, point.count
        last.sum = max(last.sum, point.sum)
        return made


def _nothing(point: Point) -> Increment:
    return Increment((0.0,) * len(point.counts), 0.0, 0.0)
