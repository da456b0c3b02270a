"""Racks whose cooling fails: their air warms up, GPUs slow down, then shut down, and come back.

A GPU that reaches its limit lowers its clock until it stays there: it may draw what its cooler can
still carry away. Where the lowest clock draws too much, the heat goes on until the GPU shuts down.
"""

from __future__ import annotations

from math import exp

from demo.sim.fleet import Fleet
from demo.sim.hardware.faults import lose_gpu, return_gpu
from demo.sim.hardware.figures import read_hardware_figures
from demo.sim.hardware.state import Hardware, HotRack, Quantity, settle_group

_COOL_KELVIN = 0.05
"""Excess that nobody can measure: the rack is as before."""
_NEAR_KELVIN = 0.5
"""So near to the limit, the clock is governed by it."""
_RELEASED_KELVIN = 2.0
"""So far below the limit, a clock that was lowered is let go: less would flutter with the load."""
_HELD_RATIO = 0.99
"""Until then it is this at the most."""


def run_racks(hardware: Hardware, fleet: Fleet) -> None:
    """Move all racks that are not as cool as usual on by one step."""
    heat = read_hardware_figures().heat
    share = 1 - exp(-fleet.step_seconds / heat.rack_seconds)
    for at, rack in list(hardware.racks.items()):
        target = heat.rack_rise_celsius * min(1.0, sum(rack.faults))
        rack.excess_celsius += (target - rack.excess_celsius) * share
        cooled = not rack.faults and rack.excess_celsius < _COOL_KELVIN
        if cooled:
            rack.excess_celsius = 0.0
        _restart(hardware, fleet, rack)
        for host in rack.hosts:
            _govern(hardware, fleet, rack, host)
        hardware.changed.update(rack.hosts)
        if cooled:  # and with it every GPU that shut down is back
            del hardware.racks[at]


def _govern(hardware: Hardware, fleet: Fleet, rack: HotRack, host: int) -> None:
    heat, gpu = read_hardware_figures().heat, read_hardware_figures().gpu
    group = int(fleet.group_of_host[host])
    air = heat.inlet_celsius + rack.excess_celsius
    celsius = air + float(hardware.state[Quantity.WARMTH, group])
    before, clock = hardware.clocks.get(host, 1.0), 1.0
    is_held = before < 1 and celsius >= heat.limit_celsius - _RELEASED_KELVIN
    if is_held or celsius >= heat.limit_celsius - _NEAR_KELVIN:
        # What its work would draw at the full clock, from what it draws now.
        group_clock = min(hardware.clocks.get(at, 1.0) for at in fleet.hosts_of_group(group))
        now = float(hardware.state[Quantity.WATTS, group]) - gpu.resting_watts
        full = now / group_clock**heat.power_of_clock
        bearable = (heat.limit_celsius - air) / heat.celsius_per_watt - gpu.resting_watts
        ratio = max(0.0, bearable) / full if full > 0 else 1.0
        most = _HELD_RATIO if is_held else 1.0
        clock = min(most, max(heat.least_clock_ratio, ratio ** (1 / heat.power_of_clock)))
    if clock != before:
        hardware.clocks.pop(host, None)
        if clock < 1:
            hardware.clocks[host] = clock
        settle_group(hardware, fleet, group)
    if celsius >= heat.shutdown_celsius and host not in hardware.lost_hosts:
        for each in fleet.gpus_of_host(host):
            if each not in rack.shut_down:
                rack.shut_down.append(each)
                lose_gpu(hardware, fleet, each)


def _restart(hardware: Hardware, fleet: Fleet, rack: HotRack) -> None:
    heat = read_hardware_figures().heat
    if rack.shut_down and heat.inlet_celsius + rack.excess_celsius <= heat.restart_celsius:
        for gpu in rack.shut_down:
            return_gpu(hardware, fleet, gpu)
        rack.shut_down.clear()
