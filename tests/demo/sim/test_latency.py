"""Distributions of times as tables, and the tables of levels that follow from them."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.sim.engines.figures import FIRST_TOKEN_DEADLINE_SECONDS
from demo.sim.engines.levels import (
    FIRST_TOKENS,
    PREFILL,
    PREFILLS,
    STEPS,
    WAITS,
    first_token_table,
    late_shares,
    levels_on,
    wait_levels,
)
from demo.sim.latency import bucket_shares, delayed_shares, from_quantiles, lognormal
from demo.sim.service import figures, output_lengths, prompt_lengths
from exporters.catalog import TIME_TO_FIRST_TOKEN_BOUNDS

MODELS = sorted(figures().models)
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
scales = st.lists(st.floats(0.05, 50.0), min_size=1, max_size=4).map(np.array)


def test_half_of_a_lognormal_is_below_its_median():
    """The table is as good as the formula."""
    shares = lognormal((1.0, 0.35, 0.55)).share_below(np.array([0.35]))
    assert shares == pytest.approx(0.5, abs=1e-3)


def test_the_mean_of_a_lognormal_is_the_textbook_one():
    """exp(sigma^2 / 2) times the median."""
    assert lognormal((1.0, 2.0, 0.5)).mean == pytest.approx(2.0 * np.exp(0.125), rel=1e-3)


def test_a_distribution_has_the_quantiles_that_it_was_made_from():
    """Below the first and above the last there is nothing."""
    latency = from_quantiles({0.0: 0.02, 0.5: 0.85, 0.9: 22.0, 1.0: 600.0})
    below = latency.share_below(np.array([0.85, 22.0, 600.0, 601.0, 0.01]))
    assert below == pytest.approx([0.5, 0.9, 1.0, 1.0, 0.0])
    assert [latency.quantile(share) for share in (0.5, 0.9)] == pytest.approx([0.85, 22.0])


@given(scales, st.floats(0, 12))
def test_shares_of_buckets_are_shares(scale, delay):
    """At any scale and delay."""
    for shares in (
        bucket_shares(PREFILL, BOUNDS, scale),
        delayed_shares(PREFILL, BOUNDS, scale, delay),
    ):
        assert shares.shape == (len(scale), len(BOUNDS) + 1)
        assert (shares >= 0).all()
        assert shares.sum(axis=1) == pytest.approx(np.ones(len(scale)))


def test_what_is_delayed_is_in_no_bucket_below_its_delay():
    """Three seconds: nothing up to two and a half."""
    shares = delayed_shares(PREFILL, BOUNDS, np.array([0.1]), 3.0)[0]
    assert shares[: BOUNDS.index(2.5) + 1].sum() == 0


def test_first_tokens_in_time_are_in_buckets_up_to_their_deadline():
    """At the client, at every level: shares of those that came."""
    table = first_token_table(TIME_TO_FIRST_TOKEN_BOUNDS, at_client=True)
    assert table.shape == (FIRST_TOKENS, len(TIME_TO_FIRST_TOKEN_BOUNDS) + 1)
    assert table.sum(axis=1) == pytest.approx(np.ones(FIRST_TOKENS))
    above = np.array([*TIME_TO_FIRST_TOKEN_BOUNDS, np.inf]) > FIRST_TOKEN_DEADLINE_SECONDS
    assert table[:, above].sum() == 0


def test_the_longer_the_queue_and_the_slower_the_prompt_the_more_are_late():
    """From hardly any to nearly all."""
    late = late_shares()
    assert late.shape == (len(WAITS), len(PREFILLS))
    assert (np.diff(late, axis=0) >= 0).all()
    assert (np.diff(late, axis=1) >= -1e-12).all()
    assert late[0, 0] < 1e-3
    assert late[-1].min() > 0.999


def test_each_level_is_its_own_level():
    """And what is between two belongs to the nearer."""
    assert wait_levels(WAITS).tolist() == list(range(len(WAITS)))
    assert levels_on(STEPS, STEPS).tolist() == list(range(len(STEPS)))
    assert levels_on(PREFILLS, PREFILLS * 1.05).tolist() == list(range(len(PREFILLS)))
    assert levels_on(PREFILLS, np.array([0.0, 1e9])).tolist() == [0, len(PREFILLS) - 1]


def test_moments_between_two_knots_are_those_of_a_log_uniform_value():
    """From 1 to 100: mean 99 / ln 100, and 9,999 / (2 ln 100) of the squares."""
    made = from_quantiles({0.0: 1.0, 1.0: 100.0})
    mean = 99 / log(100)
    assert made.mean == pytest.approx(mean)
    assert made.deviation == pytest.approx(sqrt(9999 / (2 * log(100)) - mean**2))


def test_a_lognormal_has_its_mean():
    """exp(sigma^2 / 2) times the median."""
    assert lognormal((1.0, 2.0, 0.5)).mean == pytest.approx(2 * exp(0.125), rel=1e-3)


@pytest.mark.parametrize("model", MODELS)
def test_lengths_go_through_all_published_quantiles(model):
    """Of prompts and of answers."""
    asked = figures().models[model]
    for made, published in (
        (prompt_lengths(model), asked.prompt_tokens.value.at),
        (output_lengths(model), asked.output_tokens.value.at),
    ):
        for share, value in published.items():
            assert made.quantile(share) == pytest.approx(value)


@pytest.mark.parametrize("model", MODELS)
def test_prompts_are_as_far_below_the_median_as_above(model):
    """On a logarithmic scale: what was not published is not invented."""
    made = prompt_lengths(model)
    assert made.quantile(0.1) * made.quantile(0.9) == pytest.approx(made.quantile(0.5) ** 2)
