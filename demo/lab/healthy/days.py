"""Healthy days through the rules that can page: burn alerts, and vanished traffic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.blackout_alerts import vanished_alerts
from alerts.build import groups_at
from alerts.burn import ERROR_BUDGET_BURN
from alerts.incidents import TRAFFIC_VANISHED
from demo.lab.healthy.counts import CELL, COUNTER, STEP_SECONDS, HealthyCell, healthy_cells
from demo.lab.past import LARGEST_WRITE_SERIES
from demo.weektime import DAY_SECONDS
from exporters.config import Links
from slo import conventions
from slo.benching.counted import counted, events_of
from slo.benching.server import empty_server
from slo.history import in_time_order
from slo.replay.evaluating import Replay
from slo.replay.firing import Firing
from slo.replay.leading import leading_to_alerts
from slo.replay.moments import timed
from slo.rule import AlertingRule, RuleGroup

START = 20_000 * DAY_SECONDS
"""UNIX seconds: in October 2024."""
BATCH_SECONDS = 4 * DAY_SECONDS
"""Scraped, then played: a server takes nothing that is older than what it has by half of its
shortest block, and the lab's have none shorter than 10 days."""
LATE_SECONDS = 300.0
"""By so much a page may come after the burn that it tells of: scrapes, evaluations and the base
window of a minute each, and the minute of the truth."""
OBJECTIVE = counted("healthy", events_of(COUNTER), CELL)


@dataclass(frozen=True)
class Days:
    """Healthy days that were played, and the pages there were."""

    seeds: int
    days: int
    cells: int
    pages: Sequence[Firing]
    """All of them."""
    false: Sequence[Firing]
    """Of those, whose burn was below the threshold in truth."""


async def play_days(seeds: Sequence[int], days: int) -> Days:
    """Play the cells of some seeds over some days."""
    cells = healthy_cells(START, seeds, days)
    end = START + days * DAY_SECONDS
    groups = [*groups_at(OBJECTIVE, STEP_SECONDS, Links())]
    vanished = vanished_alerts([OBJECTIVE], STEP_SECONDS, Links())
    groups.append(RuleGroup("healthy-alerts", STEP_SECONDS, tuple(vanished)))
    async with empty_server() as client:
        series = [of for each in cells for of in each.series()]
        replay = Replay(client, timed(that_page(groups)), START)
        for number, batch in enumerate(in_time_order(series, BATCH_SECONDS), start=1):
            for at in range(0, len(batch), LARGEST_WRITE_SERIES):
                await client.remote_write(batch[at : at + LARGEST_WRITE_SERIES])
            await replay.advance(min(START + number * BATCH_SECONDS, end))
    replay.require_no_failure()
    pages = [each for each in replay.firings() if each.firing_at is not None]
    by_name = {each.name: each for each in cells}
    false = [each for each in pages if not is_true(each, by_name[each.labels[CELL]])]
    return Days(len(seeds), days, len(cells), pages, false)


def that_page(groups: Iterable[RuleGroup]) -> list[RuleGroup]:
    """Return groups of the alerts that page, and of the rules that these read, directly or not."""
    without_tickets = [
        replace(
            group,
            rules=tuple(
                each for each in group.rules if not isinstance(each, AlertingRule) or _pages(each)
            ),
        )
        for group in groups
    ]
    return leading_to_alerts(without_tickets)


def _pages(rule: AlertingRule) -> bool:
    return (
        rule.alert in (ERROR_BUDGET_BURN, TRAFFIC_VANISHED)
        and rule.labels.get(conventions.SEVERITY) == conventions.PAGE
    )


def is_true(page: Firing, cell: HealthyCell) -> bool:
    """Tell whether a page's burn was above its threshold, by what really happened."""
    if page.alert != ERROR_BUDGET_BURN or page.firing_at is None:
        return False  # traffic never vanishes here
    (tier,) = (
        each
        for each in OBJECTIVE.tiers
        if each.name == page.labels[conventions.BURN_TIER] and each.severity == conventions.PAGE
    )
    ends = cell.start + STEP_SECONDS * np.arange(1, len(cell.events[0]) + 1)
    before = (ends <= page.firing_at) & (ends >= page.firing_at - LATE_SECONDS)
    return bool(cell.burns(tier, OBJECTIVE)[before].any())
