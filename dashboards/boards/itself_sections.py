"""Sections of the board of shardwatch itself: exporters, sources, rules, the way of the alerts."""

from __future__ import annotations

from typing import Any

from dashboards.layout import Band
from dashboards.panels import About, Step, bar_gauge, row, table, time_series
from dashboards.queries import SHOWN_LINES, SHOWN_ROWS, itself
from dashboards.queries.query import Query
from dashboards.signs import WORST
from exporters import catalog

NO_PROMETHEUS = "Prometheus does not scrape itself"
NO_ALERTMANAGER = "Alertmanager is not scraped"
NO_EXPORTER = "No exporter"
_SHARE = (Step(None, "transparent"), Step(1, "red"))


def exporters() -> tuple[Band, ...]:
    """Return how exporters are scraped, what they take, what is wrong with them (ids 10 to 21)."""
    return (
        Band(1, (row(10, "Exporters"),)),
        Band(7, (
            _graph(
                11, "Time of scrapes", "s", itself.SCRAPE_DURATIONS,
                "How long Prometheus waited for each exporter's page, of the slowest.",
            ),
            _graph(
                12, "Between scrapes, p99", "s", itself.SCRAPE_INTERVALS,
                "What lies between two scrapes of a target, by what was asked for: much more than "
                "that, and Prometheus is short of a processor.",
            ),
            _graph(
                13, "Samples in a scrape", "short", itself.SAMPLES,
                "Samples of all exporters of a job.",
            ),
            _graph(
                14, "Time of collections", "s", itself.COLLECTION_DURATIONS,
                "How long an exporter took to read all its sources.",
            ),
        )),
        Band(7, (
            _graph(
                15, "Age of the last good collection", "s", itself.COLLECTION_AGES,
                "It grows while an exporter cannot make sense of what it reads.",
            ),
            _graph(
                16, "Answers by status", "reqps", itself.ANSWERS,
                "Requests to each exporter, by the status of its answer.",
            ),
            _graph(
                17, "Memory", "bytes", itself.MEMORY, "Resident memory, of the largest process.",
            ),
            _graph(
                18, "Processor", "short", itself.PROCESSOR, "Processors kept busy.",
            ),
        )),
        Band(7, (
            table(
                About(
                    19, "Exporters with a fault",
                    "Exporters that go by an earlier content of a file, for the present one cannot "
                    "be used; without a file, those that could make nothing of what they read.",
                    "none", "None, or no exporter",
                ),
                itself.EXPORTER_FAULT_ROWS,
                {each: each for each in catalog.EXPORTER_RELOAD_SUCCESS.labels},
            ),
            bar_gauge(
                About(
                    20, "Values folded",
                    "Different values outside a label's bounded set within five minutes, served "
                    f"as {catalog.OTHER!r}. The {SHOWN_LINES} largest.",
                    "short", "None is folded, or no exporter", decimals=0, lowest=0,
                ),
                itself.FOLDED_VALUES,
            ),
            bar_gauge(
                About(
                    21, "Targets without a place",
                    "Targets of service discovery that have no place in the topology, by reason: "
                    "nobody looks at them.",
                    "short", "No service discovery, or all have a place", decimals=0, lowest=0,
                ),
                itself.UNPLACED,
            ),
        )),
    )  # fmt: skip


def sources() -> tuple[Band, ...]:
    """Return what exporters cannot read, and what takes them long (ids 22 to 26)."""
    return (
        Band(1, (row(22, "What they read"),)),
        Band(8, (
            table(
                About(
                    23, "Sources that do not answer",
                    "Engines, hosts, routers and gateways that an exporter cannot read, with the "
                    f"reason: what they serve is not seen. At most {SHOWN_ROWS}.",
                    "none", "None, or no exporter",
                ),
                itself.SILENT_SOURCE_ROWS,
                {each: each for each in (*catalog.SOURCE_UP.labels, catalog.REASON)},
            ),
            bar_gauge(
                About(
                    24, "Silent sources by reason",
                    "How many do not answer, by exporter and reason: many that time out at once "
                    "are a network, or an exporter without time.",
                    "short", "None, or no exporter", decimals=0, lowest=0,
                ),
                itself.SOURCES_BY_REASON,
            ),
            bar_gauge(
                About(
                    25, "Slowest sources",
                    f"How long the last collection of each took. The {SHOWN_LINES} slowest.",
                    "s", NO_EXPORTER, decimals=0, lowest=0,
                ),
                itself.SLOW_SOURCES,
            ),
            bar_gauge(
                About(
                    26, "Groups by dialect",
                    "Which names the engines' pages speak: during an upgrade there are two.",
                    "short", "No groups exporter", decimals=0, lowest=0,
                ),
                itself.DIALECTS,
            ),
        ), (9, 5, 5, 5)),
    )  # fmt: skip


def rules() -> tuple[Band, ...]:
    """Return whether rules are evaluated, and in time (ids 27 to 31)."""
    return (
        Band(1, (row(27, "Rules"),)),
        Band(8, (
            time_series(
                About(
                    28, "Time of rule groups, of their interval",
                    "The last evaluation over the interval: at 1 a group skips turns, and alerts "
                    f"are late. {WORST}",
                    "percentunit", NO_PROMETHEUS, _SHARE, lowest=0,
                ),
                [itself.RULE_SHARES],
            ),
            _graph(
                29, "Since the last evaluation", "s", itself.RULE_LATENESS,
                f"By group of rules. {WORST}",
            ),
            time_series(
                About(
                    30, "Rules missed and failed",
                    "Evaluations that were skipped for lack of time, and that gave an error, "
                    "within each step.",
                    "short", NO_PROMETHEUS, lowest=0,
                ),
                [itself.RULES_MISSED, itself.RULES_FAILED],
            ),
            _graph(
                31, "Series in Prometheus's head", "short", itself.HEAD_SERIES,
                "Series that Prometheus holds in memory: some 4 kB each.",
            ),
        )),
    )  # fmt: skip


def notifications() -> tuple[Band, ...]:
    """Return whether alerts reach anybody (ids 32 to 36)."""
    return (
        Band(1, (row(32, "The way of the alerts"),)),
        Band(8, (
            time_series(
                About(
                    33, "Prometheus to Alertmanager",
                    "Alerts that wait to be sent, and that were dropped or failed within each "
                    "step; and the Alertmanagers that Prometheus knows.",
                    "short", NO_PROMETHEUS, lowest=0,
                ),
                [itself.QUEUE, itself.DROPPED, itself.ERRORS, itself.ALERTMANAGERS],
            ),
            _notified(
                34, "Notifications", itself.NOTIFICATIONS,
                "Sent by Alertmanager within each step, by the way that they take.",
            ),
            _notified(
                35, "Notifications that failed", itself.NOTIFICATIONS_FAILED,
                "Within each step; it tries again, and gives up when the next group is due.",
            ),
            time_series(
                About(
                    36, "Time of notifications, p99",
                    "How long the receivers took to accept them.",
                    "s", "Nothing was sent, or Alertmanager is not scraped", lowest=0,
                ),
                [itself.NOTIFICATION_TIMES],
            ),
        )),
    )  # fmt: skip


def _graph(id: int, title: str, unit: str, query: Query, description: str) -> Any:
    return time_series(About(id, title, description, unit, NO_PROMETHEUS, lowest=0), [query])


def _notified(id: int, title: str, query: Query, description: str) -> Any:
    return time_series(About(id, title, description, "short", NO_ALERTMANAGER, lowest=0), [query])
