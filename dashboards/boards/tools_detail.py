"""Sections of the Tools board: times, what stands around tools, and each tool in a row."""

from __future__ import annotations

from dashboards.layout import Band
from dashboards.panels import About, Column, Step, heatmap, joined_table, row, time_series
from dashboards.queries import SHOWN_ROWS, tools
from dashboards.signs import BUSIEST, WORST


def how_long() -> tuple[Band, ...]:
    """Return times of calls (ids 19 to 22)."""
    return (
        Band(1, (row(19, "How long calls take"),)),
        Band(8, (
            heatmap(
                About(
                    20, "Times of calls",
                    "Calls within five minutes by how long they took, of all chosen tools and all "
                    "models. A tool that became slow moves upwards; one that is out gathers at its "
                    "time limit.",
                    "s", "No tool calls",
                ),
                tools.TIMES,
                cells="calls",
            ),
            time_series(
                About(
                    21, "Half of the calls within",
                    f"The median of the calls of the last five minutes, by tool. {WORST}",
                    "s", "No tool calls", lowest=0,
                ),
                [tools.times(0.5)],
            ),
            time_series(
                About(
                    22, "99 of 100 calls within",
                    f"Of the last five minutes, by tool. The last bound is an hour. {WORST}",
                    "s", "No tool calls", lowest=0,
                ),
                [tools.times(0.99)],
            ),
        )),
    )  # fmt: skip


def around_them() -> tuple[Band, ...]:
    """Return the page cache, MCP and what is sent by OpenTelemetry (ids 23 to 28), closed."""
    return (
        Band(1, (row(23, "Page cache, MCP, OpenTelemetry", collapsed=True),)),
        Band(8, (
            time_series(
                About(
                    24, "Page cache hits by region",
                    "Pages that the cache had over those asked for. What it has needs no site, and "
                    f"gets no captcha. {WORST}",
                    "percentunit", "No page cache", lowest=0, highest=1,
                ),
                [tools.PAGE_CACHE_HIT_RATIOS],
            ),
            time_series(
                About(
                    25, "Pages",
                    "Pages asked for, per second, by whether the cache had them.",
                    "reqps", "No page cache", lowest=0,
                ),
                [tools.PAGES],
                stacked=True,
            ),
            time_series(
                About(
                    26, "MCP requests by method",
                    f"Requests of MCP clients per second. {BUSIEST}",
                    "reqps", "No MCP client, or none is seen", lowest=0,
                ),
                [tools.MCP_REQUESTS],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    27, "MCP failures by method",
                    f"Requests of MCP clients that failed over all but the cancelled. {WORST}",
                    "percentunit", "No MCP client, or none is seen", lowest=0,
                ),
                [tools.MCP_FAILURES],
            ),
            time_series(
                About(
                    28, "OpenTelemetry dropped",
                    "Data points and spans per second that clients sent and that were not counted, "
                    "by the reason: what they tell of calls is missing above.",
                    "cps", "None is dropped, or no receiver", lowest=0,
                ),
                [tools.OTLP_DROPPED],
            ),
        )),
    )  # fmt: skip


def tool_by_tool() -> tuple[Band, ...]:
    """Return each tool in a row (ids 29 to 31)."""
    return (
        Band(1, (row(29, "Tool by tool"),)),
        Band(9, (
            time_series(
                About(
                    30, "Calls by tool",
                    f"Calls that ended, per second, but the cancelled. {BUSIEST}",
                    "reqps", "No tool calls", lowest=0,
                ),
                [tools.CALLS_BY_TOOL],
            ),
            joined_table(
                About(
                    31, "Tools",
                    "Each tool of each region: calls a second, how many succeed, how long they "
                    f"take, how many are made again. The {SHOWN_ROWS} busiest.",
                    "short", "No tool calls",
                ),
                {each: each for each in tools.PLACE},
                [
                    Column("calls", tools.ROWS.first, "reqps", decimals=2),
                    Column("success", tools.ROW_SUCCESS, "percentunit", decimals=2),
                    Column("half within", tools.ROW_HALF, "s", decimals=2),
                    Column("nine of ten within", tools.ROW_NINE_OF_TEN, "s", decimals=2),
                    Column(
                        "made again", tools.ROW_AGAIN, "percentunit",
                        (Step(None, "text"), Step(0.1, "red")), decimals=1,
                    ),
                ],
            ),
        ), (8, 16)),
    )  # fmt: skip
