"""The Tenants and limits board: which class of customer floods, and whom limits turn away."""

from __future__ import annotations

from alerts import links
from alerts.causes.tenants import (
    FLOOD_LIMITED_RATIO,
    FLOOD_SHARE_RATIO,
    FLOOD_TIMES,
    PAID_RATIO,
    PAID_TIERS,
)
from dashboards.explaining import budget_bars, causes_number, causes_timeline, cell_rows_link
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Column,
    Step,
    bar_gauge,
    joined_table,
    row,
    stat,
    time_series,
)
from dashboards.promises import bad_shares, promised
from dashboards.queries import SHOWN_ROWS, tenants
from dashboards.queries.latency import LATE
from dashboards.queries.shared import level
from dashboards.signs import BUSIEST, WORST, WORST_NOW, opening
from dashboards.variables import TIER
from exporters import catalog

QUESTION = "Which class of customer sends more than usual, whom do limits turn away, who feels it?"
HOW_TO_READ = (
    "First whom limits turn away, paying customers apart; then the classes that grew or are turned "
    "away most; then whether the others fail or wait more for it. A tenant is never a label: which "
    "one it is stands in the router's log."
)
_PAID = bad_shares("throttled-paid", PAID_RATIO)
_ANY = (Step(None, "green"), Step(0.02, "orange"), Step(FLOOD_LIMITED_RATIO, "red"))
_GREW = (Step(None, "green"), Step(2, "orange"), Step(FLOOD_TIMES, "red"))
_TIERS = ", ".join(PAID_TIERS)


def tenants_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.TENANTS_BOARD,
        question=QUESTION,
        next_uids=(
            links.QUEUE_BOARD, links.LATENCY_BOARD, links.SLO_DETAIL_BOARD, links.METERING_BOARD,
        ),
        choices=(TIER,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_who(),
            *_others(),
            *_rows(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Payers turned away",
                f"Requests of the tiers {_TIERS} that their own limits turned away, over all of "
                "theirs. Somebody pays for these, and wants to be asked.",
                "percentunit", "No requests of paying customers", _PAID, decimals=2,
            ),
            tenants.PAID_LIMITED,
        ),
        stat(
            About(
                3, "Turned away by limits",
                "Requests that users' own limits turned away over all of the chosen tiers. It "
                "costs no budget of availability.",
                "percentunit", "No router that tells tiers", _ANY, decimals=2,
            ),
            tenants.LIMITED,
        ),
        stat(
            About(
                4, "Most turned away",
                "The same of the tier of a cell that has most. From "
                f"{FLOOD_LIMITED_RATIO:.0%} on one tenant floods.",
                "percentunit", "No router that tells tiers", _ANY, decimals=1,
            ),
            tenants.MOST_LIMITED,
        ),
        stat(
            About(
                5, "Requests",
                "Requests per second of the chosen tiers, those turned away among them.",
                "reqps", "No router that tells tiers", decimals=1,
            ),
            tenants.REQUESTS,
        ),
        causes_number(
            6, "Tiers of a cell in which one tenant floods.", tenants.FLOODS, title="Floods"
        ),
        causes_number(
            7,
            "Tiers of a cell whose paying customers are turned away by limits.",
            tenants.THROTTLED,
            title="Paid tiers throttled",
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(8, (
        bar_gauge(
            About(
                8, "Turned away, by tier",
                f"Share of a tier's requests in a cell. {WORST_NOW}",
                "percentunit", "No router that tells tiers", _ANY,
                decimals=1, lowest=0, highest=1,
            ),
            tenants.LIMITED_BARS,
        ),
        bar_gauge(
            About(
                9, "Times the usual",
                "Requests of a tier in a cell over the median of its last three hours. Three times "
                f"the usual and {FLOOD_SHARE_RATIO:.0%} of the cell is a flood that no limit "
                f"stops, unless the other tiers grow as well. {WORST_NOW}",
                "short", "No router that tells tiers", _GREW, decimals=2, lowest=0,
            ),
            tenants.GROWTH_BARS,
        ),
        causes_timeline(
            10, "Causes in who asks",
            "Tenants that flood, by whether limits stop them, and paying customers whom limits "
            "turn away.",
            tenants.CAUSES_OVER_TIME,
        ),
        budget_bars(11, "limits", tenants.BUDGETS, catalog.TIER),
    ))  # fmt: skip


def _who() -> tuple[Band, ...]:
    return (
        Band(1, (row(12, "Who asks"),)),
        Band(8, (
            time_series(
                About(
                    13, "Requests by tier",
                    "Requests per second, those turned away among them.",
                    "reqps", "No router that tells tiers", lowest=0,
                ),
                [tenants.REQUESTS_BY_TIER],
                stacked=True,
            ),
            time_series(
                About(
                    14, "Turned away by tier",
                    "Requests per second that users' own limits turned away.",
                    "reqps", "No router that tells tiers", lowest=0,
                ),
                [tenants.LIMITED_BY_TIER],
                stacked=True,
            ),
            time_series(
                About(
                    15, "Turned away, share",
                    "Share of a tier's requests in a cell. Paying customers above the dashed line "
                    f"are a ticket. {WORST}",
                    "percentunit", "No router that tells tiers", lowest=0,
                ),
                [tenants.LIMITED_RATIOS],
                dashed=[tenants.PAID_LIMIT],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    16, "Requests by cell and tier",
                    f"Requests per second. {BUSIEST}",
                    "reqps", "No router that tells tiers", lowest=0,
                ),
                [tenants.BUSIEST],
            ),
            time_series(
                About(
                    17, "Share of the cell",
                    f"A tier's part of all requests of its cell. {BUSIEST}",
                    "percentunit", "No router that tells tiers", lowest=0, highest=1,
                ),
                [tenants.SHARES],
            ),
            time_series(
                About(
                    18, "Tokens billed by tier",
                    "Tokens per second, prompt and generated: requests of one tier may be much "
                    "longer than those of another.",
                    "short", "No metering", lowest=0,
                ),
                [tenants.TOKENS],
            ),
        )),
    )  # fmt: skip


