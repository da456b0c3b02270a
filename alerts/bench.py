"""Figures of all that is built for an objective, as JSON: ``python -m alerts.bench``.

How many samples its rules and alerts read in an hour, against windows over raw series
(:mod:`slo.benching.samples`): here and not in :mod:`slo.bench`, for the states of alerts are most
of the rules. Counts do not depend on how busy the machine is.
"""

from __future__ import annotations

import asyncio

from alerts.build import groups_at
from exporters.benching import SHARE_DIGITS, figure, print_figures
from exporters.config import Links
from slo.benching.playing import Timed, due
from slo.benching.samples import measure_reads
from slo.benching.server import empty_server
from slo.objective import Objective

FLEETS = (200, 2000)
"""Shard groups of each."""
_NAME = "slo.samples_ratio_vs_raw_windows"
_HOUR = 20_000 * 86400 + 780
"""An hour's beginning by no clock, in October 2024."""


def main() -> None:
    """Measure, and print each figure as it comes."""
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


if __name__ == "__main__":
    main()
