"""Prefix caches in tiers: the device's, the host's, and a store that outlives the engine.

How much of a prompt is found depends on how far back a cache remembers, in tokens: the share of
reuses that lie within that distance. The device's tier is what running requests leave of the KV
cache, so a full batch forgets; what it evicts is still in the tiers below.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from demo.sim.engines.figures import (
    FAMILIAR_SECONDS,
    HOST_TIER_TOKENS,
    RESTORED_FROM_HOST_COST,
    RESTORED_FROM_STORE_COST,
    REUSE_SHAPE,
    SHARED_PREFIX_RATIO,
    STORE_TIER_TOKENS,
)
from demo.sim.fleet import Floats, Indices
from demo.sim.service import Service

DEVICE, HOST, STORE = range(3)
_LIMITS = np.array([[np.inf], [HOST_TIER_TOKENS], [STORE_TIER_TOKENS]])


@dataclass
class Caches:
    """What the engines' caches hold, and what is found in them."""

    kept: Floats
    """Tokens that each tier remembers, those of the tiers above included. [tier, G]."""
    usual_share: Floats
    """The share of its cell's traffic that each group has had lately. [G]."""
    hits: Floats
    """Share of prompt tokens found in each tier and in none above. [tier, G]."""
    cost: Floats
    """Of a prompt token, in parts of computing it. [G]."""


def start_caches(service: Service) -> Caches:
    """Return caches with their usual content."""
    groups = len(service.kv_cache_tokens)
    caches = Caches(
        kept=np.repeat(_LIMITS, groups, axis=1),
        usual_share=np.zeros(groups),
        hits=np.zeros((3, groups)),
        cost=np.ones(groups),
    )
    caches.kept[DEVICE] = service.kv_cache_tokens * 0.8
    return caches


def look_up(caches: Caches, service: Service, share: Floats, dt: float) -> None:
    """Find out what a step's prompts will hit.

    Args:
        caches: ``hits`` and ``cost`` are changed in place.
        service: how far apart reuses are.
        share: of its cell's traffic that each group gets now. [G].
        dt: the step's seconds.
    """
    usual = caches.usual_share
    part = 1 - exp(-dt / FAMILIAR_SECONDS)
    usual += (share - usual) * np.maximum(usual == 0, part)
    familiar = np.minimum(usual / np.maximum(share, 1e-12), 1.0)
    most = service.hit_ratio * (SHARED_PREFIX_RATIO + (1 - SHARED_PREFIX_RATIO) * familiar)
    found = -np.expm1(-((caches.kept / service.reuse_tokens) ** REUSE_SHAPE)) * most
    np.maximum.accumulate(found, axis=0, out=found)
    hits = caches.hits
    hits[DEVICE] = found[DEVICE]
    hits[HOST] = found[HOST] - found[DEVICE]
    hits[STORE] = found[STORE] - found[HOST]
    caches.cost = (
        1
        - found[STORE]
        + RESTORED_FROM_HOST_COST * hits[HOST]
        + RESTORED_FROM_STORE_COST * hits[STORE]
    )


def remember(caches: Caches, service: Service, computed: Floats, held: Floats) -> None:
    """Put what was computed into all tiers, as far as they reach.

    Args:
        caches: changed in place.
        service: the sizes of the KV caches.
        computed: tokens of a step. [G].
        held: KV cache that running requests hold. [G].
    """
    caches.kept += computed
    np.minimum(caches.kept, _LIMITS, out=caches.kept)
    left = np.maximum(service.kv_cache_tokens - held, 0.0)
    np.minimum(caches.kept[DEVICE], left, out=caches.kept[DEVICE])


def forget(caches: Caches, groups: Indices, tiers: slice, share: float = 1.0) -> None:
    """Empty some tiers of some groups by a share of their content."""
    caches.kept[tiers, groups] *= 1 - share
