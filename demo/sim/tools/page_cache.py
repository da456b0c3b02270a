"""The page cache before the browser: pages are asked for as Zipf says, and expire.

Pages are not told apart one by one but by popularity: in classes that get equal shares of the
requests, from the few that everybody reads to the many that are read once. Of each class it is
known which part is in the cache; it grows with the pages that are fetched and shrinks as they
expire. What is fetched counts as stored at once: a fetch takes seconds, an hour passes until
pages expire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Counts, Floats

HIT_RATIO = 0.3
"""Of requests for pages, with a region's usual traffic, once it is warm. Chosen."""
PAGE_LIFE_SECONDS = 3600.0
"""Mean; lives are exponential, for sites set what they like. Chosen."""
POPULARITY_EXPONENT = 0.75
"""Of the Zipf-like law of pages. Web proxies' traces have 0.64 to 0.83 (Breslau et al., Web
Caching and Zipf-like Distributions, INFOCOM 1999)."""
_CLASSES = 16


@dataclass
class PageCache:
    """The caches of all regions. R is the region, B the class of popularity."""

    pages: Floats
    """That there are to be read: as many as make the usual hit ratio at the usual traffic. [R]."""
    present: Floats
    """Part of the pages that is in the cache. [R, B]."""
    hits: Counts
    """Requests since the start. [R]."""
    misses: Counts
    """Requests since the start. [R]."""

    def hit_ratio(self) -> Floats:
        """Return the chance that the next request is a hit. [R]."""
        ratio: Floats = self.present.mean(axis=1)
        return ratio

    def flush(self, region: int) -> None:
        """Empty the cache of a region, as a restart does; what was counted stays."""
        self.present[region] = 0.0


def start_page_cache(requests_per_second: Floats) -> PageCache:
    """Return caches that are warm.

    Args:
        requests_per_second: for pages, usually. [R].
    """
    regions = len(requests_per_second)
    rate = _usual_rate()
    return PageCache(
        pages=np.maximum(requests_per_second, 1e-9) / rate,
        present=np.tile(_present(rate), (regions, 1)),
        hits=np.zeros(regions, np.int64),
        misses=np.zeros(regions, np.int64),
    )


def serve_pages(
    cache: PageCache, hits: Counts, fetched: Counts, lost: Counts, seconds: float
) -> None:
    """Count the requests of a step, keep what was fetched, and let pages expire.

    Args:
        cache: changed in place.
        hits: requests that found their page. [R].
        fetched: those that did not, and got it from its site. [R].
        lost: those that did not get it there either: captchas, time-outs. [R].
        seconds: the length of the step.
    """
    misses = fetched + lost
    cache.hits += hits
    cache.misses += misses
    kept = fetched / np.maximum(misses, 1) * (hits + misses) / (seconds * cache.pages)
    stored = kept[:, None] * _POPULARITY
    changed = stored + 1 / PAGE_LIFE_SECONDS
    settled = stored / changed
    # the exact solution over the step, so that its length does not matter
    cache.present -= settled
    cache.present *= np.exp(-seconds * changed)
    cache.present += settled


def _popularity() -> Floats:
    """Return how much oftener than the mean a page of each class is read. [B].

    With the exponent a below 1, the most popular share u of the pages gets u^(1 - a) of the
    requests; classes of 1/B of the requests end at u = (b/B)^(1/(1 - a)).
    """
    ends = (np.arange(_CLASSES + 1) / _CLASSES) ** (1 / (1 - POPULARITY_EXPONENT))
    popularity: Floats = 1 / (_CLASSES * np.diff(ends))
    return popularity


_POPULARITY = _popularity()


def _present(rate: float) -> Floats:
    """Return the settled parts at a rate of requests per page and second. [B]."""
    read_per_life = rate * PAGE_LIFE_SECONDS * _POPULARITY
    present: Floats = read_per_life / (1 + read_per_life)
    return present


def _usual_rate() -> float:
    """Return the rate of requests per page and second that gives the usual hit ratio."""
    low, high = 1e-12, 1e3
    for _ in range(100):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _present(middle).mean() < HIT_RATIO else (low, middle)
    return low
