"""Distributions of times and lengths as tables: shares below bounds, and shares of buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import erfc, log, sqrt

import numpy as np

from demo.sim.fleet import Floats

_GRID = np.linspace(log(1e-4), log(1e5), 4001)
_TINY = 1e-12


@dataclass(frozen=True)
class Latency:
    """The distribution of a time, or of anything else that is above 0."""

    log_values: Floats
    below: Floats
    """Share of values below each of ``log_values``; ends with 1."""

    def share_below(self, values: Floats) -> Floats:
        """Return the share of values below ``values``, of its shape."""
        logs = np.log(np.maximum(values, _TINY))
        return np.interp(logs, self.log_values, self.below, left=0.0, right=1.0)

    def quantile(self, share: float) -> float:
        """Return the value that this share is below."""
        return float(np.exp(np.interp(share, self.below, self.log_values)))

    @cached_property
    def mean(self) -> float:
        """The mean."""
        return self._moment(1)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation."""
        return sqrt(self._moment(2) - self.mean**2)

    def _moment(self, power: int) -> float:
        """Return the mean of a power of the values, which are log-uniform between two knots."""
        ends, spans = np.exp(power * self.log_values), power * np.diff(self.log_values)
        means = np.where(spans > 0, np.diff(ends) / np.maximum(spans, _TINY), ends[:-1])
        return float((np.diff(self.below) * means).sum() + self.below[0] * ends[0])


def lognormal(*parts: tuple[float, float, float]) -> Latency:
    """Return a mixture of lognormal times, each part (share, median, sigma)."""
    below = np.zeros_like(_GRID)
    for share, median, sigma in parts:
        scaled = (_GRID - log(median)) / (sigma * sqrt(2))
        below += share * np.array([erfc(-each) / 2 for each in scaled])
    return Latency(_GRID, below / below[-1])


def from_quantiles(value_at: Mapping[float, float]) -> Latency:
    """Return the distribution with these quantiles, log-linear between them.

    Args:
        value_at: from 0.0 to 1.0, both included.
    """
    knots = sorted(value_at.items())
    return Latency(
        np.log(np.array([value for _, value in knots])),
        np.array([share for share, _ in knots]),
    )


def bucket_shares(latency: Latency, bounds: Sequence[float], scale: Floats) -> Floats:
    """Return the share of values in each bucket, the one above the last bound included.

    Args:
        latency: at scale 1.
        bounds: upper bounds of the buckets.
        scale: [S], what the values are multiplied by.

    Returns:
        [S, K]: one more than there are bounds; each row sums to 1.
    """
    return _shares(latency.share_below(np.asarray(bounds) / scale[:, None]))


def delayed_shares(
    latency: Latency, bounds: Sequence[float], scale: Floats, delay: float
) -> Floats:
    """Return the same for times that are scaled, and then ``delay`` longer. [S, K]."""
    left = np.maximum(np.asarray(bounds) - delay, 0.0)
    return _shares(latency.share_below(left / scale[:, None]))


def _shares(below: Floats) -> Floats:
    ends = np.ones((len(below), 1))
    return np.diff(np.concatenate([ends * 0, below, ends], axis=1), axis=1)
