"""The state of the simulated hardware: arrays over groups and hosts, and what is extraordinary.

Nothing is kept per GPU as long as all of a group's GPUs do the same; a GPU, host or rack that
differs has an entry in a dict. What follows from it for its group is worked out when it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import prod
from typing import cast

from demo.sim.fleet import Counts, Flags, Fleet, Floats, Indices
from demo.sim.hardware.figures import read_hardware_figures

FALLEN_OFF_THE_BUS = 79
"""The XID of a GPU that the driver cannot reach any more."""
SYSTEM_PROCESSOR_TIMEOUT = 119
"""The XID of a GPU whose system processor (GSP) does not answer."""
SLOWED_BELOW_RATIO = 0.999
"""Of the usual speed, or clock: what is less is noticed."""
NEVER_LISTED = 0
"""Instead of an XID: a GPU that was not there when its host came up."""


class Quantity(IntEnum):
    """The rows of :attr:`Hardware.state`, of a group's ordinary GPU."""

    USE = 0
    LOAD = 1
    LOADED = 2
    WATTS = 3
    WARMTH = 4
    """How much warmer than the air around it, in K."""
    JOULES = 5
    """Since the start."""
    SPEED = 6


@dataclass(slots=True)
class Condition:
    """What is extraordinary about one GPU. Each list has an entry for each fault that stands."""

    losses: list[int] = field(default_factory=list)
    """XIDs, or :data:`NEVER_LISTED`."""
    slow: list[float] = field(default_factory=list)
    """Shares of its speed that it lacks, without a word."""
    hot: list[float] = field(default_factory=list)
    """The same, because it cannot get rid of its heat."""
    nvlink: list[float] = field(default_factory=list)
    """Shares of its group's speed that its links cost; 1 hangs the group."""
    link_failures: int = 0
    """Since its driver was loaded, or it was reset."""
    crc_errors: float = 0.0
    """Of its links up to ``crc_counted_at``, since then as well."""
    crc_counted_at: int = 0
    """A step."""
    uncontained: int = 0
    """Errors of its memory that only a reset repairs."""
    xid: int = 0
    """The last one, which DCGM never clears; 0 if none since its host started."""
    remapped_rows: int = 0
    """For uncorrectable errors. Kept by the GPU itself, for ever."""
    joules_before: float | None = None
    """The group's when its counter of energy began anew; None if it did not since its host came up.
    """

    @property
    def is_ordinary(self) -> bool:
        """Whether there is nothing to say of it."""
        return self == Condition()

    @property
    def clock(self) -> float:
        """Its clock, as a ratio of the usual one."""
        return prod(1 - share for share in (*self.slow, *self.hot))

    @property
    def is_hot(self) -> bool:
        """Whether heat takes so much of its clock that it is noticed."""
        return prod(1 - share for share in self.hot) < SLOWED_BELOW_RATIO

    @property
    def has_noisy_links(self) -> bool:
        """Whether links fail and still carry traffic: a dead one is silent."""
        return bool(self.nvlink) and all(share < 1 for share in self.nvlink)


@dataclass
class HotRack:
    """A rack whose air is not as cool as it should be."""

    hosts: Sequence[int]
    faults: list[float] = field(default_factory=list)
    """Shares of the cooling that are lost."""
    excess_celsius: float = 0.0
    shut_down: list[int] = field(default_factory=list)
    """GPUs that were too hot."""


@dataclass(frozen=True, slots=True)
class SeenGpu:
    """What a host's last collection found extraordinary about one of its GPUs."""

    lost: bool
    listed: bool
    xid: int
    clock: float
    hot: bool
    link_failures: int
    crc_errors: float
    crc_counted_at: int
    has_noisy_links: bool
    remapped_rows: int
    joules_before: float | None


@dataclass(frozen=True, slots=True)
class SeenHost:
    """What a host's last collection found extraordinary."""

    excess_celsius: float
    clock: float
    """Of all its GPUs, as a ratio of the usual one."""
    driver: str | None
    """None as at the start."""
    joules_before: float | None
    """The group's when it came up; None if that was before the start."""
    blind: bool
    """Whether DCGM reads nothing at all, for one of the calls to the driver hangs."""
    gpus: dict[int, SeenGpu]


