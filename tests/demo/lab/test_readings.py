"""Readings are what Prometheus would have scraped of the demo's cluster, and the same each time."""

import numpy as np
import pytest

from demo.lab.readings import Readings
from demo.lab.watching import take_readings
from demo.objectives import AVAILABILITY
from slo.series import Series
from tests.demo.lab.conftest import story

LOST = {"fault": "lost-gpu", "at": "30s", "length": "90s", "place": {"group": "eu-chat-0"}}
RESTART = {"fault": "exporter-restart", "at": "31s", "place": {"exporter": "router"}}

AWAY = {"fault": "exporter-away", "at": "30s", "length": "90s", "place": {"exporter": "router"}}


def readings_of(setting, *faults: dict[str, object], watched_seconds=180.0) -> Readings:
    """Return readings of some faults after a healthy minute."""
    return take_readings(
        story(*faults), setting.config, healthy_seconds=60.0, watched_seconds=watched_seconds
    )


@pytest.fixture(scope="module")
def lost(setting) -> Readings:
    """A GPU is lost for 90 s."""
    return readings_of(setting, LOST)


def test_a_cell_with_few_users_has_had_few_all_along(setting):
    """None of them are left from before: what comes to an end at the start was asked for too."""
    cell = ("us-gov", "chat")
    of_cell = (AVAILABILITY, (("model", "chat"), ("region", "us-gov")))

    def requests(ratio: float) -> float:
        readings = take_readings(
            story(LOST), setting.config, healthy_seconds=60.0, watched_seconds=0.0,
            traffic_ratios={cell: ratio},
        )  # fmt: skip
        return readings.truth.total_between(of_cell, readings.start, readings.began_at)

    assert requests(0.01) < 0.05 * requests(1.0)


def find(readings: Readings, name: str, **labels: str) -> list[Series]:
    """Return the series with these labels."""
    wanted = {"__name__": name, **labels}.items()
    return [each for each in readings.series if wanted <= each.labels.items()]


def test_each_exporter_is_scraped_at_its_own_moments_of_every_interval(lost: Readings) -> None:
    """Prometheus spreads its targets over the interval."""
    first = set()
    for name in ("gpu", "groups", "router", "tools", "probe"):
        (up,) = find(lost, "up", job=f"shardwatch-{name}")
        assert {15_000} == set(np.diff(up.times_ms).tolist())
        assert (up.values == 1).all()
        first.add(int(up.times_ms[0]))
    assert 5 == len(first)


def test_a_lost_gpu_is_lost_in_the_series_within_two_scrapes(lost: Readings) -> None:
    """Healthy before it, lost after it, and healthy again once it is repaired."""
    (state,) = find(lost, "shardwatch_gpu_state", state="lost", uuid=lost.place["uuid"])
    seconds = state.times_ms / 1000 - lost.fault_at

    assert lost.place["group"] == state.labels["group"] == "eu-chat-0"
    assert (state.values[seconds < 0] == 0).all()
    assert 1 == state.values[seconds >= 30][0]
    assert 0 == state.values[-1], "it was repaired"


def test_every_other_gpu_stays_as_it_was(lost: Readings) -> None:
    """Also those of its host and its group."""
    others = [
        each
        for each in find(lost, "shardwatch_gpu_state", state="lost")
        if each.labels["uuid"] != lost.place["uuid"]
    ]
    assert 9 * 32 - 1 == len(others)
    assert not any(each.values.any() for each in others)


def test_the_truth_has_the_requests_that_the_fault_cost(lost: Readings) -> None:
    """In its own cell, and in no other."""
    cell = "chat-availability", (("model", "chat"), ("region", "eu"))
    other = "chat-availability", (("model", "chat"), ("region", "us"))
    ratio = {
        each: lost.truth.error_ratio(each, lost.fault_at, lost.fault_at + 90)
        for each in (cell, other)
    }

    assert lost.recovered_at == lost.fault_at + 90
    assert ratio[cell] > 0.2
    assert ratio[other] < 0.01


def test_the_routers_page_says_what_the_truth_says(lost: Readings) -> None:
    """What is scraped is what happened."""
    cell = "chat-availability", (("model", "chat"), ("region", "us"))
    counted = sum(
        each.values[-1] - each.values[0]
        for each in find(lost, "shardwatch_router_requests_total", region="us", model="chat")
        if each.labels["outcome"] not in ("cancelled", "rate_limited")
    )
    (up,) = find(lost, "up", job="shardwatch-router")
    first, last = up.times_ms[0] / 1000, up.times_ms[-1] / 1000

    assert lost.truth.total_between(cell, first, last) == pytest.approx(counted, rel=0.02)


def test_an_exporter_that_is_restarted_misses_one_scrape_at_the_most(setting) -> None:
    """It is gone for three seconds of fifteen; the others are scraped all the time."""
    readings = readings_of(setting, RESTART, watched_seconds=120.0)

    (up,) = find(readings, "up", job="shardwatch-router")
    others = find(readings, "up", job="shardwatch-gpu")
    assert sum(up.values == 0) <= 1
    assert all((each.values == 1).all() for each in others)


def test_an_exporter_that_is_away_is_scraped_in_vain_as_long(setting) -> None:
    """What it served is gone with it, and back with it; what it counts has gone on."""
    readings = readings_of(setting, AWAY, watched_seconds=240.0)

    (up,) = find(readings, "up", job="shardwatch-router")
    seconds = up.times_ms / 1000 - readings.fault_at
    is_away = (seconds >= 0) & (seconds < 90)
    assert is_away.sum() == 6
    assert np.array_equal(up.values == 0, is_away)
    for each in find(readings, "shardwatch_router_up"):
        served = each.times_ms[~np.isnan(each.values)]
        assert np.array_equal(served, up.times_ms[~is_away])
    assert readings.recovered_at == readings.fault_at + 90
    requests = find(readings, "shardwatch_router_requests_total", outcome="ok")
    assert requests
    assert all((np.diff(each.values[~np.isnan(each.values)]) >= 0).all() for each in requests)


def test_the_same_seed_gives_the_same_samples(setting, lost: Readings) -> None:
    """To the last bit, markers included."""
    again = readings_of(setting, LOST)

    assert [each.labels for each in lost.series] == [each.labels for each in again.series]
    for one, other in zip(lost.series, again.series, strict=True):
        assert np.array_equal(one.times_ms, other.times_ms)
        assert np.array_equal(one.values.view(np.int64), other.values.view(np.int64))
