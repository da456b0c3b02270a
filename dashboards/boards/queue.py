"""The Queue and snowball board: will the queue come back by itself, and what feeds it?"""

from __future__ import annotations

from alerts import links
from alerts.causes import queue_signals as signals
from dashboards.boards.queue_detail import cell_by_cell, what_comes_and_goes
from dashboards.explaining import budget_bars, causes_number, causes_timeline, cell_link
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Meaning,
    Step,
    bar_gauge,
    row,
    stat,
    state_timeline,
    text,
    time_series,
)
from dashboards.queries import queues
from dashboards.signs import NONE_IS_GOOD, WORST, WORST_NOW, opening

QUESTION = "Do requests wait longer than their clients do, and will the queue come back by itself?"
HOW_TO_READ = (
    "First the length of queues and whether they drain; then the six signals, each with its bound. "
    "One is a busy hour. Growth alone is a snowball; persistence with few good ends and retries, "
    "or lost caches, is a queue that stays."
)
WHAT_TO_DO = (
    "**If a queue stays, or retries are many: shed load, do not just scale**; new groups get the "
    "same retries. Drop retries at the router; cap its queue at what clients wait for; turn away "
    "the lowest tier. If nothing is red here: nothing."
)
_SHORT = f"A queue of fewer than {signals.FEWEST_WAITING:g} requests is none."
_DRAIN = (Step(None, "green"), Step(signals.PATIENCE_SECONDS, "red"))
_RETRIES = (
    Step(None, "green"), Step(signals.RETRIES_WARN, "orange"), Step(signals.RETRIES_BAD, "red"),
)  # fmt: skip
_REFUSED = (Step(None, "green"), Step(signals.REFUSED_RATIO, "red"))
_SIGNALS = (Meaning(0, "good", "green"), Meaning(1, "bad", "orange"), Meaning(2, "rising", "red"))
_LINKS = (cell_link(links.LATENCY_BOARD), cell_link(links.CACHE_BOARD))


def queue_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.QUEUE_BOARD,
        question=QUESTION,
        next_uids=(
            links.TENANTS_BOARD, links.CACHE_BOARD, links.LATENCY_BOARD, links.CAPACITY_BOARD,
        ),
        time_from="now-3h",
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_signals(),
            *what_comes_and_goes(),
            *cell_by_cell(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Waiting", "Requests in the queues of all engines.",
                "short", "No groups exporter", decimals=0,
            ),
            queues.WAITING,
        ),
        stat(
            About(
                3, "Longest drain",
                "Until the queue of a cell is empty, as requests come and end now. Longer than "
                f"clients wait ({signals.PATIENCE_SECONDS} s), and what is answered was given up. "
                f"{_SHORT}",
                "s", "No router exporter", _DRAIN, decimals=1,
            ),
            queues.LONGEST_DRAIN,
        ),
        stat(
            About(
                4, "Attempts a request",
                "Attempts over first attempts, of the cell with most. "
                f"{signals.RETRIES_WARN:g} is a client's budget of retries.",
                "short", "Too few requests", _RETRIES, decimals=2,
            ),
            queues.AMPLIFICATION,
        ),
        stat(
            About(
                5, "Refused or timed out",
                "Requests that timed out or were rejected, over all but the rate-limited, "
                "of the cell with most.",
                "percentunit", "Too few requests", _REFUSED, decimals=1,
            ),
            queues.REFUSED,
        ),
        stat(
            About(
                6, "Signals that are bad",
                "Of six in each cell. Which, and where, is said below.",
                "short", "No router exporter",
                (Step(None, "green"), Step(1, "orange"), Step(3, "red")),
            ),
            queues.SIGNALS_BAD,
        ),
        causes_number(
            7,
            "Cells whose queue grows faster than it drains: a word before users are hurt.",
            queues.SNOWBALLS,
            title="Snowballs",
        ),
        stat(
            About(
                8, "Queues that stay",
                "Cells whose queue stays though its trigger is gone. It does not come back by "
                "itself: shed load.",
                "short", "No rules evaluated", NONE_IS_GOOD,
            ),
            queues.METASTABLE,
        ),
        text(9, "What to do, if a queue stays", WHAT_TO_DO),
    ), (2, 3, 3, 3, 3, 2, 3, 5))  # fmt: skip


