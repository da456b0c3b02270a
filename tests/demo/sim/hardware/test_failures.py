"""The background of failures."""

from collections import Counter
from math import inf

import numpy as np
import pytest

from demo.sim.hardware.damage import Struck, break_part, mend_part
from demo.sim.hardware.failures import (
    advance_failures,
    published_rates,
    start_failures,
)
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.hardware.run import start_hardware
from demo.sim.hardware.testing import numbered_fleet

HOUR = 3600.0


def run(fleet, *, hours, step_seconds=HOUR, seed=1, rate=1.0):
    """All that was struck in so many hours, with the state at the end."""
    rng = np.random.default_rng(seed)
    hardware = start_hardware(fleet, seed)
    failures = start_failures(fleet, 0.0, rng, rate=rate)
    struck = []
    for step in range(1, int(hours * HOUR / step_seconds) + 1):
        struck += advance_failures(failures, hardware, fleet, step * step_seconds, rng)
    return struck, failures, hardware


@pytest.fixture(scope="module")
def long_run():
    """10,000 GPUs for 40,000 hours: about 7,900 incidents."""
    fleet = numbered_fleet(625, hosts=2, gpus=8)
    return fleet, *run(fleet, hours=40_000)


def test_the_published_rates_are_those_of_the_table():
    """419 interruptions in 21.23 million GPU-hours; 268 of them of GPUs."""
    rates = published_rates()
    assert sum(rates.values()) == pytest.approx(1.97e-5, rel=0.002)
    of_gpus = ("lost-gpu", "nvlink", "hbm", "sram", "gsp", "thermal", "silent-corruption")
    assert sum(rates[cause] for cause in of_gpus) == pytest.approx(1.26e-5, rel=0.002)
    assert rates["hbm"] == pytest.approx(3.4e-6, rel=0.01)


def test_failures_come_as_often_as_published(long_run):
    """Incidents, not victims."""
    fleet, struck, failures, _ = long_run
    incidents = {each.incident: each.cause for each in struck}
    assert len(incidents) == failures.incidents
    expected = sum(published_rates().values()) * fleet.gpus * 40_000
    assert len(incidents) == pytest.approx(expected, rel=0.04)
    share = Counter(incidents.values())["hbm"] / len(incidents)
    assert share == pytest.approx(72 / 419, rel=0.1)


def test_the_rate_is_a_factor():
    """Three times as many; none at 0."""
    fleet = numbered_fleet(625, hosts=2, gpus=8)
    once, thrice, never = (run(fleet, hours=4_000, rate=rate)[1] for rate in (1.0, 3.0, 0.0))
    assert thrice.incidents / once.incidents == pytest.approx(3, rel=0.15)
    assert never.incidents == 0


def test_all_is_well_again_once_nothing_more_fails():
    """What stands is repaired, and nothing of it is left."""
    fleet = numbered_fleet(625, hosts=2, gpus=8)
    rng = np.random.default_rng(1)
    hardware = start_hardware(fleet, 1)
    failures = start_failures(fleet, 0.0, rng)
    advance_failures(failures, hardware, fleet, 500 * HOUR, rng)
    failures.next_at = inf
    assert failures.standing
    assert advance_failures(failures, hardware, fleet, 5000 * HOUR, rng) == []
    assert not failures.standing
    assert hardware.complete.all()
    assert not hardware.hung.any()
    assert hardware.speed.tolist() == pytest.approx([1.0] * fleet.groups)


def test_the_length_of_a_step_changes_nothing():
    """Failures have times of their own, and none is lost between two steps."""
    fleet = numbered_fleet(625, hosts=2, gpus=8)
    long, _, _ = run(fleet, hours=2000, step_seconds=HOUR)
    short, _, _ = run(fleet, hours=2000, step_seconds=900.0)
    assert long == short


