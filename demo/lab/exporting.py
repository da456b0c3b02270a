"""One exporter in virtual time: its core fed from the simulator, its pages as they are scraped.

What stands around the cores in a process (:mod:`exporters.collecting`) is here without an event
loop: circuit breakers, looks between scrapes, what an exporter says of its sources and itself.

Hosts on which nothing is odd are read anew every two minutes only: in between their GPUs show other
watts and degrees and nothing else. The groups exporter, which shows neither, has no need to. Where
nothing is odd anywhere, the page of the GPUs stays as it was for so long, and nobody looks between
two scrapes: states that depend on it are those of what is odd. That is most of the work of an hour
in which nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from demo.lab.gpu_parts import PartedGpuCore
from demo.lab.probing import StallProber, path_of
from demo.sim.engines.state import Phase
from demo.sim.hardware.run import Use
from demo.sim.hardware.state import SLOWED_BELOW_RATIO, Quantity, SeenHost
from demo.sim.site import Site
from demo.sim.state import State
from exporters import catalog
from exporters.collecting import (
    PATIENCE_SECONDS,
    SAMPLE_SECONDS,
    Core,
    add_collection,
    add_source,
)
from exporters.fetching import Response
from exporters.groups.core import GroupsCore
from exporters.page import Page
from exporters.router.core import RouterCore
from exporters.sources import Answer, Answers, Source, Target
from exporters.tools.core import ToolsCore
from exporters.topology import Topology

SLOW_SCRAPES, STALE_CONFIG = "slow-scrapes", "stale-config"
MISTAKE, UNPLACED = "exporter-mistake", "unplaced-targets"
SECONDS_OF_SCRAPE = 0.05
"""That a scrape is taken to last. Chosen: an exporter of 600 GPUs answers within this."""
SLOW_SHARE = 0.95
"""Of the time-out, for a scrape of an exporter that is slow. Chosen."""
UNPLACED_TARGETS = 3
ORDINARY_SECONDS = 120.0
"""For so long the last reading of a host stands on which nothing is odd, where it is shown."""
_RELOADED = "topology"
_USE, _SPEED, _WORKING = int(Quantity.USE), int(Quantity.SPEED), float(Use.WORKING)


@dataclass
class LabExporter:
    """One exporter."""

    name: str
    make_core: Callable[[float], Core]
    """Makes its core at a start, at a time in UNIX seconds."""
    state: State
    """Of the simulation whose pages it reads."""
    site: Site
    stall_prober: StallProber | None = None
    """Of the groups exporter."""
    up_at: float = 0.0
    """UNIX seconds: before that nobody answers."""
    ails: set[str] = field(default_factory=set)
    """Faults of the exporter itself that are there."""
    _now: float = field(default=0.0, init=False)
    _core: Core | None = field(default=None, init=False)
    _sources: list[tuple[Source[Any], tuple[str, str, str]]] = field(init=False)
    _ordinary_seconds: float = field(init=False)
    _read_at: dict[Target[Any], float] = field(default_factory=dict, init=False)
    _told: Page | None = field(default=None, init=False)
    _looked_at: float = field(default=0.0, init=False)
    _started_at: float = field(default=0.0, init=False)
    _succeeded_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._ordinary_seconds = ORDINARY_SECONDS if self.name == "gpu" else inf

    def scrape_seconds(self, timeout_seconds: float) -> float:
        """Return how long a scrape takes that may take so long."""
        return SLOW_SHARE * timeout_seconds if SLOW_SCRAPES in self.ails else SECONDS_OF_SCRAPE

    def restart(self, now: float, seconds: float) -> None:
        """Let it end, and answer again after some seconds; what it remembered is gone."""
        self._core, self.up_at = None, now + seconds

    @property
    def core(self) -> Core:
        """Its core, which is made anew at a start."""
        if self._core is None:
            self._started_at = max(self._now, self.up_at)
            self._core = self.make_core(self._started_at)
            self._sources = [
                (Source(target, _nobody, self._clock, self._clock), path_of(target.url))
                for target in self._core.targets
            ]
            self._read_at, self._told = {}, None
        return self._core

    def look(self, now: float) -> None:
        """Look at the sources between two scrapes, if the last look is old enough and says little.

        Only where the core wants it, and something is odd.
        """
        due = self._looked_at + SAMPLE_SECONDS + PATIENCE_SECONDS
        is_due = now >= max(due, self.up_at)
        if is_due and self.core.samples_itself and not is_all_ordinary(self.state):
            self._collect(now)

    def scrape(self, now: float) -> Page | None:
        """Return what a scrape gets at a time; None if nobody answers."""
        return self._collect(now) if now >= self.up_at else None

    def _clock(self) -> float:
        return self._now

    def _collect(self, now: float) -> Page:
        self._now = self._looked_at = now
        if self.stall_prober:
            self.stall_prober.at(now)
        core = self.core
        answers: dict[Target[Any], Answer[Any]] = {}
        is_same = True
        for source, path in self._sources:
            is_known = self._stands(source.target, path, now)
            answers[source.target] = self._ask(source, path, is_known=is_known)
            is_same &= is_known
        if not (is_same and self._sources and self._told):
            self._told = core.observe(Answers(answers), now)
        page, is_success = Page(), MISTAKE not in self.ails
        if is_success:
            page.values |= self._told.values
            page.distributions |= self._told.distributions
            self._succeeded_at = now
        for source, _ in self._sources:
            if source.target.shown:
                add_source(page, core, source, answers[source.target])
        add_collection(
            page,
            core.name,
            seconds=0.0,
            is_success=is_success,
            last_success_at=self._succeeded_at,
        )
        self._add_files(page, core.name)
        page.of(catalog.PROCESS_START_TIME)[()] = self._started_at
        return page

    def _add_files(self, page: Page, name: str) -> None:
        """Add what it says of its files, and of what service discovery tells it."""
        reload, is_stale = (name, _RELOADED), STALE_CONFIG in self.ails
        page.of(catalog.EXPORTER_RELOAD_SUCCESS)[reload] = float(not is_stale)
        page.of(catalog.EXPORTER_RELOAD_LAST_SUCCESS)[reload] = self._started_at
        page.of(catalog.EXPORTER_RELOAD_FAILURES)[reload] = float(is_stale)
        if UNPLACED in self.ails:
            page.of(catalog.EXPORTER_UNPLACED_TARGETS)[name, "no_group"] = float(UNPLACED_TARGETS)

    def _stands(self, target: Target[Any], path: tuple[str, str, str], now: float) -> bool:
        """Return whether what was last read of a target still says all that there is to say."""
        is_ordinary = path[0] == "host" and _is_ordinary(self.state, path[1])
        read_at = self._read_at.get(target)
        if is_ordinary and read_at is not None and now - read_at < self._ordinary_seconds:
            return True
        if is_ordinary:
            self._read_at[target] = now
        else:
            self._read_at.pop(target, None)
        return False

    def _ask(
        self, source: Source[Any], path: tuple[str, str, str], *, is_known: bool
    ) -> Answer[Any]:
        if is_known:
            return source.repeat()
        unasked = source.say_unasked() if source.circuit.is_open else None
        if unasked and not source.circuit.is_probe_due(self._now):
            return unasked
        answer = source.read_at_once(Response(*self.site.get(*path)))
        return unasked or answer


async def _nobody(url: str) -> Response:
    """Fetch nothing: virtual time waits for nobody."""
    raise NotImplementedError


def is_all_ordinary(state: State) -> bool:
    """Return whether all hosts and engines do what they usually do, and nothing else."""
    hardware, engines = state.hardware, state.engines
    return not (
        hardware.racks
        or hardware.changed
        or hardware.dark.any()
        or any(_is_telling(each) for each in hardware.seen_hosts.values())
        or (hardware.speed < SLOWED_BELOW_RATIO).any()
        or state.dark_regions.any()
        or (engines.phase != Phase.SERVING).any()
        or not state.moving.all()
    )


def _is_telling(seen: SeenHost) -> bool:
    """Return whether a host shows more than the last XID of what was repaired."""
    return seen.blind or any(each.lost or not each.listed for each in seen.gpus.values())


def _is_ordinary(state: State, name: str) -> bool:
    """Return whether a host and its group do what they usually do, and nothing else."""
    hardware = state.hardware
    if hardware.racks:
        return False
    for place in state.fleet.names.find_hosts(name):
        group = state.fleet.group_of_host[place]
        if (
            place in hardware.seen_hosts
            or place in hardware.changed
            or hardware.dark[place]
            or state.is_dark(group)
            or hardware.hung[group]
            or hardware.state[_USE, group] != _WORKING
            or hardware.state[_SPEED, group] < SLOWED_BELOW_RATIO
        ):
            return False
    return True


def make_cores(
    topology: Topology, stall_prober: StallProber, clock: Callable[[], float]
) -> dict[str, Callable[[float], Core]]:
    """Return what makes the cores of the exporters that read sources, by name.

    Args:
        topology: what they read.
        stall_prober: asks engines that seem stalled.
        clock: virtual time, in UNIX seconds.
    """
    return {
        "gpu": lambda _: PartedGpuCore(topology, clock),
        "groups": lambda _: GroupsCore(topology, stall_prober),
        "router": lambda _: RouterCore(topology),
        "tools": lambda _: ToolsCore(topology),
    }
