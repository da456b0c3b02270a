"""Groups that are far slower than their peers. Pure: readings over time in, ratios out.

A tensor-parallel group is as fast as its slowest GPU, and no GPU need say that anything is wrong:
a weak link or a throttled board shows in tokens only. Compared are tokens generated a second for
each running request, among groups of the same model and revision, and of these only such as have
about as many requests running, for a fuller batch gives each request less.

So a slow group that is fed as before fills up, and is soon like no other: nothing is said of it
then. Its inter-token latency tells, and its queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from statistics import fmean, median

WINDOW_SECONDS = 60.0
"""A speed is taken over this long: a dozen samples, and minutes before a prefill counts."""
LOAD_FACTOR = 1.5
"""Peers at similar load have at most this many times as many requests running, or as few."""
FEWEST_PEERS = 3
"""Others to compare with: of two that differ nobody knows which one is wrong."""
LEAST_RUNNING = 1.0
"""Requests on average; below that a batch is empty for a part of the time."""
SLOW_BELOW_RATIO = 0.6
FAST_AGAIN_RATIO = 0.75
"""A slow group is slow until it is above this."""


@dataclass(frozen=True)
class Load:
    """One look at a group that works."""

    tokens: float
    """Generated. Cumulative."""
    running: float
    """Requests in the batch."""


@dataclass
class _History:
    looks: deque[tuple[float, Load]] = field(default_factory=deque)
    is_slow: bool = False


@dataclass(frozen=True)
class Speed:
    """How a group compares with its peers."""

    ratio: float | None
    """Its tokens a second for each running request over the peers' median; None without peers."""
    is_slow: bool


class Peers:
    """Compares groups, look by look.

    Args:
        kinds: by name of a group what its peers share with it: model and revision.
    """

    def __init__(self, kinds: Mapping[str, Hashable]) -> None:
        self._kinds = kinds
        self._histories = {name: _History() for name in kinds}

    def compare(self, loads: Mapping[str, Load | None], now: float) -> dict[str, Speed]:
        """Return the speed of each group.

        Args:
            loads: by name; None of a group that does not step, or was not seen: its window starts
                anew, for what it does then is no speed.
            now: seconds of a monotonic clock.
        """
        by_kind: dict[Hashable, dict[str, tuple[float, float]]] = {}
        for name, load in loads.items():
            history = self._histories[name]
            _extend(history.looks, load, now)
            if measured := _measure(history.looks):
                by_kind.setdefault(self._kinds[name], {})[name] = measured
        speeds = {}
        for name in loads:
            history = self._histories[name]
            ratio = _ratio(name, by_kind.get(self._kinds[name], {}))
            limit = FAST_AGAIN_RATIO if history.is_slow else SLOW_BELOW_RATIO
            history.is_slow = ratio is not None and ratio < limit
            speeds[name] = Speed(ratio, history.is_slow)
        return speeds


def _extend(looks: deque[tuple[float, Load]], load: Load | None, now: float) -> None:
    if load is None or (looks and load.tokens < looks[-1][1].tokens):
        looks.clear()
    if load is None:
        return
    looks.append((now, load))
    while len(looks) > 1 and now - looks[1][0] >= WINDOW_SECONDS:
        looks.popleft()


def _measure(looks: deque[tuple[float, Load]]) -> tuple[float, float] | None:
    """Return requests running on average, and tokens/s for each; None before a whole window."""
    if len(looks) < 2 or looks[-1][0] - looks[0][0] < WINDOW_SECONDS:
        return None
    running = fmean(load.running for _, load in looks)
    if running < LEAST_RUNNING:
        return None
    seconds = looks[-1][0] - looks[0][0]
    return running, (looks[-1][1].tokens - looks[0][1].tokens) / seconds / running


def _ratio(name: str, measured: Mapping[str, tuple[float, float]]) -> float | None:
    if name not in measured:
        return None
    running, speed = measured[name]
    peers = [
        other_speed
        for other, (other_running, other_speed) in measured.items()
        if other != name and running / LOAD_FACTOR <= other_running <= running * LOAD_FACTOR
    ]
    if len(peers) < FEWEST_PEERS or not (usual := median(peers)):
        return None
    return speed / usual
