"""Scrapes become the series that Prometheus would store, markers where they ended included."""

import numpy as np
import pytest

from demo.lab.samples import Scrapes
from exporters import catalog
from exporters.page import Distribution, Page
from slo.series import STALE

CELL = ("demo", "eu", "chat", "g")
STALE_BITS = np.array([STALE]).view(np.int64)[0]


def page(*groups: str) -> Page:
    """Return a page on which these groups are up."""
    found = Page()
    for group in groups:
        found.of(catalog.GROUP_UP)[("demo", "eu", "chat", group)] = 1.0
    return found


@pytest.fixture
def scrapes() -> Scrapes:
    """Of one target, none so far."""
    return Scrapes("shardwatch-groups", "h:1")


def found(scrapes: Scrapes, name: str, **labels: str) -> list[tuple[float, float | str]]:
    """Return times and values of the one series; of a marker, the word."""
    (series,) = (
        each
        for each in scrapes.series()
        if {"__name__": name, **labels}.items() <= each.labels.items()
    )
    is_stale = series.values.view(np.int64) == STALE_BITS
    values = [
        "stale" if stale else value for value, stale in zip(series.values, is_stale, strict=True)
    ]
    return list(zip((series.times_ms / 1000).tolist(), values, strict=True))


def test_a_series_that_vanishes_is_marked_once_where_it_is_first_missing(scrapes: Scrapes) -> None:
    """Prometheus writes the marker at the scrape that lacks it, and no second one."""
    for time, seen in ((10.0, page("a", "b")), (25.0, page("b")), (40.0, page("b"))):
        scrapes.take(time, seen, 0.05)

    assert [(10.0, 1.0), (25.0, "stale")] == found(scrapes, "shardwatch_group_up", group="a")
    assert [(10.0, 1.0), (25.0, 1.0), (40.0, 1.0)] == found(
        scrapes, "shardwatch_group_up", group="b"
    )


def test_a_series_that_comes_back_goes_on_after_its_marker(scrapes: Scrapes) -> None:
    """The scrapes between have no sample at all."""
    for time, seen in ((10.0, page("a")), (25.0, page()), (40.0, page()), (55.0, page("a"))):
        scrapes.take(time, seen, 0.05)

    expected = [(10.0, 1.0), (25.0, "stale"), (55.0, 1.0)]
    assert expected == found(scrapes, "shardwatch_group_up", group="a")


def test_a_scrape_that_fails_ends_all_series_and_says_that_the_target_is_down(
    scrapes: Scrapes,
) -> None:
    """As a connection that is refused does."""
    scrapes.take(10.0, page("a"), 0.05)
    scrapes.take(25.0, None, 0.05)

    assert [(10.0, 1.0), (25.0, "stale")] == found(scrapes, "shardwatch_group_up", group="a")
    assert [(10.0, 1.0), (25.0, 0.0)] == found(scrapes, "up")


def test_a_series_has_the_labels_of_its_target(scrapes: Scrapes) -> None:
    """Beside its own, as honor_labels leaves them."""
    scrapes.take(10.0, page("a"), 0.05)

    (series,) = (e for e in scrapes.series() if e.labels["__name__"] == "shardwatch_group_up")
    assert {
        "__name__": "shardwatch_group_up",
        "instance": "h:1",
        "job": "shardwatch-groups",
        "cluster": "demo",
        "region": "eu",
        "model": "chat",
        "group": "a",
    } == series.labels


def test_a_histogram_is_buckets_a_sum_and_a_count(scrapes: Scrapes) -> None:
    """With the bounds as the text format writes them."""
    family = catalog.PROBE_TIME_TO_FIRST_TOKEN
    counts = tuple(float(at) for at in range(len(family.bounds)))
    seen = Page()
    seen.distributions_of(family)[CELL] = Distribution(counts, 99.0, 12.5)
    scrapes.take(10.0, seen, 0.05)

    bound = repr(float(family.bounds[1]))
    assert [(10.0, 1.0)] == found(scrapes, f"{family.name}_bucket", le=bound)
    assert [(10.0, 99.0)] == found(scrapes, f"{family.name}_bucket", le="+Inf")
    assert [(10.0, 12.5)] == found(scrapes, f"{family.name}_sum")
    assert [(10.0, 99.0)] == found(scrapes, f"{family.name}_count")


def test_what_nobody_reads_is_not_kept() -> None:
    """But what Prometheus says of the scrape itself."""
    scrapes = Scrapes("j", "h:1", lambda name: name == "shardwatch_gpu_up")
    scrapes.take(10.0, page("a"), 0.05)

    names = {each.labels["__name__"] for each in scrapes.series()}
    assert {"up", "scrape_duration_seconds", "scrape_samples_scraped"} == names
