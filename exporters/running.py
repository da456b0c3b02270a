"""An exporter as a process: reads the configuration, takes an address, serves until it is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from exporters.addresses import Address, parse_address
from exporters.collecting import Collector, Core
from exporters.config import PORTS, Config, read_config
from exporters.fetching import Fetch, HttpFetcher
from exporters.following import (
    Hangup,
    count_reasons,
    follow_topology,
    follow_web_config,
    reloaded_topology,
    report_unplaced,
)
from exporters.gpu.core import GpuCore
from exporters.groups.core import probing_core
from exporters.problems import InputError, problem
from exporters.process import add_process
from exporters.reloading import Reloaded, stamps
from exporters.router.core import RouterCore
from exporters.server import bind, serve
from exporters.tools.core import ToolsCore
from exporters.topology import Topology
from exporters.web.config import WebConfig, read_web_config
from exporters.web.entrance import Entrance

CORES: Final[Mapping[str, Callable[[Topology], Core]]] = {
    "gpu": GpuCore,
    "groups": probing_core,
    "router": RouterCore,
    "tools": ToolsCore,
}
"""The exporters that read sources, by name."""

_ANY_HOST = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::")  # noqa: S104 - users write them
"""Addresses that every host has."""

GARBAGE_THRESHOLDS = (50_000, 20, 10)
"""How seldom cycles are looked for. A page of 500 engines is 60,000 objects that live until the
next page and are in no cycle: with Python's own thresholds a third of the time went into them."""

LOG_LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
"""As Prometheus's own exporters call them."""

_LOG = logging.getLogger("shardwatch")


@dataclass(frozen=True)
class Place:
    """Where and how an exporter is served."""

    listen: str | None = None
    """``HOST:PORT``; the first address that the configuration gives it if None."""
    address_file: Path | None = None
    """Gets the address once the exporter listens."""
    web_config_file: Path | None = None
    """``web-config.yml``; plain HTTP, to all, if None."""
    log_level: str = "info"
    """One of ``LOG_LEVELS``."""


def _as_it_is(fetch: Fetch) -> Fetch:
    return fetch


def _no_port(_: Entrance) -> AbstractAsyncContextManager[Any]:
    return nullcontext()


@dataclass(frozen=True)
class Plan:
    """What an exporter runs: its core, and what works beside the scrapes."""

    core: Core
    make: Callable[[Topology], Core]
    """Returns the core for a topology that changed: a new one, or the same, which has changed."""
    beside: AbstractAsyncContextManager[Any] = field(default_factory=nullcontext)
    taking: Callable[[Entrance], AbstractAsyncContextManager[Any]] = _no_port
    """Opens a further port, behind the same entrance."""
    fetching: Callable[[Fetch], Fetch] = _as_it_is
    """Adds ways to fetch beside HTTP."""
    host: str | None = None
    """Whose address it takes of those that the configuration has, where each host has one."""
    reads_targets: bool = True
    """Whether it is of no use where the topology names nothing that it reads."""


def run(
    name: str,
    config_file: Path,
    place: Place,
    make_plan: Callable[[Config], Plan] | None = None,
) -> None:
    """Run an exporter until SIGTERM.

    Args:
        name: of the exporter, one of ``config.PORTS``.
        config_file: ``shardwatch.yaml``.
        place: where and how.
        make_plan: makes what to run of the configuration; what ``CORES`` has if None.

    Raises:
        InputError: if a file cannot be used or the address cannot be had.
        KeyboardInterrupt: on SIGINT.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=LOG_LEVELS[place.log_level],
        format=f"%(asctime)s %(levelname)s exporter {name}: %(message)s",
    )
    # Until the loop takes it; to be read again is nothing to die of.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    config = read_config(config_file, needs_routing_key=False, needs_service=False)
    web_config = _web_config(place.web_config_file) if place.web_config_file else None
    plan = make_plan(config) if make_plan else _plan(name, config)
    configured = partial(_configured_address, config, name, plan.host)
    wanted = _listen_address(place.listen) if place.listen else configured()
    listening, address = bind(wanted)
    _allow_connections()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    if plan.reads_targets and not plan.core.targets and not config.topology_error:
        _LOG.warning("the topology names nothing for this exporter to read")
    report_unplaced(config.unplaced)
    asyncio.run(_run(plan, config, web_config, (listening, address, place.address_file)))


def _plan(name: str, config: Config) -> Plan:
    make = CORES[name]
    if name == "groups":
        make = partial(probing_core, access=config.accesses["engines"])
    return Plan(make(config.topology), make)


def _listen_address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise InputError([problem("--listen", str(error))]) from None


def _configured_address(config: Config, name: str, host: str | None = None) -> Address:
    addresses: list[str] = getattr(config.file.exporters, name)
    if not addresses and name == "probe":
        addresses = [f"127.0.0.1:{PORTS[name]}"]
    if not addresses:
        raise InputError([config.document.problem(
            ("exporters", name), "found no address, expected one to listen on",
            "add one or give --listen")])  # fmt: skip
    parsed = [parse_address(each) for each in addresses]
    if host is None:
        return parsed[0]
    # The list is of all hosts, for Prometheus: another's address is of no use here.
    fitting = [each for each in parsed if each.host in (host, *_ANY_HOST)]
    if not fitting:
        raise InputError([config.document.problem(
            ("exporters", name), f"found no address of the host {host!r}, expected one",
            f"add {Address(host, PORTS[name])} or give --listen")])  # fmt: skip
    return fitting[0]


def _allow_connections() -> None:
    """Allow as many open connections as the system lets us: each source keeps one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _run(
    plan: Plan,
    config: Config,
    web_config: Reloaded[WebConfig] | None,
    place: tuple[socket.socket, Address, Path | None],
) -> None:
    hangup = Hangup()
    hangup.listen()
    topology = reloaded_topology(config)
    reloads: list[Reloaded[Any]] = [topology, *([web_config] if web_config else [])]
    entrance = Entrance(web_config.content if web_config else None)
    async with HttpFetcher() as fetch, plan.beside, plan.taking(entrance):
        beside = (add_process, partial(entrance.add_to, exporter=plan.core.name))
        collector = Collector(
            plan.core,
            plan.fetching(fetch),
            reloads=reloads,
            beside=beside,
            by_kind=fetch.by_kind(config.accesses),
        )
        collector.unplaced = count_reasons(config.unplaced)
        following: list[Callable[[], Coroutine[Any, Any, None]]] = [
            partial(follow_topology, topology, config, plan.make, collector, hangup)
        ]
        if web_config:
            following.append(partial(follow_web_config, web_config, entrance, hangup))
        await serve(collector, *place, entrance=entrance, tasks=following)


def _web_config(path: Path) -> Reloaded[WebConfig]:
    config = read_web_config(path)
    # What it names may change with it; so may what is not there any more.
    files = set(config.files)

    def read() -> WebConfig:
        new = read_web_config(path)
        files.clear()
        files.update(new.files)
        return new

    return Reloaded("web_config", config, read, lambda: stamps(sorted(files)))
