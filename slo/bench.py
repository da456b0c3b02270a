"""Figures of the objectives' rules, as JSON on standard output: ``python -m slo.bench``.

All is measured on one real Prometheus, which gets the past by remote write, one figure's after the
other's: how wrong the rules are (:mod:`slo.benching.errors`), how many samples they read
(:mod:`slo.benching.samples`), how late a page comes (:mod:`slo.benching.paging`). Each baseline is
what Sloth's way to write rules gives on the same data (:mod:`slo.benching.raw_windows`). Counts and
errors do not depend on how busy the machine is; the time to generate rules does
(:mod:`slo.benching.generating`).
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

from exporters.benching import Figure, figure
from slo.benching.errors import measure_errors
from slo.benching.generating import generating_seconds
from slo.benching.paging import measure_pages
from slo.benching.samples import measure_reads
from slo.benching.server import empty_server
from slo.benching.traffic import DAY, DAYS

FLEETS = (200, 2000)
"""Shard groups of each."""
_START = 20_000 * DAY
"""When the traffic begins, UNIX seconds: in October 2024."""
_READS_AT = _START + (DAYS + 30) * DAY + 780
"""An hour's beginning by no clock, when the past that it reads is younger than the traffic."""
_PAGES_FROM = _READS_AT + DAY
_DIGITS = 6
"""Shares of thousandths are compared."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = generating_seconds(Path(folder))
    figures = [figure("slo.generate_1000_seconds", seconds, "s")]
    figures += asyncio.run(_figures_of_server())
    print(json.dumps({"figures": figures}))  # noqa: T201 - this is what it is for


async def _figures_of_server() -> list[Figure]:
    async with empty_server() as client:
        errors = await measure_errors(client, _START)
        reads = await measure_reads(client, FLEETS, _READS_AT)
        page, page_by_raw_windows = await measure_pages(client, _PAGES_FROM)
    small, large = (reads[size].ratio for size in FLEETS)
    name = "slo.samples_ratio_vs_raw_windows"
    return [
        figure(name, small, "ratio", 1.0, digits=_DIGITS),
        figure(f"{name}_{FLEETS[1]}", large, "ratio", 1.0, digits=_DIGITS),
        figure("slo.threshold_error", *_with_unit(errors.threshold), digits=_DIGITS),
        figure("slo.page_over_theory_seconds", page, "s", round(page_by_raw_windows, 3)),
        figure("slo.budget_error", *_with_unit(errors.budget), digits=_DIGITS),
    ]


def _with_unit(measured: tuple[float, float]) -> tuple[float, str, float]:
    ours, theirs = measured
    return ours, "ratio", round(theirs, _DIGITS)


if __name__ == "__main__":
    main()
