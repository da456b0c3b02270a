"""The SLO board: how much error budget is left, what spends it, and how sure we are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts import links
from dashboards.frame import Board
from dashboards.layout import Band
from dashboards.panels import (
    About,
    Meaning,
    Step,
    bar_gauge,
    row,
    stat,
    state_timeline,
    table,
    time_series,
)
from dashboards.queries import alerts
from dashboards.queries.objectives import (
    BLIND,
    LIBRARY,
    TARGETS,
    TRAFFIC,
    VANISHED,
    burn_threshold,
)
from dashboards.signs import (
    BUDGET_STEPS,
    BUDGET_UNKNOWN,
    BUSIEST,
    COVERAGE_STEPS,
    NONE_IS_GOOD,
    WORST,
    alerts_table,
    burn_steps,
    opening,
)
from exporters import catalog
from slo import conventions
from slo.burn import Tier, format_decimal

QUESTION = "How much error budget is left, how fast is it being spent, and on what?"
HOW_TO_READ = (
    "Choose an objective, a region and a model above. Budgets first; below them how fast they are "
    "spent, on what, and how sure we are."
)
_FIRST_TIER_ID = 11
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
_TRAFFIC = (
    Meaning(TRAFFIC, "traffic", "green"),
    Meaning(VANISHED, "vanished", "red"),
    Meaning(BLIND, "blind", "purple"),
)


def slo_board(tiers: Sequence[Tier]) -> Board:
    """Return the board; ``tiers`` are those of the burn alerts, the fastest first."""
    return Board(
        uid=links.SLO_BOARD,
        question=QUESTION,
        next_uids=(links.FLEET_BOARD,),
        hidden=(catalog.CLUSTER,),
        bands=(
            opening(QUESTION, HOW_TO_READ),
            _numbers(tiers),
            _budgets(),
            Band(8, tuple(_tier(_FIRST_TIER_ID + i, tier) for i, tier in enumerate(tiers))),
            *_what_spends_it(),
        ),
    )


def _numbers(tiers: Sequence[Tier]) -> Band:
    fastest = tiers[0]
    target = stat(
        About(
            2, "Objective",
            "The share of events that shall be good.",
            "percentunit", "No objective recorded", decimals=3,
        ),
        TARGETS,
    )  # fmt: skip
    budget = stat(
        About(
            3, "Lowest budget left",
            "Share of the error budget left in the chosen cell that has the least. Below 0 it is "
            "overspent.",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS, decimals=1,
        ),
        LIBRARY.lowest_budget,
    )  # fmt: skip
    burn = stat(
        About(
            4, f"Highest burn, {fastest.long_window}",
            "1 spends a budget in exactly the period. Colours change at 1 and where pages fire "
            "over 28 days.",
            "short", "No traffic", burn_steps(tiers), decimals=2,
        ),
        LIBRARY.highest_burn(fastest.long_window),
    )  # fmt: skip
    bad = stat(
        About(
            5, "Bad events, period",
            "Bad events of the chosen cells within the objective's period.",
            "short", "No events recorded", decimals=0,
        ),
        LIBRARY.bad_events_over_period,
    )  # fmt: skip
    coverage = stat(
        About(
            6, "Lowest coverage",
            "Samples present over those expected within the period. Below "
            f"{conventions.COVERAGE_NEEDED:.0%} a budget is unknown, not good.",
            "percentunit", "No coverage recorded", COVERAGE_STEPS, decimals=2,
        ),
        LIBRARY.lowest_coverage,
    )  # fmt: skip
    pages = stat(
        About(
            7, "Pages firing",
            "Pages that fire for the chosen objectives and cells.",
            "short", "No alerts known", NONE_IS_GOOD,
        ),
        alerts.alerts_firing(conventions.PAGE),
    )  # fmt: skip
    return Band(4, (target, budget, burn, bad, coverage, pages))


def _budgets() -> Band:
    now = bar_gauge(
        About(
            8, "Budget left now",
            f"Share of each error budget left, by objective, region and model. {WORST}",
            "percentunit", BUDGET_UNKNOWN, BUDGET_STEPS,
            decimals=1, lowest=0, highest=1,
        ),
        LIBRARY.budget_bars,
    )  # fmt: skip
    over_time = time_series(
        About(
            9, "Budget left over time",
            "A fall is spending; a rise is an old incident that leaves the period. Looks back 28 "
            f"days as long as the board ends now. {WORST}",
            "percentunit", BUDGET_UNKNOWN, highest=1,
            steps=(Step(None, "red"), Step(0, "transparent")),
        ),
        [LIBRARY.budgets_over_time],
        time_from="28d",
    )  # fmt: skip
    return Band(8, (now, over_time), (8, 16))


def _tier(id: int, tier: Tier) -> Any:
    action = "wakes somebody" if tier.severity == conventions.PAGE else "opens a ticket"
    line = (
        f"where {tier.budget_share:.0%} of the budget is spent within {tier.long_window}, but "
        "never below 1; for the longest period chosen"
        if tier.factor is None
        else f"at {format_decimal(tier.factor)}, whatever the period"
    )
    return time_series(
        About(
            id, f"Burn over {tier.long_window} and {tier.short_window}: {tier.severity}",
            f"Both windows of a cell above the dashed line {action}. The line stands "
            f"{line}. {WORST}",
            "short", "No traffic", lowest=0,
        ),
        [
            LIBRARY.burn_rates(tier.long_window, tier.long_window),
            LIBRARY.burn_rates(tier.short_window, tier.short_window),
        ],
        dashed=[burn_threshold(tier)],
    )  # fmt: skip


def _what_spends_it() -> tuple[Band, ...]:
    return (
        Band(1, (row(21, "What spends it"),)),
        Band(8, (
            time_series(
                About(
                    22, "Bad events",
                    f"Bad events per second, by objective and cell. {WORST}",
                    "eps", "No traffic", lowest=0,
                ),
                [LIBRARY.bad_events],
            ),
            time_series(
                About(
                    23, "All events",
                    f"All events per second, by objective and cell. {BUSIEST}",
                    "eps", "No traffic", lowest=0,
                ),
                [LIBRARY.events],
            ),
            state_timeline(
                About(
                    24, "Causes at work",
                    "Which known causes were at work in the chosen cells: compare with the budget "
                    "above.",
                    "short", "No rules evaluated",
                    meanings=(Meaning(0, "none", "green"), Meaning(1, "at work", "red")),
                ),
                alerts.CAUSES_OVER_TIME,
            ),
        )),
        Band(8, (
            alerts_table(25),
            table(
                About(
                    26, "Causes with their evidence",
                    "Causes at work now, the most probable first.",
                    "short", "No cause is at work",
                ),
                alerts.causes(),
                {**{each: each for each in _EVIDENCE}, "Value": "rank"},
            ),
        )),
        Band(8, (
            time_series(
                About(
                    27, "Coverage",
                    "Samples present over those expected within the period: how sure the budget "
                    f"is. {WORST}",
                    "percentunit", "No coverage recorded", highest=1,
                    steps=(
                        Step(None, "yellow"), Step(conventions.COVERAGE_NEEDED, "transparent"),
                    ),
                ),
                [LIBRARY.coverages],
            ),
            state_timeline(
                About(
                    28, "Traffic",
                    "Whether a cell's events arrive. Vanished: it had traffic and has none. Blind: "
                    "what sees its events does not answer. Pages hold through both. "
                    f"{WORST}",
                    "short", "No traffic yet", meanings=_TRAFFIC,
                ),
                LIBRARY.sight,
            ),
        )),
    )  # fmt: skip
