"""The Tools board: which tool makes agents fail or wait, and whether it is the tool or they."""

from __future__ import annotations

from alerts import links
from alerts.causes.captchas import LEAST_CAPTCHA_RATIO
from alerts.causes.looping import MOST_AGAIN_RATIO, MOST_TIMES_USUAL
from alerts.causes.slow_tools import LEAST_DIFFERENCE
from alerts.causes.tools import LEAST_SUCCESS_RATIO
from dashboards.boards.tools_detail import around_them, how_long, tool_by_tool
from dashboards.explaining import budget_bars, causes_number, causes_timeline
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_series, value_link
from dashboards.panels import About, Step, bar_gauge, row, stat, time_series
from dashboards.promises import good_shares
from dashboards.queries import tools
from dashboards.queries.shared import level
from dashboards.signs import WORST, WORST_NOW, opening
from dashboards.variables import TOOL
from exporters import catalog

QUESTION = (
    "Which tool makes agents fail or wait, where, and is it the tool, the sites, or the agents?"
)
HOW_TO_READ = (
    "First how calls end and how long they take, then which tool of which region is worst, then "
    "why: failures by their kind, captchas, attempts that are made again, times against those of "
    "the hours before. A click on a bar keeps to that tool."
)
_SAME_TOOL = (
    value_link(
        "Keep to this tool",
        of_series(
            links.TOOLS_BOARD,
            {each: each for each in (catalog.CLUSTER, catalog.REGION, catalog.TOOL)},
        ),
    ),
)
_FAILS = good_shares("tool-success", LEAST_SUCCESS_RATIO)
_AGAIN = (Step(None, "green"), Step(MOST_AGAIN_RATIO, "red"))
_CAPTCHAS = (Step(None, "green"), Step(LEAST_CAPTCHA_RATIO, "red"))
LONG_SECONDS = 300.0
"""Limit of the library's objective ``tool-time``."""
_TIMES = (Step(None, "green"), Step(LONG_SECONDS, "red"))


def tools_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.TOOLS_BOARD,
        question=QUESTION,
        next_uids=(links.SLO_DETAIL_BOARD, links.QUEUE_BOARD, links.CACHE_BOARD, links.FLEET_BOARD),
        choices=(TOOL,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _where(),
            *_why(),
            *how_long(),
            *around_them(),
            *tool_by_tool(),
        ),
    )


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Success",
                "Calls that did what they were asked for over all but the cancelled: errors, "
                "time-outs, captchas, limits and blocks are failures.",
                "percentunit", "No tool calls", _FAILS, decimals=2,
            ),
            tools.SUCCESS,
        ),
        stat(
            About(
                3, "Nine of ten within",
                "Nine of ten calls of the last five minutes took no longer, of all models of the "
                "chosen regions together.",
                "s", "No tool calls", _TIMES, decimals=1,
            ),
            tools.NINE_OF_TEN,
        ),
        stat(
            About(
                4, "Made again",
                "Attempts made again over first ones. From "
                f"{MOST_AGAIN_RATIO:.0%} on agents go round in circles.",
                "percentunit", "No tool calls", _AGAIN, decimals=1,
            ),
            tools.AGAIN,
        ),
        stat(
            About(
                5, "Captchas",
                "Calls that ended in a captcha over all but the cancelled: what sites think of the "
                "addresses that the calls come from.",
                "percentunit", "No tool calls", _CAPTCHAS, decimals=1,
            ),
            tools.CAPTCHAS,
        ),
        stat(
            About(
                6, "Page cache hits",
                "Pages that the page cache had over those that tools asked it for.",
                "percentunit", "No page cache", decimals=0,
            ),
            tools.PAGE_CACHE_HITS,
        ),
        causes_number(
            7,
            "Evidence of tools that are out or slow, of captchas, and of agents that loop.",
            tools.AT_WORK,
        ),
    ))  # fmt: skip


def _where() -> Band:
    return Band(8, (
        bar_gauge(
            About(
                8, "Success by tool",
                f"As above, by tool and region. {WORST_NOW} Red is a tool that is out.",
                "percentunit", "No tool calls", _FAILS,
                decimals=1, lowest=0, highest=1, links=_SAME_TOOL,
            ),
            tools.SUCCESS_BARS,
        ),
        bar_gauge(
            About(
                9, "Nine of ten within, by tool",
                f"As above, by tool and region. {WORST_NOW}",
                "s", "No tool calls", _TIMES, decimals=1, lowest=0, links=_SAME_TOOL,
            ),
            tools.TIME_BARS,
        ),
        causes_timeline(
            10, "Causes in tools",
            "Tools that are out or slow, captchas, agents that loop, by region and tool.",
            tools.CAUSES_OVER_TIME,
        ),
        budget_bars(11, "tools: success, and time", tools.BUDGETS),
    ))  # fmt: skip


def _why() -> tuple[Band, ...]:
    return (
        Band(1, (row(12, "Why calls fail"),)),
        Band(8, (
            time_series(
                About(
                    13, "Failures by kind",
                    "Calls that failed, per second, by how they ended: a time-out is the tool's, a "
                    "captcha the site's, a limit ours or theirs, a block somebody's policy.",
                    "reqps", "No tool calls", lowest=0,
                ),
                [tools.FAILURES],
                stacked=True,
            ),
            time_series(
                About(
                    14, "Failing share by tool and kind",
                    f"Failures of a kind over a tool's calls. {WORST}",
                    "percentunit", "No tool calls", lowest=0,
                ),
                [tools.FAILURE_RATIOS],
                dashed=[level(1 - LEAST_SUCCESS_RATIO, "out")],
            ),
            time_series(
                About(
                    15, "Captchas by tool",
                    "Share of a tool's calls that ended in a captcha. A wave begins above the "
                    f"dashed line, where captchas are most of what fails. {WORST}",
                    "percentunit", "No tool calls", lowest=0,
                ),
                [tools.CAPTCHA_RATIOS],
                dashed=[level(LEAST_CAPTCHA_RATIO, "a wave")],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    16, "Attempts made again by tool",
                    "Attempts made again over first ones. Above the dashed line agents add to what "
                    f"hurts the tool. {WORST}",
                    "percentunit", "No tool calls", lowest=0,
                ),
                [tools.AGAIN_RATIOS],
                dashed=[level(MOST_AGAIN_RATIO, "too often")],
            ),
            time_series(
                About(
                    17, "Calls for each request",
                    "First attempts of tool calls over answered requests of a cell. "
                    f"{MOST_TIMES_USUAL:g} times the usual is a loop. {WORST}",
                    "short", "Too few calls or requests", lowest=0,
                ),
                [tools.CALLS_PER_REQUEST],
            ),
            bar_gauge(
                About(
                    18, "Slower than before",
                    "The largest difference, at any time, between the share of calls that were "
                    "over by then in the three hours before and now. From "
                    f"{LEAST_DIFFERENCE:g} on a tool is slow, whatever it takes usually. "
                    f"{WORST_NOW} Tools with few calls are left out.",
                    "percentunit", "No tool calls, or too few",
                    (Step(None, "green"), Step(LEAST_DIFFERENCE, "red")),
                    decimals=1, lowest=0, highest=1, links=_SAME_TOOL,
                ),
                tools.SLOWER_BARS,
            ),
        )),
    )  # fmt: skip
