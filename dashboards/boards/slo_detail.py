"""The SLO detail: one objective's budget, its burn by window, what spent it, how sure we are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alerts import links
from alerts.exhaustion import ALREADY_GONE
from dashboards.boards.slo_scope import Scope
from dashboards.boards.slo_sections import (
    alerts_firing,
    burn_of_tier,
    causes_over_time,
    coverages,
    traffic,
)
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_row
from dashboards.panels import (
    About,
    Meaning,
    Step,
    bar_gauge,
    linked_column,
    row,
    stat,
    table,
    time_series,
)
from dashboards.queries import alerts
from dashboards.queries.objectives import ALLOWED, PERIOD, TARGETS
from dashboards.signs import (
    BUDGET_STEPS,
    BUDGET_UNKNOWN,
    BUSIEST,
    COVERAGE_STEPS,
    NONE_IS_GOOD,
    WORST,
    WORST_NOW,
    opening,
)
from exporters import catalog
from slo import conventions

QUESTION = "How much of this objective's budget is left, will it last, and what spends it?"
HOW_TO_READ = (
    "Choose one objective above, and a cell. Its budget first; below it how fast that is spent, "
    "window by window, against where alerts fire; then on what, and how sure we are."
)
_FIRST_TIER_ID = 41
"""The tiers' are the last ones, for how many there are depends on the objectives."""
_TIERS_A_BAND = 4
_WEEK_SECONDS = 7 * 86400
_LASTS = (Step(None, "red"), Step(_WEEK_SECONDS, "yellow"), Step(4 * _WEEK_SECONDS, "green"))
_EVIDENCE = (
    conventions.CAUSE,
    catalog.REGION,
    catalog.MODEL,
    catalog.GROUP,
    catalog.HOST,
    catalog.UUID,
    catalog.TOOL,
    catalog.REASON,
)
_GROUP_HERE = {each: each for each in (catalog.REGION, catalog.MODEL, catalog.GROUP)}


def slo_detail_board(scope: Scope) -> Board:
    """Return the board of the objectives of a scope."""
    return Board(
        uid=scope.uid_of(links.SLO_DETAIL_BOARD),
        called=scope.name_of(links.SLO_DETAIL_BOARD),
        question=QUESTION,
        next_uids=(
            scope.uid_of(links.SLO_BOARD),
            links.FLEET_BOARD,
            links.GROUP_BOARD,
            links.LATENCY_BOARD,
            links.TOOLS_BOARD,
        ),
        usual_choices=scope.choices,
        hidden=scope.hidden,
        grouping=scope.ask.variables,
        rollouts=scope.has_cells,
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(scope),
            _budgets(scope),
            *_tiers(scope),
            *_what_spends_it(scope),
            *_how_sure(scope),
        ),
    )


def _numbers(scope: Scope) -> Band:
    target = stat(
        About(
            2, "Objective", "The share of events that shall be good.",
            "percentunit", "No objective recorded", decimals=3,
        ),
        TARGETS,
    )  # fmt: skip
    period = stat(
        About(
            3, "Period", "Over which it is promised; of a calendar's periods a nominal length.",
            "s", "No objective recorded", decimals=0,
        ),
        PERIOD,
    )  # fmt: skip
    budget = stat(
        About(
            4, "Budget left",
            "Share of the error budget left, of the chosen cell that has the least. Below 0 it is "
            "overspent.",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS, decimals=1,
        ),
        scope.ask.lowest_budget,
    )  # fmt: skip
    left = stat(
        About(
            5, "Bad events left",
            "How many more events may be bad within the period, of all chosen cells together; "
            "below 0 so many were too many.",
            "short", BUDGET_UNKNOWN, (Step(None, "dark-red"), Step(0, "green")), decimals=0,
        ),
        scope.ask.events_left,
    )  # fmt: skip
    bad = stat(
        About(
            6, "Bad events, period",
            "Bad events of the chosen cells within the objective's period.",
            "short", "No events recorded", decimals=0,
        ),
        scope.ask.bad_events_over_period,
    )  # fmt: skip
    coverage = stat(
        About(
            8, "Lowest coverage",
            "Samples present over those expected within the period. Below "
            f"{conventions.COVERAGE_NEEDED:.0%} a budget is unknown, not good.",
            "percentunit", "No coverage recorded", COVERAGE_STEPS, decimals=2,
        ),
        scope.ask.lowest_coverage,
    )  # fmt: skip
    pages = stat(
        About(
            9, "Pages firing",
            "Pages that fire for the chosen objectives and cells.",
            "short", "No rules evaluated", NONE_IS_GOOD,
        ),
        alerts.alerts_firing(
            conventions.PAGE, f'{conventions.SLO}!=""', grouping=scope.ask.variables
        ),
    )  # fmt: skip
    return Band(4, (target, period, budget, left, bad, coverage, pages), (4, 4, 4, 3, 3, 3, 3))


