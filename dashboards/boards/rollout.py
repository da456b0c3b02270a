"""The Rollout board: is a new revision worse than those beside it, and what runs where?"""

from __future__ import annotations

from alerts import links
from alerts.causes.canaries import FEWEST_EVENTS, LATE_SECONDS, LEAST_DIFFERENCE, LEAST_Z
from dashboards.boards.rollout_sections import what_runs, what_starts
from dashboards.explaining import budget_bars, causes_number, causes_timeline, cell_rows_link
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import About, Column, Step, joined_table, row, stat, time_series
from dashboards.queries import SHOWN_ROWS, rollout
from dashboards.queries.rollout import ERROR, SLOW
from dashboards.queries.shared import level
from dashboards.signs import FEW_ARE_TOLERABLE, HIGHEST, MOST_REVISIONS, opening
from dashboards.variables import REVISION

QUESTION = "Is a new revision worse than those beside it, and does every group run what it should?"
HOW_TO_READ = (
    "First whether a canary is worse, by how much and how surely: its failures and late first "
    "tokens against the other revisions of its region and model. What hurts all of them alike is "
    "no fault of the canary. Below: weights, loads, drivers."
)
_WORSE = (Step(None, "green"), Step(LEAST_DIFFERENCE[ERROR], "red"))
_SURE = (Step(None, "text"), Step(LEAST_Z, "red"))
_ONE = (Step(None, "green"), Step(2, "yellow"))


def rollout_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.ROLLOUT_BOARD,
        question=QUESTION,
        next_uids=(
            links.SLO_DETAIL_BOARD, links.LATENCY_BOARD, links.GROUP_BOARD, links.GPU_BOARD,
        ),
        choices=(REVISION,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_canary(),
            *what_runs(),
            *what_starts(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        causes_number(
            2,
            "Evidence that a revision is worse than all others of its cell: it fails more often, "
            "or its first tokens are late.",
            rollout.CANARIES_WORSE,
            title="Canaries that are worse",
        ),
        stat(
            About(
                3, "Fails more often by",
                "Share of requests that fail of the worst revision, less that of all others of "
                "its cell. 0 where every cell has one revision.",
                "percentunit", "No rules evaluated", _WORSE, decimals=1,
            ),
            rollout.LARGEST_DIFFERENCE,
        ),
        stat(
            About(
                4, "Cells in a roll-out",
                "Cells whose groups run more than one revision.",
                "short", "No groups exporter", (Step(None, "green"), Step(1, "blue")),
            ),
            rollout.CELLS_IN_ROLLOUT,
        ),
        stat(
            About(
                5, "Groups draining or starting",
                "Groups that are on their way out or up: capacity that is missing meanwhile.",
                "short", "No groups exporter", FEW_ARE_TOLERABLE,
            ),
            rollout.GROUPS_CHANGING,
        ),
        stat(
            About(
                6, "Longest load of weights",
                "Mean time that engines took that came up within an hour, of the slowest cell.",
                "s", "None loaded, or no store is seen", decimals=0,
            ),
            rollout.LOAD_SECONDS,
        ),
        stat(
            About(
                7, "Driver versions",
                "Versions of the GPU driver on the chosen hosts: more than one is a roll-out that "
                "goes on, or stands still.",
                "short", "No GPU exporter", _ONE,
            ),
            rollout.DRIVERS,
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(8, (
        joined_table(
            About(
                8, "Revisions",
                "Each revision of each cell against all others of that cell together, within five "
                "minutes. Deviations: by how many standard deviations its failing share is above "
                f"theirs; from {LEAST_Z:g} on it is not chance. The {SHOWN_ROWS} busiest.",
                "short", "No requests",
                overrides=(cell_rows_link(links.LATENCY_BOARD),),
            ),
            {each: each for each in rollout.REVISION},
            [
                Column("requests", rollout.ROWS.first, "short", decimals=0),
                Column("groups", rollout.ROW_GROUPS, "short", decimals=0),
                Column("of the traffic", rollout.ROW_TRAFFIC, "percentunit", decimals=1),
                Column("failing", rollout.row_own(ERROR), "percentunit", decimals=2),
                Column("others failing", rollout.row_others(ERROR), "percentunit", decimals=2),
                Column("deviations", rollout.ROW_DEVIATIONS, "short", _SURE, decimals=1),
                Column("late", rollout.row_own(SLOW), "percentunit", decimals=2),
                Column("others late", rollout.row_others(SLOW), "percentunit", decimals=2),
            ],
        ),
        causes_timeline(
            9, "Causes in roll-outs",
            "Canaries that are worse, weights that load slowly, groups that run other weights, "
            "drains that are overdue, drivers that differ.",
            rollout.CAUSES_OVER_TIME,
        ),
        budget_bars(10, "roll-outs", rollout.BUDGETS),
    ), (14, 5, 5))  # fmt: skip


def _canary() -> tuple[Band, ...]:
    few = f"A revision needs {FEWEST_EVENTS} requests within five minutes to be judged."
    return (
        Band(1, (row(11, "Canary against baseline"),)),
        Band(8, (
            time_series(
                About(
                    12, "Failing, revision against all others",
                    "Errors, time-outs and rejections over all requests but the rate-limited, "
                    f"within five minutes; all others of the same cell beside it. {HIGHEST}",
                    "percentunit", "No requests", lowest=0,
                ),
                [rollout.own(ERROR), rollout.others(ERROR)],
            ),
            time_series(
                About(
                    13, "Late first tokens, revision against all others",
                    f"First tokens after {LATE_SECONDS} s over all, within five minutes; all "
                    f"others of the same cell beside it. A new engine's caches are cold. {HIGHEST}",
                    "percentunit", "No requests", lowest=0,
                ),
                [rollout.own(SLOW), rollout.others(SLOW)],
            ),
            time_series(
                About(
                    14, "How sure it is",
                    "Difference of the failing shares in standard deviations. Above the dashed "
                    f"line chance is out of the question (once in 32,000 looks). {few} {HIGHEST}",
                    "short", "No two revisions, or no rules evaluated", lowest=0,
                ),
                [rollout.deviations(ERROR)],
                dashed=[level(LEAST_Z, "not chance")],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    15, "Share of the traffic",
                    "Requests of a revision over those of its cell: how far a roll-out is, and "
                    f"whether a canary gets what was meant for it. {HIGHEST}",
                    "percentunit", "No requests", lowest=0, highest=1,
                ),
                [rollout.TRAFFIC],
            ),
            time_series(
                About(
                    16, "Groups by revision",
                    "Groups that run a revision: as they say themselves, else as the topology "
                    f"does. {MOST_REVISIONS}",
                    "short", "No groups exporter", lowest=0,
                ),
                [rollout.GROUPS_BY_REVISION],
            ),
        )),
    )  # fmt: skip
