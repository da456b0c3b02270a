"""What faults make of their groups, alone and together."""

import pytest

from demo.sim.hardware import faults
from demo.sim.hardware.run import start_hardware
from demo.sim.hardware.state import NEVER_LISTED
from demo.sim.hardware.testing import numbered_fleet

FLEET = numbered_fleet(4)
"""Group 1 has the hosts 2 and 3, with the GPUs 4 to 7."""


@pytest.fixture
def hardware():
    """All well."""
    return start_hardware(FLEET, 1)


def group(hardware, at=1):
    """What a group's engine gets to know: hung, complete, speed, about to die."""
    return (
        bool(hardware.hung[at]),
        bool(hardware.complete[at]),
        float(hardware.speed[at]),
        at in hardware.dying,
    )


WELL = (False, True, 1.0, False)


@pytest.mark.parametrize(
    ("strike", "expected"),
    [
        (lambda h: faults.lose_gpu(h, FLEET, 4), (True, False, 1.0, False)),
        (lambda h: faults.slow_gpu(h, FLEET, 4, 0.25), (False, True, 0.75, False)),
        (lambda h: faults.nvlink_error(h, FLEET, 4, 0.5), (False, True, 0.5, False)),
        (lambda h: faults.nvlink_error(h, FLEET, 4, 1.0), (True, False, 1.0, False)),
        (lambda h: faults.ecc_error(h, FLEET, 4, contained=True), (False, True, 1.0, True)),
        (lambda h: faults.ecc_error(h, FLEET, 4, contained=False), (False, False, 1.0, True)),
        (lambda h: faults.lose_host(h, FLEET, 2), (False, False, 1.0, True)),
        (lambda h: faults.cut_host(h, FLEET, 2), (True, False, 1.0, False)),
    ],
    ids=[
        "a lost GPU hangs its group",
        "a straggler slows it down",
        "bad links slow it down",
        "dead links hang it",
        "a contained error kills the engine, which can start again",
        "an uncontained error kills it, and it cannot",
        "a lost host kills it",
        "a host without network hangs it",
    ],
)
def test_a_fault_does_to_its_group_what_it_should(hardware, strike, expected):
    """And nothing to another."""
    strike(hardware)
    assert group(hardware) == expected
    assert group(hardware, 0) == WELL


def test_repairing_one_of_two_faults_of_a_gpu_leaves_the_other(hardware):
    """In either order."""
    faults.lose_gpu(hardware, FLEET, 4)
    faults.lose_gpu(hardware, FLEET, 4)
    faults.slow_gpu(hardware, FLEET, 4, 0.5)
    faults.slow_gpu(hardware, FLEET, 4, 0.2)
    assert group(hardware)[:3] == (True, False, 0.4)
    faults.return_gpu(hardware, FLEET, 4)
    faults.restore_gpu(hardware, FLEET, 4, 0.5)
    assert group(hardware)[:3] == (True, False, 0.8)
    faults.return_gpu(hardware, FLEET, 4)
    faults.restore_gpu(hardware, FLEET, 4, 0.2)
    assert group(hardware) == WELL


def test_the_slowest_member_sets_the_speed(hardware):
    """Links and clocks multiply on one GPU; over a group, the worst counts."""
    faults.slow_gpu(hardware, FLEET, 4, 0.3)
    faults.nvlink_error(hardware, FLEET, 4, 0.5)
    faults.slow_gpu(hardware, FLEET, 7, 0.5)
    assert hardware.speed[1] == pytest.approx(0.35)
    faults.mend_nvlink(hardware, FLEET, 4, 0.5)
    assert hardware.speed[1] == pytest.approx(0.5)


def test_a_host_that_two_faults_keep_down_comes_up_after_both_repairs(hardware):
    """Its page is dark as long."""
    faults.lose_host(hardware, FLEET, 3)
    faults.lose_host(hardware, FLEET, 3)
    faults.return_host(hardware, FLEET, 3)
    assert hardware.dark.nonzero()[0].tolist() == [3]
    assert not hardware.complete[1]
    faults.return_host(hardware, FLEET, 3)
    assert not hardware.dark.any()
    assert hardware.complete.all()


def test_a_host_alone_without_network_is_dark():
    """One among others still shows its telemetry, on another network."""
    alone = numbered_fleet(4, hosts=1)
    hardware = start_hardware(alone, 1)
    faults.cut_host(hardware, alone, 2)
    assert hardware.dark.nonzero()[0].tolist() == [2]
    faults.reconnect_host(hardware, alone, 2)
    assert not hardware.dark.any()
    several = start_hardware(FLEET, 1)
    faults.cut_host(several, FLEET, 2)
    assert not several.dark.any()


def test_a_gpu_that_is_lost_over_a_reboot_can_still_be_repaired(hardware):
    """The host forgets the XID, not that the GPU is missing."""
    faults.lose_gpu(hardware, FLEET, 4)
    faults.lose_host(hardware, FLEET, 2)
    faults.return_host(hardware, FLEET, 2)
    assert hardware.conditions[4].losses == [NEVER_LISTED]
    assert hardware.conditions[4].xid == 0
    assert hardware.hung[1]
    faults.return_gpu(hardware, FLEET, 4)
    assert group(hardware)[:3] == WELL[:3]


def test_a_reboot_leaves_nothing_to_remember_of_gpus_that_are_well(hardware):
    """A fleet that is patched all over must not grow."""
    faults.lose_gpu(hardware, FLEET, 4)
    faults.return_gpu(hardware, FLEET, 4)
    assert 4 in hardware.conditions  # its XID sticks
    for host in range(FLEET.hosts):
        faults.patch_host(hardware, FLEET, host, "580.105.08")
    assert hardware.conditions == {}


@pytest.mark.parametrize(
    "repair",
    [
        lambda h: faults.return_gpu(h, FLEET, 4),
        lambda h: faults.restore_gpu(h, FLEET, 4, 0.5),
        lambda h: faults.mend_nvlink(h, FLEET, 4, 0.5),
        lambda h: faults.reset_gpu(h, FLEET, 4),
        lambda h: faults.return_host(h, FLEET, 2),
        lambda h: faults.reconnect_host(h, FLEET, 2),
        lambda h: faults.cool(h, 0, 0.5),
    ],
)
def test_a_repair_without_its_fault_is_refused(hardware, repair):
    """It would hide a mistake of the caller."""
    with pytest.raises(ValueError):  # noqa: PT011 - of any text
        repair(hardware)
