"""The SLO overview: which objectives are in danger, and where."""

from __future__ import annotations

from collections.abc import Iterator

from alerts import links
from dashboards.boards.slo_scope import Scope
from dashboards.boards.slo_sections import alerts_firing, burn_of_tier, causes_over_time, traffic
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_row, of_series, value_link
from dashboards.panels import (
    About,
    Column,
    Order,
    Step,
    bar_gauge,
    joined_table,
    linked_column,
    row,
    stat,
    time_series,
)
from dashboards.queries import SHOWN_ROWS, alerts
from dashboards.queries.objectives import variable_of
from dashboards.signs import (
    BUDGET_STEPS,
    BUDGET_UNKNOWN,
    COVERAGE_STEPS,
    FEW_ARE_TOLERABLE,
    NONE_IS_GOOD,
    WORST,
    WORST_NOW,
    burn_steps,
    opening,
)
from slo import conventions

QUESTION = "Which objectives are in danger, how fast are their budgets spent, and where?"
HOW_TO_READ = (
    "Every row of the table is one objective in one cell: budgets that are unknown first, then "
    "those with least left. A click on an objective opens its detail."
)
_LEFT = "budget left"


def slo_board(scope: Scope) -> Board:
    """Return the board of the objectives of a scope."""
    bands = (
        opening(QUESTION, HOW_TO_READ),
        _numbers(scope),
        _objectives(scope),
        _budgets(scope),
        *_burns(scope),
        *_why(scope),
    )
    return Board(
        uid=scope.uid_of(links.SLO_BOARD),
        called=scope.name_of(links.SLO_BOARD),
        question=QUESTION,
        next_uids=(
            scope.uid_of(links.SLO_DETAIL_BOARD),
            links.FLEET_BOARD,
            links.REGIONS_BOARD,
            links.CAPACITY_BOARD,
        ),
        usual_choices=scope.choices,
        hidden=scope.hidden,
        grouping=scope.ask.variables,
        rollouts=scope.has_cells,
        bands=bands,
    )


def _numbers(scope: Scope) -> Band:
    grouping = scope.ask.variables
    of_objectives = f'{conventions.SLO}!=""'
    pages = stat(
        About(
            7, "Pages firing",
            "Pages that fire for the chosen objectives and cells: somebody was woken.",
            "short", "No rules evaluated", NONE_IS_GOOD,
        ),
        alerts.alerts_firing(conventions.PAGE, of_objectives, grouping=grouping),
    )  # fmt: skip
    tickets = stat(
        About(
            29, "Tickets firing",
            "Tickets that fire for the chosen objectives and cells: slow burns, and budgets that "
            "are spent.",
            "short", "No rules evaluated", FEW_ARE_TOLERABLE,
        ),
        alerts.alerts_firing(conventions.TICKET, of_objectives, grouping=grouping),
    )  # fmt: skip
    budget = stat(
        About(
            3, "Lowest budget left",
            "Share of the error budget left in the chosen cell that has the least. Below 0 it is "
            "overspent.",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS, decimals=1,
        ),
        scope.ask.lowest_budget,
    )  # fmt: skip
    overspent = stat(
        About(
            30, "Budgets overspent",
            "Cells that have had more bad events within the period than their objective allows.",
            "short", BUDGET_UNKNOWN, NONE_IS_GOOD, decimals=0,
        ),
        scope.ask.budgets_overspent,
    )  # fmt: skip
    unknown = stat(
        About(
            31, "Budgets unknown",
            "Budgets whose coverage over the period is below "
            f"{conventions.COVERAGE_NEEDED:.0%}: too many samples are missing to call them good.",
            "short", "No coverage recorded", (Step(None, "green"), Step(1, "yellow")),
        ),
        scope.ask.budgets_unknown,
    )  # fmt: skip
    if scope.fastest is None:
        return Band(4, (pages, tickets, budget, overspent, unknown), (5, 5, 5, 5, 4))
    burn = stat(
        About(
            4, f"Highest burn, {scope.fastest.long_window}",
            "1 spends a budget in exactly the period. Colours change at 1 and where pages fire "
            "over 28 days.",
            "short", "No traffic", burn_steps(scope.tiers), decimals=2,
        ),
        scope.ask.highest_burn(scope.fastest.long_window),
    )  # fmt: skip
    return Band(4, (pages, tickets, budget, overspent, unknown, burn))