def _where() -> Band:
    return Band(9, (
        state_timeline(
            About(
                10, "Signals",
                f"All six signals of the {queues.SHOWN_CELLS} cells in which most were bad within "
                "the time range. In a snowball they come one after the other: growth, refusal, "
                "goodput, amplification; persistence when the trigger is gone.",
                "short", "No router exporter", meanings=_SIGNALS,
            ),
            queues.SIGNALS_OVER_TIME,
        ),
        bar_gauge(
            About(
                11, "Drain, by cell",
                "Until the queue is empty, as requests come and end now; very long where more come "
                f"than end. {_SHORT} {WORST_NOW}",
                "s", "Nothing waits, or no router exporter", _DRAIN,
                decimals=1, lowest=0, highest=6 * signals.PATIENCE_SECONDS, links=_LINKS,
            ),
            queues.DRAIN_BARS,
        ),
        causes_timeline(
            12, "Causes in queues",
            "Snowballs, and queues that stay, by what drives them: lost caches, retries, or load "
            "alone.",
            queues.CAUSES_OVER_TIME,
        ),
        budget_bars(13, "answers and their pace", queues.BUDGETS),
    ), (9, 5, 5, 5))  # fmt: skip


def _signals() -> tuple[Band, ...]:
    return (
        Band(1, (row(14, "The six signals"),)),
        Band(8, (
            time_series(
                About(
                    15, "S1 Amplification",
                    "Attempts over first attempts within five minutes: clients ask again. Bad "
                    "above the first line; above the second, and rising, retries are the load. "
                    f"{WORST}",
                    "short", "Too few requests", lowest=1,
                ),
                [queues.AMPLIFICATIONS],
                dashed=[queues.RETRIES_WARN, queues.RETRIES_BAD],
            ),
            time_series(
                About(
                    16, "S2 Growth: waiting",
                    f"Requests in the engines' queues, by cell. {WORST}",
                    "short", "No groups exporter", lowest=0,
                ),
                [queues.WAITING_BY_CELL],
            ),
            time_series(
                About(
                    17, "S2 Growth: drain",
                    "Seconds until the queue is empty. Above the dashed line requests are dead on "
                    f"arrival. {_SHORT} {WORST}",
                    "s", "No router exporter", lowest=0, highest=6 * signals.PATIENCE_SECONDS,
                ),
                [queues.DRAINS],
                dashed=[queues.PATIENCE],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    18, "S3 Goodput to the usual",
                    "Requests that end well over what was usual before. Bad below the dashed line "
                    f"while engines work as much as ever. {WORST}",
                    "percentunit", "Nothing is usual yet", lowest=0,
                ),
                [queues.GOODPUT],
                dashed=[queues.GOODPUT_LEAST],
            ),
            time_series(
                About(
                    19, "S3 Work to the usual",
                    "Tokens that engines process over what was usual before. Full work with few "
                    f"good ends is work for clients who have given up. {WORST}",
                    "percentunit", "Nothing is usual yet", lowest=0,
                ),
                [queues.WORK],
                dashed=[queues.GOODPUT_LEAST],
            ),
            time_series(
                About(
                    20, "S4 Persistence: load to the usual",
                    "First attempts over what was usual before. Below the dashed line the trigger "
                    "is gone; if growth or goodput stay bad, the queue feeds itself. "
                    f"{WORST}",
                    "percentunit", "Nothing is usual yet", lowest=0,
                ),
                [queues.FIRST_TO_USUAL],
                dashed=[queues.TRIGGER_GONE],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    21, "S5 Degradation: hits lost",
                    "Points of the cache hit ratio below the usual: each prompt is more work. "
                    f"{WORST}",
                    "percentunit", "No prompts",
                ),
                [queues.HITS_LOST],
                dashed=[queues.HITS_LOST_LIMIT],
            ),
            time_series(
                About(
                    22, "S5 Degradation: preemptions",
                    "Requests per second put back for lack of KV cache, and computed again. "
                    f"{WORST}",
                    "cps", "No groups exporter", lowest=0,
                ),
                [queues.PREEMPTIONS],
            ),
            time_series(
                About(
                    23, "S6 Refusal",
                    "Requests that timed out or were rejected, over all but the "
                    f"rate-limited, within five minutes. {WORST}",
                    "percentunit", "Too few requests", lowest=0,
                ),
                [queues.REFUSALS],
                dashed=[queues.REFUSED_LIMIT],
            ),
        )),
    )  # fmt: skip
