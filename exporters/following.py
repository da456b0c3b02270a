"""Following what changes while an exporter runs: its topology and how it is served.

Files are looked at every few seconds and services asked at their interval; on SIGHUP everything is
read again at once, as every server of Prometheus's does it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Callable, Iterable

from exporters.collecting import Collector, Core
from exporters.config import Config, Discovery
from exporters.discovery.placing import Placement, Unplaced
from exporters.problems import SHOWN_AT_MOST
from exporters.reloading import CHECK_SECONDS, Reloaded
from exporters.topology import Topology
from exporters.web.config import WebConfig
from exporters.web.entrance import Entrance

_LOG = logging.getLogger("shardwatch")


class Hangup:
    """SIGHUP, to those who wait for the time to look again."""

    def __init__(self) -> None:
        self._came = asyncio.Event()

    def listen(self) -> None:
        """Take the signal, which would end the process, from now on."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.come)

    def come(self) -> None:
        """Let everybody who waits look at once."""
        _LOG.info("SIGHUP: everything is read again")
        came, self._came = self._came, asyncio.Event()
        came.set()

    async def wait(self, seconds: float) -> bool:
        """Return whether the signal came, within the time at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            return False
        return True


def reloaded_topology(config: Config) -> Reloaded[Placement]:
    """Return the topology of a configuration as it was read, and how to read it again."""
    made = Reloaded(
        "topology",
        Placement(config.topology, config.unplaced),
        config.read_topology,
        None if _service(config) else lambda: config.topology_stamp,
    )
    if config.topology_error:
        made.fail(config.topology_error)
    return made


async def follow_topology(
    topology: Reloaded[Placement],
    config: Config,
    make: Callable[[Topology], Core],
    collector: Collector,
    hangup: Hangup,
) -> None:
    """Let the exporter go on with the topology as it changes."""
    service = _service(config)
    while True:
        patient = service is not None and topology.is_good
        pause = service.refresh_interval if service and patient else CHECK_SECONDS
        is_told = await hangup.wait(pause)
        if await topology.check(is_forced=is_told):
            placement = topology.content
            report_unplaced(placement.unplaced)
            try:
                collector.replace(make(placement.topology))
            except Exception:  # noqa: BLE001 - a mistake of ours: the earlier one stays
                _LOG.exception("the topology cannot be followed")
            else:
                collector.unplaced = count_reasons(placement.unplaced)


async def follow_web_config(
    web_config: Reloaded[WebConfig], entrance: Entrance, hangup: Hangup
) -> None:
    """Serve as the configuration says whenever it changes."""
    while True:
        is_told = await hangup.wait(CHECK_SECONDS)
        if await web_config.check(is_forced=is_told):
            await entrance.change(web_config.content)


def report_unplaced(unplaced: tuple[Unplaced, ...]) -> None:
    """Log what has no place in the topology, or the first of it."""
    for each in unplaced[:SHOWN_AT_MOST]:
        _LOG.warning("has no place in the topology: %s", each)
    if len(unplaced) > SHOWN_AT_MOST:
        _LOG.warning("... and %d more", len(unplaced) - SHOWN_AT_MOST)


def count_reasons(unplaced: Iterable[Unplaced]) -> Counter[str]:
    """Return how many targets have no place, by the reason."""
    return Counter(each.reason for each in unplaced)


def _service(config: Config) -> Discovery | None:
    """Return the service that tells the topology, if one does."""
    source = config.file.topology
    return source if isinstance(source, Discovery) and source.http_sd else None
