"""Random series as exporters give them: late, gone, back, reset, and no number at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from slo.series import STALE, Series

CELLS = ("a", "b", "c")
INSTANCES = ("i0", "i1")
OUTCOMES = ("ok", "error")
COUNTER, GAUGE, STATE = "fake_requests_total", "fake_level", "fake_up"


@dataclass(frozen=True)
class Sampled:
    """One series at each interval from the beginning on."""

    labels: Mapping[str, str]
    values: tuple[float | None, ...]
    """None where nothing was scraped."""
    ends: frozenset[int]
    """Where there is a stale marker in place of a sample."""

    def notation(self) -> str:
        """Return the values as promtool's ``input_series`` has them."""
        return " ".join(
            "stale" if index in self.ends else "_" if value is None else f"{value!r}"
            for index, value in enumerate(self.values)
        ).replace("nan", "NaN")

    def series(self, start: float, interval_seconds: float) -> Series:
        """Return the samples, the first of which is at ``start`` (UNIX seconds)."""
        sampled = [
            (index, STALE if index in self.ends else value)
            for index, value in enumerate(self.values)
            if value is not None or index in self.ends
        ]
        indices = np.array([index for index, _ in sampled], np.int64)
        # A list of floats would do, but only an array keeps the bits of a marker for sure.
        values = np.array([value for _, value in sampled], np.float64)
        times_ms = round(start * 1000) + indices * round(interval_seconds * 1000)
        return Series(self.labels, times_ms, values)


def random_series(random: np.random.Generator, moments: int) -> list[Sampled]:
    """Return some counters, levels and states, each with gaps of its own."""
    return [with_gaps(random, labels, values) for labels, values in _whole(random, moments)]


def _whole(
    random: np.random.Generator, moments: int
) -> Iterator[tuple[dict[str, str], list[float]]]:
    for cell in CELLS:
        for instance in INSTANCES:
            where = {"cell": cell, "instance": instance}
            for outcome in OUTCOMES:
                labels = {"__name__": COUNTER, **where, "outcome": outcome}
                yield labels, _counter(random, moments, rare=outcome == "error")
            yield {"__name__": GAUGE, **where}, _level(random, moments)
            yield {"__name__": STATE, **where}, _state(random, moments)


def _counter(random: np.random.Generator, moments: int, *, rare: bool) -> list[float]:
    rate = np.repeat(
        random.choice([0.0, 0.3, 4.0] if rare else [0.0, 5.0, 9.0], moments // 8 + 1), 8
    )
    steps = random.poisson(rate[:moments]).astype(np.float64)
    total, values = 0.0, []
    for step in steps.tolist():
        total = 0.0 if random.random() < 0.01 else total + step
        values.append(total)
    return values


def _level(random: np.random.Generator, moments: int) -> list[float]:
    values = np.cumsum(random.normal(0, 0.4, moments)) + 5
    values[random.random(moments) < 0.02] = np.nan
    return [float(each) for each in np.round(values, 3)]


def _state(random: np.random.Generator, moments: int) -> list[float]:
    is_up, values = 1.0, []
    for chance in random.random(moments).tolist():
        is_up = 1 - is_up if chance < (0.04 if is_up else 0.15) else is_up
        values.append(is_up)
    return values


def with_gaps(random: np.random.Generator, labels: dict[str, str], values: list[float]) -> Sampled:
    """Return a series that may appear late, and be gone for some time, said or unsaid."""
    kept: list[float | None] = list(values)
    ends: set[int] = set()
    if random.random() < 0.3:  # it appears late
        late = int(random.integers(1, len(values) // 2))
        kept[:late] = [None] * late
    for _ in range(int(random.integers(0, 3))):
        first = int(random.integers(0, len(values)))
        length = int(random.integers(1, 12))
        was_there = first > 0 and kept[first - 1] is not None
        kept[first : first + length] = [None] * len(kept[first : first + length])
        if was_there and random.random() < 0.7:  # else scrapes were lost, and nobody said so
            ends.add(first)
    return Sampled(labels, tuple(kept), frozenset(each for each in ends if kept[each] is None))
