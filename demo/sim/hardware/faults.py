"""What can happen to hardware, and its repair: functions of places, given by number.

Faults may overlap: each adds something of its own to its GPU, host or rack, and its repair takes
just that away. A repair without its fault is a mistake of the caller, a ValueError.
"""

from __future__ import annotations

import numpy as np

from demo.sim.fleet import Fleet
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.hardware.state import (
    FALLEN_OFF_THE_BUS,
    NEVER_LISTED,
    Condition,
    Hardware,
    HotRack,
    Quantity,
    settle_gpu,
    settle_group,
)

CONTAINED, UNCONTAINED, NVLINK = 94, 95, 74
"""XIDs of errors of memory, and of NVLink."""


def lose_gpu(hardware: Hardware, fleet: Fleet, gpu: int, xid: int = FALLEN_OFF_THE_BUS) -> None:
    """Take a GPU away: its fields are gone from the page, its group hangs.

    Args:
        hardware: changed in place.
        fleet: its parts.
        gpu: which one.
        xid: what the driver says; ``SYSTEM_PROCESSOR_TIMEOUT`` blinds DCGM on the whole host, and
            ``NEVER_LISTED`` is for one that did not come up with its host: not even its XID is
            shown.
    """
    condition = hardware.condition(gpu)
    condition.losses.append(xid)
    condition.xid = xid
    settle_gpu(hardware, fleet, gpu)


def return_gpu(hardware: Hardware, fleet: Fleet, gpu: int, xid: int = FALLEN_OFF_THE_BUS) -> None:
    """Give back what :func:`lose_gpu` took; the XID stays, and energy counts from 0.

    One that was lost when its host came up is there again only now.
    """
    condition = hardware.condition(gpu)
    # A host that came up in between has forgotten why.
    condition.losses.remove(xid if xid in condition.losses else NEVER_LISTED)
    condition.joules_before = _joules(hardware, fleet.group_of_gpu(gpu))
    settle_gpu(hardware, fleet, gpu)


def slow_gpu(
    hardware: Hardware, fleet: Fleet, gpu: int, share: float, *, hot: bool = False
) -> None:
    """Take a share of a GPU's speed: without a word, or because it is too hot."""
    condition = hardware.condition(gpu)
    (condition.hot if hot else condition.slow).append(share)
    settle_gpu(hardware, fleet, gpu)


def restore_gpu(
    hardware: Hardware, fleet: Fleet, gpu: int, share: float, *, hot: bool = False
) -> None:
    """Give back what :func:`slow_gpu` took."""
    condition = hardware.condition(gpu)
    (condition.hot if hot else condition.slow).remove(share)
    settle_gpu(hardware, fleet, gpu)


def ecc_error(hardware: Hardware, fleet: Fleet, gpu: int, *, contained: bool) -> None:
    """Let a GPU's memory have an uncorrectable error: its engine dies, a row is remapped.

    A contained one (XID 94) leaves the GPU usable; another (95) keeps its group from starting until
    :func:`reset_gpu`.
    """
    condition = hardware.condition(gpu)
    condition.xid = CONTAINED if contained else UNCONTAINED
    condition.remapped_rows += 1
    condition.uncontained += not contained
    hardware.dying.add(fleet.group_of_gpu(gpu))
    settle_gpu(hardware, fleet, gpu)


def reset_gpu(hardware: Hardware, fleet: Fleet, gpu: int) -> None:
    """Reset a GPU after an uncontained :func:`ecc_error`; the XID stays, energy counts from 0."""
    condition = hardware.condition(gpu)
    if not condition.uncontained:
        raise ValueError(f"GPU {gpu} has no uncontained error")
    condition.uncontained -= 1
    condition.joules_before = _joules(hardware, fleet.group_of_gpu(gpu))
    settle_gpu(hardware, fleet, gpu)


def nvlink_error(hardware: Hardware, fleet: Fleet, gpu: int, share: float) -> None:
    """Let a GPU's links fail (XID 74): its group loses this share of its speed; 1 hangs it."""
    condition = hardware.condition(gpu)
    _count_crc_errors(hardware, fleet, condition)
    condition.nvlink.append(share)
    condition.link_failures += 1
    condition.xid = NVLINK
    settle_gpu(hardware, fleet, gpu)


