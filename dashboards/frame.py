"""What all boards have in common: variables, links to each other, marks on the graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from dashboards import variables
from dashboards.layout import Band, place
from dashboards.links import (
    DAY_TAG,
    NIGHT_TAG,
    OF_THE_NIGHT,
    REVIEWED,
    TAG,
    TITLES,
    board_link,
    every_board_link,
    review_link,
)
from dashboards.queries import alerts
from dashboards.queries.objectives import GROUPING
from dashboards.variables import DATASOURCE_REF, Choice, board_variables
from exporters import catalog
from slo import conventions

_CROSSHAIR_ON_ALL = 1


@dataclass(frozen=True)
class Board:
    """A board before it is drawn up."""

    uid: str
    """Never changes: alerts and people's bookmarks are made of it."""
    question: str
    """The sentence that says which question the board answers."""
    bands: Sequence[Band]
    next_uids: tuple[str, ...]
    """The boards to look at next, the likeliest first."""
    choices: tuple[Choice, ...] = ()
    """What can be chosen at its top beside what can be on all boards."""
    hidden: tuple[str, ...] = ()
    """Of the variables that all boards have, those that none of its panels reads."""
    usual_choices: tuple[Choice, ...] = variables.USUAL
    """Those that all boards have: others on boards of objectives of another kind."""
    grouping: tuple[str, ...] = GROUPING
    """The labels of alerts that are variables, for the marks on the graphs."""
    rollouts: bool = True
    """Whether new revisions are marked on the graphs: not where cells are not known."""
    time_from: str = "now-6h"
    refresh: str = "30s"
    called: str = ""
    """What it is called, where it is not one of :data:`dashboards.links.TITLES`."""

    @property
    def name(self) -> str:
        """Return what links to it are called."""
        return self.called or TITLES[self.uid]

    @property
    def title(self) -> str:
        """Return what it is called in Grafana."""
        return f"{TAG} / {self.name}"


def draw_up(board: Board, among: Mapping[str, str], reviews: str | None = None) -> Any:
    """Return a board as grafanalib's dashboard, for :func:`dashboards.normalise.to_json`.

    Args:
        board: the board.
        among: the names of the boards that are built with it, by uid: a link to another leads
            nowhere.
        reviews: base address of the record of reviews, if there is one.
    """
    record = [review_link(board.uid, reviews)] if reviews and board.uid in REVIEWED else []
    following = [board_link(each, among[each]) for each in board.next_uids if each in among]
    return core.Dashboard(
        title=board.title,
        uid=board.uid,
        description=board.question,
        tags=[TAG, NIGHT_TAG if board.uid in OF_THE_NIGHT else DAY_TAG],
        templating=core.Templating(
            list=board_variables((*board.usual_choices, *board.choices), board.hidden)
        ),
        annotations=core.Annotations(list=_annotations(board)),
        links=[*following, *record, every_board_link()],
        panels=place(board.bands),
        time=core.Time(board.time_from, "now"),
        timezone="browser",
        refresh=board.refresh,
        graphTooltip=_CROSSHAIR_ON_ALL,
        editable=True,
    )


def _annotations(board: Board) -> list[dict[str, Any]]:
    alert_text = " ".join(f"{{{{{each}}}}}" for each in (conventions.SLO, *board.grouping, "group"))
    tags = ",".join((conventions.SEVERITY, conventions.SLO, *board.grouping, catalog.GROUP))

    def of_alerts(name: str, severity: str, color: str, *, enabled: bool) -> dict[str, Any]:
        expr = alerts.firing(severity, grouping=board.grouping)
        return _annotation(
            name, color, expr, "{{alertname}}", alert_text, tags=tags, enabled=enabled
        )

    rollouts = _annotation(
        "Rollouts",
        "blue",
        alerts.new_revisions(),
        f"Revision {{{{{catalog.REVISION}}}}}",
        f"{{{{{catalog.REGION}}}}} {{{{{catalog.MODEL}}}}}",
        tags=f"{catalog.REVISION},{catalog.REGION},{catalog.MODEL}",
    )
    return [
        of_alerts("Pages", conventions.PAGE, "red", enabled=True),
        of_alerts("Tickets", conventions.TICKET, "orange", enabled=False),
        *([rollouts] if board.rollouts else []),
    ]


def _annotation(
    name: str, color: str, expr: str, title: str, text: str, *, tags: str, enabled: bool = True
) -> dict[str, Any]:
    return {
        "datasource": DATASOURCE_REF,
        "enable": enabled,
        "hide": False,
        "iconColor": color,
        "name": name,
        "tagKeys": tags,
        "target": {
            "datasource": DATASOURCE_REF,
            "editorMode": "code",
            "expr": expr,
            "instant": False,
            "interval": "",
            "range": True,
            "refId": "Anno",
        },
        "textFormat": text,
        "titleFormat": title,
        "useValueForTime": False,
    }
