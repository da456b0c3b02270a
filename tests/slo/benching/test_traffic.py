"""The truth that rules are measured against is that of the counters they read."""

import numpy as np
import pytest

from slo.benching.traffic import DAY, INCIDENTS, SCRAPE_SECONDS, SLOTS, Fleet, Truth, request_rate
from slo.series import STALE

START = 20_000 * DAY


@pytest.fixture(scope="module")
def fleet():
    """Eighteen days, with the outage in the last one."""
    return Fleet(START, {"__name__": "requests_total"}, seed=3, days=18)


@pytest.fixture(scope="module")
def scraped(fleet):
    """All samples, times and values, by group and outcome."""
    found = {}
    for day in fleet.scraped():
        for series in day:
            key = (series.labels["group"], series.labels["outcome"])
            found.setdefault(key, []).append((series.times_ms, series.values))
    return {
        key: tuple(np.concatenate(each) for each in zip(*parts, strict=True))
        for key, parts in found.items()
    }


def increases(values):
    """Return what a counter counted in sight, resets seen as such; what ended is left out."""
    seen = values[~np.isnan(values)]
    steps = np.diff(seen)
    return np.where(steps < 0, seen[1:], steps).sum()


def test_counters_count_all_but_what_no_scrape_could_see(fleet, scraped):
    """Some half minutes before a crash are lost to them, and nothing is invented."""
    truth = fleet.truth()
    for outcome, side in (("error", truth.bad), ("ok", truth.total - truth.bad)):
        counted = sum(increases(values) for (_, each), (_, values) in scraped.items()
                      if each == outcome)  # fmt: skip
        assert 0.995 * side[-1] < counted <= side[-1]


def test_a_days_busiest_moment_has_fifty_times_its_quietest():
    """Over the seconds of a day."""
    rates = request_rate(np.arange(DAY))
    assert 50 == pytest.approx(rates.max() / rates.min())


def test_in_the_outage_all_requests_fail(fleet, scraped):
    """To the second, at night."""
    (outage,) = (each for each in INCIDENTS if each.error_ratio == 1)
    end = START + outage.start + outage.seconds
    ratios = fleet.truth().error_ratio(np.array([end, end - outage.seconds + 0.0]), 600)

    assert [1.0, 0.0004] == pytest.approx(ratios, abs=2e-3)
    assert outage.start % DAY < 6 * 3600


def test_groups_come_go_and_crash(fleet, scraped):
    """Each under a name of its own; what is gone ends with a marker, and a crash with a reset."""
    names = {group for group, _ in scraped}
    resets = sum((np.diff(values[~np.isnan(values)]) < 0).sum() for _, values in scraped.values())
    markers = sum(int(np.isnan(values).sum()) for _, values in scraped.values())

    assert fleet.groups == len(names) > 1.5 * SLOTS
    assert markers > 2 * (len(names) - SLOTS)
    bits = np.array([STALE]).view(np.uint64)[0]
    for _, values in scraped.values():
        assert (values[np.isnan(values)].view(np.uint64) == bits).all()
    assert resets > len(names)


def test_scrapes_are_regular_and_each_group_has_its_moment(scraped):
    """So that rates over four intervals hold four samples."""
    phases = set()
    for times_ms, _ in scraped.values():
        steps = np.diff(times_ms)
        assert (steps % (1000 * SCRAPE_SECONDS) == 0).all()
        assert (steps > 0).all()
        phases.add(int(times_ms[0]) % (1000 * SCRAPE_SECONDS))
    assert len(phases) > SLOTS


def test_the_true_ratio_is_that_of_exactly_the_window():
    """Half seconds count half."""
    truth = Truth(100, np.array([0.0, 1, 1, 1, 3]), np.array([0.0, 10, 20, 30, 40]))

    found = truth.error_ratio(np.array([101.0, 104.0, 103.5]), 1)

    assert [0.1, 0.2, 0.1] == pytest.approx(found)
