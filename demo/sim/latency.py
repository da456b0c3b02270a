"""Distributions of times as tables: shares below bounds, hazards, and shares of buckets.

Times are cohorts' ages in steps, so a request draws no time of its own: each step, a binomial
share of each cohort gets on, by the hazard of its age.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import erfc, log, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_GRID = np.linspace(log(1e-4), log(1e4), 4001)
_TINY = 1e-12


@dataclass(frozen=True)
class Latency:
    """The distribution of a time."""

    log_seconds: Floats
    below: Floats
    """Share of times below each of ``log_seconds``; ends with 1."""

    def share_below(self, seconds: Floats) -> Floats:
        """Return the share of times below ``seconds``, of its shape."""
        logs = np.log(np.maximum(seconds, _TINY))
        return np.interp(logs, self.log_seconds, self.below, left=0.0, right=1.0)

    @property
    def mean(self) -> float:
        """Mean in seconds."""
        middles = np.exp((self.log_seconds[1:] + self.log_seconds[:-1]) / 2)
        return float((np.diff(self.below) * middles).sum() + self.below[0] * middles[0])


def lognormal(*parts: tuple[float, float, float]) -> Latency:
    """Return a mixture of lognormal times, each part (share, median in seconds, sigma)."""
    below = np.zeros_like(_GRID)
    for share, median, sigma in parts:
        scaled = (_GRID - log(median)) / (sigma * sqrt(2))
        below += share * np.array([erfc(-each) / 2 for each in scaled])
    return Latency(_GRID, below / below[-1])


def from_quantiles(seconds_at: Mapping[float, float]) -> Latency:
    """Return the distribution with these quantiles, log-linear between them.

    Args:
        seconds_at: from 0.0 to 1.0, both included.
    """
    knots = sorted(seconds_at.items())
    return Latency(
        np.log(np.array([seconds for _, seconds in knots])),
        np.array([share for share, _ in knots]),
    )


def hazards(latency: Latency, slots: int, step_seconds: float, scale: Floats) -> Floats:
    """Return the chance to end within each step of age, given that it lasted until then.

    Args:
        latency: at scale 1.
        slots: ages, in steps.
        step_seconds: the length of a step.
        scale: [G], what each group's times are multiplied by.

    Returns:
        [G, A].
    """
    edges = np.arange(slots + 1) * step_seconds
    above = 1 - latency.share_below(edges / scale[:, None])
    left = np.maximum(above[:, :-1], _TINY)
    return np.clip(1 - above[:, 1:] / left, 0.0, 1.0)


def bucket_shares(latency: Latency, bounds: Sequence[float], scale: Floats) -> Floats:
    """Return the share of times in each bucket, the one above the last bound included.

    Returns:
        [G, K]: one more than there are bounds; each row sums to 1.
    """
    below = latency.share_below(np.asarray(bounds) / scale[:, None])
    ends = np.ones((len(scale), 1))
    return np.diff(np.concatenate([ends * 0, below, ends], axis=1), axis=1)


def bucket_shares_by_age(
    latency: Latency,
    bounds: Sequence[float],
    *,
    slots: int,
    step_seconds: float,
    scale: Floats,
    offset_seconds: float = 0.0,
) -> Floats:
    """Return the share of times in each bucket, of those that end within each step of age.

    Args:
        latency: at scale 1.
        bounds: upper bounds of the buckets, in seconds.
        slots: ages, in steps.
        step_seconds: the length of a step.
        scale: [G], what each group's times are multiplied by.
        offset_seconds: added to each time after it is scaled.

    Returns:
        [G, A, K].
    """
    starts = np.arange(slots)[:, None] * step_seconds
    upper = np.clip(np.asarray(bounds), starts, starts + step_seconds)
    edges = np.concatenate([starts, upper, starts + step_seconds], axis=1)
    seconds = np.maximum(edges - offset_seconds, 0.0)
    below = latency.share_below(seconds / scale[:, None, None])
    shares = np.diff(below, axis=2)
    of_age: Floats = shares / np.maximum(shares.sum(axis=2, keepdims=True), _TINY)
    return of_age


def bucket_means(bounds: Sequence[float], beyond: float) -> Floats:
    """Return the time that stands for each bucket: its middle, and ``beyond`` for the last. [K]."""
    lower = np.array([0.0, *bounds])
    means: Floats = (lower + np.array([*bounds, 2 * beyond - lower[-1]])) / 2
    return means
