"""What GPUs draw, how warm they get, and what their groups hear of it."""

import numpy as np
import pytest

from demo.sim.hardware.faults import lose_gpu, lose_host, slow_gpu
from demo.sim.hardware.run import Use, Work, run_hardware, start_hardware
from demo.sim.hardware.state import Quantity
from demo.sim.hardware.testing import numbered_fleet


def work_of(fleet, *, use=Use.WORKING, load=1.0, loaded=1.0):
    """The same work for all groups."""
    ones = np.ones(fleet.groups)
    return Work(np.full(fleet.groups, int(use)), load * ones, loaded * ones)


def run_for(seconds, hardware, fleet, work):
    """Take steps for so long."""
    for _ in range(round(seconds / fleet.step_seconds)):
        run_hardware(hardware, fleet, work)


@pytest.fixture(params=[1.0, 15.0])
def fleet(request):
    """Four groups of two hosts with two GPUs, in short and in long steps."""
    return numbered_fleet(4, step_seconds=request.param)


@pytest.mark.parametrize(
    ("use", "load", "loaded", "watts"),
    [
        (Use.IDLE, 0.0, 0.0, 78),
        (Use.IDLE, 0.0, 1.0, 118),
        (Use.LOADING, 0.0, 0.5, 140),
        (Use.WAITING, 5.0, 1.0, 205),
        (Use.WORKING, 0.0, 1.0, 160),
        (Use.WORKING, 1.0, 1.0, 160 + 540 * (1 - np.exp(-0.7))),
        (Use.WORKING, 50.0, 1.0, 700),
    ],
)
def test_power_follows_what_the_group_does(fleet, use, load, loaded, watts):
    """From what an H200 draws without a process to its limit."""
    hardware = start_hardware(fleet, 1)
    run_hardware(hardware, fleet, work_of(fleet, use=use, load=load, loaded=loaded))
    assert hardware.state[Quantity.WATTS].tolist() == pytest.approx([watts] * 4)


def test_an_h200_at_full_power_is_as_warm_as_the_recorded_one(fleet):
    """52 C at 627 W and 28 C at 78 W, with air of 24.6 C."""
    hardware = start_hardware(fleet, 1)
    run_for(600, hardware, fleet, work_of(fleet, load=-np.log(73 / 540) / 0.7))
    assert 24.6 + hardware.state[Quantity.WARMTH, 0] == pytest.approx(52, abs=0.5)
    run_for(600, hardware, fleet, work_of(fleet, use=Use.IDLE, loaded=0.0))
    assert 24.6 + hardware.state[Quantity.WARMTH, 0] == pytest.approx(28, abs=0.5)


def test_heat_comes_with_a_time_constant_whatever_the_step(fleet):
    """After 60 s, 1 - exp(-60 / 40) of the way is gone."""
    hardware = start_hardware(fleet, 1)
    before = hardware.state[Quantity.WARMTH, 0]
    run_for(60, hardware, fleet, work_of(fleet, load=100.0))
    gone = (hardware.state[Quantity.WARMTH, 0] - before) / (0.044 * 700 - before)
    assert gone == pytest.approx(1 - np.exp(-1.5))


def test_energy_is_power_over_time(fleet):
    """In joules."""
    hardware = start_hardware(fleet, 1)
    run_for(30, hardware, fleet, work_of(fleet, use=Use.WAITING))
    assert hardware.state[Quantity.JOULES].tolist() == pytest.approx([30 * 205.0] * 4)


def test_a_slow_gpu_slows_its_group_and_lowers_its_power(fleet):
    """The others wait for it; nobody else notices."""
    hardware = start_hardware(fleet, 1)
    slow_gpu(hardware, fleet, 5, 0.4)
    run_hardware(hardware, fleet, work_of(fleet))
    assert hardware.speed.tolist() == [1.0, 0.6, 1.0, 1.0]
    watts = hardware.state[Quantity.WATTS]
    assert watts[1] == pytest.approx(118 + (watts[0] - 118) * 0.6)
    assert watts[2] == watts[0]


def test_an_engine_dies_in_one_step_only(fleet):
    """Whoever reads ``crashed`` after a step sees each death once."""
    hardware = start_hardware(fleet, 1)
    seen = []
    for step in range(4):
        if step in (1, 2):
            lose_host(hardware, fleet, 2 * step)
        run_hardware(hardware, fleet, work_of(fleet))
        seen.append(np.flatnonzero(hardware.crashed).tolist())
    assert seen == [[], [1], [2], []]


def test_hosts_collect_at_the_interval_and_not_all_at_once():
    """In steps of one second, every five; a host keeps its turn."""
    fleet = numbered_fleet(16)
    hardware = start_hardware(fleet, 1, dcgm_interval_seconds=5)
    collected = []
    for _ in range(15):
        before = hardware.seen_at.copy()
        run_hardware(hardware, fleet, work_of(fleet))
        collected.append(hardware.seen_at != before)
    turns = np.array(collected)
    assert (turns.sum(axis=0) == 3).all()
    assert (turns[:5] == turns[5:10]).all()
    assert 0 < turns[:5].sum(axis=1).min()
    assert turns[:5].sum(axis=1).max() < fleet.hosts / 2


def test_a_loss_is_seen_at_the_next_collection_of_its_host():
    """dcgm-exporter's own default is 30 s."""
    fleet = numbered_fleet(4)
    hardware = start_hardware(fleet, 1, dcgm_interval_seconds=30)
    run_for(40, hardware, fleet, work_of(fleet))
    lose_gpu(hardware, fleet, 0)
    seen = []
    for _ in range(30):
        run_hardware(hardware, fleet, work_of(fleet))
        seen.append(0 in hardware.seen_hosts)
    assert seen.index(True) == (hardware.seen_at[0] - 41)
    assert seen == sorted(seen)
