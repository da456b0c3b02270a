"""One demo from start to end: all started, a scenario played, a report written, all ended."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from alerts.links import FLEET_BOARD
from dashboards.lacking import Lacking, lacking
from demo.engine import EnginePlan
from demo.places import check_places
from demo.scenario import Scenario
from demo.sim.plan import DEFAULT_GROUPS, DEFAULT_SEED, memory_bytes, plan_simulator
from demo.stack import servers
from demo.stack.data import read_panel_queries
from demo.stack.files import run_build, write_inputs
from demo.stack.history import write_history
from demo.stack.layout import DEFAULT_PORTS, Layout, lock_folder, make_folder
from demo.stack.memory import check_memory, read_available_bytes
from demo.stack.observe import Observer
from demo.stack.ports import Ports
from demo.stack.processes import Supervisor
from demo.stack.report import Report, failures
from demo.stack.reviewing import begin_reviews
from demo.stack.story import Story, Told
from demo.stack.sums import Measured, compare_budgets, count_pages, summarise
from demo.stack.terminal import Terminal
from demo.stack.truth import Truth, TruthRecord, record_truth
from demo.stack.truth_file import TruthFile
from demo.vllm.plan import plan_vllm
from exporters.config import Config, read_config
from exporters.problems import InputError
from slo.objectives import read_objectives
from slo.prometheus import PrometheusClient

DATA_WITHIN_SECONDS = 90.0
QUERY_WITHIN_SECONDS = 10.0
"""Of a panel, while data is waited for; one that takes longer is asked again."""
FIRST_FREE_PORT = 19830
"""From here on an engine's further processes take their ports."""


@dataclass(frozen=True)
class Options:
    """What a run is asked to do."""

    scenario: Scenario
    scenario_file: Path
    folder: Path | None
    """Where state goes; None for a fresh temporary folder."""
    out: Path | None
    """Where ``report.json`` is written besides the folder."""
    stay: bool
    """Whether to stay up after the scenario."""
    groups: int = DEFAULT_GROUPS
    """Of a simulated cluster."""
    seed: int = DEFAULT_SEED
    """Of all that a simulated cluster draws."""
    speed: float = 1.0
    """Simulated seconds a second. Prometheus's rules know real seconds only: at another speed no
    scenario is played."""


async def run_demo(options: Options, terminal: Terminal) -> list[str]:
    """Run a demo and return what was not as expected; an empty list is success.

    A temporary folder is kept only if something failed, for its logs.

    Raises:
        InputError: if something cannot be started or ends by itself; all else is stopped then.
    """
    started = time.monotonic()
    ports = Ports()
    if options.scenario.engine == "sim":
        check_memory(options.groups, memory_bytes(options.groups), read_available_bytes())
    folder = options.folder or Path(tempfile.mkdtemp(prefix="shardwatch-"))
    lock = lock_folder(folder)
    supervisor = Supervisor(folder / "log")
    keep = True
    try:
        chosen = _claim(ports, terminal)
        layout = Layout(folder, chosen)
        plan = _plan(options, layout, ports)
        check_places(options.scenario_file, options.scenario, plan)
        if options.out:
            make_folder(options.out, "--out")
        demo = _Demo(options, layout, plan, supervisor, terminal)
        missed = await demo.run(started)
        keep = bool(missed)
    except asyncio.CancelledError:
        keep = False
        raise
    except InputError:
        keep = bool(supervisor.pids)  # for its logs
        raise
    else:
        return missed
    finally:
        await asyncio.shield(supervisor.stop())
        if options.folder is None and keep:
            terminal.step(f"kept for a look: {folder}")
        elif options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
        ports.release()
        lock.close()


def _claim(ports: Ports, terminal: Terminal) -> dict[str, int]:
    chosen = ports.claim(DEFAULT_PORTS)
    for part, port in chosen.items():
        if port != DEFAULT_PORTS[part]:
            terminal.step(f"port {DEFAULT_PORTS[part]} is taken: {part} gets {port}")
    return chosen


def _plan(options: Options, layout: Layout, ports: Ports) -> EnginePlan:
    if options.scenario.engine == "sim":
        return plan_simulator(
            layout.ports["engine"],
            directory=layout.folder,
            seed=options.seed,
            groups=options.groups,
            starts_at=options.scenario.starts_at,
            speed=options.speed,
        )
    more = (ports.claim({str(n): FIRST_FREE_PORT})[str(n)] for n in itertools.count())
    return plan_vllm(_with_first(layout.ports["engine"], more), directory=layout.folder)


def _with_first(first: int, more: Iterator[int]) -> Iterator[int]:
    yield first
    yield from more


