"""Distributions as tables: their moments are those of what the tables say."""

from math import exp, log, sqrt

import pytest

from demo.sim.latency import from_quantiles, lognormal
from demo.sim.service import figures, output_lengths, prompt_lengths

MODELS = sorted(figures().models)


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
