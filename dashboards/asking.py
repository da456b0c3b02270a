"""What a built board asks of Prometheus, ready to be sent: for tests, the demo and the preview."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from string import Template
from typing import Any

EVERYTHING: Mapping[str, str] = {
    **dict.fromkeys(
        ("cluster", "slo", "region", "model", "group", "host", "gpu", "revision", "tier", "tool"),
        ".*",
    ),
    "__rate_interval": "1m",
    "__interval": "15s",
    "__range": "6h",
}
"""What stands for the variables where all is looked at that there is."""


@dataclass(frozen=True)
class PanelQuery:
    """One query of a panel, ready to be sent."""

    board: str
    """The board's uid."""
    panel: str
    """The panel's title."""
    ref: str
    expr: str
    may_be_empty: bool
    instant: bool = False
    """Whether the panel asks for one moment and not for a range."""


def panel_queries(
    board_json: Mapping[str, Any],
    variables: Mapping[str, str],
    may_be_empty: Collection[str] | None = None,
) -> list[PanelQuery]:
    """Return every query of a board's panels, in the order of the board, variables put in.

    Args:
        board_json: a dashboard of Grafana's, as parsed JSON.
        variables: what stands for each variable, without the ``$``: ``{"region": ".*"}``. Put in
            as they are, so that one in a matcher must be a regular expression already.
        may_be_empty: the expressions, before that, that rightly give nothing in a healthy cluster;
            those of our own boards if not given.

    Raises:
        KeyError: a query uses a variable that is not given.
    """
    allowed = expressions_that_may_be_empty() if may_be_empty is None else may_be_empty
    return [
        PanelQuery(
            board_json["uid"],
            panel["title"],
            target["refId"],
            Template(target["expr"]).substitute(variables),
            target["expr"] in allowed,
            bool(target.get("instant")),
        )
        for panel in every_panel(board_json)
        for target in panel.get("targets", [])
    ]


def every_panel(board_json: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give each panel of a board, and those within rows, in the order of the board."""
    for panel in board_json["panels"]:
        yield panel
        yield from panel.get("panels", [])


@cache
def expressions_that_may_be_empty() -> frozenset[str]:
    """Return the expressions of our boards that rightly give nothing in a healthy cluster."""
    from dashboards.build import all_boards  # noqa: PLC0415 - grafanalib takes a second

    return frozenset(
        target.expr
        for board in all_boards()
        for band in board.bands
        for panel in band.panels
        for target in panel.targets
        if target.may_be_empty
    )
