"""When groups of rules are evaluated."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slo.rule import RuleGroup
from slo.steps import Times


@dataclass(frozen=True)
class Moments:
    """When a group is evaluated: every interval, some time after its full multiples.

    Both are told to the millisecond.
    """

    interval_seconds: float
    offset_seconds: float = 0.0
    """Of groups in Prometheus, a hash of their names; at least 0, below the interval."""

    @property
    def interval_ms(self) -> int:
        """Return the interval in milliseconds."""
        return round(self.interval_seconds * 1000)

    @property
    def offset_ms(self) -> int:
        """Return the offset in milliseconds."""
        return round(self.offset_seconds * 1000)

    def between_ms(self, start: float, end: float) -> Times:
        """Return the moments after ``start`` up to ``end`` (UNIX seconds), in ms; shape (n,)."""
        first, last = (self._number(each) for each in (start, end))
        numbers = np.arange(first + 1, last + 1, dtype=np.int64)
        return numbers * self.interval_ms + self.offset_ms

    def between(self, start: float, end: float) -> tuple[float, float]:
        """Return the first moment after ``start`` and the last up to ``end``, UNIX seconds."""
        first, last = (
            (number * self.interval_ms + self.offset_ms) / 1000
            for number in (self._number(start) + 1, self._number(end))
        )
        return first, last

    def _number(self, until: float) -> int:
        return (round(until * 1000) - self.offset_ms) // self.interval_ms


@dataclass(frozen=True)
class TimedGroup:
    """A group of rules, and when it is evaluated."""

    group: RuleGroup
    moments: Moments


def timed(groups: Iterable[RuleGroup]) -> list[TimedGroup]:
    """Return groups with offsets by their names.

    Prometheus hashes the name and the file's path; where a file stood nobody knows, so that this is
    another hash of the name alone: spread as evenly, and the same each time.
    """
    found = []
    for each in groups:
        interval_ms = round(each.interval_seconds * 1000)
        offset_ms = zlib.crc32(each.name.encode()) % interval_ms
        found.append(TimedGroup(each, Moments(each.interval_seconds, offset_ms / 1000)))
    return found
