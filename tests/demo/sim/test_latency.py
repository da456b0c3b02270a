"""Distributions of times as tables."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.sim.latency import (
    bucket_shares,
    bucket_shares_by_age,
    from_quantiles,
    hazards,
    lognormal,
)
from demo.sim.serving import FIRST_TOKEN

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
scales = st.lists(st.floats(0.05, 50.0), min_size=1, max_size=4).map(np.array)


def test_half_of_a_lognormal_is_below_its_median():
    """The table is as good as the formula."""
    assert lognormal((1.0, 0.35, 0.55)).share_below(np.array([0.35])) == pytest.approx(
        0.5, abs=1e-3
    )


def test_the_mean_of_a_lognormal_is_the_textbook_one():
    """exp(sigma^2 / 2) times the median."""
    assert lognormal((1.0, 2.0, 0.5)).mean == pytest.approx(2.0 * np.exp(0.125), rel=1e-3)


def test_a_distribution_has_the_quantiles_that_it_was_made_from():
    """Below the first and above the last there is nothing."""
    latency = from_quantiles({0.0: 0.02, 0.5: 0.85, 0.9: 22.0, 1.0: 600.0})
    below = latency.share_below(np.array([0.85, 22.0, 600.0, 601.0, 0.01]))
    assert below == pytest.approx([0.5, 0.9, 1.0, 1.0, 0.0])


def test_healthy_first_tokens_are_late_for_three_in_a_thousand():
    """And for 0.007 % later than the deadline."""
    above = 1 - FIRST_TOKEN.share_below(np.array([2.5, 10.0]))
    assert above == pytest.approx([0.003, 0.00007], rel=0.1)


@given(scales)
def test_shares_of_buckets_are_shares(scale):
    """At any scale."""
    shares = bucket_shares(FIRST_TOKEN, BOUNDS, scale)
    assert shares.shape == (len(scale), len(BOUNDS) + 1)
    assert (shares >= 0).all()
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(scale)))


@given(scales, st.sampled_from([0.5, 1.0, 15.0]))
def test_ages_lose_in_the_end_what_the_distribution_says(scale, step_seconds):
    """Step by step or at once: the same requests are left."""
    chances = hazards(FIRST_TOKEN, 12, step_seconds, scale)
    assert ((chances >= 0) & (chances <= 1)).all()
    left = np.prod(1 - chances, axis=1)
    above = 1 - FIRST_TOKEN.share_below(12 * step_seconds / scale)
    assert left == pytest.approx(above, abs=1e-6)


@given(scales)
def test_an_age_fills_only_the_buckets_that_it_touches(scale):
    """A first token in the third second is not in the bucket up to one second."""
    shares = bucket_shares_by_age(FIRST_TOKEN, BOUNDS, slots=3, step_seconds=1.0, scale=scale)
    edges = (0.0, *BOUNDS, np.inf)
    for age in range(3):
        for bucket, (low, high) in enumerate(pairwise(edges)):
            if high <= age or low >= age + 1:
                assert (shares[:, age, bucket] == 0).all()
