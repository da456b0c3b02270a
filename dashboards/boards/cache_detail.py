"""Sections of the Cache board: what misses cost, and cells and groups one by one."""

from __future__ import annotations

from alerts import links
from alerts.causes.caches import KV_CACHE_HIGH_RATIO, YOUNG_SECONDS
from dashboards.explaining import cell_rows_link
from dashboards.layout import Band
from dashboards.links import of_series, value_link
from dashboards.panels import About, Column, Step, bar_gauge, joined_table, row, time_series
from dashboards.promises import good_shares
from dashboards.queries import SHOWN_NAMED, SHOWN_ROWS, caches, latency
from dashboards.signs import SLOWEST, WORST, WORST_NOW
from exporters import catalog

HIT_STEPS = good_shares("prefix-cache-efficiency", 0.3)
USAGE_STEPS = (Step(None, "green"), Step(KV_CACHE_HIGH_RATIO, "red"))
_GROUP_LINKS = (
    value_link(
        "Open this group",
        of_series(links.GROUP_BOARD, {each: each for each in catalog.GROUP_LABELS}),
    ),
)


def what_misses_cost() -> tuple[Band, ...]:
    """Return tokens computed beyond the usual, and GPUs for misses (ids 21 to 24)."""
    return (
        Band(1, (row(21, "What misses cost"),)),
        Band(8, (
            time_series(
                About(
                    22, "Computed beyond the usual",
                    "Prompt tokens per second that are computed because hits are fewer than usual: "
                    f"what a collapse costs. {WORST}",
                    "short", "No prompts", lowest=0,
                ),
                [caches.BEYOND_USUAL],
            ),
            time_series(
                About(
                    23, "GPUs for misses, by cell",
                    "GPUs that were at most busy with prompt tokens that no tier had, and no more "
                    f"than the cell has. {WORST}",
                    "short", "Engines do not say", lowest=0,
                ),
                [caches.MISSED_GPUS_BY_CELL],
            ),
            time_series(
                About(
                    24, "Prefill, by cell",
                    "Mean seconds from the queue to the first token: what users pay for prompts "
                    f"that are computed. {SLOWEST}",
                    "s", "No requests", lowest=0,
                ),
                [latency.PREFILL_BY_CELL],
            ),
        )),
    )  # fmt: skip


def cells_and_groups() -> tuple[Band, ...]:
    """Return each cell in a row, and the groups whose caches are fullest (ids 25 to 29)."""
    return (
        Band(1, (row(25, "Cells and groups"),)),
        Band(9, (
            joined_table(
                About(
                    26, "Cells",
                    "Each cell: prompt tokens looked up a second, the share found now and usually, "
                    f"the rest, and the GPUs that it kept busy at most. The {SHOWN_ROWS} busiest.",
                    "short", "No prompts",
                    overrides=(cell_rows_link(links.LATENCY_BOARD),),
                ),
                {each: each for each in catalog.CELL_LABELS},
                [
                    Column("looked up", caches.ROWS.first, "short"),
                    Column("found", caches.ROW_RATIO, "percentunit", HIT_STEPS, decimals=1),
                    Column("usually", caches.ROW_USUAL, "percentunit", decimals=1),
                    Column("computed", caches.ROW_MISSED, "short"),
                    Column("GPUs", caches.ROW_GPUS, "short", decimals=1),
                ],
            ),
            bar_gauge(
                About(
                    27, "Fullest groups",
                    f"Share of the KV cache in use, by group. The {SHOWN_NAMED} fullest. A click "
                    "opens the group.",
                    "percentunit", "No groups exporter", USAGE_STEPS,
                    decimals=0, lowest=0, highest=1, links=_GROUP_LINKS,
                ),
                caches.FULLEST_GROUPS,
                names_above=True,
            ),
            bar_gauge(
                About(
                    28, "Youngest evictions",
                    "Seconds for which evicted blocks had not been used, of engines that tell "
                    f"(--kv-cache-metrics). Below {YOUNG_SECONDS} s they would have been used "
                    f"again. {WORST_NOW}",
                    "s", "None evicts, or no engine tells",
                    (Step(None, "red"), Step(YOUNG_SECONDS, "green")),
                    decimals=0, lowest=0, links=_GROUP_LINKS,
                ),
                caches.YOUNGEST_EVICTIONS,
            ),
            bar_gauge(
                About(
                    29, "Fullest host tiers",
                    f"Share of the host's tier of the KV cache in use, by group. {WORST_NOW}",
                    "percentunit", "None has one, or no engine tells", USAGE_STEPS,
                    decimals=0, lowest=0, highest=1, links=_GROUP_LINKS,
                ),
                caches.HOST_TIER,
            ),
        ), (12, 4, 4, 4)),
    )  # fmt: skip
