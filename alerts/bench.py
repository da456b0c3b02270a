"""Figures of alerts, as JSON: ``python -m alerts.bench``.

*   How many samples the rules and alerts of an objective read in an hour, against windows over raw
    series (:mod:`slo.benching.samples`): here and not in :mod:`slo.bench`, for the states of alerts
    are most of the rules. Counts do not depend on how busy the machine is.
*   ``pages.lost``: of 1,000 transitions, what a mesh of two Alertmanagers that are killed in turn
    never tells PagerDuty, or tells it under another key (:mod:`alerts.benching.losing`). It takes
    three minutes. ``pages.reopened`` are those that it tells once more after their end.
*   ``alerts.cause_rules_cpu_seconds``: of Prometheus, for one evaluation of all causes at 5,000
    shard groups (:mod:`alerts.benching.causes`), beside that of the recorded series of cells.
*   ``adopt.commands``: from nothing to the first page on servers that are there, by
    ``docs/adopt.md`` (:mod:`alerts.benching.commands`).
*   ``adopt.doctor_faults_found``: of 25 faults that are planted one at a time into a real small
    stack, those that ``shardwatch doctor`` names, and nothing beside
    (:mod:`alerts.benching.doctoring`). It takes six minutes; what was said of a fault that is not
    found goes to standard error.
"""

from __future__ import annotations

import asyncio
import sys

from alerts.benching.causes import measure_evaluation
from alerts.benching.commands import MOST_COMMANDS, count_commands
from alerts.benching.doctoring import play as play_faults
from alerts.benching.losing import WHOLE, play
from alerts.build import groups_at
from exporters.benching import SHARE_DIGITS, figure, print_figures
from exporters.config import Links
from slo.benching.playing import Timed, due
from slo.benching.samples import measure_reads
from slo.benching.server import empty_server
from slo.objective import Objective

FLEETS = (200, 2000)
"""Shard groups of each."""
LARGE_FLEET = 5000
"""Shard groups, whose causes are evaluated."""
_NAME = "slo.samples_ratio_vs_raw_windows"
_HOUR = 20_000 * 86400 + 780
"""An hour's beginning by no clock, in October 2024."""


def main() -> None:
    """Measure, and print each figure as it comes."""
    print_figures(figure("adopt.commands", count_commands(), "commands", MOST_COMMANDS))
    asyncio.run(_measure())


def what_is_built(objective: Objective, scrape_interval_seconds: int) -> Timed:
    """Return all rules of an objective that `shardwatch build` writes, and when each is due."""
    return due(*groups_at(objective, scrape_interval_seconds, Links()))


async def _measure() -> None:
    for size in FLEETS:
        async with empty_server() as client:
            reads = await measure_reads(client, [size], _HOUR, what_is_built)
        name = _NAME if size == FLEETS[0] else f"{_NAME}_{size}"
        print_figures(figure(name, reads[size].ratio, "ratio", 1.0, digits=SHARE_DIGITS))
    costs = await measure_evaluation(LARGE_FLEET)
    print_figures(
        figure("alerts.cause_rules_cpu_seconds", costs.causes, "s", costs.cells),
    )
    heard = await play(WHOLE)
    print_figures(
        figure("pages.lost", heard.lost, "events", 0.0),
        figure("pages.told_again", heard.again, "events"),
        figure("pages.reopened", heard.reopened, "incidents"),
    )
    played = await play_faults()
    for each in played:
        if not each.found:
            sys.stderr.write(
                f"{each.fault.name} is not found: {', '.join(each.said) or 'all well'}\n"
            )
    found = sum(each.found for each in played)
    print_figures(figure("adopt.doctor_faults_found", found, "faults", len(played)))


if __name__ == "__main__":
    main()