@dataclass
class _Demo:
    options: Options
    layout: Layout
    plan: EnginePlan
    supervisor: Supervisor
    terminal: Terminal

    async def run(self, started: float) -> list[str]:
        scenario, terminal = self.options.scenario, self.terminal
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            observer = Observer(self.layout, self.plan.control_url, session)
            config = await self._start()
            measured = Measured(
                objectives=read_objectives(config),
                truth=TruthRecord(),
                scrape_interval_seconds=config.file.prometheus.scrape_interval,
                live_since=time.time(),
                habits=self.plan.habits,
            )
            recording = asyncio.create_task(record_truth(self._taker(measured), observer.truth))
            try:
                await self.supervisor.start(servers.prometheus(self.layout))
                await self.supervisor.start(servers.reviews(self.layout))
                empty = await self._wait_for_data()
                first_data_seconds = time.monotonic() - started
                said = f"{len(empty)} panels have no data" if empty else "every panel has data"
                terminal.step(f"{said} after {first_data_seconds:.0f} s")
                reviews = await begin_reviews(session, self.layout.url("reviews"), time.time())
                self._show_addresses(reviews)
                missed = []
                if self.options.speed == 1:
                    terminal.heading(f"{scenario.name}: {scenario.story}")
                    told = await Story(scenario, observer, self.supervisor, terminal).play()
                    missed = await self._judge(told, measured, first_data_seconds, empty)
                else:
                    said = f"time runs {self.options.speed:g} times too fast"
                    terminal.step(f"{said}: no scenario is played")
                if self.options.stay:
                    await self._stay()
            finally:
                recording.cancel()
                await asyncio.gather(recording, return_exceptions=True)
        return missed

    def _taker(self, measured: Measured) -> Callable[[Truth], None]:
        """Return what takes the truth: into the record, and the file for those who look later."""
        file = TruthFile(self.layout.truth, measured.live_since, measured.habits)

        def take(truth: Truth) -> None:
            measured.truth.add_truth(truth)
            file.add(truth)

        return take

    async def _judge(
        self, told: Told, measured: Measured, first_data_seconds: float, empty: list[str]
    ) -> list[str]:
        """Report a scenario that was played, and return what was not as expected."""
        scenario, terminal = self.options.scenario, self.terminal
        async with PrometheusClient(self.layout.url("prometheus")) as prometheus:
            ended_at = told.ended_at or measured.truth.times[-1]
            budgets = await compare_budgets(measured, ended_at, prometheus)
        report = summarise(
            scenario=scenario,
            plan=self.plan,
            told=told,
            measured=measured,
            budgets=budgets,
            first_data_seconds=first_data_seconds,
            panels_without_data=empty,
        )
        missed = failures(report, scenario)
        terminal.budgets(report)
        terminal.verdict(missed)
        self._write(report)
        return missed

    async def _start(self) -> Config:
        layout, supervisor, terminal = self.layout, self.supervisor, self.terminal
        write_inputs(layout, self.plan.topology)
        await asyncio.to_thread(run_build, layout)
        terminal.step(f"wrote topology.yaml and shardwatch.yaml, built {layout.build}")
        layout.write_addresses()
        config = read_config(layout.config)
        groups = len(self.plan.topology["groups"])
        terminal.step(f"starting {self.plan.name} with {groups} shard groups")
        await supervisor.start(
            *self.plan.children, servers.pagerduty(layout), servers.alertmanager(layout)
        )
        pages = count_pages(self.plan)
        terminal.step(f"starting the exporters, which first read {pages:,} pages")
        history = servers.history_prometheus(layout)
        preview = servers.preview(layout, config.file.prometheus.scrape_interval)
        await supervisor.start(history, preview, *servers.exporters(layout, groups, pages))
        terminal.step("writing 28 days of history into Prometheus")
        await write_history(layout, config, self.plan)
        await supervisor.stop(history.name)
        terminal.step("starting Prometheus on the built rules")
        return config

    async def _wait_for_data(self) -> list[str]:
        """Return the queries that lack data when all have it, or after a minute and a half."""
        queries = read_panel_queries(self.layout.build / "dashboards", self.plan.lacks)
        left = [Lacking(each) for each in queries]
        deadline = time.monotonic() + DATA_WITHIN_SECONDS
        url = self.layout.url("prometheus")
        async with PrometheusClient(url, timeout_seconds=QUERY_WITHIN_SECONDS) as prometheus:
            while time.monotonic() < deadline:
                self.supervisor.check()
                left = await lacking([each.query for each in left], prometheus, time.time())
                if not left:
                    break
                await asyncio.sleep(1)
        return [str(each) for each in left]

    def _show_addresses(self, reviews: list[str]) -> None:
        self.terminal.heading("Where to look")
        self.terminal.addresses(
            {
                "dashboards": f"{self.layout.url('preview')}/d/{FLEET_BOARD}",
                "pages (PagerDuty's stand-in)": self.layout.url("pagerduty"),
                "SLO reviews, of 28 days": reviews[0] if reviews else self.layout.url("reviews"),
                "record of reviews": self.layout.reviews,
                "Prometheus, alerts": f"{self.layout.url('prometheus')}/classic/alerts",
                "Prometheus, queries": f"{self.layout.url('prometheus')}/classic/graph",
                "Alertmanager, API": f"{self.layout.url('alertmanager')}/api/v2/alerts",
                "probes, who disagrees": f"{self.layout.url('exporter-probe')}/metrics",
                "dashboards, for Grafana": str(self.layout.build / "dashboards"),
                "logs": str(self.layout.logs),
            }
        )

    def _write(self, report: Report) -> None:
        for folder in filter(None, (self.layout.folder, self.options.out)):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "report.json").write_text(report.to_json(), encoding="utf-8")
        if self.options.out:
            self.terminal.step(f"wrote {self.options.out / 'report.json'}")

    async def _stay(self) -> None:
        self.terminal.heading("Everything stays up for looking around. Ctrl-C ends it.")
        with suppress(asyncio.CancelledError):  # Ctrl-C is how it is meant to end
            while True:
                self.supervisor.check()
                await asyncio.sleep(1)
