"""A region of a cluster of 125,000 GPUs goes dark: how often is PagerDuty told?

What is scraped of a small cluster in the scenario ``region-loss`` is multiplied: every series of a
group's under dozens of other names, one host of eight GPUs of each. Kept is what alerts depend on,
and of that what is ever above 0: of states that a group is never in, and of errors that it never
has, there are ten times as many. Then all goes through the same alerts, what they read of other
rules, and the built configuration of Alertmanager. What is recorded for boards alone is not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alerts.causes.regions import REGION_DOWN
from demo.lab.markdown import seconds, table
from demo.lab.notifying import Notification, notifications
from demo.lab.paging import PAGERDUTY
from demo.lab.past import habits_of_cluster, many_times, measure_usual, write_past, write_readings
from demo.lab.readings import Readings
from demo.lab.setting import OBJECTIVES, make_setting, names_read
from demo.lab.watching import take_readings
from demo.scenario import Scenario, find_scenario, read_scenario
from exporters.benching import Figure, figure, unmeasured
from slo.benching.server import empty_server
from slo.replay.evaluating import Replay
from slo.replay.firing import Firing
from slo.replay.leading import Found, leading_to_alerts
from slo.replay.moments import timed
from slo.replay.rule_files import read_rule_files
from slo.series import Series

GROUPS = 15_625
SIMULATED_GROUPS = 180
"""Simulated and scraped, and then multiplied: of fewer, the waiting of single requests would be
multiplied as well, which evens out where there are many."""
GPUS_OF_GROUP = 8
HEALTHY_SECONDS = 600.0
DARK_SECONDS = 300.0
AFTER_SECONDS = 420.0
"""Watched after the region is back, when users come again. Burns go on for longer, and the incident
with them."""
STARTS_AT = "tue 07:00"
"""An hour at which the other regions can bear those who come: what they suffer at the busiest hour
is another fault, with pages of its own."""
WATCHED_SECONDS = DARK_SECONDS + AFTER_SECONDS
DELAYS = tuple(np.arange(3.0, 60.0, 3.0).tolist())
"""Of what comes after the region's return, seconds: all of a ``group_interval``."""
_FIGURE = "lab.storm_events"
_GROUP, _HOST, _UUID, _EXTRA = "group", "host", "uuid", "-x"
_SUMS = ("_total", "_bucket", "_sum", "_count", "_in_flight")
"""How names end of what routers and tools add up over a region's groups."""


@dataclass(frozen=True)
class Storm:
    """What a region's loss brought about."""

    groups: int
    gpus: int
    series: int
    """Scraped, of all groups: those that alerts depend on."""
    fault_at: float
    """UNIX seconds."""
    firings: Sequence[Firing]
    told: Sequence[Notification]
    """PagerDuty's events from the fault on, by time."""
    by_delay: Mapping[float, int]
    """How many there would be, had all that comes after the region's return come so many seconds
    later: groups of Alertmanager flush at moments of their own."""

    @property
    def is_told(self) -> bool:
        """Whether anybody was told of the region at all."""
        return any(of.alert == REGION_DOWN for each in self.told for of in each.alerts)

    @property
    def event_counts(self) -> tuple[int, ...]:
        """How many events there are, at all the moments at which groups may flush."""
        return (len(self.told), *self.by_delay.values())

    def blocks(self) -> list[str]:
        """Return heading, explanation and table."""
        rows = (
            (
                seconds(each.at - self.fault_at),
                each.action,
                ", ".join(sorted({alert.alert for alert in each.alerts})),
                ", ".join(f"{k}={v}" for k, v in sorted(each.group_labels.items())),
                f"{len(each.firing):,}",
            )
            for each in self.told
        )
        fired = sum(each.firing_at is not None for each in self.firings)
        said = (
            f"{STARTS_AT}: {self.groups:,} groups with {self.gpus:,} GPUs, {self.series:,} "
            f"series that alerts depend on; a region is dark for {DARK_SECONDS:g} s. {fired:,} "
            "alerts fire. Until "
            f"{AFTER_SECONDS:g} s after it is back, PagerDuty gets {len(self.told)} events; "
            f"whenever Alertmanager's groups flush, it gets {min(self.event_counts)} to "
            f"{max(self.event_counts)}. The most is what the figure tells."
        )
        return [
            said,
            table(("after", "event", "alerts", "group", "firing"), rows),
        ]


def figure_of(storm: Storm) -> Figure:
    """Return the most events of a storm: not measured if nobody was told of the region."""
    if not storm.is_told:
        return unmeasured(_FIGURE, "events", f"{REGION_DOWN} was not told")
    return figure(_FIGURE, max(storm.event_counts), "events")