def test_the_same_seed_gives_the_same_failures():
    """Another seed others."""
    fleet = numbered_fleet(64)
    one, same, other = (run(fleet, hours=20_000, seed=seed)[0] for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("cause", sorted(published_rates()))
def test_repairs_take_as_long_as_they_should(long_run, cause):
    """The median of each cause; contained errors of memory need none."""
    _, struck, _, _ = long_run
    hours = [
        (each.repaired_at - each.at) / HOUR
        for each in {each.incident: each for each in struck if each.cause == cause}.values()
    ]
    repaired = [each for each in hours if each]
    assert np.median(repaired) == pytest.approx(
        read_hardware_figures().failures.causes[cause].hours_median, rel=0.3
    )
    contained = 1 - len(repaired) / len(hours)
    assert contained == (pytest.approx(0.5, abs=0.06) if cause == "hbm" else 0)


@pytest.mark.parametrize(
    ("cause", "share"), [("nvlink", 0.4), ("lost-gpu", 0.05), ("hbm", 0.0), ("gsp", 0.0)]
)
def test_some_gpus_take_a_neighbour_with_them(long_run, cause, share):
    """On the same host."""
    fleet, struck, _, _ = long_run
    victims = {}
    for each in struck:
        if each.cause == cause:
            victims.setdefault(each.incident, []).append(each)
    pairs = [each for each in victims.values() if len(each) > 1]
    assert len(pairs) / len(victims) == pytest.approx(share, abs=0.06)
    for first, second in pairs:
        assert first.host == second.host
        assert first.gpu != second.gpu
        assert {first.gpu, second.gpu} <= set(fleet.gpus_of_host(first.host))


def test_some_hosts_take_their_rack_or_power_domain_with_them(long_run):
    """In their own region."""
    fleet, struck, _, _ = long_run
    victims = {}
    for each in struck:
        if each.cause == "host":
            victims.setdefault(each.incident, []).append(each.host)
    sizes = Counter(len(hosts) for hosts in victims.values())
    assert sizes[1] / len(victims) == pytest.approx(0.94, abs=0.03)
    assert sizes[8] / len(victims) == pytest.approx(0.05, abs=0.03)
    assert 0 < sizes[32] / len(victims) < 0.03
    region = fleet.region_of_group[fleet.group_of_host]
    for hosts in victims.values():
        assert len(set(region[hosts].tolist())) == 1


@pytest.mark.parametrize("cause", sorted(published_rates()))
def test_what_a_failure_breaks_its_repair_mends(cause):
    """Software and wrong results leave no trace on hardware."""
    fleet = numbered_fleet(4)
    hardware = start_hardware(fleet, 1)
    struck = Struck(
        incident=1,
        cause=cause,
        group=1,
        host=2,
        gpu=None if cause in ("host", "network") else 4,
        share=0.5,
        at=0.0,
        repaired_at=HOUR,
    )
    break_part(hardware, fleet, struck)
    hit = [
        at
        for at in range(4)
        if hardware.hung[at] or not hardware.complete[at] or hardware.speed[at] < 1
    ]
    assert hit == ([] if cause in ("software-hang", "silent-corruption") else [1])
    mend_part(hardware, fleet, struck)
    assert hardware.complete.all()
    assert not hardware.hung.any()
    assert hardware.speed.tolist() == [1.0] * 4


def test_a_rack_that_loses_its_cooling_gets_it_back():
    """The rarest of all: a thermal failure that reaches further than its GPU."""
    fleet = numbered_fleet(4)
    hardware = start_hardware(fleet, 1)
    struck = Struck(1, "thermal", group=1, host=2, gpu=None, share=0.3, at=0.0, repaired_at=HOUR)
    break_part(hardware, fleet, struck)
    assert hardware.racks[0].faults == [0.6]
    mend_part(hardware, fleet, struck)
    assert hardware.racks[0].faults == []


def test_a_repair_is_told_in_its_step_only():
    """So that whoever carries out wrong results hears when they end."""
    fleet = numbered_fleet(625, hosts=2, gpus=8)
    rng = np.random.default_rng(3)
    hardware = start_hardware(fleet, 1)
    failures = start_failures(fleet, 0.0, rng)
    told, struck = [], []
    for hour in range(1, 3000):
        struck += advance_failures(failures, hardware, fleet, hour * HOUR, rng)
        told += [(hour, each) for each in failures.repaired]
    # What is struck and repaired within one step is told in the next.
    assert all(hour - 2 < each.repaired_at / HOUR <= hour for hour, each in told)
    assert len(told) == len({each for _, each in told})
    standing = set(failures.standing.values())
    repairable = {each for each in struck if each.repaired_at > each.at}
    assert {each for _, each in told} | standing == repairable
