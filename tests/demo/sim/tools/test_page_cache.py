"""The page cache before the browser."""

import numpy as np
import pytest

from demo.sim.tools.page_cache import (
    HIT_RATIO,
    PAGE_LIFE_SECONDS,
    POPULARITY_EXPONENT,
    PageCache,
    serve_pages,
    start_page_cache,
)

USUAL = np.array([2.0, 50.0])
"""Requests a second in two regions."""


def _serve(
    cache: PageCache, seconds: float, *, step_seconds=15.0, factor=1.0, fetched_ratio=1.0
) -> None:
    """Let requests come evenly, of which some find no page on the web either."""
    for _ in range(round(seconds / step_seconds)):
        asked = USUAL * factor * step_seconds
        hits = asked * cache.hit_ratio()
        fetched = (asked - hits) * fetched_ratio
        lost = asked - hits - fetched
        serve_pages(
            cache, *(np.rint(each).astype(np.int64) for each in (hits, fetched, lost)), step_seconds
        )


def test_a_warm_cache_has_as_many_pages_as_is_usual_however_much_a_region_reads():
    """Where more people read, there is more that they read."""
    cache = start_page_cache(USUAL)
    _serve(cache, 4 * PAGE_LIFE_SECONDS)
    assert pytest.approx([HIT_RATIO, HIT_RATIO], abs=0.01) == cache.hit_ratio()
    assert pytest.approx(HIT_RATIO, abs=0.01) == cache.hits[1] / (cache.hits + cache.misses)[1]


def test_classes_of_pages_stand_for_a_million_pages_that_zipf_orders():
    """The sum over single pages, each with its own rate, comes to nearly the same."""
    pages = 1_000_000
    shares = np.arange(1, pages + 1) ** -POPULARITY_EXPONENT
    shares /= shares.sum()
    cache = start_page_cache(USUAL)
    rate = USUAL[0] / cache.pages[0] * pages
    read_per_life = shares * rate * PAGE_LIFE_SECONDS
    by_page = (shares * read_per_life / (1 + read_per_life)).sum()
    assert pytest.approx(by_page, abs=0.02) == cache.hit_ratio()[0]


def test_a_flush_empties_one_region_which_warms_up_within_some_hours():
    """What everybody reads is back at once, what few read is not."""
    cache = start_page_cache(USUAL)
    cache.flush(0)
    assert cache.hit_ratio()[0] == 0
    assert pytest.approx(HIT_RATIO, abs=0.01) == cache.hit_ratio()[1]
    _serve(cache, 600)
    early = cache.hit_ratio()[0]
    assert 0.1 < early < HIT_RATIO - 0.02
    _serve(cache, 4 * PAGE_LIFE_SECONDS)
    assert pytest.approx(HIT_RATIO, abs=0.01) == cache.hit_ratio()[0]


def test_pages_that_nobody_asks_for_expire():
    """As many as an exponential life leaves."""
    cache = start_page_cache(USUAL)
    _serve(cache, PAGE_LIFE_SECONDS, factor=0.0)
    assert pytest.approx(HIT_RATIO / np.e, rel=0.01) == cache.hit_ratio()[0]


def test_pages_that_could_not_be_fetched_are_not_kept():
    """A wave of captchas cools the cache."""
    cache = start_page_cache(USUAL)
    _serve(cache, PAGE_LIFE_SECONDS, fetched_ratio=0.0)
    assert cache.hit_ratio()[1] < HIT_RATIO / 2


def test_more_traffic_finds_more_pages():
    """They are asked for again before they expire."""
    cache = start_page_cache(USUAL)
    _serve(cache, 4 * PAGE_LIFE_SECONDS, factor=3.0)
    assert 0.36 < cache.hit_ratio()[1] < 0.5


def test_the_length_of_a_step_does_not_matter():
    """Live steps of a second and the long ones of virtual time warm a cache alike."""
    caches = [start_page_cache(USUAL) for _ in range(2)]
    for cache, step_seconds in zip(caches, (1.0, 15.0), strict=True):
        cache.flush(1)
        _serve(cache, 900, step_seconds=step_seconds)
    short, long = (cache.hit_ratio()[1] for cache in caches)
    assert pytest.approx(short, rel=0.01) == long
