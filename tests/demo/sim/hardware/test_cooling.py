"""Racks that lose their cooling."""

from itertools import pairwise

import numpy as np
import pytest

from demo.sim.hardware.faults import cool, cool_less
from demo.sim.hardware.run import Use, Work, run_hardware, start_hardware
from demo.sim.hardware.state import Quantity
from demo.sim.hardware.testing import numbered_fleet

INLET, LIMIT = 24.6, 87.0


class Room:
    """Two regions of six groups with two hosts each: a rack of eight hosts, and one of four."""

    def __init__(self, step_seconds) -> None:
        self.fleet = numbered_fleet(12, regions=2, step_seconds=step_seconds)
        self.hardware = start_hardware(self.fleet, 1)

    def run(self, seconds, use=Use.WORKING):
        """Take steps for so long, at the usual load."""
        ones = np.ones(self.fleet.groups)
        for _ in range(round(seconds / self.fleet.step_seconds)):
            run_hardware(self.hardware, self.fleet, Work(np.full(12, int(use)), ones, ones))

    @property
    def celsius(self):
        """How warm the GPUs of the first rack are."""
        warmth = float(self.hardware.state[Quantity.WARMTH, 0])
        return INLET + self.hardware.racks[0].excess_celsius + warmth


@pytest.fixture(params=[1.0, 15.0])
def room(request):
    """In short and in long steps."""
    return Room(request.param)


def test_gpus_slow_down_at_their_limit_and_stay_there(room):
    """As slow as they must be: full clocks would be too hot, and slower ones would be cooler."""
    cool_less(room.hardware, room.fleet, 0, 0.6)
    room.run(120)
    assert room.hardware.speed[0] == 1  # air takes a while
    room.run(1200)
    assert room.celsius == pytest.approx(LIMIT, abs=0.5)
    assert 0.4 < room.hardware.speed[0] < 0.7
    assert not room.hardware.hung.any()


def test_clocks_do_not_flutter_with_the_load_at_the_limit():
    """Lowered once, they are held until it is a little cooler; then they are as they were."""
    room = Room(1.0)
    ones, rng = np.ones(room.fleet.groups), np.random.default_rng(1)
    cool_less(room.hardware, room.fleet, 0, 0.5)
    room.run(300)
    is_slow = []
    for _ in range(600):
        work = Work(np.full(12, int(Use.WORKING)), ones * rng.uniform(0.9, 1.1), ones)
        run_hardware(room.hardware, room.fleet, work)
        is_slow.append(bool(room.hardware.speed[0] < 1))
    changes = sum(1 for one, other in pairwise(is_slow) if one != other)
    assert changes == 1
    assert is_slow[-1]
    cool(room.hardware, 0, 0.5)
    room.run(60)
    assert room.hardware.speed[0] == 1


def test_only_the_rack_that_lost_its_cooling_is_slow(room):
    """Eight hosts: four groups."""
    cool_less(room.hardware, room.fleet, 0, 0.6)
    room.run(1200)
    assert (room.hardware.speed < 1).tolist() == [True] * 4 + [False] * 8


def test_a_little_less_cooling_is_warm_and_no_slower(room):
    """The same fault, too weak to matter."""
    cool_less(room.hardware, room.fleet, 0, 0.3)
    room.run(1200)
    assert 65 < room.celsius < 75
    assert (room.hardware.speed == 1).all()


def test_idle_gpus_stay_below_the_limit(room):
    """Heat is power: who does nothing need not slow down."""
    cool_less(room.hardware, room.fleet, 0, 0.6)
    room.run(1200, use=Use.IDLE)
    assert room.celsius < LIMIT
    assert (room.hardware.speed == 1).all()


def test_without_any_cooling_gpus_shut_down_and_come_back_once_it_is_cool(room):
    """Their limit holds no more: at 95 C they are off."""
    cool_less(room.hardware, room.fleet, 0, 1.0)
    room.run(600)
    assert room.hardware.hung.tolist() == [True] * 4 + [False] * 8
    cool(room.hardware, 0, 1.0)
    room.run(60)
    assert room.hardware.hung[0]  # still warm
    room.run(240)
    assert not room.hardware.hung.any()
    assert room.hardware.complete.all()


def test_after_the_repair_everything_is_as_before(room):
    """And costs nothing any more."""
    cool_less(room.hardware, room.fleet, 0, 0.6)
    room.run(900)
    cool(room.hardware, 0, 0.6)
    room.run(1200)
    assert (room.hardware.speed == 1).all()
    assert not room.hardware.racks
    assert not room.hardware.clocks
    assert not room.hardware.draws


def test_of_two_faults_one_repair_leaves_the_other(room):
    """0.3 and 0.3 are as bad as 0.6."""
    cool_less(room.hardware, room.fleet, 0, 0.3)
    cool_less(room.hardware, room.fleet, 0, 0.3)
    room.run(1200)
    assert room.hardware.speed[0] < 0.7
    cool(room.hardware, 0, 0.3)
    room.run(1200)
    assert room.hardware.speed[0] == 1
    assert room.celsius > 65
