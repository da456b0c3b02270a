"""Figures of the objectives' rules, as JSON on standard output: ``python -m slo.bench``.

All is measured on one real Prometheus, which gets the past by remote write, one figure's after the
other's: how wrong the rules are (:mod:`slo.benching.errors`), how late a page comes
(:mod:`slo.benching.paging`). Each baseline is what Sloth's way to write rules gives on the same
data (:mod:`slo.benching.raw_windows`). Errors do not depend on how busy the machine is; the time to
generate rules does (:mod:`slo.benching.generating`). How many samples are read is measured with the
alerts: :mod:`alerts.bench`. Adopting a server is measured on one of its own
(:mod:`slo.benching.adopting`). The record of reviews has a bench of its own
(:mod:`slo.review.benching`).
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from exporters.benching import SHARE_DIGITS, figure, print_figures
from slo.benching.adopting import MOST_SECONDS, init_seconds
from slo.benching.errors import measure_errors
from slo.benching.generating import generating_seconds
from slo.benching.paging import measure_pages
from slo.benching.server import empty_server
from slo.benching.traffic import DAY, DAYS
from slo.review.benching import main as measure_reviews

_START = 20_000 * DAY
"""When the traffic begins, UNIX seconds: in October 2024."""
_PAGES_FROM = _START + (DAYS + 1) * DAY


def main() -> None:
    """Measure, and print each figure as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        print_figures(figure("slo.generate_1000_seconds", generating_seconds(Path(folder)), "s"))
    asyncio.run(_measure_on_server())
    print_figures(figure("adopt.init_seconds", init_seconds(), "s", MOST_SECONDS))
    measure_reviews()


async def _measure_on_server() -> None:
    async with empty_server() as client:
        errors = await measure_errors(client, _START)
        print_figures(
            figure("slo.threshold_error", *_with_unit(errors.threshold), digits=SHARE_DIGITS),
            figure("slo.budget_error", *_with_unit(errors.budget), digits=SHARE_DIGITS),
        )
        page, page_by_raw_windows = await measure_pages(client, _PAGES_FROM)
        name = "slo.page_over_theory_seconds"
        print_figures(figure(name, page, "s", round(page_by_raw_windows, 3)))


def _with_unit(measured: tuple[float, float]) -> tuple[float, str, float]:
    ours, theirs = measured
    return ours, "ratio", round(theirs, SHARE_DIGITS)


if __name__ == "__main__":
    main()
