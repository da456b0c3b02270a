"""What hardware does to engines by itself: racks that cool down, repairs in the background."""

import pytest

from demo.sim.engines.state import Phase
from demo.sim.hardware.damage import Struck, break_part
from demo.sim.hardware.faults import lose_gpu
from demo.sim.hardware.state import HotRack


def _is_started_again(run, group):
    """Whether its first process has ended and its next one loads."""
    engines = run.state.engines
    return engines.processes[group] == 2 and engines.phase[group] == Phase.LOADING


def test_a_group_whose_gpus_have_cooled_down_is_started_again(warm):
    """Within five minutes, in which vLLM would not have ended it: a collective never comes back."""
    fleet, hardware, group = warm.fleet, warm.state.hardware, warm.group("eu-chat-0")
    gpu, host = fleet.gpus_of_group(group)[0], fleet.hosts_of_group(group)[0]
    hardware.racks[0] = HotRack([host], faults=[1.0], excess_celsius=60.0, shut_down=[gpu])
    lose_gpu(hardware, fleet, gpu)
    warm.seconds(10)
    assert hardware.hung[group]
    assert warm.state.engines.processes[group] == 1
    hardware.racks[0].faults.clear()
    hardware.racks[0].excess_celsius = 0.0
    warm.seconds(1)
    assert not hardware.hung[group]
    assert _is_started_again(warm, group)


@pytest.mark.parametrize(
    ("cause", "share", "restarts"),
    [("lost-gpu", 1.0, True), ("network", 1.0, True), ("nvlink", 1.0, True), ("nvlink", 0.5, False),
     ("thermal", 0.5, False)],
)  # fmt: skip
def test_a_group_that_hung_is_started_again_with_the_repair(warm, cause, share, restarts):
    """One that was only slow goes on."""
    fleet, state, group = warm.fleet, warm.state, warm.group("eu-chat-0")
    gpu = None if cause == "network" else fleet.gpus_of_group(group)[0]
    struck = Struck(
        incident=1,
        cause=cause,
        group=group,
        host=fleet.hosts_of_group(group)[0],
        gpu=gpu,
        share=share,
        at=state.now,
        repaired_at=state.now + 20,
    )
    break_part(state.hardware, fleet, struck)
    state.failures.standing[0] = struck
    state.failures.repairs.append((struck.repaired_at, 0))
    warm.seconds(20)
    assert state.engines.processes[group] == 1
    warm.seconds(1)
    assert state.failures.repaired == [struck]
    assert _is_started_again(warm, group) == restarts
