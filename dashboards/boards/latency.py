"""The Latency board: how long users wait for the first token, for each, and for the last."""

from __future__ import annotations

from typing import Any

from alerts import links
from dashboards.explaining import budget_bars, cell_link, cell_rows_link
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Column,
    Step,
    bar_gauge,
    heatmap,
    joined_table,
    row,
    stat,
    time_series,
)
from dashboards.promises import good_shares
from dashboards.queries import SHOWN_ROWS, latency
from dashboards.queries.latency import DURATION, LATE, PACE, TTFT
from dashboards.queries.shared import level
from dashboards.signs import SLOWEST, WORST, WORST_NOW, opening
from exporters import catalog

QUESTION = (
    "How long do users wait for the first token, for each and for the last, and in which phase?"
)
HOW_TO_READ = (
    "First the waits of all that is chosen, with what was promised as colours; then the slowest "
    "cells, all waits as heat maps, and the phases that time goes into. Users' waits are the "
    "router's; an engine that hangs tells of none."
)
FIRST_TOKEN_SECONDS, TOKEN_SECONDS, TURN_SECONDS = 2.5, 0.2, 60.0
"""Limits of the library's objectives ``chat-ttft``, ``token-pace`` and ``turn-time``."""
_TTFT = (Step(None, "green"), Step(FIRST_TOKEN_SECONDS, "red"))
_PACE = (Step(None, "green"), Step(TOKEN_SECONDS, "red"))
_TURN = (Step(None, "green"), Step(TURN_SECONDS, "red"))
_LINKS = (cell_link(links.QUEUE_BOARD), cell_link(links.CACHE_BOARD))
_ONE_IN_A_HUNDRED = "One request in a hundred took longer."


def latency_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.LATENCY_BOARD,
        question=QUESTION,
        next_uids=(
            links.QUEUE_BOARD, links.CACHE_BOARD, links.GROUP_BOARD, links.SLO_DETAIL_BOARD,
        ),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_how_spread(),
            *_phases(),
            *_over_time(),
        ),
    )  # fmt: skip


def _numbers() -> Band:
    def number(id: int, title: str, what: str, steps: tuple[Step, ...], query: Any) -> Any:
        return stat(About(id, title, what, "s", "No requests", steps, decimals=2), query)

    return Band(4, (
        stat(
            About(
                2, f"First token within {LATE}",
                "Share of the first tokens that came in time; one that never came counts as late, "
                "at its deadline.",
                "percentunit", "No requests", good_shares("chat-ttft", 0.9), decimals=2,
            ),
            latency.IN_TIME,
        ),
        number(
            3, "First token, p99",
            f"At the client. {_ONE_IN_A_HUNDRED}", _TTFT, latency.over_all(0.99, TTFT),
        ),
        number(
            4, "First token, p50", "At the client. Half of the requests took longer.",
            _TTFT, latency.over_all(0.5, TTFT),
        ),
        number(
            5, "Each token, p99",
            "Mean time for each token after the first, of a request that finished, as its engine "
            f"saw it. {_ONE_IN_A_HUNDRED}", _PACE, latency.over_all(0.99, PACE),
        ),
        number(
            6, "Whole answer, p99",
            "From the request to the last token, at the router; where none tells, at the "
            f"engines. {_ONE_IN_A_HUNDRED}",
            _TURN, latency.over_all(0.99, DURATION),
        ),
        number(
            7, "In the queue, mean",
            "Of requests that finished. In a good hour a fraction of a second.",
            (Step(None, "green"), Step(1, "orange"), Step(FIRST_TOKEN_SECONDS, "red")),
            latency.QUEUED,
        ),
    ))  # fmt: skip


def _where() -> Band:
    def slowest(id: int, title: str, what: str, steps: tuple[Step, ...], series: str) -> Any:
        return bar_gauge(
            About(
                id, title, f"{what} {_ONE_IN_A_HUNDRED} {WORST_NOW}",
                "s", "No requests", steps, decimals=2, lowest=0, links=_LINKS,
            ),
            latency.cell_bars(0.99, series),
        )  # fmt: skip

    return Band(8, (
        slowest(8, "First token, p99, by cell", "At the client.", _TTFT, TTFT),
        slowest(9, "Each token, p99, by cell", "At the engines.", _PACE, PACE),
        slowest(
            10, "Whole answer, p99, by cell", "At the router, else at the engines.",
            _TURN, DURATION,
        ),
        budget_bars(11, "latency: first tokens, pace, queues, turns, goodput", latency.BUDGETS),
    ))  # fmt: skip


