"""The Fleet board: what is on fire, and where. The first screen answers without scrolling."""

from __future__ import annotations

from collections.abc import Sequence

from alerts import links
from dashboards.boards.fleet_cells import regions_and_models
from dashboards.boards.fleet_sections import (
    what_engines_do,
    what_is_not_seen,
    what_they_stand_on,
    what_users_feel,
)
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.links import of_row, of_series, value_link
from dashboards.panels import (
    About,
    Order,
    Step,
    bar_gauge,
    colored_lines,
    linked_column,
    meaning_column,
    row,
    stat,
    state_timeline,
    table,
    time_series,
)
from dashboards.queries import SHOWN_LINES, SHOWN_ROWS, alerts, cells
from dashboards.queries.objectives import GROUPING, LIBRARY, burn_threshold
from dashboards.queries.selecting import now
from dashboards.signs import (
    BUDGET_STEPS,
    BUDGET_UNKNOWN,
    CAPACITY_STEPS,
    FEW_ARE_TOLERABLE,
    NONE_IS_GOOD,
    STATES,
    WORST_NOW,
    alerts_table,
    burn_steps,
    opening,
)
from exporters import catalog
from slo import conventions
from slo.burn import Tier

QUESTION = "What is on fire: which objective, in which region and model, and is a shard group why?"
HOW_TO_READ = (
    "From left to right, from top to bottom: what was promised, how fast it is being broken, which "
    "groups are down. A click on a budget opens its objective, one on a group that group; links "
    "keep what you chose."
)

LOWEST_BUDGETS = 6
"""As many bars, each under its name, as the panel is high."""
OBJECTIVE_PLACE = {each: each for each in (conventions.SLO, *GROUPING)}
GROUP_PLACE = {each: each for each in catalog.GROUP_LABELS}


def fleet_board(tiers: Sequence[Tier]) -> Board:
    """Return the board; ``tiers`` are those of the burn alerts, the fastest first."""
    return Board(
        uid=links.FLEET_BOARD,
        question=QUESTION,
        next_uids=(
            links.SLO_BOARD,
            links.GROUP_BOARD,
            links.GPU_BOARD,
            links.LATENCY_BOARD,
            links.QUEUE_BOARD,
            links.TOOLS_BOARD,
            links.REGIONS_BOARD,
            links.CAPACITY_BOARD,
            links.ITSELF_BOARD,
        ),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            *_first_screen(tiers[0]),
            *_how_fast_and_how_much(tiers[0]),
            *what_users_feel(),
            *what_engines_do(),
            *what_they_stand_on(),
            *what_is_not_seen(),
        ),
    )


def _first_screen(fastest: Tier) -> tuple[Band, ...]:
    return (_numbers(fastest), _cells_and_budgets(), _lists())


def _numbers(fastest: Tier) -> Band:
    pages = stat(
        About(
            2, "Pages firing",
            "Burn and traffic alerts that fire with severity page: somebody was woken.",
            "short", "No rules evaluated", NONE_IS_GOOD,
        ),
        alerts.alerts_firing(conventions.PAGE),
    )  # fmt: skip
    tickets = stat(
        About(
            3, "Tickets firing",
            "Alerts that fire with severity ticket: slow burns, and causes that explain a page.",
            "short", "No rules evaluated", FEW_ARE_TOLERABLE,
        ),
        alerts.alerts_firing(conventions.TICKET),
    )  # fmt: skip
    budget = stat(
        About(
            4, "Lowest budget left",
            "Share of the error budget left for the objective and cell that has the least. "
            "Below 0 it is overspent.",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS, decimals=1,
        ),
        LIBRARY.lowest_budget,
        instant=True,
    )  # fmt: skip
    unknown = stat(
        About(
            5, "Budgets unknown",
            "Budgets whose coverage over the period is below "
            f"{conventions.COVERAGE_NEEDED:.0%}: too many samples are missing to call them good.",
            "short", "No coverage recorded", (Step(None, "green"), Step(1, "yellow")),
        ),
        LIBRARY.budgets_unknown,
        instant=True,
    )  # fmt: skip
    burn = stat(
        About(
            6, f"Highest burn, {fastest.long_window}",
            "The fastest spending of any budget: 1 spends it in exactly the period. Colours "
            "change at 1 and where the fastest page fires over 28 days.",
            "short", "No traffic", burn_steps((fastest,)), decimals=2,
        ),
        LIBRARY.highest_burn(fastest.long_window),
        instant=True,
    )  # fmt: skip
    groups = stat(
        About(
            7, "Groups not up",
            "Shard groups in any state but up. A group lives or dies as one.",
            "short", "No groups exporter", NONE_IS_GOOD,
        ),
        cells.GROUPS_NOT_UP,
        instant=True,
    )  # fmt: skip
    capacity = stat(
        About(
            8, "Capacity",
            "Share of all shard groups that can serve.",
            "percentunit", "No groups exporter",
            CAPACITY_STEPS, decimals=1,
        ),
        cells.CAPACITY,
    )  # fmt: skip
    gpus = stat(
        About(
            9, "GPUs missing",
            "GPUs that the topology expects and that are lost or do not answer.",
            "short", "No groups exporter", NONE_IS_GOOD,
        ),
        cells.GPUS_MISSING,
    )  # fmt: skip
    return Band(4, (pages, tickets, budget, unknown, burn, groups, capacity, gpus))


