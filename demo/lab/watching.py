"""A simulated cluster that is scraped in virtual time, while it is well and while a scenario plays.

The simulator is stepped, a second at a time; at every moment at which something is due (a scrape, a
look of an exporter, a probe, a fault, a repair) its state is that of its last full step, as in the
demo. The same scenario, seed and options give the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from heapq import heappop, heappush
from math import inf
from zlib import crc32

from demo.fault_kinds import LAB
from demo.faults import FAULTS
from demo.lab.exporting import SECONDS_OF_SCRAPE, LabExporter, make_cores
from demo.lab.own_servers import OwnServers
from demo.lab.probing import Prober, StallProber
from demo.lab.readings import Readings, began_at
from demo.lab.samples import Scrapes
from demo.scenario import Fault, Scenario
from demo.sim.fleet import fleet_of
from demo.sim.past import let_routers_have_served
from demo.sim.plan import DEFAULT_SEED, REVISIONS
from demo.sim.service import NONE_UNUSUAL
from demo.sim.simulation import Simulation
from demo.sim.site import Site
from demo.sim.telling import tell_classes
from demo.stack.servers import probe_interval_seconds
from demo.stack.truth import TruthClass, TruthRecord
from exporters.config import PORTS, Config
from exporters.probe.core import ProbeCore
from exporters.scrape import JOBS, scrape_timeout_seconds

STEP_SECONDS = 1.0
TRUTH_SECONDS = 5.0
"""Between two moments at which the truth is noted; in between, events are taken to come evenly."""
PROBE_DEADLINE_SECONDS = 10.0
"""The probe exporter's own default."""
RESTART_SECONDS = 3.0
"""For so long the demo's supervisor lets an exporter be gone."""
EVE_SECONDS = 1.0
"""Before a scenario's time 0: up to then all is the same for every scenario that starts there."""


def take_readings(
    scenario: Scenario,
    config: Config,
    *,
    healthy_seconds: float,
    watched_seconds: float,
    seed: int = DEFAULT_SEED,
    is_wanted: Callable[[str], bool] = lambda _: True,
    failure_rate: float = 1.0,
    traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL,
) -> Readings:
    """Play a scenario on a simulated cluster, and return what was scraped.

    Args:
        scenario: of the simulator.
        config: topology, scrape interval and addresses of the exporters.
        healthy_seconds: scraped before the scenario's time 0.
        watched_seconds: from there on.
        seed: of all that the simulator draws.
        is_wanted: tells by its name whether a series is kept.
        failure_rate: of the hardware, in multiples of what was published.
        traffic_ratios: by region and model, users in multiples of what is usual there.

    Raises:
        demo.orders.FaultError: if a fault has no such place.
    """
    watch = Watch(
        config,
        began_at=began_at(scenario.starts_at),
        healthy_seconds=healthy_seconds,
        seed=seed,
        is_wanted=is_wanted,
        failure_rate=failure_rate,
        traffic_ratios=traffic_ratios,
    )
    return watch.play(scenario, watched_seconds)


