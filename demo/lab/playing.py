"""One scenario played from its readings to its outcome, on a Prometheus of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.engine import Habit
from demo.lab.asking import Question, Span, ask, questions_of
from demo.lab.judging import scenario_at
from demo.lab.notifying import notifications
from demo.lab.options import OURS, USUALLY, Options, Rules
from demo.lab.outcome import Outcome, Shown
from demo.lab.paging import PAGERDUTY, CauseAsker, pages_of
from demo.lab.past import measure_usual, write_past, write_readings
from demo.lab.pictures import cell_pictures
from demo.lab.readings import Readings, began_at
from demo.lab.reporting import Reporting, watched_seconds
from demo.lab.scoring import Scoring, after
from demo.lab.servers import DATA, copy_data, keep_data, server_on
from demo.lab.setting import Setting, make_setting, names_read
from demo.lab.severities import routed_as_ours
from demo.lab.sweeping import NOT_SWEPT, every_query, sweep_play
from demo.lab.watching import Watch
from demo.scenario import Scenario
from demo.stack.report import failures, opened_pages, unexpected_pages
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.replay.leading import Found, leading_to_alerts
from slo.replay.moments import timed
from slo.replay.rule_files import read_rule_files
from slo.rule import RuleGroup

ALWAYS_READ = frozenset({"up"})


async def play(scenario: Scenario, options: Options = USUALLY) -> list[Outcome]:
    """Play a scenario and return what came of it: by our rules, and by each peer's.

    Raises:
        InputError: if rule files cannot be used.
        demo.orders.FaultError: if the cluster has no place that a fault names.
    """
    with tempfile.TemporaryDirectory(prefix="shardwatch-lab-") as folder:
        eve = await prepare(scenario.starts_at, options, [scenario], Path(folder))
        return await eve.play(scenario)


def conditions_of(scenario: Scenario) -> list[str]:
    """Return the expressions that are asked of a play beside its rules and boards."""
    return [*scenario.shows, *(each.holds for each in scenario.expect if each.holds)]


async def prepare(
    starts_at: str, options: Options, scenarios: Sequence[Scenario], folder: Path
) -> Eve:
    """Return all that is the same for every scenario that starts at a time: up to its eve.

    Args:
        starts_at: time of the week.
        options: how scenarios are played.
        scenarios: that may be played from there: what they ask is kept of what is scraped.
        folder: empty, for files that the plays need; to be deleted when they are over.

    Raises:
        InputError: if rule files cannot be used.
    """
    inputs = folder / "setting"
    inputs.mkdir()
    setting = make_setting(
        inputs, options.timing, groups=options.groups, objectives=options.objectives
    )
    ours = options.rules or Rules(OURS, setting.rule_files)
    every = [ours, *options.peers]
    interval = setting.config.file.prometheus.scrape_interval
    groups = [read_rule_files(each.files, interval) for each in every]
    conditions = [said for each in scenarios for said in conditions_of(each)]
    if options.alerts_alone:
        groups = [leading_to_alerts(each, also=conditions) for each in groups]
    expressions = [rule.expr for of in groups for group in of for rule in group.rules]
    questions = questions_of(scenarios, setting.boards) if options.has_boards else []
    names = names_read([*expressions, *conditions, *(each.expr for each in questions)])
    watch = Watch(
        setting.config,
        began_at=began_at(starts_at),
        healthy_seconds=options.healthy_seconds,
        seed=options.seed,
        traffic_ratios=options.traffic_ratios,
        is_wanted=lambda name: names is None or name in names | ALWAYS_READ,
    )
    well = watch.be_well()
    past = folder / "past"
    boards = setting.boards.values() if options.has_boards else ()
    swept = every_query(boards, group="", host="")  # of neither has anything a past
    found = Found(
        [*expressions, *conditions, *(e.expr for e in questions), *(e.expr for e in swept)]
    )
    await _keep_past(setting, options.habits, well, folder, past, found=found)
    bases = [
        await _base_of(each, of, well, past, folder / f"rules-{at}")
        for at, (each, of) in enumerate(zip(every, groups, strict=True))
    ]
    return Eve(options, setting, watch, well.end, bases, questions, folder)


@dataclass(frozen=True)
class _Base:
    """Rules, as far as they were replayed."""

    rules: Rules
    groups: Sequence[RuleGroup]
    replay: Replay
    data: Path
    """What their server held then."""


async def _keep_past(
    setting: Setting,
    habits: Sequence[Habit],
    well: Readings,
    folder: Path,
    kept: Path,
    *,
    found: Found,
) -> None:
    """Keep the four weeks before some healthy readings, as far as found, and nothing younger."""
    interval = well.interval_seconds
    for name in ("usual", "unborn"):
        (folder / name).mkdir()
    async with server_on(folder / "usual") as client:
        usual = await measure_usual(client, setting.objectives, habits, well)
    async with server_on(folder / "unborn") as client:
        await write_past(client, setting.objectives, usual, well.start, interval, found=found)
        await keep_data(client, folder / "unborn", kept)


async def _base_of(
    rules: Rules, groups: Sequence[RuleGroup], well: Readings, past: Path, folder: Path
) -> _Base:
    """Replay rules over healthy readings after a past."""
    copy_data(past, folder)
    async with server_on(folder) as client:
        await write_readings(client, well.series, well.start, well.end)
        replay = Replay(client, timed(groups), well.start)
        await replay.advance(well.end)
    return _Base(rules, groups, replay, folder / DATA)


@dataclass(frozen=True)
class Eve:
    """The eve of a scenario: all is well, has been for four weeks, and the rules have seen it.

    Whoever wants to play several scenarios forks a process for each: a play moves on what is here.
    """

    options: Options
    setting: Setting
    watch: Watch
    at: float
    """UNIX seconds."""
    bases: Sequence[_Base]
    """First of our rules, then of each peer's."""
    questions: Sequence[Question]
    """That boards are asked in the plays from here."""
    folder: Path

    async def play(self, scenario: Scenario) -> list[Outcome]:
        """Play a scenario, once, and return what came of it: by our rules, and by each peer's.

        Raises:
            demo.orders.FaultError: if the cluster has no place that a fault names.
        """
        readings = self.watch.play(scenario, watched_seconds(scenario))
        return [
            await self._play(scenario, readings, each, is_ours=each is self.bases[0])
            for each in self.bases
        ]

    async def _play(
        self, scenario: Scenario, readings: Readings, base: _Base, *, is_ours: bool
    ) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="play-", dir=self.folder) as folder:
            own = Path(folder) / "server"
            copy_data(base.data, own)
            async with server_on(own) as client:
                await write_readings(client, readings.series, self.at + 0.001, readings.end)
                base.replay.go_on_with(client)
                await base.replay.advance(readings.end)
                return await self._outcome(client, scenario, readings, base, is_ours=is_ours)

    async def _outcome(
        self,
        client: PrometheusClient,
        scenario: Scenario,
        readings: Readings,
        base: _Base,
        *,
        is_ours: bool,
    ) -> Outcome:
        setting, replay = self.setting, base.replay
        interval = readings.interval_seconds
        firings = [routed_as_ours(e) for e in replay.firings() if e.firing_at is not None]
        told = notifications(
            firings, setting.alertmanager, readings.start, readings.end, interval,
            external_labels=setting.external_labels,
        )  # fmt: skip
        swept = NOT_SWEPT
        if is_ours and self.options.has_boards:
            swept = await sweep_play(client, setting, scenario, readings)
        asker = CauseAsker(client, {e.name: e for e in setting.objectives}, interval)
        pages = await pages_of(told, asker, readings.fault_at)
        said = [each for each in told if each.integration == PAGERDUTY]
        by_page = {at: each.firing for at, each in enumerate(said)}
        reporting = Reporting(
            scenario,
            setting,
            readings,
            self.options.habits,
            client,
            is_built=self.options.has_boards,
        )
        report = await reporting.report(firings, pages)
        judged = scenario_at(scenario, self.options.timing)
        scoring = Scoring(scenario, readings, reporting.measured, client)
        return Outcome(
            scenario=scenario.name,
            strength=scenario.strength,
            rules=base.rules.name,
            is_judged=is_ours,
            expected=sorted({each.alert for each in scenario.expect}),
            failures=failures(report, judged) if is_ours else [],
            alerts=await scoring.alerts(firings, pages, by_page),
            place=readings.place,
            recovered_seconds=after(readings.recovered_at, readings.fault_at),
            begins_seconds=readings.began_at - readings.fault_at,
            ends_seconds=readings.end - readings.fault_at,
            theory_seconds=report.theory_seconds,
            pictures=await cell_pictures(client, setting.objectives, readings, firings),
            rule_failures=[f"{e.group}: {e.rule}: {e.said}" for e in replay.failures()],
            samples_read=(
                await _samples_read(client, base.groups, readings.end)
                if self.options.peers
                else None
            ),
            conditions=report.conditions,
            boards=await self._boards(client, scenario, readings) if is_ours else (),
            queries_asked=swept.asked,
            queries_failed=swept.failed,
            faults=len(scenario.faults),
            pages=len(opened_pages(pages, scenario)),
            unexpected_pages=len(unexpected_pages(pages, scenario)) if is_ours else 0,
        )

    async def _boards(
        self, client: PrometheusClient, scenario: Scenario, readings: Readings
    ) -> list[Shown]:
        asked = [each for each in self.questions if each.is_for(scenario)]
        span = Span(readings.fault_at, readings.end, readings.interval_seconds)
        return await ask(client, asked, span)


async def _samples_read(client: PrometheusClient, groups: Sequence[RuleGroup], end: float) -> int:
    read = 0
    for group in groups:
        for rule in group.rules:
            read += await client.samples_read(rule.expr, end) or 0
    return read
