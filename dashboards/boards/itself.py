"""The board of shardwatch itself: can what it says be believed, and does it reach anybody?"""

from __future__ import annotations

from alerts import links
from dashboards.boards.itself_sections import (
    NO_ALERTMANAGER,
    NO_EXPORTER,
    NO_PROMETHEUS,
    exporters,
    notifications,
    rules,
    sources,
)
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import About, Step, stat, state_timeline
from dashboards.queries import itself
from dashboards.queries.selecting import is_one_of
from dashboards.signs import NONE_IS_GOOD, YES_OR_NO, alerts_table, opening
from exporters import catalog
from slo import conventions

QUESTION = "Can what shardwatch says be believed now, and do its alerts reach anybody?"
HOW_TO_READ = (
    "Alerts that come first; then exporters and what they read, for what no exporter can read is "
    "not seen; then whether rules are evaluated in time; then the way of the alerts."
)
_LATE = (Step(None, "green"), Step(30, "orange"), Step(120, "red"))
_HISTORY = (Step(None, "yellow"), Step(28 * 86400, "green"))
"""Budgets are taken over 28 days."""


def itself_board() -> Board:
    """Return the board."""
    return Board(
        uid=links.ITSELF_BOARD,
        question=QUESTION,
        next_uids=(links.FLEET_BOARD, links.SLO_BOARD, links.METERING_BOARD),
        hidden=(conventions.SLO, catalog.MODEL),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(),
            _what_fires(),
            *exporters(),
            *sources(),
            *rules(),
            *notifications(),
        ),
    )


def _numbers() -> Band:
    return Band(4, (
        stat(
            About(
                2, "Watchdog fires",
                "An alert that always fires, and that somebody outside listens for. If it does "
                "not, no other alert does either.",
                "short", NO_PROMETHEUS, meanings=YES_OR_NO,
            ),
            itself.WATCHDOG_FIRES,
        ),
        stat(
            About(
                3, "Targets down",
                "Exporters, Prometheus and Alertmanager that do not answer their scrapes.",
                "short", NO_PROMETHEUS, NONE_IS_GOOD, decimals=0,
            ),
            itself.TARGETS_DOWN,
        ),
        stat(
            About(
                4, "Sources silent",
                "Engines, hosts, routers and gateways that an exporter cannot read now.",
                "short", NO_EXPORTER, NONE_IS_GOOD, decimals=0,
            ),
            itself.SOURCES_SILENT,
            instant=True,
        ),
        stat(
            About(
                5, "Rules late",
                "How much longer ago than its interval the latest group of rules was evaluated.",
                "s", NO_PROMETHEUS, _LATE, decimals=0,
            ),
            itself.RULES_LATE,
        ),
        stat(
            About(
                6, "Notifications lost, 1h",
                "Notifications that failed at Alertmanager, and that Prometheus dropped, within "
                "an hour.",
                "short", NO_ALERTMANAGER, NONE_IS_GOOD, decimals=0,
            ),
            itself.NOTIFICATIONS_LOST,
        ),
        stat(
            About(
                7, "History",
                "How far back Prometheus knows. With less than an objective's period, its budget "
                "is unknown.",
                "s", NO_PROMETHEUS, _HISTORY, decimals=1,
            ),
            itself.HISTORY,
        ),
    ))  # fmt: skip


def _what_fires() -> Band:
    mine = is_one_of(conventions.ALERTNAME, itself.WATCH_ALERTS)
    place = (catalog.EXPORTER, catalog.SOURCE, itself.JOB, itself.INSTANCE, catalog.REASON)
    return Band(7, (
        alerts_table(8, mine, place=place),
        state_timeline(
            About(
                9, "Targets over time",
                "Whether all of each job answered their scrapes.",
                "short", NO_PROMETHEUS, meanings=YES_OR_NO,
            ),
            itself.TARGETS,
        ),
    ))  # fmt: skip
