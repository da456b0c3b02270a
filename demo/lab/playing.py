"""One scenario played from its readings to its outcome, on a Prometheus of its own."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from demo.engine import EnginePlan
from demo.lab.judging import fired, scenario_at
from demo.lab.notifying import notifications
from demo.lab.outcome import Outcome
from demo.lab.paging import PAGERDUTY, CauseAsker, pages_of
from demo.lab.past import Usual, habits_of_cluster, measure_usual, write_past, write_readings
from demo.lab.pictures import cell_pictures
from demo.lab.readings import Readings, take_readings
from demo.lab.scoring import Scoring, after
from demo.lab.setting import OBJECTIVES, USUAL, Setting, make_setting, names_read
from demo.scenario import Scenario
from demo.sim.plan import DEFAULT_GROUPS, DEFAULT_SEED
from demo.stack.files import Timing
from demo.stack.observe import Firings
from demo.stack.report import Page, Report, failures
from demo.stack.story import AFTER_RECOVERY_SECONDS, Told
from demo.stack.sums import Measured, compare_budgets, summarise
from exporters.programs import locate_program
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.replay.firing import Firing
from slo.replay.moments import timed
from slo.replay.rule_files import read_rule_files
from slo.rule import RuleGroup
from slo.testing import running_prometheus

OURS = "shardwatch"
HEALTHY_SECONDS = 1800.0
"""Scraped before a scenario begins."""
WATCHED_AFTER_SECONDS = 900.0
"""After the last repair: a page ends when its short window of 5 minutes has, and a group tells of
it a group interval later at the most."""
CONDITION_SECONDS = 5.0
"""Between two looks at what a scenario must show."""
ALWAYS_READ = frozenset({"up"})
_FLAGS = ("--query.timeout=5m", "--query.max-samples=200000000", "--log.level=error")
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Rules:
    """Rules to be scored."""

    name: str
    files: Sequence[Path]


@dataclass(frozen=True)
class Options:
    """How scenarios are played."""

    timing: Timing = USUAL
    seed: int = DEFAULT_SEED
    groups: int = DEFAULT_GROUPS
    healthy_seconds: float = HEALTHY_SECONDS
    objectives: Sequence[str] = OBJECTIVES
    """As a configuration names them."""
    rules: Rules | None = None
    """Instead of ours."""
    peers: Sequence[Rules] = ()
    """Beside them, on the same readings."""
    traffic_ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By region and model, users in multiples of what is usual there."""


async def play(scenario: Scenario, options: Options = Options()) -> list[Outcome]:
    """Play a scenario and return what came of it: by our rules, and by each peer's.

    Raises:
        InputError: if rule files cannot be used.
        demo.orders.FaultError: if the cluster has no place that a fault names.
    """
    with tempfile.TemporaryDirectory(prefix="shardwatch-lab-") as folder:
        setting = make_setting(
            Path(folder), options.timing, groups=options.groups, objectives=options.objectives
        )
        ours = options.rules or Rules(OURS, setting.rule_files)
        every = [ours, *options.peers]
        interval = setting.config.file.prometheus.scrape_interval
        groups = [read_rule_files(each.files, interval) for each in every]
        expressions = [rule.expr for of in groups for group in of for rule in group.rules]
        conditions = [*scenario.shows, *(each.holds for each in scenario.expect if each.holds)]
        names = names_read([*expressions, *conditions])
        names = None if names is None else names | ALWAYS_READ
        readings = take_readings(
            scenario,
            setting.config,
            healthy_seconds=options.healthy_seconds,
            watched_seconds=watched_seconds(scenario),
            seed=options.seed,
            traffic_ratios=options.traffic_ratios,
            is_wanted=lambda name: names is None or name in names,
        )
        habits = habits_of_cluster(options.groups, options.traffic_ratios)
        async with _empty_server() as client:
            await write_readings(client, readings.series, readings.start, readings.began_at)
            usual = await measure_usual(client, setting.objectives, habits, readings)
        return [
            await _Play(scenario, options, setting, readings, usual, each).run(
                of, is_ours=each is ours
            )
            for each, of in zip(every, groups, strict=True)
        ]


def watched_seconds(scenario: Scenario) -> float:
    """Return how long a scenario is watched, from its time 0."""
    ends = [each.at + (each.length or 0.0) for each in scenario.faults]
    return max(scenario.watch or 0.0, max(ends) + WATCHED_AFTER_SECONDS)


def judged_seconds(scenario: Scenario) -> float:
    """Return up to when a scenario is judged, from its time 0: a demo would end there."""
    if scenario.watch is not None:
        return scenario.watch
    return watched_seconds(scenario)


