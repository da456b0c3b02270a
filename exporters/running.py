"""An exporter as a process: reads the configuration, takes an address, serves until it is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from exporters.addresses import Address, parse_address
from exporters.collecting import Collector, Core
from exporters.config import Config, read_config
from exporters.fetching import HttpFetcher
from exporters.gpu.core import GpuCore
from exporters.groups.core import probing_core
from exporters.problems import InputError, problem
from exporters.router.core import RouterCore
from exporters.server import bind, serve
from exporters.tools.core import ToolsCore
from exporters.topology import Topology

CORES: Final[Mapping[str, Callable[[Topology], Core]]] = {
    "gpu": GpuCore,
    "groups": probing_core,
    "router": RouterCore,
    "tools": ToolsCore,
}
"""The exporters by name."""

GARBAGE_THRESHOLDS = (50_000, 20, 10)
"""How seldom cycles are looked for. A page of 500 engines is 60,000 objects that live until the
next page and are in no cycle: with Python's own thresholds a third of the time went into them."""

_LOG = logging.getLogger("shardwatch")


def run(
    name: str, config_file: Path, listen: str | None, address_file: Path | None, *, exact_port: bool
) -> None:
    """Run an exporter until SIGTERM.

    Args:
        name: one of ``CORES``.
        config_file: ``shardwatch.yaml``.
        listen: ``HOST:PORT``; the first address that the configuration gives it if None.
        address_file: gets the address once the exporter listens.
        exact_port: take that port or fail, instead of the next free one.

    Raises:
        InputError: if a file cannot be used or the address cannot be had.
        KeyboardInterrupt: on SIGINT.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s %(levelname)s exporter {name}: %(message)s",
    )
    config = read_config(config_file, needs_routing_key=False)
    core = CORES[name](config.topology)
    wanted = _listen_address(listen) if listen else _configured_address(config, name)
    listening, address = bind(wanted, exact=exact_port)
    if wanted.port not in (0, address.port):
        _LOG.warning("port %d is taken, taking %d", wanted.port, address.port)
    _allow_connections()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    if not core.targets:
        _LOG.warning("%s names nothing for this exporter to read", config.file.topology)
    asyncio.run(_run(core, listening, address, address_file))


def _listen_address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise InputError([problem("--listen", str(error))]) from None


def _configured_address(config: Config, name: str) -> Address:
    addresses: list[str] = getattr(config.file.exporters, name)
    if not addresses:
        raise InputError([config.document.problem(
            ("exporters", name), "found no address, expected one to listen on",
            "add one or give --listen")])  # fmt: skip
    return parse_address(addresses[0])


def _allow_connections() -> None:
    """Allow as many open connections as the system lets us: each source keeps one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _run(
    core: Core, listening: socket.socket, address: Address, address_file: Path | None
) -> None:
    async with HttpFetcher() as fetch:
        await serve(Collector(core, fetch), listening, address, address_file)