def _objectives(scope: Scope) -> Band:
    ask = scope.ask
    labels = (conventions.SLO, *ask.grouping)
    detail = scope.uid_of(links.SLO_DETAIL_BOARD)
    opened = of_row(detail, {_variable(each): each for each in labels}, scope.kept)
    return Band(9, (
        joined_table(
            About(
                32, "Objectives",
                f"Every objective and cell; at most {SHOWN_ROWS}, those whose budget is unknown "
                "first, then those with least left. Burn: 1 spends a budget in exactly the "
                "period. A click on an objective opens it.",
                "short", "No objective recorded",
                overrides=(linked_column(conventions.SLO, "Open this objective", opened),),
            ),
            {each: each for each in (*labels, *ask.of_some)},
            tuple(_columns(scope)),
            (Order(_LEFT), *_fastest_first(scope)),
        ),
    ))  # fmt: skip


def _fastest_first(scope: Scope) -> Iterator[Order]:
    if scope.fastest is not None:
        yield Order(f"burn {scope.fastest.long_window}", descending=True)


def _columns(scope: Scope) -> Iterator[Column]:
    ask = scope.ask
    left = ask.rows("min", conventions.BUDGET_REMAINING)
    yield Column(_LEFT, left, "percentunit", BUDGET_STEPS, 1)
    for each in dict.fromkeys(tier.long_window for tier in scope.tiers):
        yield Column(f"burn {each}", ask.rows_of_burn(each), "short", burn_steps(scope.tiers), 2)
    bad = ask.rows_over_period("sum", conventions.EVENTS_BAD_COUNT)
    yield Column("bad, period", bad, "short", decimals=0)
    every = ask.rows_over_period("sum", conventions.EVENTS_COUNT)
    yield Column("events, period", every, "short", decimals=0)
    coverage = ask.rows_over_period("min", conventions.COVERAGE)
    yield Column("coverage", coverage, "percentunit", COVERAGE_STEPS, 1)
    yield Column("objective", ask.rows_of_targets, "percentunit", decimals=3)


def _budgets(scope: Scope) -> Band:
    labels = (conventions.SLO, *scope.ask.grouping)
    detail = scope.uid_of(links.SLO_DETAIL_BOARD)
    opened = value_link(
        "Open this objective and cell",
        of_series(detail, {_variable(each): each for each in labels}, scope.kept),
    )
    now = bar_gauge(
        About(
            8, "Budget left now",
            f"Share of each error budget left, by objective and cell. {WORST_NOW}",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS,
            decimals=1, lowest=0, highest=1, links=(opened,),
        ),
        scope.ask.budget_bars(),
    )  # fmt: skip
    over_time = time_series(
        About(
            9, "Budget left over time",
            "A fall is spending; a rise is an old incident that leaves the period. Looks back 28 "
            f"days as long as the board ends now. {WORST}",
            "percentunit", BUDGET_UNKNOWN, highest=1,
            steps=(Step(None, "red"), Step(0, "transparent")),
        ),
        [scope.ask.budgets_over_time],
        time_from="28d",
    )  # fmt: skip
    return Band(8, (now, over_time), (8, 16))


def _burns(scope: Scope) -> tuple[Band, ...]:
    if scope.fastest is None:
        return ()
    by_window = time_series(
        About(
            33, "Highest burn of each window",
            "The fastest spending of any budget chosen, over each window: a short window shows "
            "what is happening, a long one what it comes to.",
            "short", "No traffic", lowest=0,
        ),
        [scope.ask.highest_by_window],
    )  # fmt: skip
    return (Band(8, (burn_of_tier(34, scope, scope.fastest), by_window)),)


def _why(scope: Scope) -> tuple[Band, ...]:
    firing = alerts_firing(25, scope)
    if not scope.has_cells:
        return (Band(1, (row(21, "What tells of it"),)), Band(8, (firing, traffic(28, scope))))
    return (
        Band(1, (row(21, "What spends them"),)),
        Band(8, (firing, causes_over_time(24), traffic(28, scope))),
    )


def _variable(label: str) -> str:
    return label if label == conventions.SLO else variable_of(label)
