"""The Cache board: are prompts found in caches, in which tier, and what does it cost if not?"""

from __future__ import annotations

from alerts import links
from alerts.causes.caches import KV_CACHE_HIGH_RATIO
from alerts.causes.queue_signals import HIT_DROP, PREEMPTIONS_RATE
from dashboards.boards.cache_detail import (
    HIT_STEPS,
    USAGE_STEPS,
    cells_and_groups,
    what_misses_cost,
)
from dashboards.explaining import budget_bars, causes_number, causes_timeline, cell_link
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Step,
    bar_gauge,
    row,
    stat,
    time_series,
)
from dashboards.queries import caches
from dashboards.queries.shared import level
from dashboards.signs import BUSIEST, MOST_REVISIONS, WORST, WORST_NOW, opening

QUESTION = "Are prompts found in caches, in which tier, and what does it cost that some are not?"
HOW_TO_READ = (
    "First the share of prompt tokens that need not be computed, and what the rest costs; then the "
    "cells that fell furthest below their usual; then why: caches that were lost, or are too small "
    "for what is asked."
)
_FALL = (Step(None, "green"), Step(HIT_DROP / 2, "orange"), Step(HIT_DROP, "red"))
_LINKS = (cell_link(links.QUEUE_BOARD), cell_link(links.LATENCY_BOARD))


def cache_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.CACHE_BOARD,
        question=QUESTION,
        next_uids=(
            links.LATENCY_BOARD, links.QUEUE_BOARD, links.ROLLOUT_BOARD, links.TOOLS_BOARD,
        ),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_why(),
            *what_misses_cost(),
            *cells_and_groups(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Found in caches",
                "Prompt tokens found in any tier over those looked up. Half is what was published "
                "of chats; agents reach nine of ten.",
                "percentunit", "No prompts", HIT_STEPS, decimals=1,
            ),
            caches.HIT_RATIO,
        ),
        stat(
            About(
                3, "Largest fall",
                "Points of the hit ratio that the worst cell has lost against the median of its "
                f"last three hours. From {HIT_DROP:.0%} on its caches have collapsed.",
                "percentunit", "No prompts", _FALL, decimals=1,
            ),
            caches.LARGEST_FALL,
        ),
        stat(
            About(
                4, "Tokens saved",
                "Prompt tokens per second that need not be computed.",
                "short", "No prompts",
            ),
            caches.SAVED,
        ),
        stat(
            About(
                5, "Tokens computed",
                "Prompt tokens per second that no tier had.",
                "short", "Engines do not say",
            ),
            caches.MISSED,
        ),
        stat(
            About(
                6, "GPUs for misses",
                "GPUs that were at most busy with prompt tokens that no tier had: a bound, for "
                "prefills share their batch, and no more than the cells have.",
                "short", "Engines do not say", decimals=1,
            ),
            caches.MISSED_GPUS,
        ),
        stat(
            About(
                7, "Fullest KV cache",
                "Share of the KV cache in use, of the fullest group.",
                "percentunit", "No groups exporter", USAGE_STEPS, decimals=0,
            ),
            caches.FULLEST,
        ),
        stat(
            About(
                8, "Preemptions",
                "Requests per second that were put back for lack of KV cache, and are computed "
                "again.",
                "cps", "No groups exporter",
                (Step(None, "green"), Step(PREEMPTIONS_RATE, "orange")), decimals=2,
            ),
            caches.PREEMPTIONS,
        ),
        causes_number(
            9, "Evidence of collapsed hits, and of KV caches that are too small.", caches.AT_WORK
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(8, (
        bar_gauge(
            About(
                10, "Below the usual",
                "Points of the hit ratio lost against the median of the last three hours, by cell. "
                f"{WORST_NOW}",
                "percentunit", "None fell, or no prompts", _FALL,
                decimals=1, lowest=0, highest=1, links=_LINKS,
            ),
            caches.FALL_BARS,
        ),
        time_series(
            About(
                11, "Found in caches, by cell",
                "Prompt tokens found in any tier over those looked up. A cliff is a loss, a slope "
                f"is traffic that changes. {WORST}",
                "percentunit", "No prompts", lowest=0, highest=1, links=_LINKS,
            ),
            [caches.RATIOS],
        ),
        causes_timeline(
            12, "Causes in caches",
            "Hits that collapsed, with what came before: a restart, a new revision, or nothing "
            "known; and KV caches that are too small.",
            caches.CAUSES_OVER_TIME,
        ),
        budget_bars(13, "the fleet: cache efficiency among them", caches.BUDGETS),
    ))  # fmt: skip


def _why() -> tuple[Band, ...]:
    return (
        Band(1, (row(14, "Why"),)),
        Band(8, (
            time_series(
                About(
                    15, "Saved, by tier",
                    "Prompt tokens per second by the tier that had them, and those that none had. "
                    "The GPUs' tier goes with its engine; what hosts, peers and disks have is what "
                    "a restart comes back to.",
                    "short", "No prompts", lowest=0,
                ),
                [caches.SAVED_BY_TIER, caches.COMPUTED],
                stacked=True,
            ),
            time_series(
                About(
                    16, "Groups that lost their cache",
                    "Groups that are dead, draining or starting: they come back with an empty "
                    f"cache. {WORST}",
                    "short", "No groups exporter", lowest=0,
                ),
                [caches.GROUPS_RESTARTED],
            ),
            time_series(
                About(
                    17, "Groups by revision",
                    "A new revision shares no cache with the old one, and a new prompt template "
                    f"none with itself. {MOST_REVISIONS}",
                    "short", "No groups exporter", lowest=0,
                ),
                [caches.GROUPS_BY_REVISION],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    18, "KV cache usage",
                    f"Share in use, of the fullest group of each cell. {WORST}",
                    "percentunit", "No groups exporter", lowest=0, highest=1,
                ),
                [caches.KV_CACHE_USAGE],
                dashed=[level(KV_CACHE_HIGH_RATIO, "high")],
            ),
            time_series(
                About(
                    19, "Preemptions, by cell",
                    f"Requests per second put back for lack of KV cache. {WORST}",
                    "cps", "No groups exporter", lowest=0,
                ),
                [caches.PREEMPTIONS_BY_CELL],
            ),
            time_series(
                About(
                    20, "Tokens looked up",
                    "Prompt tokens per second, cached ones included: a fall of the hit ratio costs "
                    f"most where this is high. {BUSIEST}",
                    "short", "No prompts", lowest=0,
                ),
                [caches.LOOKED_UP],
            ),
        )),
    )  # fmt: skip