def _gone(scope: Scope) -> Any:
    """Return when the budget is gone, by the windows that alerts look at, as they say it."""
    windows = dict.fromkeys(each.long_window for each in scope.tiers)
    return stat(
        About(
            7, "Budget gone in",
            "Until the first budget is spent, if it goes on as it did over each of the windows "
            "that alerts look at, and nothing old leaves the period; a calendar's may end before. "
            "A page says the same of its own window.",
            "s", "Unknown, or nothing is spent", _LASTS, (Meaning(0, ALREADY_GONE, "dark-red"),),
            decimals=1,
        ),
        *(scope.ask.gone_in(each) for each in windows),
    )  # fmt: skip


def _budgets(scope: Scope) -> Band:
    now = bar_gauge(
        About(
            10, "Budget left now",
            f"Share of the error budget left, by cell. {WORST_NOW}",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS,
            decimals=1, lowest=0, highest=1,
        ),
        scope.ask.budget_bars(),
    )  # fmt: skip
    over_time = time_series(
        About(
            11, "Budget left over time",
            "A fall is spending; a rise is an old incident that leaves the period. Looks back 28 "
            f"days as long as the board ends now. {WORST}",
            "percentunit", BUDGET_UNKNOWN, highest=1,
            steps=(Step(None, "red"), Step(0, "transparent")),
        ),
        [scope.ask.budgets_over_time],
        time_from="28d",
    )  # fmt: skip
    if not scope.tiers:
        return Band(8, (now, over_time), (8, 16))
    return Band(8, (now, _gone(scope), over_time), (7, 4, 13))


def _tiers(scope: Scope) -> Iterator[Band]:
    if not scope.tiers:
        return
    yield Band(1, (row(12, "How fast it is spent, and where alerts fire"),))
    graphs = [
        burn_of_tier(_FIRST_TIER_ID + index, scope, tier) for index, tier in enumerate(scope.tiers)
    ]
    for some in (graphs[i : i + _TIERS_A_BAND] for i in range(0, len(graphs), _TIERS_A_BAND)):
        yield Band(8, tuple(some))


def _what_spends_it(scope: Scope) -> Iterator[Band]:
    ask = scope.ask
    yield Band(1, (row(13, "What spends it"),))
    ratio = time_series(
        About(
            14, "Error ratio, and what is allowed",
            "Bad events over all, by cell. The dashed line is the share that may be bad, of the "
            f"laxest objective chosen: above it the budget shrinks. {WORST}",
            "percentunit", "No traffic", lowest=0,
        ),
        [ask.error_ratios],
        dashed=[ALLOWED],
    )  # fmt: skip
    bad = time_series(
        About(
            15, "Bad events",
            f"Bad events per second, by cell. {WORST}",
            "eps", "No traffic", lowest=0,
        ),
        [ask.bad_events],
    )  # fmt: skip
    every = time_series(
        About(
            16, "All events",
            f"All events per second, by cell. {BUSIEST}",
            "eps", "No traffic", lowest=0,
        ),
        [ask.events],
    )  # fmt: skip
    spenders = bar_gauge(
        About(
            17, "Most bad events, period",
            f"Bad events within the period, of the cells that have had most of them. {WORST_NOW}",
            "short", "No events recorded", decimals=0, lowest=0,
        ),
        ask.spenders,
    )  # fmt: skip
    yield Band(8, (ratio, bad, every, spenders))
    if ask.grouping:
        yield from _by_label(scope)
    if scope.has_cells:
        yield _by_cause(scope)
        yield _evidence()


def _by_label(scope: Scope) -> Iterator[Band]:
    graphs: list[Any] = [
        time_series(
            About(
                18 + index, f"Bad events by {label}",
                f"Bad events per second of the chosen cells, by {label}, one on the other.",
                "eps", "No traffic", lowest=0,
            ),
            [scope.ask.bad_events_by(label)],
            stacked=True,
        )
        for index, label in enumerate(scope.ask.grouping[:_TIERS_A_BAND])
    ]  # fmt: skip
    yield Band(8, tuple(graphs))


def _by_cause(scope: Scope) -> Band:
    return Band(8, (
        time_series(
            About(
                24, "Bad events while a cause is at work",
                "Bad events per second in the regions and models where each cause is at work. "
                "Where several are, each is given all of them: the table below has the most "
                "probable first.",
                "eps", "None is at work, or no rules evaluated", lowest=0,
            ),
            [alerts.bad_events_while_at_work(scope.ask)],
        ),
        causes_over_time(25),
    ))  # fmt: skip


def _evidence() -> Band:
    return Band(7, (
        table(
            About(
                26, "Causes with their evidence",
                "Causes at work now, the most probable first. A click on a group opens it.",
                "short", "None is at work, or no rules evaluated",
                overrides=(
                    linked_column(
                        catalog.GROUP, "Open this group", of_row(links.GROUP_BOARD, _GROUP_HERE)
                    ),
                ),
            ),
            alerts.causes(),
            {**{each: each for each in _EVIDENCE}, "Value": "rank"},
        ),
    ))  # fmt: skip


def _how_sure(scope: Scope) -> Iterator[Band]:
    firing = alerts_firing(30, scope)
    yield Band(1, (row(27, "How sure we are, and what fires"),))
    yield Band(8, (coverages(28, scope), traffic(29, scope), firing))