def _cells_and_budgets() -> Band:
    opened = (
        value_link(
            "Open this objective and cell", of_series(links.SLO_DETAIL_BOARD, OBJECTIVE_PLACE)
        ),
    )
    budgets = bar_gauge(
        About(
            10, "Budgets left",
            f"Share of each error budget left, by objective, region and model. The "
            f"{LOWEST_BUDGETS} worst; a click opens the objective.",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS,
            decimals=1, lowest=0, highest=1, links=opened,
        ),
        LIBRARY.budget_bars(LOWEST_BUDGETS),
        names_above=True,  # beside the bars there is no room for them
    )  # fmt: skip
    by_state = time_series(
        About(
            34, "Groups not up, by state",
            "How many shard groups are in each state but up, one on the other.",
            "short", "No groups exporter", decimals=0, lowest=0,
            overrides=colored_lines(STATES),
        ),
        [cells.GROUPS_NOT_UP_BY_STATE],
        stacked=True,
    )  # fmt: skip
    return Band(7, (regions_and_models(35), budgets, by_state), (16, 4, 4))


def _lists() -> Band:
    firing = alerts_table(13)
    groups = table(
        About(
            14, "Which groups are not up",
            "Shard groups that are not up, with the reason: the dead first, then those stalled, "
            f"degraded, draining, starting. At most {SHOWN_ROWS}. A click on a group opens it.",
            "none", "None, or no groups exporter",
            overrides=(
                meaning_column("state", STATES),
                linked_column("group", "Open this group", of_row(links.GROUP_BOARD, GROUP_PLACE)),
            ),
        ),
        cells.GROUPS_NOT_UP_ROWS,
        {
            catalog.GROUP: catalog.GROUP,
            "Value": "state",
            catalog.REASON: catalog.REASON,
            **{each: each for each in reversed(catalog.CELL_LABELS)},
        },
        (Order("state", descending=True),),
    )  # fmt: skip
    states = state_timeline(
        About(
            12, "Worst group of each cell",
            "The worst state among the shard groups of a region's model: dead, stalled, degraded, "
            f"draining, starting, sleeping, up. The {SHOWN_LINES} cells with most groups "
            "not up.",
            "short", "No groups exporter", meanings=STATES,
        ),
        now(cells.WORST_STATES),
    )  # fmt: skip
    return Band(8, (firing, groups, states), (12, 7, 5))


def _how_fast_and_how_much(fastest: Tier) -> tuple[Band, ...]:
    burns = time_series(
        About(
            11, f"Burn rates, {fastest.long_window}",
            "How fast budgets are spent; 1 spends one in exactly the period. The dashed line is "
            f"where the fastest page fires, for the longest period chosen. {WORST_NOW}",
            "short", "No traffic", lowest=0,
            links=(
                value_link(
                    "Open this objective and cell",
                    of_series(links.SLO_DETAIL_BOARD, OBJECTIVE_PLACE),
                ),
            ),
        ),
        [now(LIBRARY.burn_rates(fastest.long_window))],
        dashed=[burn_threshold(fastest)],
    )  # fmt: skip
    capacity = bar_gauge(
        About(
            15, "Capacity by region and model",
            f"Share of a cell's shard groups that can serve. {WORST_NOW}",
            "percentunit", "No groups exporter",
            (Step(None, "red"), Step(0.5, "orange"), Step(1, "green")),
            decimals=0, lowest=0, highest=1,
        ),
        cells.CAPACITY_BARS,
    )  # fmt: skip
    return (
        Band(1, (row(36, "How fast budgets go, and how much can serve"),)),
        Band(8, (burns, capacity), (16, 8)),
    )
