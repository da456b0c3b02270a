"""The report that a demo would have written of a play, by which it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from demo.engine import EnginePlan, Habit
from demo.lab.judging import fired
from demo.lab.readings import Readings
from demo.lab.setting import Setting
from demo.scenario import Scenario
from demo.stack.observe import Firings
from demo.stack.report import Page, Report
from demo.stack.story import AFTER_RECOVERY_SECONDS, Told
from demo.stack.sums import Measured, compare_budgets, summarise
from slo.prometheus import PrometheusClient
from slo.replay.firing import Firing

WATCHED_AFTER_SECONDS = 600.0
"""After the last repair: a page ends when its short window of 5 minutes has, and a group tells of
it a group interval later at the most. What an engine needs to be back is on top of that."""
CONDITION_SECONDS = 5.0
"""Between two looks at what a scenario must show."""


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
class Reporting:
    """Makes the report of one play."""

    scenario: Scenario
    setting: Setting
    readings: Readings
    habits: Sequence[Habit]
    """Of the cluster."""
    client: PrometheusClient
    """Of the server that holds what the rules recorded."""
    is_built: bool
    """Whether the rules are all those of the setting: then the budgets are compared."""

    async def report(self, firings: Sequence[Firing], pages: Sequence[Page]) -> Report:
        """Return the report.

        Args:
            firings: of all alerts.
            pages: PagerDuty's events, by time.
        """
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
            conditions=await self._conditions(firings, judged_at),
        )
        ended_at = judged_at
        if scenario.watch is None and readings.recovered_at is not None:
            ended_at = min(readings.recovered_at + AFTER_RECOVERY_SECONDS, readings.end)
        return summarise(
            scenario=scenario,
            plan=EnginePlan("sim", self.setting.config.topology.model_dump(mode="json"), (), ""),
            told=told,
            measured=self.measured,
            budgets=await compare_budgets(self.measured, ended_at, self.client)
            if self.is_built
            else [],
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
            habits=self.habits,
        )

    async def _conditions(self, firings: Sequence[Firing], judged_at: float) -> dict[str, bool]:
        began_at = self.readings.began_at
        held = {
            condition: bool(
                await self.client.query_range(condition, began_at, judged_at, CONDITION_SECONDS)
            )
            for condition in self.scenario.shows
        }
        for expected in self.scenario.expect:
            if expected.holds is None:
                continue
            for each in firings:
                is_it = each.alert == expected.alert
                if is_it and each.firing_at and expected.labels.items() <= each.labels.items():
                    holds = bool(await self.client.query(expected.holds, each.firing_at))
                    held.setdefault(expected.holds, holds)
        return held