def storm_scenario() -> Scenario:
    """Return ``region-loss`` with a region that is dark for longer, then back."""
    scenario = read_scenario(find_scenario("region-loss"))
    faults = [each.model_copy(update={"length": DARK_SECONDS}) for each in scenario.faults]
    return scenario.model_copy(
        update={"faults": faults, "watch": WATCHED_SECONDS, "starts_at": STARTS_AT}
    )


async def play_storm(
    groups: int = GROUPS,
    simulated: int = SIMULATED_GROUPS,
    objectives: Sequence[str] = OBJECTIVES,
    tell: Callable[[str], object] = lambda _: None,
) -> Storm:
    """Play it in a cluster of so many groups.

    Args:
        groups: a multiple of those of the small cluster is taken, and not fewer.
        simulated: how many of them are simulated.
        objectives: as a configuration names them.
        tell: is told how far it is.
    """
    with tempfile.TemporaryDirectory(prefix="shardwatch-storm-") as folder:
        setting = make_setting(Path(folder), groups=simulated, objectives=objectives)
        interval = setting.config.file.prometheus.scrape_interval
        rules = leading_to_alerts(read_rule_files(setting.rule_files, interval))
        expressions = [rule.expr for group in rules for rule in group.rules]
        names, found = names_read(expressions), Found(expressions)
        small = take_readings(
            storm_scenario(),
            setting.config,
            healthy_seconds=HEALTHY_SECONDS,
            watched_seconds=WATCHED_SECONDS,
            is_wanted=lambda name: names is None or name in names,
        )
        tell(f"{len(small.series)} series of {simulated} groups")
        async with empty_server() as client:
            habits = habits_of_cluster(simulated)
            usual = await measure_usual(client, setting.objectives, habits, small)
        times = -(-groups // simulated)
        alerting = [each for each in small.series if each.labels in found]
        series = list(multiplied(replace(small, series=alerting), times))
        tell(f"{len(series)} series of {times * simulated} groups")
        async with empty_server() as client:
            past = many_times(usual, times)
            await write_past(client, setting.objectives, past, small.start, interval, found=found)
            await write_readings(client, series, small.start, small.end)
            tell("written")
            replay = Replay(client, timed(rules), small.start)
            await replay.advance(small.end)
        replay.require_no_failure()
        firings = replay.firings()

        def told(delay_seconds: float) -> list[Notification]:
            every = notifications(
                delayed(firings, small.fault_at + DARK_SECONDS, delay_seconds),
                setting.alertmanager,
                small.start,
                small.end + delay_seconds,
                interval,
                external_labels=setting.external_labels,
            )
            return [e for e in every if e.integration == PAGERDUTY and e.at >= small.fault_at]

        return Storm(
            groups=times * simulated,
            gpus=times * simulated * GPUS_OF_GROUP,
            series=len(series),
            fault_at=small.fault_at,
            firings=firings,
            told=told(0.0),
            by_delay={delay: len(told(delay)) for delay in DELAYS},
        )


def delayed(firings: Iterable[Firing], after: float, seconds: float) -> list[Firing]:
    """Return alerts that fire or end so many seconds later, if that is after a moment.

    Args:
        firings: as they are.
        after: UNIX seconds.
        seconds: of delay.
    """

    def moved(at: float | None) -> float | None:
        return at if at is None or at <= after else at + seconds

    return [
        replace(each, firing_at=moved(each.firing_at), ended_at=moved(each.ended_at))
        for each in firings
    ]


def multiplied(readings: Readings, times: int) -> Iterator[Series]:
    """Yield readings with so many groups for each one, of one host each.

    What is of no group is there once, and counts for all of them. In no order; samples of groups
    are shared, not copied.
    """
    hosts: dict[str, str] = {}
    for each in readings.series:
        if _GROUP in each.labels and _HOST in each.labels:
            name, host = each.labels[_GROUP], each.labels[_HOST]
            hosts[name] = min(hosts.get(name, host), host)
    for each in readings.series:
        if (group := each.labels.get(_GROUP)) is None:
            is_sum = each.labels["__name__"].endswith(_SUMS)
            # A stale marker is a NaN of its own, which a product is not.
            values = each.values.copy()
            values[~np.isnan(values) & is_sum] *= times
            yield Series(each.labels, each.times_ms, values)
            continue
        if _HOST in each.labels and each.labels[_HOST] != hosts[group]:
            continue
        if not np.nan_to_num(each.values).any():
            continue
        yield each
        for number in range(1, times):
            labels = dict(each.labels)
            for key in (_GROUP, _HOST, _UUID):
                if key in labels:
                    labels[key] += f"{_EXTRA}{number}"
            yield Series(labels, each.times_ms, each.values)
