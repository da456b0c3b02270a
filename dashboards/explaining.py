"""Panels that several boards have: budgets that are at stake, and known causes at work."""

from __future__ import annotations

from typing import Any

from alerts import links
from dashboards.links import TITLES, of_row, of_series, value_link
from dashboards.panels import About, Meaning, bar_gauge, linked_column, stat, state_timeline
from dashboards.queries import SHOWN_LINES, Query
from dashboards.queries.objectives import GROUPING
from dashboards.signs import BUDGET_STEPS, FEW_ARE_TOLERABLE
from exporters import catalog
from slo import conventions

AT_WORK = (Meaning(0, "none", "green"), Meaning(1, "at work", "red"))
_CELL = {each: each for each in catalog.CELL_LABELS}


def cell_link(uid: str) -> dict[str, Any]:
    """Return the link of a cell's value to another board, for that cell."""
    return value_link(f"Open {TITLES[uid]} of this cell", of_series(uid, _CELL))


def region_link(uid: str) -> dict[str, Any]:
    """Return the link of a region's value to another board, for that region."""
    region = {each: each for each in (catalog.CLUSTER, catalog.REGION)}
    return value_link(f"Open {TITLES[uid]} of this region", of_series(uid, region))


def cell_rows_link(uid: str) -> dict[str, Any]:
    """Return what makes a table's models lead to another board, for the cell of the row."""
    return linked_column(catalog.MODEL, f"Open {TITLES[uid]} of this cell", of_row(uid, _CELL))


def causes_timeline(id: int, title: str, what: str, query: Query) -> Any:
    """Return when known causes were at work.

    Args:
        id: the panel's.
        title: the panel's.
        what: which causes, as a sentence.
        query: made by :func:`dashboards.queries.shared.causes_over_time`.
    """
    return state_timeline(
        About(
            id,
            title,
            f"{what} At most {SHOWN_LINES} that were at work within the time range; one line "
            "says none while none is. Each has an alert with a runbook.",
            "short",
            "No rules evaluated",
            meanings=AT_WORK,
        ),
        query,
    )


def causes_number(id: int, what: str, query: Query, *, title: str = "Causes at work") -> Any:
    """Return how many pieces of evidence there are of known causes."""
    return stat(About(id, title, what, "short", "No rules evaluated", FEW_ARE_TOLERABLE), query)


def budget_bars(id: int, what: str, query: Query, *labels: str) -> Any:
    """Return the budgets of the objectives that a board is about; a click opens one.

    Args:
        id: the panel's.
        what: which objectives, as they are called in a sentence.
        query: made by :func:`dashboards.queries.shared.budgets_of`.
        labels: that all of these objectives are grouped by beside region and model.
    """
    place = {each: each for each in (conventions.SLO, *GROUPING, *labels)}
    return bar_gauge(
        About(
            id,
            "Budgets left",
            f"Share of the error budgets left of {what}, those with least. Empty where none of "
            "the library's is used. A click opens the objective.",
            "percentunit",
            "No such objective, or too few samples",
            BUDGET_STEPS,
            decimals=1,
            lowest=0,
            highest=1,
            links=(
                value_link(
                    "Open this objective and cell", of_series(links.SLO_DETAIL_BOARD, place)
                ),
            ),
        ),
        query,
        names_above=True,
    )
