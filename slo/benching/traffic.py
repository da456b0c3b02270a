"""Traffic of a fleet over a month, as its counters were scraped, and the truth about it.

Requests come by chance (Poisson), second by second; a day's busiest moment has 50 times the traffic
of its quietest. Groups come and go under names that are never used again, crash, and begin to count
anew. At night there is an outage, in which all requests fail, and which ends with a restart of
every group. The truth counts every request, also those that no scrape has seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from slo.series import STALE, Series
from slo.steps import Floats, Times

HOUR, DAY = 3600, 86400
DAYS = 30
SCRAPE_SECONDS = 30
SLOTS = 20
"""Groups at any time."""
REQUESTS_PER_SECOND_AT_NIGHT = 4.0
"""Of all groups together."""
PEAK_TO_NIGHT = 50.0
ERROR_RATIO = 0.0004
"""On a good day: two fifths of a budget of 0.1 %."""
DOWN_SECONDS = 90
"""So long a crashed group neither serves nor answers."""
_LIVES_DAYS = (2.0, 12.0)
_CRASHES_A_DAY = 0.5


@dataclass(frozen=True)
class Incident:
    """Some time in which a share of the requests fails."""

    start: int
    """Seconds since the traffic began."""
    seconds: int
    error_ratio: float


INCIDENTS = (
    Incident(6 * DAY + 13 * HOUR + 700, 1800, 0.03),
    Incident(11 * DAY + 9 * HOUR + 1234, 2 * HOUR, 0.006),
    Incident(17 * DAY + 2 * HOUR + 400, 2400, 1.0),
    Incident(22 * DAY + 19 * HOUR + 55, 300, 0.2),
    Incident(27 * DAY + 11 * HOUR + 3000, 900, 0.04),
)
"""None in the first two days, which leave the period while the budget is looked at: see errors."""


@dataclass(frozen=True)
class Truth:
    """All requests up to each second since the traffic began; shapes (n + 1,)."""

    start: int
    """UNIX seconds."""
    bad: Floats
    total: Floats

    def error_ratio(self, times: Floats, window_seconds: int) -> Floats:
        """Return the exact ratio within a window up to each time (UNIX seconds), shape (n,)."""
        seconds, ends = np.arange(len(self.total)), times - self.start
        bad, total = (
            np.interp(ends, seconds, side) - np.interp(ends - window_seconds, seconds, side)
            for side in (self.bad, self.total)
        )
        ratio: Floats = bad / total
        return ratio


@dataclass
class _Group:
    name: str
    phase_ms: int
    start: int
    end: int
    """Seconds since the traffic began; from here on it is gone."""
    crashes: Times
    """Seconds since the traffic began, sorted."""
    counted: Floats = field(default_factory=lambda: np.zeros(2))
    """Good requests and errors since it last started."""
    was_seen: bool = False


@dataclass
class Fleet:
    """The groups; :meth:`days` may be gone through once."""

    start: int
    """UNIX seconds, a full day: it is night then."""
    labels: Mapping[str, str]
    """Of every series, ``__name__`` among them; ``group`` and ``outcome`` are added."""
    seed: int = 1
    days: int = DAYS
    _bad: Floats = field(init=False)
    _total: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._bad, self._total = (np.zeros(self.days * DAY + 1) for _ in range(2))
        self._groups = [group for slot in range(SLOTS) for group in self._lives(slot)]

    @property
    def groups(self) -> int:
        """Return how many groups there are in all that time."""
        return len(self._groups)

    def scraped(self) -> Iterator[list[Series]]:
        """Yield the samples of each day, all series whose first sample is within it included."""
        for day in range(self.days):
            yield [series for group in self._groups for series in self._day_of(group, day)]

    def truth(self) -> Truth:
        """Return the truth about what was scraped."""
        return Truth(self.start, np.cumsum(self._bad), np.cumsum(self._total))

    def _lives(self, slot: int) -> Iterator[_Group]:
        end, number = 0, 0
        while end < self.days * DAY:
            lives = round(self._random.uniform(*_LIVES_DAYS) * DAY)
            start, end = end, min(end + lives, self.days * DAY)
            crashes = self._random.integers(start, end, round(_CRASHES_A_DAY * lives / DAY))
            all_fail = [each.start + each.seconds for each in INCIDENTS if each.error_ratio == 1]
            restarts = [each + 15 * slot for each in all_fail if start < each < end]
            phase_ms = int(self._random.integers(1000 * SCRAPE_SECONDS))
            resets = np.unique(np.concatenate([crashes, restarts]).astype(np.int64))
            yield _Group(f"g{slot}-{number}", phase_ms, start, end, resets)
            number += 1

    def _day_of(self, group: _Group, day: int) -> Iterator[Series]:
        first, last = max(group.start, day * DAY), min(group.end, (day + 1) * DAY)
        if first >= (day + 1) * DAY or last < day * DAY:
            return
        seconds = np.arange(first, last, dtype=np.int64)
        is_up = _is_up(seconds, group.crashes)
        events = self._requests(seconds, is_up)
        self._bad[first + 1 : last + 1] += events[1]
        self._total[first + 1 : last + 1] += events.sum(axis=0)
        counters = _counters(group, seconds, events)
        yield from self._samples(group, day, seconds, is_up, counters)

    def _requests(self, seconds: Times, is_up: Floats) -> Floats:
        """Return good requests and errors of one group in each second, shape (2, n)."""
        rate = request_rate(seconds) * is_up / SLOTS
        errors = np.full(seconds.shape, ERROR_RATIO)
        for each in INCIDENTS:
            errors[(seconds >= each.start) & (seconds < each.start + each.seconds)] = (
                each.error_ratio
            )
        rates = np.stack([rate * (1 - errors), rate * errors])
        return self._random.poisson(rates).astype(np.float64)

    def _samples(
        self, group: _Group, day: int, seconds: Times, is_up: Floats, counters: Floats
    ) -> Iterator[Series]:
        step_ms = 1000 * SCRAPE_SECONDS
        scrapes_ms = np.arange(day * DAY * 1000, (day + 1) * DAY * 1000, step_ms, dtype=np.int64)
        scrapes_ms += group.phase_ms
        index = scrapes_ms // 1000 - (seconds[0] if seconds.size else 0)
        there = (index >= 0) & (index < seconds.size)
        place = np.clip(index, 0, max(seconds.size - 1, 0))
        seen = there & (is_up[place] > 0) if seconds.size else there
        before = np.concatenate([[group.was_seen], seen[:-1]])
        ended = before & ~seen
        kept = seen | ended
        group.was_seen = bool(seen[-1])
        for outcome, counter in zip(("ok", "error"), counters, strict=True):
            values = counter[place] if seconds.size else np.zeros(seen.shape)
            values = np.where(seen, values, STALE)[kept]
            labels = {**self.labels, "group": group.name, "outcome": outcome}
            if values.size:
                yield Series(labels, scrapes_ms[kept] + self.start * 1000, values)


def request_rate(seconds: Times) -> Floats:
    """Return the requests per second of all groups, seconds after a midnight: a daily wave."""
    height = (1 - np.cos(2 * math.pi * seconds / DAY)) / 2
    rate: Floats = REQUESTS_PER_SECOND_AT_NIGHT * PEAK_TO_NIGHT**height
    return rate


def _is_up(seconds: Times, crashes: Times) -> Floats:
    up = np.ones(seconds.shape)
    for crash in crashes.tolist():
        up[(seconds >= crash) & (seconds < crash + DOWN_SECONDS)] = 0
    return up


def _counters(group: _Group, seconds: Times, events: Floats) -> Floats:
    """Return both counters at the beginning of each second, shape (2, n); they go on from there."""
    sums = group.counted[:, None] + np.cumsum(events, axis=1)
    before = np.concatenate([group.counted[:, None], sums], axis=1)
    for crash in group.crashes[(group.crashes >= seconds[0])].tolist() if seconds.size else ():
        place = crash - seconds[0]
        if place < seconds.size:
            before[:, place:] -= before[:, place, None]
    group.counted = before[:, -1]
    return before[:, :-1]
