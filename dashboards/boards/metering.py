"""The Metering and safety board: are bills right, is all read, are answers what they should be?"""

from __future__ import annotations

from alerts import links
from alerts.causes.governance import MOST_UNBILLED_RATIO
from alerts.causes.safety import MOST_BYPASSED_RATIO, MOST_UNASKED_RATIO
from dashboards.boards.metering_sections import CHECK_SECONDS, what_is_read, what_probes_see
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
from dashboards.queries import metering
from dashboards.signs import NONE_IS_GOOD, WORST, WORST_NOW, opening

QUESTION = "Is all that was served billed, is all of it read by the safety filter, and is it right?"
HOW_TO_READ = (
    "No user feels any of this while it happens, and no objective of answers sees it. First what "
    "is billed of what engines served, what passed the filter unread, and which groups answer "
    "probes otherwise than their peers; then each by itself."
)
_BILLED = (
    Step(None, "red"), Step(1 - MOST_UNBILLED_RATIO, "green"), Step(1 + MOST_UNBILLED_RATIO, "red"),
)  # fmt: skip
_UNREAD = (Step(None, "green"), Step(MOST_BYPASSED_RATIO, "red"))
_UNASKED = (Step(None, "green"), Step(MOST_UNASKED_RATIO, "red"))


def metering_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.METERING_BOARD,
        question=QUESTION,
        next_uids=(
            links.REGIONS_BOARD, links.SLO_DETAIL_BOARD, links.TENANTS_BOARD, links.GROUP_BOARD,
        ),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_metering(),
            *what_is_read(),
            *what_probes_see(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Billed, lowest",
                "Billed over served tokens of half an hour, of the cell and phase with least: "
                f"below {1 - MOST_UNBILLED_RATIO:.0%} tokens are given away.",
                "percentunit", "No metering, or too few tokens", _BILLED, decimals=2,
            ),
            metering.LEAST_BILLED,
        ),
        stat(
            About(
                3, "Billed, highest",
                "The same of the one with most: above "
                f"{1 + MOST_UNBILLED_RATIO:.0%} customers pay for what they did not get.",
                "percentunit", "No metering, or too few tokens", _BILLED, decimals=2,
            ),
            metering.MOST_BILLED,
        ),
        stat(
            About(
                4, "Passed unread",
                "Checks of prompts and answers that were not made, over all: the filter fails "
                "open.",
                "percentunit", "No safety filter", _UNREAD, decimals=2,
            ),
            metering.UNREAD,
        ),
        stat(
            About(
                5, "Filter not asked",
                "Share of answers that the filter was never asked about, of the cell with most: "
                "they went around it.",
                "percentunit", "No safety filter", _UNASKED, decimals=1,
            ),
            metering.MOST_UNASKED,
        ),
        stat(
            About(
                6, "Time of a check",
                "Mean seconds that the filter takes for a check: part of the time to the first "
                "token.",
                "s", "No safety filter",
                (Step(None, "green"), Step(CHECK_SECONDS, "orange")), decimals=0,
            ),
            metering.CHECK_SECONDS,
        ),
        stat(
            About(
                7, "Groups that disagree",
                "Groups that answer probes otherwise than most of their revision, twice: they "
                "compute wrong numbers, or run other weights.",
                "short", "No probes", NONE_IS_GOOD,
            ),
            metering.DISAGREEING,
            instant=True,
        ),
        causes_number(
            8, "Evidence of tokens unbilled, checks bypassed, and answers that are wrong.",
            metering.AT_WORK,
        ),
        stat(
            About(
                9, "Tokens unbilled",
                "Tokens per second that engines served and nobody was billed for, less those that "
                "were billed and not served. Bills lag behind answers a little.",
                "short", "No metering, or too few tokens", decimals=0,
            ),
            metering.UNBILLED,
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(8, (
        bar_gauge(
            About(
                10, "Billed, by cell",
                f"Billed over served tokens of half an hour, by phase. {WORST_NOW}",
                "percentunit", "No metering, or too few tokens", _BILLED,
                decimals=2, lowest=0.9, highest=1.1,
            ),
            metering.BILLED_BARS,
        ),
        bar_gauge(
            About(
                11, "Passed unread, by cell",
                f"Checks that were not made over all. {WORST_NOW}",
                "percentunit", "None, or no safety filter", _UNREAD,
                decimals=2, lowest=0, highest=1, links=(cell_link(links.LATENCY_BOARD),),
            ),
            metering.UNREAD_BARS,
        ),
        causes_timeline(
            12, "Causes in what is owed",
            "Tokens that are not billed, or too many; checks that are bypassed or never asked for; "
            "answers that are wrong, or not there.",
            metering.CAUSES_OVER_TIME,
        ),
        budget_bars(13, "governance and probes", metering.BUDGETS),
    ))  # fmt: skip


def _metering() -> tuple[Band, ...]:
    return (
        Band(1, (row(14, "Metering"),)),
        Band(8, (
            time_series(
                About(
                    15, "Billed over served",
                    "Of half an hour, for a bill may lag behind its answer; between the dashed "
                    f"lines all is well. {WORST}",
                    "percentunit", "No metering, or too few tokens",
                ),
                [metering.BILLED_RATIOS],
                dashed=[metering.UNBILLED_LIMIT, metering.OVERBILLED_LIMIT],
            ),
            time_series(
                About(
                    16, "Tokens served and billed",
                    "Per second, at moments at which both can be seen.",
                    "short", "No metering, or too few tokens", lowest=0,
                ),
                [metering.TOKENS_SERVED, metering.TOKENS_BILLED],
            ),
            time_series(
                About(
                    17, "Tokens billed, by tier",
                    "Per second, by class of customer.",
                    "short", "No metering", lowest=0,
                ),
                [metering.TOKENS_BY_TIER],
                stacked=True,
            ),
            time_series(
                About(
                    18, "Engines that can be seen",
                    "Share of a metered cell's engines whose page answers. What an engine served "
                    f"that does not answer is not counted. {WORST}",
                    "percentunit", "No metering, or too few tokens", lowest=0, highest=1,
                ),
                [metering.SEEN],
            ),
        )),
    )  # fmt: skip
