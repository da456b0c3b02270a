"""A fault that strikes real vLLM: what it hit, what goes on while it is on, how it is undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from demo.orders import FaultError, Order, one_of
from demo.traffic.users import Surge
from demo.vllm.launching import Launch, read_running
from demo.vllm.processes import Process
from demo.vllm.workers import Engine

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Cluster:
    """What can be struck."""

    region: str
    model: str
    engines: Mapping[str, Engine]
    """By group."""
    router: str
    """Base address."""
    gateway: str
    """Base address."""
    python: str
    """Of an environment that can make weights."""
    surge: Surge


@dataclass(frozen=True)
class Meanwhile:
    """The state that a group is in until its server is started anew."""

    state: str
    launch: int
    """Number of the launch that it is true for."""


async def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Strike:
    """A fault that has struck."""

    place: dict[str, str]
    """What was really hit."""
    group: str | None = None
    meanwhile: Meanwhile | None = None
    work: Work | None = None
    """Goes on while the fault is on; one that passes by itself is over when this is."""
    undo: Work = nothing
    """Repairs it, in seconds; what is still at work is cancelled before."""
    heal: Work | None = None
    """What then still has to be done, in minutes."""


def engine_of(cluster: Cluster, order: Order) -> tuple[str, Engine]:
    """Return the name and the engine of a fault's group."""
    group = order.place["group"]
    if group not in cluster.engines:
        raise FaultError(f"found the group {group!r}, expected {one_of(cluster.engines)}")
    return group, cluster.engines[group]


def refuse_elsewhere(cluster: Cluster, order: Order) -> None:
    """Raise a FaultError for a region or a model that is not the cluster's."""
    for key, own in (("region", cluster.region), ("model", cluster.model)):
        found = order.place.get(key, own)
        if found != own:
            raise FaultError(f"found the {key} {found!r}, expected {own}")


def running_launch(group: str, engine: Engine) -> Launch:
    """Return what a group's keeper runs."""
    launch = read_running(engine.note)
    if launch is None:
        raise FaultError(f"{group} was never started")
    return launch


def found(process: Process | None, title: str, group: str) -> Process:
    """Return a process that was looked for, or refuse."""
    if process is None:
        raise FaultError(f"found no process {title} of {group}")
    return process


def named(process: Process) -> dict[str, str]:
    """Return what the place tells of a process."""
    return {"pid": str(process.pid), "process": process.title}


def strength_of(order: Order) -> float:
    """Return the strength of a fault that has one."""
    if order.strength is None:
        raise FaultError(f"{order.name} needs a strength")
    return order.strength
