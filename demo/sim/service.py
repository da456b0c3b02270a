"""What each group is asked and how its engine is made: figures as arrays over groups and cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.sim.engines.figures import (
    ENGINES,
    OTHER_MODEL,
    SECONDS_PER_PROMPT_TOKEN,
    USUAL_STEP_SECONDS,
    EngineFigures,
)
from demo.sim.fleet import Fleet, Floats
from demo.sim.latency import Latency, from_quantiles
from demo.traffic.demand import ModelFigures
from demo.traffic.figures import figures

NONE_UNUSUAL: Mapping[tuple[str, str], float] = {}
"""No cell with fewer or more users than usual."""
_LONGEST = 1.3
"""Of the 0.99 quantile: the longest prompt and answer."""


def model_figures(model: str) -> ModelFigures:
    """Return what users ask of a model."""
    known = figures().models
    return known.get(model, known[OTHER_MODEL])


def engine_figures(model: str) -> EngineFigures:
    """Return how a model's engines are made."""
    return ENGINES.get(model, ENGINES[OTHER_MODEL])


@cache
def prompt_lengths(model: str) -> Latency:
    """Return the lengths of prompts in tokens.

    Through all published quantiles; below the median, of which nothing was published, as far from
    it as above, on a logarithmic scale.
    """
    at = model_figures(model).prompt_tokens.value.at
    above = {**at, 1.0: max(at.values()) * _LONGEST}
    below = {round(1 - share, 6): at[0.5] ** 2 / value for share, value in above.items()}
    return from_quantiles({**below, **above})


@cache
def output_lengths(model: str) -> Latency:
    """Return the lengths of answers in tokens."""
    at = model_figures(model).output_tokens.value.at
    return from_quantiles({0.0: 1.0, **at, 1.0: max(at.values()) * _LONGEST})


@dataclass(frozen=True)
class Service:
    """Figures of the groups and cells of a fleet."""

    models: tuple[str, ...]
    """Of each cell."""
    peak_rates: Floats
    """Requests a second of each cell at the daily peak. [C]."""
    prompt_tokens: Floats
    """Mean. [G]."""
    prompt_deviation: Floats
    """Standard deviation of one prompt's tokens. [G]."""
    tokens_after_first: Floats
    """Mean, of an answer. [G]."""
    hit_ratio: Floats
    """Share of prompt tokens found in caches that forget nothing. [G]."""
    reuse_tokens: Floats
    """[G]."""
    kv_cache_tokens: Floats
    """[G]."""
    deadline_seconds: Floats
    """End to end. [G]."""
    usual_streams: Floats
    """At once, at the daily peak. [G]."""
    usual_computing: Floats
    """Share of the time that prompts take, at the daily peak. [G]."""


def service_of(
    fleet: Fleet, traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL
) -> Service:
    """Return the figures of a fleet.

    Args:
        fleet: what serves.
        traffic_ratios: by region and model, users in multiples of what is usual there.
    """
    models = tuple(model for _, model in fleet.cells)
    asked = [model_figures(model) for model in models]
    made = [engine_figures(model) for model in models]

    def by_group(values: list[float]) -> Floats:
        return np.array(values, np.float64)[fleet.cell_of_group]

    prompts = [prompt_lengths(model) for model in models]
    rates = np.array(
        [
            each.requests_per_second * traffic_ratios.get(cell, 1.0)
            for each, cell in zip(made, fleet.cells, strict=True)
        ]
    )
    return Service(
        models=models,
        peak_rates=rates * fleet.groups_of_cell,
        prompt_tokens=by_group([each.mean for each in prompts]),
        prompt_deviation=by_group([each.deviation for each in prompts]),
        tokens_after_first=by_group([output_lengths(model).mean - 1 for model in models]),
        hit_ratio=by_group([each.prefix_hit_ratio.value for each in asked]),
        reuse_tokens=by_group([each.reuse_tokens for each in made]),
        kv_cache_tokens=by_group([float(each.kv_cache_tokens) for each in made]),
        deadline_seconds=by_group([each.end_to_end_deadline_seconds for each in made]),
        usual_streams=by_group(
            [
                each.requests_per_second * output_lengths(model).mean * USUAL_STEP_SECONDS
                for each, model in zip(made, models, strict=True)
            ]
        ),
        usual_computing=by_group(
            [
                each.requests_per_second
                * lengths.mean
                * (1 - users.prefix_hit_ratio.value)
                * SECONDS_PER_PROMPT_TOKEN
                for each, lengths, users in zip(made, prompts, asked, strict=True)
            ]
        ),
    )
