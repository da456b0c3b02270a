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
from demo.lab.markdown import table
from demo.lab.matrix import described
from demo.lab.outcome import Outcome
from demo.lab.storm import figure_of, play_storm
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


def storm_part() -> Part:
    """Play the loss of a large region."""
    storm = asyncio.run(play_storm())
    return Part([figure_of(storm)], ["## A region of 125,000 GPUs goes dark", *storm.blocks()])


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
        f"{seeds} seeds, {DAYS} days each: {seeds * DAYS} days of {cells} cells together, whose "
        "requests and errors are drawn by the simulator's figures at one minute, through the rules "
        f"of burn alerts and vanished traffic that page: {len(pages)} pages, {len(false)} of them "
        "false, of a burn that in truth, by the requests and errors that were drawn, was below "
        f"what its tier promises. Whole clusters for {hours_of(clusters):.1f} hours, which are "
        f"{hours_of(clusters) / 24:.1f} days, with rolling deploys and restarts, through all "
        f"alerts, the causes among them: {len(paged)} pages, each of which is taken to be false."
    )
    rows = [
        *((each.alert, " ".join(f"{k}={v}" for k, v in sorted(each.labels.items())))
          for each in false),
        *((each.alert, described(each)) for each in paged),
    ]  # fmt: skip
    return Part(
        [
            figure("lab.false_pages", len(false), "pages"),
            figure("lab.healthy_days", sum(each.seeds * each.days for each in days), "days"),
            figure("lab.false_pages_of_clusters", len(paged), "pages"),
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