def _others() -> tuple[Band, ...]:
    return (
        Band(1, (row(19, "Who feels it"),)),
        Band(8, (
            time_series(
                About(
                    20, "Failing, by tier",
                    "Errors, time-outs and rejections over all requests but the rate-limited. A "
                    f"flood that limits stop hurts nobody else. {WORST}",
                    "percentunit", "No requests", lowest=0,
                ),
                [tenants.FAILURE_RATIOS],
                dashed=[level(round(1 - promised("chat-availability"), 6), "promised")],
            ),
            time_series(
                About(
                    21, "Late first tokens, by tier",
                    f"First tokens after {LATE} over all. {WORST}",
                    "percentunit", "No requests", lowest=0,
                ),
                [tenants.LATE_RATIOS],
                dashed=[level(round(1 - promised("chat-ttft"), 6), "promised")],
            ),
            time_series(
                About(
                    22, "In flight, by tier",
                    f"Requests that routers have accepted and that have not ended. {BUSIEST}",
                    "short", "No router exporter", lowest=0,
                ),
                [tenants.IN_FLIGHT],
            ),
            time_series(
                About(
                    23, "Made again, by tier",
                    "Attempts made again over first ones: clients that do not take no for an "
                    f"answer. {WORST}",
                    "percentunit", "No router exporter", lowest=0,
                ),
                [tenants.ATTEMPTS_AGAIN],
            ),
        )),
    )  # fmt: skip


def _rows() -> tuple[Band, ...]:
    return (
        Band(1, (row(24, "Tier by tier"),)),
        Band(9, (
            joined_table(
                About(
                    25, "Tiers",
                    "Each tier of each cell: requests a second, its part of the cell, times its "
                    f"usual, and what is turned away, fails and is late. The {SHOWN_ROWS} busiest.",
                    "short", "No router that tells tiers",
                    overrides=(cell_rows_link(links.QUEUE_BOARD),),
                ),
                {each: each for each in tenants.TIER},
                [
                    Column("requests", tenants.ROWS.first, "reqps", decimals=2),
                    Column("of the cell", tenants.ROW_SHARE, "percentunit", decimals=1),
                    Column("times usual", tenants.ROW_TIMES_USUAL, "short", _GREW, decimals=2),
                    Column("turned away", tenants.ROW_LIMITED, "percentunit", _ANY, decimals=2),
                    Column("failing", tenants.ROW_FAILING, "percentunit", decimals=2),
                    Column("late", tenants.ROW_LATE, "percentunit", decimals=2),
                ],
            ),
            time_series(
                About(
                    26, "Outcomes by tier",
                    "Requests per second of each tier, by how they ended.",
                    "reqps", "No router exporter", lowest=0,
                ),
                [tenants.OUTCOMES],
            ),
        ), (16, 8)),
    )  # fmt: skip
