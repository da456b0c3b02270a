"""Sections of the Queue board: what comes and goes, and each cell in a row."""

from __future__ import annotations

from alerts import links
from alerts.causes import queue_signals as signals
from dashboards.explaining import cell_rows_link
from dashboards.layout import Band
from dashboards.links import of_series, value_link
from dashboards.panels import About, Column, Order, Step, bar_gauge, joined_table, row, time_series
from dashboards.queries import SHOWN_ROWS, queues
from dashboards.signs import NO_ZERO, SLOWEST, WORST, WORST_NOW
from exporters import catalog


def what_comes_and_goes() -> tuple[Band, ...]:
    """Return attempts, ends, work in hand and capacity (ids 24 to 30)."""
    return (
        Band(1, (row(24, "What comes and goes"),)),
        Band(8, (
            time_series(
                About(
                    25, "Attempts",
                    "Attempts per second that were sent to groups: first ones are users, the rest "
                    "are clients that ask again.",
                    "reqps", "No router exporter", lowest=0,
                ),
                [queues.ATTEMPTS],
                stacked=True,
            ),
            time_series(
                About(
                    26, "How requests end",
                    "Requests per second by how they ended.",
                    "reqps", "No router exporter", lowest=0,
                ),
                [queues.ENDED],
                stacked=True,
            ),
            time_series(
                About(
                    27, "In flight",
                    "Requests that routers have accepted and that have not ended, by cell. "
                    f"{WORST}",
                    "short", "No router exporter", lowest=0,
                ),
                [queues.IN_FLIGHT],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    28, "Time in queues",
                    f"Mean seconds in the engine's queue of requests that finished. {SLOWEST}",
                    "s", "No requests", lowest=0,
                ),
                [queues.QUEUE_SECONDS],
            ),
            bar_gauge(
                About(
                    29, "Rejected by engines",
                    "Requests per second that engines refused because their queue was full, by "
                    "group and limit. Routers and clients try these again. "
                    f"{WORST_NOW}",
                    "reqps", "None rejects any, or no groups exporter", decimals=2, lowest=0,
                ),
                queues.REJECTED,
            ),
            time_series(
                About(
                    30, "Capacity",
                    "Share of a cell's groups that can serve: what is missing has causes of its "
                    f"own, and no queue is the trigger. {WORST}",
                    "percentunit", "No groups exporter", lowest=0, highest=1,
                ),
                [queues.CAPACITY],
            ),
        )),
    )  # fmt: skip


def cell_by_cell() -> tuple[Band, ...]:
    """Return each cell in a row, and the longest queues (ids 31 to 33)."""
    return (
        Band(1, (row(31, "Cell by cell"),)),
        Band(9, (
            joined_table(
                About(
                    32, "Cells",
                    "Each cell: how many wait, how long until they are served, attempts for each "
                    "first one, refused ones, good ends against the usual, and how many of the six "
                    f"signals are bad: most of them first. The {SHOWN_ROWS} with most that wait.",
                    "short", "No groups exporter",
                    overrides=(cell_rows_link(links.LATENCY_BOARD),),
                ),
                {each: each for each in catalog.CELL_LABELS},
                [
                    Column("waiting", queues.ROWS.first, "short", decimals=0, zero=NO_ZERO),
                    Column(
                        "drain", queues.ROW_DRAIN, "s",
                        (Step(None, "text"), Step(signals.PATIENCE_SECONDS, "red")), decimals=1,
                    ),
                    Column(
                        "attempts", queues.ROW_AMPLIFICATION, "short",
                        (Step(None, "text"), Step(signals.RETRIES_WARN, "red")), decimals=2,
                    ),
                    Column(
                        "refused", queues.ROW_REFUSED, "percentunit",
                        (Step(None, "text"), Step(signals.REFUSED_RATIO, "red")), decimals=1,
                    ),
                    Column(
                        "good ends to usual", queues.ROW_GOODPUT, "percentunit",
                        (Step(None, "red"), Step(signals.GOODPUT_RATIO, "text")), decimals=0,
                    ),
                    Column(
                        "bad signals", queues.ROW_BAD, "short",
                        (Step(None, "text"), Step(1, "orange"), Step(3, "red")), decimals=0,
                        zero=NO_ZERO,
                    ),
                ],
                (Order("bad signals", descending=True), Order("waiting", descending=True)),
            ),
            bar_gauge(
                About(
                    33, "Longest queues of groups",
                    f"Requests that wait, by group. {WORST_NOW} A click opens the group.",
                    "short", "Nothing waits, or no groups exporter", decimals=0, lowest=0,
                    links=(
                        value_link(
                            "Open this group",
                            of_series(
                                links.GROUP_BOARD, {each: each for each in catalog.GROUP_LABELS}
                            ),
                        ),
                    ),
                ),
                queues.FULLEST_QUEUES,
            ),
        ), (16, 8)),
    )  # fmt: skip