@dataclass
class _Play:
    scenario: Scenario
    options: Options
    setting: Setting
    readings: Readings
    usual: Usual
    rules: Rules

    async def run(self, groups: Sequence[RuleGroup], *, is_ours: bool) -> Outcome:
        readings, setting = self.readings, self.setting
        interval = readings.interval_seconds
        async with _empty_server() as client:
            await write_past(client, setting.objectives, self.usual, readings.start, interval)
            await write_readings(client, readings.series, readings.start, readings.end)
            replay = Replay(client, timed(groups), readings.start)
            await replay.advance(readings.end)
            firings = [each for each in replay.firings() if each.firing_at is not None]
            told = notifications(
                firings, setting.alertmanager, readings.start, readings.end, interval
            )
            asker = CauseAsker(client, {e.name: e for e in setting.objectives}, interval)
            pages = await pages_of(told, asker, readings.fault_at)
            said = [each for each in told if each.integration == PAGERDUTY]
            by_page = {at: each.firing for at, each in enumerate(said)}
            report = await self._report(client, firings, pages)
            judged = scenario_at(self.scenario, self.options.timing)
            return Outcome(
                scenario=self.scenario.name,
                strength=self.scenario.strength,
                rules=self.rules.name,
                is_judged=is_ours,
                expected=sorted({each.alert for each in self.scenario.expect}),
                failures=failures(report, judged) if is_ours else [],
                alerts=await Scoring(self.scenario, readings, self.measured, client).alerts(
                    firings, pages, by_page
                ),
                place=readings.place,
                recovered_seconds=after(readings.recovered_at, readings.fault_at),
                begins_seconds=readings.began_at - readings.fault_at,
                ends_seconds=readings.end - readings.fault_at,
                theory_seconds=report.theory_seconds,
                pictures=await cell_pictures(client, setting.objectives, readings, firings),
                rule_failures=[f"{e.group}: {e.rule}: {e.said}" for e in replay.failures()],
                samples_read=(
                    await _samples_read(client, groups, readings.end)
                    if self.options.peers
                    else None
                ),
                conditions=report.conditions,
            )

    async def _report(
        self, client: PrometheusClient, firings: Sequence[Firing], pages: Sequence[Page]
    ) -> Report:
        """Return the report that a demo would have written of this play."""
        readings, scenario = self.readings, self.scenario
        judged_at = readings.began_at + judged_seconds(scenario)
        began = readings.began_at - readings.fault_at
        seen = Firings()
        for each in fired(firings, readings.began_at, readings.fault_at):
            if each.seconds <= judged_at - readings.fault_at:
                seen.note([each.labels], each.seconds)
        told = Told(
            fault_at=readings.fault_at,
            place=dict(readings.place),
            recovered_at=readings.recovered_at,
            firings=seen,
            pages=[
                each for each in pages if began <= each.seconds <= judged_at - readings.fault_at
            ],
            conditions=await self._conditions(client, firings, judged_at),
        )
        ended_at = judged_at
        if scenario.watch is None and readings.recovered_at is not None:
            ended_at = min(readings.recovered_at + AFTER_RECOVERY_SECONDS, readings.end)
        is_built = self.options.rules is None
        return summarise(
            scenario=scenario,
            plan=EnginePlan("sim", _topology_of(self.setting), (), ""),
            told=told,
            measured=self.measured,
            budgets=await compare_budgets(self.measured, ended_at, client) if is_built else [],
            first_data_seconds=0.0,
            panels_without_data=[],
        )

    @cached_property
    def measured(self) -> Measured:
        """What the truth is held against: objectives of which the simulator tells it."""
        known = {cell[0] for cell in self.readings.truth.bad}
        return Measured(
            objectives=[each for each in self.setting.objectives if each.name in known],
            truth=self.readings.truth,
            scrape_interval_seconds=self.readings.interval_seconds,
            live_since=self.readings.start,
            habits=habits_of_cluster(self.options.groups, self.options.traffic_ratios),
        )

    async def _conditions(
        self, client: PrometheusClient, firings: Sequence[Firing], judged_at: float
    ) -> dict[str, bool]:
        began_at = self.readings.began_at
        held = {
            condition: bool(
                await client.query_range(condition, began_at, judged_at, CONDITION_SECONDS)
            )
            for condition in self.scenario.shows
        }
        for expected in self.scenario.expect:
            if expected.holds is None:
                continue
            for each in firings:
                is_it = each.alert == expected.alert
                if is_it and each.firing_at and expected.labels.items() <= each.labels.items():
                    holds = bool(await client.query(expected.holds, each.firing_at))
                    held.setdefault(expected.holds, holds)
        return held


@contextlib.asynccontextmanager
async def _empty_server() -> AsyncIterator[PrometheusClient]:
    with tempfile.TemporaryDirectory(prefix="shardwatch-lab-") as folder:
        program = locate_program("prometheus")
        with running_prometheus(program, Path(folder), flags=_FLAGS) as url:
            async with PrometheusClient(url, timeout_seconds=_PATIENCE_SECONDS) as client:
                yield client


async def _samples_read(client: PrometheusClient, groups: Sequence[RuleGroup], end: float) -> int:
    read = 0
    for group in groups:
        for rule in group.rules:
            read += await client.samples_read(rule.expr, end) or 0
    return read


def _topology_of(setting: Setting) -> dict[str, Any]:
    return setting.config.topology.model_dump(mode="json")
