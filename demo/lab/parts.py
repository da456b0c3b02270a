"""What the lab measures beside the scenarios: each part with its figures and its tables."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from demo.lab.burns.playing import burn_table
from demo.lab.burns.table import burn_blocks
from demo.lab.faithful import judge
from demo.lab.healthy.clusters import hours_of, pages_of
from demo.lab.healthy.days import Days, play_days
from demo.lab.markdown import seconds, table
from demo.lab.matrix import described
from demo.lab.outcome import STANDING, Outcome
from demo.lab.quiet_cell import REQUESTS_PER_HOUR, page_seconds, play_quiet_cell
from demo.lab.storm import play_storm
from exporters.benching import Figure, figure, unmeasured
from slo import conventions

SEEDS, DAYS = 10, 28
SEEDS_AT_ONCE = 5
"""Of healthy days, on one server."""
FAITHFUL_SCENARIOS = 200


@dataclass(frozen=True)
class Part:
    """What one part measured."""

    figures: Sequence[Figure]
    blocks: Sequence[str]
    """Of ``RESULTS.md``: headings, paragraphs, tables."""


def burns_part() -> Part:
    """Play the burn table."""
    found = asyncio.run(burn_table())
    return Part(
        [
            _finite("lab.page_over_theory_seconds", "s",
                    found.worst_over_theory_seconds(conventions.PAGE)),
            figure("lab.wrong_burns", len(found.wrong), "alerts"),
        ],
        burn_blocks(found),
    )  # fmt: skip


def quiet_part() -> Part:
    """Play the quiet cell."""
    outcome = asyncio.run(play_quiet_cell())
    paged = page_seconds(outcome)
    name = "lab.quiet_cell_seconds"
    told = figure(name, paged, "s") if paged is not None else unmeasured(name, "s", "no page")
    rows = [
        (described(each), seconds(each.fired_seconds), seconds(each.paged_seconds))
        for each in outcome.alerts
        if each.role != STANDING
    ]
    return Part(
        [told],
        [
            "## A quiet cell goes down",
            f"All groups of a cell with {REQUESTS_PER_HOUR:g} requests an hour stand still.",
            table(("alert", "fired", "paged"), rows),
        ],
    )


def storm_part() -> Part:
    """Play the loss of a large region."""
    storm = asyncio.run(play_storm())
    return Part(storm.figures(), storm.blocks())


def days_part(first: int) -> Days:
    """Play the healthy days of some seeds."""
    return asyncio.run(play_days(range(first, first + SEEDS_AT_ONCE), DAYS))


def faithful_part(first: int, count: int) -> tuple[int, int]:
    """Return how many alerts of some random scenarios differ from promtool's, and of how many."""
    judged = [asyncio.run(judge(seed)) for seed in range(first, first + count)]
    return sum(len(differing) for differing, _ in judged), sum(of for _, of in judged)


def healthy_part(days: Sequence[Days], clusters: Sequence[Outcome]) -> Part:
    """Return what healthy days and clusters came to."""
    false = [each for of in days for each in of.false]
    pages = [each for of in days for each in of.pages]
    paged = pages_of(clusters)
    seeds, cells = sum(each.seeds for each in days), sum(each.cells for each in days)
    said = (
        f"{seeds} seeds, {DAYS} days each, {cells} cells together, whose requests and errors are "
        "drawn by the simulator's figures at one minute, through the rules of burn alerts and "
        f"vanished traffic that page: {len(pages)} pages, {len(false)} of them of a burn that in "
        f"truth was below its threshold. Whole clusters for {hours_of(clusters):.1f} hours, with "
        "rolling deploys and restarts, through all rules, the causes among them: "
        f"{len(paged)} pages."
    )
    rows = [
        *((each.alert, " ".join(f"{k}={v}" for k, v in sorted(each.labels.items())))
          for each in false),
        *((each.alert, described(each)) for each in paged),
    ]  # fmt: skip
    return Part(
        [
            figure("lab.false_pages", len(false) + len(paged), "pages"),
            figure("lab.healthy_cause_hours", hours_of(clusters), "h", digits=1),
        ],
        ["## Healthy days", said, *([table(("page", "of"), rows)] if rows else [])],
    )


def faithful_figures(found: Sequence[tuple[int, int]]) -> Part:
    """Return what all random scenarios came to."""
    differing, of = (sum(each) for each in zip(*found, strict=True))
    said = (
        f"{FAITHFUL_SCENARIOS} random scenarios with {of} alerts, given to `promtool test rules` "
        f"too: {differing} alerts differ at any moment."
    )
    return Part([figure("lab.unfaithful_alerts", differing, "alerts")], ["## Faithfulness", said])


def _finite(name: str, unit: str, value: float) -> Figure:
    if value == float("inf"):
        return unmeasured(name, unit, "an alert did not fire")
    return figure(name, value, unit)
