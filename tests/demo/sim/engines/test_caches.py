"""Prefix caches: what is found in which tier, what makes them forget, and how it comes back."""

import numpy as np
import pytest

from demo.sim.engines.caches import DEVICE, HOST, STORE, forget, look_up, remember, start_caches
from demo.sim.service import model_figures, service_of

GROUP = "eu-agent-0"


@pytest.fixture
def hits(warm):
    """Reads the share of prompt tokens that a group finds, by tier."""
    return lambda group=GROUP: warm.state.engines.caches.hits[:, warm.group(group)].copy()


@pytest.mark.parametrize("model", ["agent", "chat", "code"])
def test_in_the_usual_state_the_hit_ratio_is_the_published_one(warm, model, read_total):
    """On the page, over all tiers."""
    warm.seconds(30)
    page = warm.engine_page(f"eu-{model}-0")
    prompts = read_total(page, "vllm:prompt_tokens_total")
    found = read_total(page, "vllm:prompt_tokens_cached_total")
    published = model_figures(model).prefix_hit_ratio.value
    assert found / prompts == pytest.approx(published, rel=0.03)


def test_after_a_flush_nothing_is_found_and_minutes_later_it_is_again(warm, hits):
    """The more, the longer ago it was."""
    usual = hits().sum()
    warm.strike("cache-flush", region="eu", group=GROUP)
    warm.seconds(1)
    flushed = hits().sum()
    warm.seconds(60)
    soon = hits().sum()
    warm.seconds(540)
    late = hits().sum()
    assert flushed < 0.05 < soon < 0.6 * usual
    assert soon < late <= usual
    assert late == pytest.approx(usual, rel=0.15)


def test_a_flush_makes_prompts_dear(warm):
    """Every token is computed that was not before."""
    cost = warm.state.engines.caches.cost[warm.group(GROUP)]
    warm.strike("cache-flush", region="eu", group=GROUP)
    warm.seconds(1)
    assert warm.state.engines.caches.cost[warm.group(GROUP)] > 2 * cost


def test_half_a_flush_forgets_less_than_a_whole_one(warm, hits):
    """Strength is a share."""
    usual = hits().sum()
    warm.strike("cache-flush", 0.98, region="eu", group=GROUP)
    warm.seconds(1)
    assert 0.05 < hits().sum() < usual


def test_the_store_survives_a_restart_and_the_tiers_of_the_engine_do_not(warm, hits):
    """What the store has costs less than to compute it."""
    usual = hits()
    warm.strike("killed-engine", group=GROUP)
    warm.seconds(60)
    assert warm.state.engines.phase[warm.group(GROUP)] == 0
    restarted = hits()
    assert restarted[DEVICE] + restarted[HOST] < 0.5 * (usual[DEVICE] + usual[HOST])
    assert restarted[STORE] > 2 * usual[STORE]
    cost = warm.state.engines.caches.cost[warm.group(GROUP)]
    assert cost < 1 - 0.5 * restarted.sum()


def _served(fleet, *, held: float):
    """Return a service and its caches after an hour with so much of each KV cache held."""
    service = service_of(fleet)
    caches = start_caches(service)
    share = np.full(fleet.groups, 0.5)
    for _ in range(60):
        computed = np.full(fleet.groups, 1e6)
        remember(caches, service, computed, service.kv_cache_tokens * held)
        look_up(caches, service, share, 60.0)
    return service, caches


def test_a_full_batch_leaves_the_device_nothing_to_remember(warm):
    """The tiers below find what it forgot."""
    _, idle = _served(warm.fleet, held=0.1)
    _, full = _served(warm.fleet, held=0.98)
    assert (full.hits[DEVICE] < 0.4 * idle.hits[DEVICE]).all()
    assert (full.hits[HOST] > idle.hits[HOST]).all()
    assert full.hits.sum(axis=0) == pytest.approx(idle.hits.sum(axis=0))


def test_no_tier_remembers_more_than_it_holds(warm):
    """And each holds what the one above does."""
    service, caches = _served(warm.fleet, held=0.5)
    assert (caches.kept[DEVICE] <= service.kv_cache_tokens * 0.5).all()
    assert (np.diff(caches.kept, axis=0) >= 0).all()


def test_sessions_that_were_moved_find_less_than_those_that_stay(warm):
    """Only what all share, until the group knows them."""
    service, caches = _served(warm.fleet, held=0.1)
    usual = caches.hits.sum(axis=0)
    look_up(caches, service, np.full(warm.fleet.groups, 1.0), 1.0)
    moved = caches.hits.sum(axis=0)
    assert (moved < 0.75 * usual).all()
    for _ in range(60):
        look_up(caches, service, np.full(warm.fleet.groups, 1.0), 60.0)
    assert caches.hits.sum(axis=0) == pytest.approx(usual, rel=0.01)


def test_what_is_forgotten_is_forgotten_by_the_groups_and_tiers_that_were_named(warm):
    """By a share of it."""
    caches = start_caches(service_of(warm.fleet))
    before = caches.kept.copy()
    forget(caches, np.array([1]), slice(DEVICE, STORE), 0.25)
    assert caches.kept[:STORE, 1] == pytest.approx(0.75 * before[:STORE, 1])
    assert caches.kept[STORE, 1] == before[STORE, 1]
    assert (caches.kept[:, 2:] == before[:, 2:]).all()
