"""What all boards have in common: variables, links to each other, alerts on the graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from alerts.links import FLEET_BOARD, SLO_BOARD
from dashboards import queries
from dashboards.layout import Band, place
from dashboards.variables import DATASOURCE_REF, board_variables
from slo import conventions

TAG = "shardwatch"
FLEET_UID, SLO_UID = FLEET_BOARD, SLO_BOARD
_CROSSHAIR_ON_ALL = 1


@dataclass(frozen=True)
class Board:
    """A board before it is drawn up."""

    uid: str
    """Never changes: alerts and people's bookmarks are made of it."""
    title: str
    question: str
    """The sentence that says which question the board answers."""
    bands: Sequence[Band]
    next_uid: str
    next_title: str
    """The board to look at next."""
    by_cluster: bool = True
    """Whether its series carry the cluster."""
    time_from: str = "now-6h"
    refresh: str = "30s"


def draw_up(board: Board) -> Any:
    """Return a board as grafanalib's dashboard, for :func:`dashboards.normalise.to_json`."""
    return core.Dashboard(
        title=board.title,
        uid=board.uid,
        description=board.question,
        tags=[TAG],
        templating=core.Templating(list=board_variables(by_cluster=board.by_cluster)),
        annotations=core.Annotations(list=_annotations()),
        links=[_link(board.next_uid, board.next_title)],
        panels=place(board.bands),
        time=core.Time(board.time_from, "now"),
        timezone="browser",
        refresh=board.refresh,
        graphTooltip=_CROSSHAIR_ON_ALL,
        editable=True,
    )


def objective_link() -> str:
    """Return the address of the SLO board for the objective and cell of the value clicked."""
    labels = "&".join(
        f"var-{name}=${{__field.labels.{name}}}" for name in (conventions.SLO, "region", "model")
    )
    return f"/d/{SLO_UID}?${{datasource:queryparam}}&${{cluster:queryparam}}&{labels}&{_TIME}"


_TIME = "${__url_time_range}"


def _link(uid: str, title: str) -> Any:
    return core.DashboardLink(
        title=title,
        type="link",
        uri=f"/d/{uid}",
        icon="dashboard",
        tooltip=f"Open {title} for the same cluster, objective, region, model and time",
        includeVars=True,
        keepTime=True,
    )


def _annotations() -> list[dict[str, Any]]:
    return [
        _alerts("Pages", conventions.PAGE, "red", enabled=True),
        _alerts("Tickets", conventions.TICKET, "orange", enabled=False),
    ]


def _alerts(name: str, severity: str, color: str, *, enabled: bool) -> dict[str, Any]:
    return {
        "datasource": DATASOURCE_REF,
        "enable": enabled,
        "hide": False,
        "iconColor": color,
        "name": name,
        "tagKeys": "severity,slo,region,model,group",
        "target": {
            "datasource": DATASOURCE_REF,
            "editorMode": "code",
            "expr": queries.firing(severity),
            "instant": False,
            "interval": "",
            "range": True,
            "refId": "Anno",
        },
        "textFormat": "{{slo}} {{region}} {{model}} {{group}}",
        "titleFormat": "{{alertname}}",
        "useValueForTime": False,
    }
