"""The variables of the boards: the same on all, so that a link from board to board loses none."""

from __future__ import annotations

from typing import Any

from grafanalib import core

from exporters import catalog
from slo import conventions

DATASOURCE = "datasource"
DATASOURCE_TYPE = "prometheus"
DATASOURCE_REF = {"type": DATASOURCE_TYPE, "uid": f"${{{DATASOURCE}}}"}
"""What every panel, query and annotation names as its source."""
PROVISIONED_UID = "shardwatch-prometheus"
"""The data source that our provisioning files make."""
PROVISIONED_NAME = "shardwatch"

_ALL = {"text": ["All"], "value": ["$__all"]}
# Matches what has no such label as well: an objective that is not grouped by region has none.
_ALL_VALUE = ".*"
_REFRESH_ON_TIME_RANGE = 2


def datasource_variable() -> dict[str, Any]:
    """Return the variable that picks the Prometheus; the provisioned one unless another is."""
    return {
        "current": {"text": PROVISIONED_NAME, "value": PROVISIONED_UID},
        "hide": core.SHOW,
        "includeAll": False,
        "label": "Data source",
        "multi": False,
        "name": DATASOURCE,
        "options": [],
        "query": DATASOURCE_TYPE,
        "refresh": core.REFRESH_ON_DASHBOARD_LOAD,
        "regex": "",
        "skipUrlSync": False,
        "type": "datasource",
    }


def label_variable(
    name: str, label: str, series: str, *, within: tuple[str, ...] = (), hidden: bool = False
) -> dict[str, Any]:
    """Return a variable of a label's values: several can be chosen, and at first all are.

    Args:
        name: of the variable and of the label.
        label: what people read.
        series: the series whose values of the label are offered.
        within: other variables, by which the offer is narrowed.
        hidden: not shown, but kept by links.
    """
    matchers = ", ".join(f'{each}=~"${each}"' for each in within)
    selector = f"{series}{{{matchers}}}" if matchers else series
    query = f"label_values({selector}, {name})"
    return {
        "allValue": _ALL_VALUE,
        "current": _ALL,
        "datasource": DATASOURCE_REF,
        "definition": query,
        "hide": core.HIDE_VARIABLE if hidden else core.SHOW,
        "includeAll": True,
        "label": label,
        "multi": True,
        "name": name,
        "options": [],
        "query": {
            "qryType": 1,
            "query": query,
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        },
        "refresh": _REFRESH_ON_TIME_RANGE,
        "regex": "",
        "skipUrlSync": False,
        "sort": core.SORT_ALPHA_ASC,
        "type": "query",
    }


def board_variables(*, by_cluster: bool) -> list[dict[str, Any]]:
    """Return the variables of a board: data source, cluster, objective, region, model.

    Args:
        by_cluster: whether the board's series carry the cluster. Objectives' do not; there the
            variable is hidden and only carried along by links.
    """
    cells = conventions.CELL_CAPACITY
    cluster, region, model = catalog.CELL_LABELS
    return [
        datasource_variable(),
        label_variable(cluster, "Cluster", cells, hidden=not by_cluster),
        label_variable(conventions.SLO, "Objective", conventions.OBJECTIVE),
        label_variable(region, "Region", cells, within=(cluster,)),
        label_variable(model, "Model", cells, within=(cluster, region)),
    ]