def _how_spread() -> tuple[Band, ...]:
    def spread(id: int, title: str, what: str, series: str) -> Any:
        return heatmap(
            About(
                id, title, f"Requests per second by how long it took, {what}", "s", "No requests"
            ),
            latency.heat(series),
            cell_unit="reqps",
            cells="requests",
        )

    return (
        Band(1, (row(12, "All waits"),)),
        Band(9, (
            spread(
                13, "First tokens",
                "at the client, of users. A second band above the first is a part of the fleet "
                "that is slow; a cloud at the deadline are requests that got none.",
                TTFT,
            ),
            spread(14, "Each token", "after the first, at the engines.", PACE),
            spread(
                15, "Whole answers", "up to the last token, at the router, else at the engines.",
                DURATION,
            ),
        )),
    )  # fmt: skip


def _phases() -> tuple[Band, ...]:
    return (
        Band(1, (row(16, "Where the time goes"),)),
        Band(8, (
            time_series(
                About(
                    17, "Phases of a request",
                    "Mean seconds of a request: before the engine (network, router, attempts that "
                    "failed), in its queue, until its first token, and from there to the last. "
                    "Queues grow when capacity is short, prefills when caches miss, decoding when "
                    "batches are full or a GPU is slow.",
                    "s", "No requests", lowest=0,
                ),
                list(latency.PHASES),
                stacked=True,
            ),
            time_series(
                About(
                    18, "In the queue, by cell",
                    f"Mean seconds in the engine's queue, by cell. {SLOWEST}",
                    "s", "No requests", lowest=0,
                ),
                [latency.QUEUED_BY_CELL],
            ),
            time_series(
                About(
                    19, "Prefill, by cell",
                    f"Mean seconds from the queue to the first token, by cell. {SLOWEST}",
                    "s", "No requests", lowest=0,
                ),
                [latency.PREFILL_BY_CELL],
            ),
        )),
    )  # fmt: skip


def _over_time() -> tuple[Band, ...]:
    def slowest(id: int, title: str, quantile: float, series: str, limit: float) -> Any:
        return time_series(
            About(id, title, f"By cell. {SLOWEST}", "s", "No requests", lowest=0),
            [latency.by_cell(quantile, series)],
            dashed=[level(limit, "promised")],
        )

    return (
        Band(1, (row(20, "Cell by cell"),)),
        Band(8, (
            slowest(21, "First token, p99, over time", 0.99, TTFT, FIRST_TOKEN_SECONDS),
            slowest(22, "Each token, p99, over time", 0.99, PACE, TOKEN_SECONDS),
            slowest(23, "Whole answer, p99, over time", 0.99, DURATION, TURN_SECONDS),
        )),
        Band(9, (
            time_series(
                About(
                    24, "Late first tokens by tier",
                    f"First tokens after {LATE} over all, by region and class of customer. {WORST}",
                    "percentunit", "No requests", lowest=0,
                ),
                [latency.LATE_BY_TIER],
            ),
            joined_table(
                About(
                    25, "Cells",
                    "Each cell: requests a second and what they wait, in seconds. The "
                    f"{SHOWN_ROWS} whose first tokens are slowest. A click on a model opens its "
                    "queue.",
                    "short", "No requests",
                    overrides=(cell_rows_link(links.QUEUE_BOARD),),
                ),
                {each: each for each in catalog.CELL_LABELS},
                [
                    Column("first token p99", latency.ROWS.first, "s", decimals=2),
                    Column("first token p50", latency.row_quantile(0.5, TTFT), "s", decimals=2),
                    Column("each token p99", latency.row_quantile(0.99, PACE), "s", decimals=3),
                    Column("answer p99", latency.row_quantile(0.99, DURATION), "s", decimals=1),
                    Column("queue mean", latency.ROW_QUEUED, "s", decimals=2),
                    Column("requests", latency.ROW_REQUESTS, "reqps", decimals=1),
                ],
            ),
        ), (8, 16)),
    )  # fmt: skip
