"""Quantiles of first tokens, from counts in fine buckets."""

import numpy as np
import pytest

from demo.first_tokens import FIRST_TOKEN_BOUNDS, quantile, tell_quantiles


def _counts(*seconds: float) -> np.ndarray:
    places = np.searchsorted(FIRST_TOKEN_BOUNDS, seconds)
    return np.bincount(places, minlength=len(FIRST_TOKEN_BOUNDS) + 1).astype(float)


def test_a_quantile_is_the_smallest_value_that_so_many_are_not_above():
    """To the width of a bucket, which is 2 %."""
    counts = _counts(*(each / 20 for each in range(1, 101)))
    for share, value in ((0.01, 0.05), (0.5, 2.5), (0.9, 4.5), (0.99, 4.95), (1.0, 5.0)):
        assert quantile(counts, share) == pytest.approx(value, rel=0.022)


def test_where_half_of_all_are_slow_the_median_is_not():
    """Nothing lies between the two, so nothing between them is said."""
    assert quantile(_counts(0.1, 5.0), 0.5) == pytest.approx(0.1, rel=0.022)


def test_within_a_bucket_times_lie_evenly():
    """On a logarithmic scale."""
    low, high = FIRST_TOKEN_BOUNDS[99:101]
    assert quantile(_counts(high, high), 0.5) == pytest.approx((low * high) ** 0.5)


def test_the_fastest_and_the_slowest_have_buckets_too():
    """At the lowest bound, and up to twice the highest."""
    assert quantile(_counts(0.001), 0.5) == pytest.approx(0.02)
    assert 10 < quantile(_counts(15.0), 0.5) < 20


def test_without_any_there_is_no_quantile():
    """Neither 0 nor the highest bound."""
    assert tell_quantiles(_counts()) == {"p50": None, "p90": None, "p99": None}
    assert tell_quantiles(_counts(0.02)) == {"p50": 0.02, "p90": 0.02, "p99": 0.02}