def mend_nvlink(hardware: Hardware, fleet: Fleet, gpu: int, share: float) -> None:
    """Repair what :func:`nvlink_error` broke; the XID stays.

    The last repair resets the GPU, and its energy and errors count from 0: nothing else tells those
    who watch it that the XID is of before.
    """
    condition = hardware.condition(gpu)
    _count_crc_errors(hardware, fleet, condition)
    condition.nvlink.remove(share)
    if not condition.nvlink:
        condition.joules_before = _joules(hardware, fleet.group_of_gpu(gpu))
        condition.link_failures, condition.crc_errors = 0, 0.0
    settle_gpu(hardware, fleet, gpu)


def lose_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Take a host down: its engine dies, its page is dark."""
    hardware.lost_hosts[host] = hardware.lost_hosts.get(host, 0) + 1
    group = int(fleet.group_of_host[host])
    hardware.dying.add(group)
    settle_group(hardware, fleet, group)


def return_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Repair what :func:`lose_host` broke.

    If nothing else keeps it down, the host comes up: DCGM knows of no XID, energy counts from 0,
    and a GPU that is lost is not even listed.
    """
    _one_less(hardware.lost_hosts, host)
    if host not in hardware.lost_hosts:
        start_host(hardware, fleet, host)
    settle_group(hardware, fleet, int(fleet.group_of_host[host]))


def start_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Let a host come up, as after a reboot."""
    hardware.booted[host] = _joules(hardware, int(fleet.group_of_host[host]))
    for gpu in fleet.gpus_of_host(host):
        if condition := hardware.conditions.get(gpu):
            condition.xid = 0
            condition.losses = [NEVER_LISTED] * len(condition.losses)
            condition.joules_before = None
            condition.link_failures, condition.crc_errors = 0, 0.0
            condition.crc_counted_at = hardware.steps if condition.nvlink else 0
            if condition.is_ordinary:
                del hardware.conditions[gpu]
    hardware.changed.add(host)
    hardware.started.add(host)


def cut_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Cut a host's network: its group waits for it for ever; one that is alone is out of reach."""
    hardware.cut_hosts[host] = hardware.cut_hosts.get(host, 0) + 1
    settle_group(hardware, fleet, int(fleet.group_of_host[host]))


def reconnect_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Repair what :func:`cut_host` broke."""
    _one_less(hardware.cut_hosts, host)
    settle_group(hardware, fleet, int(fleet.group_of_host[host]))


def patch_host(hardware: Hardware, fleet: Fleet, host: int, driver: str) -> None:
    """Give a host another driver; its page says so from its next start on.

    To be called while the host is down, or its engine is: the host starts again with it.
    """
    hardware.drivers[host] = driver
    if host not in hardware.lost_hosts:
        start_host(hardware, fleet, host)
        settle_group(hardware, fleet, int(fleet.group_of_host[host]))


def cool_less(hardware: Hardware, fleet: Fleet, rack: int, share: float) -> None:
    """Take a share of a rack's cooling: its air warms up, and its GPUs slow down once too hot."""
    if rack not in hardware.racks:
        hosts = np.flatnonzero(fleet.rack_of_host == rack).tolist()
        hardware.racks[rack] = HotRack(hosts)
    hardware.racks[rack].faults.append(share)


def cool(hardware: Hardware, rack: int, share: float) -> None:
    """Give back what :func:`cool_less` took; the rack needs a while to cool down."""
    if rack not in hardware.racks:
        raise ValueError(f"rack {rack} lacks no cooling")
    hardware.racks[rack].faults.remove(share)


def _count_crc_errors(hardware: Hardware, fleet: Fleet, condition: Condition) -> None:
    if condition.has_noisy_links:
        seconds = (hardware.steps - condition.crc_counted_at) * fleet.step_seconds
        condition.crc_errors += seconds * read_hardware_figures().failures.nvlink_crc_per_second
    condition.crc_counted_at = hardware.steps


def _joules(hardware: Hardware, group: int) -> float:
    return float(hardware.state[Quantity.JOULES, group])


def _one_less(counts: dict[int, int], place: int) -> None:
    if place not in counts:
        raise ValueError(f"nothing is broken at {place}")
    counts[place] -= 1
    if not counts[place]:
        del counts[place]
