"""Lengths of prompts: lognormal, by the model that is asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demo.sim.cluster import Cluster, Counts
from demo.sim.latency import Floats, lognormal
from demo.sim.workload import MAX_MODEL_LEN

_STANDARD = lognormal((1.0, 1.0, 1.0))


def sum_of_prompts(cluster: Cluster, requests: Counts, rng: np.random.Generator) -> Floats:
    """Draw the tokens of all prompts of some requests together, by the central limit. [G]."""
    mean, deviation = (
        cluster.profiles["prompt_tokens_mean"],
        cluster.profiles["prompt_tokens_deviation"],
    )
    drawn = requests * mean + np.sqrt(requests) * deviation * rng.normal(size=len(requests))
    tokens: Floats = np.rint(np.clip(drawn, requests, requests * float(MAX_MODEL_LEN)))
    return tokens


def prompt_shares(cluster: Cluster, bounds: Sequence[float], part: Floats) -> Floats:
    """Return the share of prompts in each bucket of tokens.

    Args:
        cluster: whose groups they are.
        bounds: upper bounds in tokens.
        part: [G], what part of each prompt is meant.

    Returns:
        [G, K]: one more than there are bounds.
    """
    medians = cluster.profiles["prompt_tokens_median"] * part
    sigmas = cluster.profiles["prompt_tokens_sigma"]
    powers = 1 / sigmas[:, None]
    below = _STANDARD.share_below((np.asarray(bounds) / medians[:, None]) ** powers)
    ones = np.ones((len(medians), 1))
    return np.diff(np.concatenate([ones * 0, below, ones], axis=1), axis=1)
