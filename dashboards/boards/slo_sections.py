"""Panels that both boards of objectives have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerts import links
from dashboards.boards.slo_scope import Scope
from dashboards.panels import About, Meaning, Step, state_timeline, time_series
from dashboards.queries import alerts
from dashboards.queries.objectives import BLIND, TRAFFIC, VANISHED, burn_threshold
from dashboards.signs import WORST, alerts_table
from slo import conventions
from slo.burn import Tier, format_decimal

_TRAFFIC = (
    Meaning(TRAFFIC, "traffic", "green"),
    Meaning(VANISHED, "vanished", "red"),
    Meaning(BLIND, "blind", "purple"),
)


def burn_of_tier(id: int, scope: Scope, tier: Tier) -> Any:
    """Return both windows' burn rates of a tier, with the line that both have to cross."""
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
            scope.ask.burn_rates(tier.long_window, tier.long_window),
            scope.ask.burn_rates(tier.short_window, tier.short_window),
        ],
        dashed=[burn_threshold(tier)],
    )  # fmt: skip


def traffic(id: int, scope: Scope) -> Any:
    """Return whether each cell's events arrive."""
    return state_timeline(
        About(
            id, "Traffic",
            "Whether a cell's events arrive. Vanished: it had traffic and has none. Blind: "
            "what sees its events does not answer. Pages hold through both. "
            f"{WORST}",
            "short", "No traffic yet, or no alerts that record it", meanings=_TRAFFIC,
        ),
        # Recorded with our alerts, which somebody who brings objectives need not have.
        replace(scope.ask.sight, may_be_empty=not scope.has_cells),
    )  # fmt: skip


def coverages(id: int, scope: Scope) -> Any:
    """Return how sure the budgets are."""
    return time_series(
        About(
            id, "Coverage",
            "Samples present over those expected within the period: how sure the budget "
            f"is. {WORST}",
            "percentunit", "No coverage recorded", highest=1,
            steps=(Step(None, "yellow"), Step(conventions.COVERAGE_NEEDED, "transparent")),
        ),
        [scope.ask.coverages],
    )  # fmt: skip


def alerts_firing(id: int, scope: Scope) -> Any:
    """Return the table of the pages and tickets of objectives."""
    return alerts_table(
        id,
        f'{conventions.SLO}!=""',
        grouping=scope.ask.variables,
        place=(),
        keep=scope.kept,
        detail=scope.uid_of(links.SLO_DETAIL_BOARD),
    )


def causes_over_time(id: int) -> Any:
    """Return which causes were at work in the chosen regions and models."""
    return state_timeline(
        About(
            id, "Causes at work",
            "Which known causes were at work in the chosen cells: compare with the budgets.",
            "short", "No rules evaluated",
            meanings=(Meaning(0, "none", "green"), Meaning(1, "at work", "red")),
        ),
        alerts.CAUSES_OVER_TIME,
    )  # fmt: skip
