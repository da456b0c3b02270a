"""Sections of the Metering and safety board: the safety filter, and what probes see."""

from __future__ import annotations

from alerts import links
from dashboards.layout import Band
from dashboards.links import TITLES, of_row
from dashboards.panels import About, bar_gauge, linked_column, row, table, time_series
from dashboards.queries import SHOWN_ROWS, metering
from dashboards.queries.shared import level
from dashboards.signs import BUSIEST, WORST, WORST_NOW
from exporters import catalog

CHECK_SECONDS = 0.1
"""Limit of the library's objective ``safety-time``."""
_GROUP = linked_column(
    catalog.GROUP,
    f"Open {TITLES[links.GROUP_BOARD]}",
    of_row(links.GROUP_BOARD, {each: each for each in catalog.GROUP_LABELS}),
)


def what_is_read() -> tuple[Band, ...]:
    """Return what the safety filter does (ids 19 to 24)."""
    return (
        Band(1, (row(19, "The safety filter"),)),
        Band(8, (
            time_series(
                About(
                    20, "Passed unread, by stage",
                    "Checks of prompts (input) or answers (output) that were not made, over all. "
                    f"{WORST}",
                    "percentunit", "No safety filter", lowest=0,
                ),
                [metering.UNREAD_RATIOS],
                dashed=[metering.UNREAD_LIMIT],
            ),
            time_series(
                About(
                    21, "Filter not asked, by cell",
                    "Share of answers that the filter was never asked about: a route goes "
                    f"around it. {WORST}",
                    "percentunit", "No safety filter", lowest=0,
                ),
                [metering.UNASKED_RATIOS],
                dashed=[metering.UNASKED_LIMIT],
            ),
            time_series(
                About(
                    22, "Verdicts",
                    "Checks per second by stage and verdict.",
                    "cps", "No safety filter", lowest=0,
                ),
                [metering.VERDICTS],
            ),
        )),
        Band(8, (
            time_series(
                About(
                    23, "Blocked",
                    "Checks that blocked what they read, over those that were made: a sudden "
                    f"change is an attack, or a filter that was changed. {BUSIEST}",
                    "percentunit", "No safety filter", lowest=0,
                ),
                [metering.BLOCKED_RATIOS],
            ),
            time_series(
                About(
                    24, "Time of a check, by cell",
                    "Mean seconds. A filter that is overloaded is slow first, and fails open or "
                    f"closed then. {WORST}",
                    "s", "No safety filter", lowest=0,
                ),
                [metering.CHECK_TIMES],
                dashed=[level(CHECK_SECONDS, "promised")],
            ),
        )),
    )  # fmt: skip


def what_probes_see() -> tuple[Band, ...]:
    """Return groups whose answers differ from those of their peers (ids 25 to 29)."""
    return (
        Band(1, (row(25, "Are answers right"),)),
        Band(8, (
            time_series(
                About(
                    26, "Groups that disagree, share of the cell",
                    "So many users get wrong answers, fast, and nothing else shows it. Above the "
                    f"dashed line it is a page. {WORST}",
                    "percentunit", "No probes", lowest=0,
                ),
                [metering.DISAGREEING_RATIOS],
                dashed=[metering.DISAGREEING_LIMIT],
            ),
            table(
                About(
                    27, "Groups that disagree now",
                    "Take them out of the router. A click opens the group. At most "
                    f"{SHOWN_ROWS}.",
                    "none", "None, or no probe exporter",
                    overrides=(_GROUP,),
                ),
                metering.DISAGREEING_ROWS,
                {each: each for each in catalog.GROUP_LABELS},
            ),
            bar_gauge(
                About(
                    28, "Prompts that drift",
                    "Prompts that a group answers otherwise late in the answer only: numeric "
                    f"drift, as of another GPU or kernel. {WORST_NOW}",
                    "short", "None drifts, or no probes", decimals=0, lowest=0,
                ),
                metering.DRIFTING_GROUPS,
            ),
            table(
                About(
                    29, "Groups that do not answer probes",
                    f"Within their deadline, the last time. At most {SHOWN_ROWS}.",
                    "none", "None, or no probe exporter",
                    overrides=(_GROUP,),
                ),
                metering.UNANSWERED,
                {each: each for each in catalog.GROUP_LABELS},
            ),
        )),
    )  # fmt: skip
