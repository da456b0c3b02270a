"""What several boards show alike: colours of budgets, burns and states, and the list of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alerts import links
from dashboards.layout import Band
from dashboards.links import KEPT, of_row, of_runbook
from dashboards.panels import (
    About,
    Json,
    Meaning,
    Order,
    Step,
    colored_column,
    linked_column,
    table,
    text,
)
from dashboards.queries import SHOWN_LINES, SHOWN_ROWS, alerts
from dashboards.queries.cells import STATE_RANKS
from dashboards.queries.objectives import GROUPING, variable_of
from exporters import catalog
from slo import conventions
from slo.burn import Tier, burn_factor

USUAL_PERIOD_SECONDS = 28 * 86400
"""Colours cannot be queried: those of burn rates are the tiers' factors for this period. The dashed
lines of the graphs are computed for the objectives' own."""

WORST = f"The {SHOWN_LINES} worst at any time within the range."
WORST_NOW = f"The {SHOWN_LINES} worst at the end of the time range."
SLOWEST = f"The {SHOWN_LINES} slowest at any time within the range."
HIGHEST = f"The {SHOWN_LINES} highest at any time within the range."
BUSIEST = f"The {SHOWN_LINES} busiest at any time within the range."
BUSIEST_NOW = f"The {SHOWN_LINES} busiest at the end of the time range."
MOST_REVISIONS = (
    f"At most {SHOWN_LINES}, first of the cells that ran most revisions within the time range."
)

BUDGET_STEPS = (Step(None, "dark-red"), Step(0, "orange"), Step(0.25, "green"))
"""Overspent below 0; below a quarter it is time to slow down."""
NO_ZERO = "-"
"""What stands for 0 in tables, where a number is told by its being there."""
BUDGET_UNKNOWN = "Unknown: too few samples"
"""A budget is recorded only while the coverage over its period suffices."""
COVERAGE_STEPS = (Step(None, "yellow"), Step(conventions.COVERAGE_NEEDED, "green"))
CAPACITY_STEPS = (Step(None, "red"), Step(0.9, "yellow"), Step(1, "green"))
NONE_IS_GOOD = (Step(None, "green"), Step(1, "red"))
FEW_ARE_TOLERABLE = (Step(None, "green"), Step(1, "orange"))

_STATE_COLORS = {
    "dead": "dark-red",
    "stalled": "red",
    "degraded": "orange",
    "draining": "yellow",
    "starting": "blue",
    "sleeping": "purple",
    "up": "green",
}
STATES = tuple(
    Meaning(STATE_RANKS[state], state, _STATE_COLORS[state]) for state in catalog.GROUP_STATES
)
"""The states of groups, the worst first."""
GPU_STATES = tuple(
    Meaning(rank, state, color)
    for (rank, state), color in zip(
        reversed(list(enumerate(reversed(catalog.GPU_STATES)))),
        ("dark-red", "red", "orange", "green"),
        strict=True,
    )
)
"""Those of GPUs."""
UNKNOWN = Meaning(-1, "unknown", "purple")
"""A member that nobody can see; no state of a GPU has its number."""
UUID_PIXELS = 110
"""Of a column of UUIDs: enough to tell them apart, and no more than leaves room for the rest."""
YES_OR_NO = (Meaning(1, "yes", "green"), Meaning(0, "no", "red"))


def burn_steps(tiers: Sequence[Tier]) -> tuple[Step, ...]:
    """Return colours of burn rates: from 1 on the budget will not last; then each page's factor."""
    pages = sorted(
        float(burn_factor(tier, USUAL_PERIOD_SECONDS))
        for tier in tiers
        if tier.severity == conventions.PAGE
    )
    colors = ("orange", "red", "dark-red")[-len(pages) :] if pages else ()
    return (
        Step(None, "green"),
        Step(1, "yellow"),
        *(Step(factor, color) for factor, color in zip(pages, colors, strict=False)),
    )


def opening(question: str, how_to_read: str) -> Band:
    """Return the top of every board (id 1): what it answers, and how it is read."""
    return Band(2, (text(1, question, how_to_read),))


ALERT_PLACE = (catalog.GROUP, catalog.HOST, catalog.TOOL)
"""Labels of alerts of ours that say where beyond region and model."""


_BOARDS_OF_PLACES = {
    catalog.GROUP: links.GROUP_BOARD,
    catalog.HOST: links.GPU_BOARD,
    catalog.TOOL: links.TOOLS_BOARD,
}


def _place_column(label: str) -> Json:
    here = {each: each for each in (*GROUPING, label)}
    return linked_column(label, f"Open this {label}", of_row(_BOARDS_OF_PLACES[label], here))


def alerts_table(
    id: int,
    *matchers: str,
    grouping: Sequence[str] = GROUPING,
    place: Sequence[str] = ALERT_PLACE,
    keep: Sequence[str] = KEPT,
    detail: str = links.SLO_DETAIL_BOARD,
) -> Any:
    """Return the table of the pages and tickets that fire.

    Args:
        id: the panel's.
        matchers: which alerts; all that the board's variables choose if none is given.
        grouping: labels of alerts that are variables of the board.
        place: other labels that are shown.
        keep: variables that links to objectives keep as they are.
        detail: the uid of the board of an objective.
    """
    first = (conventions.ALERTNAME, conventions.SEVERITY)
    labels = (conventions.SLO, *place, *grouping)
    age = "active for"
    severities = ((conventions.PAGE, "red"), (conventions.TICKET, "orange"))
    return table(
        About(
            id,
            "Alerts firing",
            "Pages and tickets that fire, causes among them, and for how long each has been "
            f"active: pages first, of each the newest first, at most {SHOWN_ROWS}. A click on an "
            "alert opens its runbook, one on an objective, a group or a host its board.",
            "s",
            "None fires, or no rules evaluated",
            overrides=(
                colored_column(conventions.SEVERITY, severities),
                linked_column(
                    conventions.ALERTNAME, "Open its runbook", of_runbook(conventions.ALERTNAME)
                ),
                linked_column(
                    conventions.SLO,
                    "Open this objective and cell",
                    of_row(
                        detail,
                        {
                            conventions.SLO: conventions.SLO,
                            **{
                                name: each
                                for each in grouping
                                if (name := variable_of(each)) not in keep
                            },
                        },
                        keep,
                    ),
                ),
                *(_place_column(each) for each in place if each in _BOARDS_OF_PLACES),
            ),
        ),
        alerts.alert_ages(*matchers, grouping=grouping),
        {**{each: each for each in first}, "Value": age, **{each: each for each in labels}},
        (Order(conventions.SEVERITY), Order(age)),
    )