@dataclass
class Hardware:
    """The state of all hardware."""

    seed: int
    dcgm_interval_seconds: float
    steps: int
    state: Floats
    """Rows of :class:`Quantity`. [Q, G]."""
    seen: Floats
    """As of each host's last collection. [Q, H]."""
    seen_at: Counts
    """The step of that collection. [H]."""
    turns: list[tuple[Indices, Indices]]
    """Hosts that collect in the same steps, and their groups."""

    hung: Flags
    """A member does not answer: a collective waits for ever. [G]."""
    complete: Flags
    """All members are there: an engine can start. [G]."""
    crashed: Flags
    """Engines whose process died of its hardware in this step. [G]."""
    dark: Flags
    """Hosts whose telemetry page does not answer. [H]."""

    conditions: dict[int, Condition] = field(default_factory=dict)
    lost_hosts: dict[int, int] = field(default_factory=dict)
    """How many faults keep a host down."""
    cut_hosts: dict[int, int] = field(default_factory=dict)
    """How many faults keep its network down."""
    drivers: dict[int, str] = field(default_factory=dict)
    """Versions of hosts that have another driver than at the start."""
    booted: dict[int, float] = field(default_factory=dict)
    """Joules of the group when a host came up again."""
    racks: dict[int, HotRack] = field(default_factory=dict)
    clocks: dict[int, float] = field(default_factory=dict)
    """Of hosts in hot racks: a ratio of the usual clock."""
    draws: dict[int, float] = field(default_factory=dict)
    """Of groups that are slowed down: a factor to the power that their work takes."""
    seen_hosts: dict[int, SeenHost] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    """Hosts whose extraordinary parts changed since their last collection."""
    started: set[int] = field(default_factory=set)
    """Hosts that came up in this step: their exporter collects at once."""
    dying: set[int] = field(default_factory=set)
    """Groups whose engines are about to die."""

    @property
    def speed(self) -> Floats:
        """The slowest member's speed, 1 normally. [G]."""
        return cast("Floats", self.state[Quantity.SPEED])

    def condition(self, gpu: int) -> Condition:
        """Return the condition of a GPU, to be changed."""
        return self.conditions.setdefault(gpu, Condition())


def settle_gpu(hardware: Hardware, fleet: Fleet, gpu: int) -> None:
    """Work out what the condition of a GPU means for its group."""
    host = fleet.host_of_gpu(gpu)
    hardware.changed.add(host)
    settle_group(hardware, fleet, int(fleet.group_of_host[host]))


def settle_group(hardware: Hardware, fleet: Fleet, group: int) -> None:
    """Work out what the conditions of a group's hosts and GPUs mean for it."""
    hosts = fleet.hosts_of_group(group)
    hung = down = False
    own = clock = 1.0
    for host in hosts:
        lost, cut = host in hardware.lost_hosts, host in hardware.cut_hosts
        # Of a host that is alone, all is out of reach; of one among others, the collectives are.
        hardware.dark[host] = lost or (cut and len(hosts) == 1)
        hung, down = hung or cut, down or lost or cut
        clock = min(clock, hardware.clocks.get(host, 1.0))
    if hardware.conditions:
        for gpu in fleet.gpus_of_group(group):
            if (condition := hardware.conditions.get(gpu)) is None:
                continue
            dead = bool(condition.losses) or any(share >= 1 for share in condition.nvlink)
            hung, down = hung or dead, down or dead or condition.uncontained > 0
            links = prod(1 - share for share in condition.nvlink if share < 1)
            own = min(own, condition.clock * links)
    hardware.hung[group], hardware.complete[group] = hung, not down
    hardware.state[Quantity.SPEED, group] = own * clock
    hardware.draws.pop(group, None)
    if own * clock < 1:
        hardware.draws[group] = own * clock ** read_hardware_figures().heat.power_of_clock


def see_host(hardware: Hardware, fleet: Fleet, host: int) -> None:
    """Let a host's exporter see what is extraordinary about it."""
    gpus = fleet.gpus_of_host(host)
    conditions = {gpu: hardware.conditions[gpu] for gpu in gpus if gpu in hardware.conditions}
    rack = hardware.racks.get(int(fleet.rack_of_host[host])) if hardware.racks else None
    hardware.seen_hosts[host] = SeenHost(
        excess_celsius=rack.excess_celsius if rack else 0.0,
        clock=hardware.clocks.get(host, 1.0),
        driver=hardware.drivers.get(host),
        joules_before=hardware.booted.get(host),
        blind=any(SYSTEM_PROCESSOR_TIMEOUT in each.losses for each in conditions.values()),
        gpus={
            gpu: SeenGpu(
                lost=bool(each.losses),
                listed=NEVER_LISTED not in each.losses,
                xid=each.xid,
                clock=each.clock,
                hot=each.is_hot,
                link_failures=each.link_failures,
                crc_errors=each.crc_errors,
                crc_counted_at=each.crc_counted_at,
                has_noisy_links=each.has_noisy_links,
                remapped_rows=each.remapped_rows,
                joules_before=each.joules_before,
            )
            for gpu, each in conditions.items()
        },
    )
    hardware.changed.discard(host)
