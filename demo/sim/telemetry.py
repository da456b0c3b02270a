"""What each GPU does follows from its group: the step of the hardware."""

from __future__ import annotations

import numpy as np

from demo.sim.cluster import Cluster, Flags
from demo.sim.hardware import Use, Work, collect, run_gpus
from demo.sim.latency import Floats
from demo.sim.state import Phase, State
from demo.sim.workload import LOAD_SECONDS


def usual_batch(cluster: Cluster) -> Floats:
    """Return the streams that each engine has at its usual traffic. [G]."""
    profiles = cluster.profiles
    return profiles["requests_per_second_and_group"] * profiles["decode_seconds_mean"]


def run_hardware(
    state: State, batch: Floats, rng: np.random.Generator, *, everywhere: bool
) -> None:
    """Move all GPUs on by one step, and let the hosts collect whose turn it is.

    Args:
        state: changed in place.
        batch: mean number of streams of each engine during the step. [G].
        rng: for the noise of readings.
        everywhere: whether all hosts collect now, as at the start.
    """
    cluster, engines, hardware = state.cluster, state.engines, state.hardware
    down = engines.phase == Phase.LOADING
    waits = hardware.groups_with_lost_gpus(cluster)
    use = np.select(
        [down & waits, down, waits, batch > 0],
        [Use.IDLE, Use.LOADING, Use.WAITING, Use.WORKING],
        Use.IDLE,
    )
    loaded = np.where(down, 1 - engines.seconds_left / LOAD_SECONDS, 1.0)

    of = cluster.group_of_gpu
    work = Work(use[of], (batch / usual_batch(cluster))[of], loaded[of])
    run_gpus(hardware, work, cluster.step_seconds)
    due: Flags = hardware.collect_at == state.steps % hardware.collect_every
    collect(hardware, due | everywhere, work, rng)