class Watch:
    """A simulated cluster that is scraped: while it is well at first, then while a scenario plays.

    What is scraped while it is well is the same for all scenarios that start at that time.

    Args:
        config: topology, scrape interval and addresses of the exporters.
        began_at: when a scenario's time 0 will be, UNIX seconds.
        healthy_seconds: scraped before.
        seed: of all that the simulator draws.
        is_wanted: tells by its name whether a series is kept.
        failure_rate: of the hardware, in multiples of what was published.
        traffic_ratios: by region and model, users in multiples of what is usual there.
    """

    def __init__(
        self,
        config: Config,
        *,
        began_at: float,
        healthy_seconds: float,
        seed: int = DEFAULT_SEED,
        is_wanted: Callable[[str], bool] = lambda _: True,
        failure_rate: float = 1.0,
        traffic_ratios: Mapping[tuple[str, str], float] = NONE_UNUSUAL,
    ) -> None:
        self._config, self._is_wanted = config, is_wanted
        self.start, self.began_at = began_at - healthy_seconds, began_at
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._entries = 0
        self._place: dict[str, str] = {}
        self._recovered_at: float | None = None
        self._truth = TruthRecord(fine_seconds=inf)
        self._servers = OwnServers()
        topology = config.topology
        self._interval = config.file.prometheus.scrape_interval
        fleet = fleet_of(topology, step_seconds=STEP_SECONDS, more_revisions=REVISIONS[1:])
        self._simulation = Simulation(
            fleet,
            seed=seed,
            now=self.start,
            failure_rate=failure_rate,
            traffic_ratios=traffic_ratios,
        )
        state = self._state = self._simulation.state
        let_routers_have_served(state)
        stall_prober = StallProber(state)
        makers = dict(make_cores(topology, stall_prober, lambda: state.now))
        makers["probe"] = self._make_probe_core
        self._exporters = {
            name: LabExporter(
                name, makers[name], state, Site(state),
                stall_prober if name == "groups" else None, up_at=self.start,
            )
            for name in PORTS
        }  # fmt: skip
        self._scrapes = {name: self._scrape_regularly(name) for name in PORTS}
        self._again(self.start, TRUTH_SECONDS, self._note_truth)
        self._again(self.start, STEP_SECONDS, self._look_between)
        self._at(self.start, self._probe)

    def be_well(self) -> Readings:
        """Let all be well until just before a scenario begins; return what was scraped."""
        self._run_until(self.began_at - EVE_SECONDS)
        return self._readings(self.began_at - EVE_SECONDS, self.began_at)

    def play(self, scenario: Scenario, watched_seconds: float) -> Readings:
        """Play a scenario, once, and return all that was scraped.

        Args:
            scenario: that starts when this was told.
            watched_seconds: from its time 0 on.

        Raises:
            demo.orders.FaultError: if a fault has no such place.
        """
        for fault in scenario.faults:
            self._at(self.began_at + fault.at, partial(self._strike, fault))
        end = self.began_at + watched_seconds
        self._run_until(end)
        return self._readings(end, self.began_at + scenario.first_fault_at)

    def _readings(self, end: float, fault_at: float) -> Readings:
        instance = self._config.file.prometheus.url.partition("://")[2]
        itself = Scrapes("prometheus", instance)
        for at in range(1, int((end - self.start) // self._interval) + 1):
            itself.take_up(self.start + at * self._interval, SECONDS_OF_SCRAPE)
        scrapes = (*self._scrapes.values(), itself)
        every = [each for of in scrapes for each in of.series()]
        every += self._servers.series(instance, self.start, end, self._interval)
        return Readings(
            series=sorted(every, key=lambda each: sorted(each.labels.items())),
            start=self.start,
            began_at=self.began_at,
            end=end,
            fault_at=fault_at,
            recovered_at=self._recovered_at,
            place=self._place,
            truth=self._truth,
            interval_seconds=self._interval,
        )

    def _run_until(self, end: float) -> None:
        state = self._state
        while self._due and self._due[0][0] <= end:
            moment = self._due[0][0]
            if moment >= state.now + STEP_SECONDS:
                self._simulation.step()
                continue
            _, _, act = heappop(self._due)
            act(moment)

    def _at(self, moment: float, act: Callable[[float], None]) -> None:
        self._entries += 1
        heappush(self._due, (moment, self._entries, act))

    def _again(self, first: float, every_seconds: float, act: Callable[[float], None]) -> None:
        def run(now: float) -> None:
            act(now)
            self._at(now + every_seconds, run)

        self._at(first, run)

    def _scrape_regularly(self, name: str) -> Scrapes:
        interval = self._interval
        instance = getattr(self._config.file.exporters, name)[0]
        scrapes = Scrapes(JOBS[name], instance, self._is_wanted)
        exporter = self._exporters[name]
        # Of targets in Prometheus, a hash as well: so they do not come at once.
        offset = round(crc32(instance.encode()) / 2**32 * interval, 3)
        timeout = scrape_timeout_seconds(interval)

        def scrape(now: float) -> None:
            scrapes.take(now, exporter.scrape(now), exporter.scrape_seconds(timeout))

        self._again(self.start + offset, interval, scrape)
        return scrapes

    def _look_between(self, now: float) -> None:
        for exporter in self._exporters.values():
            exporter.look(now)

    def _make_probe_core(self, now: float) -> ProbeCore:
        topology = self._config.topology
        every = probe_interval_seconds(len(topology.groups))
        core = ProbeCore(topology, every, PROBE_DEADLINE_SECONDS, now)
        self._prober = Prober(core, self._state)
        return core

    def _probe(self, now: float) -> None:
        exporter = self._exporters["probe"]
        if now < exporter.up_at:
            self._at(exporter.up_at, self._probe)
            return
        _ = exporter.core  # a restarted one has another prober
        self._prober.run(now)
        self._at(max(self._prober.next_at, now + 0.001), self._probe)

    def _note_truth(self, now: float) -> None:
        events = {}
        for told in tell_classes(self._state):
            each = TruthClass(told["slo"], told["labels"], told["bad"], told["total"])
            events[each.cell] = each.bad, each.total
        self._truth.add(now, events)

    def _strike(self, fault: Fault, now: float) -> None:
        kind, is_first = FAULTS[fault.fault], not self._place
        place = dict(fault.place)
        fault_id = None
        if kind.engines == LAB:
            self._ail(fault, now)
        elif kind.by_stack:
            away_seconds = RESTART_SECONDS if fault.length is None else fault.length
            self._exporters[fault.place["exporter"]].restart(now, away_seconds)
        else:
            struck = self._simulation.faults.strike(
                self._state, fault.fault, fault.place, fault.strength
            )
            fault_id = struck.id
            place = {key: str(value) for key, value in struck.place.items()}
        if is_first:
            self._place = place
        if fault.length is not None:
            self._at(now + fault.length, lambda at: self._repair(fault, fault_id, at))

    def _ail(self, fault: Fault, now: float) -> None:
        """Let something of shardwatch's own ail."""
        if (exporter := fault.place.get("exporter")) is not None:
            self._exporters[exporter].ails.add(fault.fault)
        else:
            self._servers.begin(fault.fault, now)

    def _repair(self, fault: Fault, fault_id: str | None, now: float) -> None:
        if fault_id is not None:
            self._simulation.faults.repair(fault_id)
        elif FAULTS[fault.fault].engines == LAB:
            for each in self._exporters.values():
                each.ails.discard(fault.fault)
            self._servers.end(fault.fault, now)
        self._recovered_at = now
