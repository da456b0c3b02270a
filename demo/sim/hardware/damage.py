"""What a failure does to the part that it strikes, and its repair."""

from __future__ import annotations

from dataclasses import dataclass

from demo.sim.fleet import Fleet
from demo.sim.hardware.faults import (
    cool,
    cool_less,
    cut_host,
    ecc_error,
    lose_gpu,
    lose_host,
    mend_nvlink,
    nvlink_error,
    reconnect_host,
    reset_gpu,
    restore_gpu,
    return_gpu,
    return_host,
    slow_gpu,
)
from demo.sim.hardware.figures import Cause, read_hardware_figures
from demo.sim.hardware.state import (
    FALLEN_OFF_THE_BUS,
    SYSTEM_PROCESSOR_TIMEOUT,
    Hardware,
)


@dataclass(frozen=True)
class Struck:
    """One part that failed."""

    incident: int
    """What failed together has one number."""
    cause: Cause
    group: int
    host: int
    gpu: int | None
    """None where the whole host is hit, or its rack (``thermal``)."""
    share: float
    """Of its speed that is lost; 1 where it does not work at all."""
    at: float
    """UNIX seconds."""
    repaired_at: float
    """UNIX seconds; ``at`` itself where there is nothing to repair."""


def break_part(hardware: Hardware, fleet: Fleet, struck: Struck) -> None:
    """Do to the hardware what the failure does; nothing for software and wrong results."""
    gpu, cause = struck.gpu, struck.cause
    if cause == "host":
        lose_host(hardware, fleet, struck.host)
    elif cause == "network":
        cut_host(hardware, fleet, struck.host)
    elif gpu is None:
        rack = int(fleet.rack_of_host[struck.host])
        cool_less(hardware, fleet, rack, read_hardware_figures().failures.cooling_lost_ratio)
    elif cause in _XIDS:
        lose_gpu(hardware, fleet, gpu, _XIDS[cause])
    elif cause in ("hbm", "sram"):
        ecc_error(hardware, fleet, gpu, contained=struck.repaired_at == struck.at)
    elif cause == "nvlink":
        nvlink_error(hardware, fleet, gpu, struck.share)
    elif cause == "thermal":
        slow_gpu(hardware, fleet, gpu, struck.share, hot=True)


def mend_part(hardware: Hardware, fleet: Fleet, struck: Struck) -> None:
    """Undo :func:`break_part`."""
    gpu, cause = struck.gpu, struck.cause
    if cause == "host":
        return_host(hardware, fleet, struck.host)
    elif cause == "network":
        reconnect_host(hardware, fleet, struck.host)
    elif gpu is None:
        cool(
            hardware,
            int(fleet.rack_of_host[struck.host]),
            read_hardware_figures().failures.cooling_lost_ratio,
        )
    elif cause in _XIDS:
        return_gpu(hardware, fleet, gpu, _XIDS[cause])
    elif cause in ("hbm", "sram"):
        reset_gpu(hardware, fleet, gpu)
    elif cause == "nvlink":
        mend_nvlink(hardware, fleet, gpu, struck.share)
    elif cause == "thermal":
        restore_gpu(hardware, fleet, gpu, struck.share, hot=True)


_XIDS: dict[Cause, int] = {"lost-gpu": FALLEN_OFF_THE_BUS, "gsp": SYSTEM_PROCESSOR_TIMEOUT}
"""Causes that take a GPU away, and what the driver says."""
