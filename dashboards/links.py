"""How boards lead to each other: what is chosen at the top and the time go along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafanalib import core

from alerts import links
from alerts.runbooks import runbook_url

TAG = "shardwatch"
"""Of every board."""

NIGHT_TAG, DAY_TAG = "on call", "by day"
"""Of every board one: whether it is looked at while a page fires, or in working hours."""
OF_THE_NIGHT = (
    links.FLEET_BOARD,
    links.SLO_DETAIL_BOARD,
    links.GROUP_BOARD,
    links.GPU_BOARD,
)
"""The boards that carry somebody who was woken, in the order in which they are opened."""

TITLES = {
    links.FLEET_BOARD: "Fleet",
    links.GROUP_BOARD: "Shard group",
    links.GPU_BOARD: "GPU health",
    links.SLO_BOARD: "SLO overview",
    links.SLO_DETAIL_BOARD: "SLO detail",
    links.LATENCY_BOARD: "Latency",
    links.QUEUE_BOARD: "Queue and snowball",
    links.CACHE_BOARD: "Cache",
    links.TOOLS_BOARD: "Tools",
    links.ROLLOUT_BOARD: "Rollout",
    links.TENANTS_BOARD: "Tenants and limits",
    links.REGIONS_BOARD: "Regions and locality",
    links.METERING_BOARD: "Metering and safety",
    links.CAPACITY_BOARD: "Capacity and cost",
    links.ITSELF_BOARD: "shardwatch itself",
}
"""What each board is called, by its uid."""

RUNBOOKS = "https://runbooks.invalid"
"""Stands in links for the base address of the runbooks, until that is known: boards themselves are
the same for every cluster."""

KEPT = ("datasource", "cluster")
"""Variables that a link from a value keeps, unless it sets them."""
_TIME = "${__url_time_range}"


def board_link(uid: str, title: str) -> Any:
    """Return the link at a board's top to another one, with its variables and the time."""
    return core.DashboardLink(
        title=title,
        type="link",
        uri=f"/d/{uid}",
        icon="dashboard",
        tooltip=f"Open {title} for what is chosen here, and for the same time",
        includeVars=True,
        keepTime=True,
    )


REVIEWED = {
    links.SLO_BOARD: "objectives",
    links.SLO_DETAIL_BOARD: "objectives",
    links.GROUP_BOARD: "incidents",
}
"""Boards that lead to the record of reviews, and to which of its pages."""


def review_link(uid: str, reviews: str) -> Any:
    """Return the link at a board's top to the record of reviews, with its variables and the time.

    Args:
        uid: of the board, one of :data:`REVIEWED`.
        reviews: base address of ``shardwatch review serve``.
    """
    page = REVIEWED[uid]
    return core.DashboardLink(
        title="SLO reviews" if page == "objectives" else "Incidents on record",
        type="link",
        uri=f"{reviews.rstrip('/')}/{page}",
        icon="doc",
        tooltip="Open the record of reviews for what is chosen here",
        includeVars=True,
        keepTime=True,
    )


def every_board_link() -> Any:
    """Return the menu at a board's top of all boards with our tag."""
    return core.DashboardLink(
        title="All boards",
        type="dashboards",
        tags=[TAG],
        asDropdown=True,
        icon="external link",
        includeVars=True,
        keepTime=True,
    )


def value_link(title: str, url: str) -> dict[str, Any]:
    """Return a link that a click on a value offers."""
    return {"targetBlank": False, "title": title, "url": url}


def of_series(uid: str, labels: Mapping[str, str], keep: Sequence[str] = KEPT) -> str:
    """Return the address of a board for the series that is clicked: of graphs and bars.

    Args:
        uid: of the board.
        labels: variable of that board to the series' label that it becomes.
        keep: variables of both boards that go along as they are.
    """
    here = {name: f"${{__field.labels.{label}}}" for name, label in labels.items()}
    return _address(uid, here, keep)


def of_row(uid: str, columns: Mapping[str, str], keep: Sequence[str] = KEPT) -> str:
    """Return the address of a board for the row of a table that is clicked.

    Args:
        uid: of the board.
        columns: variable of that board to the column that it becomes.
        keep: variables of both boards that go along as they are.
    """
    here = {name: f"${{__data.fields.{each}}}" for name, each in columns.items()}
    return _address(uid, here, keep)


def of_runbook(column: str) -> str:
    """Return the address of the runbook of the alert that a column of a table names."""
    return runbook_url(RUNBOOKS, f"${{__data.fields.{column}}}")


def _address(uid: str, variables: Mapping[str, str], keep: Sequence[str]) -> str:
    kept = [f"${{{each}:queryparam}}" for each in keep if each not in variables]
    set_here = [f"var-{name}={value}" for name, value in variables.items()]
    return f"/d/{uid}?{'&'.join((*kept, *set_here, _TIME))}"
