"""A small cluster multiplied."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from demo.lab.notifying import FIRING, RESOLVED, Notification
from demo.lab.past import many_times
from demo.lab.storm import Storm, delayed, figure_of, multiplied, storm_scenario
from slo.history import CellTraffic
from slo.replay.firing import Firing
from slo.series import STALE, Series

TIMES = np.array([0, 15_000])


def series(name: str, value: float = 1.0, **labels: str) -> Series:
    """Return a series that never changes."""
    return Series({"__name__": name, **labels}, TIMES, np.full(2, value))


def made(*readings: Series, times: int = 3) -> list[dict[str, str]]:
    """Return the labels of what readings become."""
    found = multiplied(SimpleNamespace(series=readings), times)  # type: ignore[arg-type]
    return [dict(each.labels) for each in found]


def test_every_group_is_there_so_often_under_names_of_its_own():
    """Its GPUs and hosts with it."""
    gpu = series("shardwatch_gpu_up", group="g", host="g-h0", uuid="GPU-1")

    found = made(gpu)

    assert 3 == len({each["group"] for each in found})
    assert 3 == len({(each["host"], each["uuid"]) for each in found})


def test_one_host_of_a_group_is_kept():
    """The first by name, of all its series."""
    found = made(
        series("shardwatch_gpu_up", group="g", host="g-h1", uuid="GPU-9"),
        series("shardwatch_gpu_up", group="g", host="g-h0", uuid="GPU-1"),
        times=1,
    )

    assert ["GPU-1"] == [each["uuid"] for each in found]


def test_what_is_no_groups_stays_one():
    """Routers do not get more."""
    assert 1 == len(made(series("shardwatch_router_up", region="us")))


def test_what_routers_count_is_of_all_groups():
    """As much as the groups serve together; their states are what they are."""
    requests = Series(
        {"__name__": "shardwatch_router_requests_total"}, TIMES, np.array([7.0, STALE])
    )
    readings = SimpleNamespace(series=[requests, series("shardwatch_router_up")])

    found = list(multiplied(readings, 3))  # type: ignore[arg-type]

    assert [21.0, 1.0] == [each.values[0] for each in found]
    assert requests.values[1:].tobytes() == found[0].values[1:].tobytes()  # still a stale marker


def test_states_that_a_group_is_never_in_are_left_out():
    """And kept where it is in them once."""
    found = made(
        series("shardwatch_group_state", 0.0, group="g", state="dead"),
        series("shardwatch_group_state", 1.0, group="g", state="up"),
        times=1,
    )

    assert ["up"] == [each["state"] for each in found]


def test_the_region_comes_back_while_somebody_looks():
    """So that what was told of it can be resolved."""
    scenario = storm_scenario()

    (fault,) = scenario.faults
    assert fault.length is not None
    assert scenario.watch is not None
    assert fault.at + fault.length + 300 < scenario.watch


def told(name: str, status: str = FIRING, key: str = "key") -> Notification:
    """Return what PagerDuty hears of an alert."""
    firing = Firing(name, {"alertname": name}, 0.0, 0.0, None)
    return Notification(9.0, "pager", "pagerduty", {}, key, status, (firing,))


def storm(*said: Notification) -> Storm:
    """Return a storm of which so much was told."""
    return Storm(1, 8, 9, 0.0, [], said, {})


def test_a_storm_of_which_nobody_hears_is_not_measured():
    """Few events are good only if the region's is among them."""
    opened, other = told("RegionDown"), told("EventsBlind")

    assert 3 == figure_of(storm(opened, other, told("RegionDown", RESOLVED)))["value"]
    assert figure_of(storm(other))["value"] is None
    assert "RegionDown was not told" in str(figure_of(storm()))


def test_a_storm_has_as_many_events_as_when_groups_flush_at_the_worst_moments():
    """Which moments those are is chance."""
    played = replace(storm(told("RegionDown")), by_delay={15.0: 4, 30.0: 2})

    assert 4 == figure_of(played)["value"]
    assert "gets 1 to 4. The most" in played.blocks()[0]


def test_only_what_comes_after_a_moment_is_delayed():
    """Of an alert that fired before, its end."""
    before, after = Firing("a", {}, 1.0, 1.0, 20.0), Firing("b", {}, 9.0, 11.0, None)

    assert [(1.0, 25.0), (16.0, None)] == [
        (each.firing_at, each.ended_at) for each in delayed([before, after], 10.0, 5.0)
    ]


def test_many_clusters_have_had_many_times_the_events():
    """Else a past of few events would let every window burn sooner."""
    labels = {"region": "us"}
    usual = {"chat": [CellTraffic(labels, lambda times: (0.5 + 0 * times, 2.0 + 0 * times))]}

    (of_cell,) = many_times(usual, 3)["chat"]

    bad, total = of_cell.rates(np.array([0.0, 300.0]))
    assert ([1.5, 1.5], [6.0, 6.0], labels) == (list(bad), list(total), of_cell.labels)
