"""The variables of the boards: the same on all, so that a link from board to board loses none."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
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
_LABEL_VALUES, _QUERY_RESULT = 1, 3
"""Kinds of queries of variables: ``PromVariableQueryType`` of Grafana's data source."""
_SHOWN = "shown"
_MARKED_REGEX = f'/{{label}}="(?<value>[^"]*)".*{_SHOWN}="(?<text>[^"]*)"/'
"""Of what Grafana makes of a series of a result: ``{{group="a", shown="! dead a"}} 1``."""


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


@dataclass(frozen=True)
class Mark:
    """What is written before a value that somebody should look at, of several the first."""

    sign: str
    """Sorted before letters and digits: ``! dead``."""
    series: str
    matcher: str
    """Of the series, which are 1 where it is so."""


@dataclass(frozen=True)
class Choice:
    """A variable of a label's values."""

    name: str
    label: str
    """What people read."""
    series: str
    """Whose values of the label are offered."""
    of: str = ""
    """The label; the variable's own name if not given."""
    within: tuple[str, ...] = ()
    """Other variables, by which the offer is narrowed; each is named as its label."""
    single: bool = False
    """Whether one must be chosen, for boards that show all there is of one."""
    marked: tuple[Mark, ...] = ()
    """What of a single one is marked, and stands before the others: the first is chosen where
    nobody chose, and must be no innocent one."""


_CELLS = conventions.CELL_CAPACITY
CLUSTER = Choice(catalog.CLUSTER, "Cluster", _CELLS)
OBJECTIVE = Choice(conventions.SLO, "Objective", conventions.OBJECTIVE)
REGION = Choice(catalog.REGION, "Region", _CELLS, within=(catalog.CLUSTER,))
MODEL = Choice(catalog.MODEL, "Model", _CELLS, within=(catalog.CLUSTER, catalog.REGION))
USUAL = (CLUSTER, OBJECTIVE, REGION, MODEL)
"""Of all boards, after the data source."""

GROUP = Choice(
    catalog.GROUP,
    "Shard group",
    catalog.GROUP_INFO.name,
    within=catalog.CELL_LABELS,
    single=True,
    marked=(
        Mark("! dead", catalog.GROUP_STATE.name, 'state="dead"'),
        Mark("! stalled", catalog.GROUP_STATE.name, 'state="stalled"'),
        Mark("(degraded)", catalog.GROUP_STATE.name, 'state="degraded"'),
    ),
)
HOST = Choice(
    catalog.HOST,
    "Host",
    catalog.GPU_UP.name,
    within=catalog.CELL_LABELS,
    single=True,
    marked=(
        Mark("! page", catalog.GPU_VERDICT.name, 'severity="page"'),
        Mark("(ticket)", catalog.GPU_VERDICT.name, 'severity="ticket"'),
    ),
)
GPU = Choice(
    "gpu", "GPU", catalog.GPU_UP.name, catalog.UUID, within=(*catalog.CELL_LABELS, catalog.HOST)
)
REVISION = Choice(
    catalog.REVISION, "Revision", conventions.CELL_REVISION_GROUPS, within=catalog.CELL_LABELS
)
TIER = Choice(catalog.TIER, "Tier", conventions.TIER_REQUESTS_RATE, within=catalog.CELL_LABELS)
TOOL = Choice(catalog.TOOL, "Tool", conventions.CELL_TOOL_CALLS_RATE, within=catalog.CELL_LABELS)
"""Of boards that need them."""


def choice_variable(choice: Choice, *, hidden: bool = False) -> dict[str, Any]:
    """Return a variable: several values can be chosen, and at first all are; or one must be.

    Args:
        choice: what is chosen.
        hidden: not shown, but kept by links.
    """
    query = _marked_query(choice) if choice.marked else _values_query(choice)
    several = {"allValue": _ALL_VALUE, "current": _ALL}
    return {
        **({"current": {}} if choice.single else several),
        "datasource": DATASOURCE_REF,
        "definition": query,
        "hide": core.HIDE_VARIABLE if hidden else core.SHOW,
        "includeAll": not choice.single,
        "label": choice.label,
        "multi": not choice.single,
        "name": choice.name,
        "options": [],
        "query": {
            "qryType": _QUERY_RESULT if choice.marked else _LABEL_VALUES,
            "query": query,
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        },
        "refresh": _REFRESH_ON_TIME_RANGE,
        "regex": _MARKED_REGEX.format(label=choice.name) if choice.marked else "",
        "skipUrlSync": False,
        "sort": core.SORT_ALPHA_ASC,
        "type": "query",
    }


def _selector(choice: Choice, series: str, *matchers: str) -> str:
    inside = ", ".join((*matchers, *(f'{each}=~"${each}"' for each in choice.within)))
    return f"{series}{{{inside}}}" if inside else series


def _values_query(choice: Choice) -> str:
    return f"label_values({_selector(choice, choice.series)}, {choice.of or choice.name})"


def _marked_query(choice: Choice) -> str:
    """Return a query for every value, with a label that says how it is shown."""
    label = choice.name
    every = [
        f"label_replace(max by ({label}) ({_selector(choice, each.series, each.matcher)} == 1),"
        f' "{_SHOWN}", "{each.sign} $1", "{label}", "(.*)")'
        for each in choice.marked
    ]
    others = f"group by ({label}) ({_selector(choice, choice.series)})"
    every.append(f'label_replace({others}, "{_SHOWN}", "$1", "{label}", "(.*)")')
    return f"query_result({f' or on ({label}) '.join(every)})"


def board_variables(choices: Iterable[Choice], hidden: Container[str]) -> list[dict[str, Any]]:
    """Return the variables of a board, the data source first.

    Args:
        choices: in the order of the board's top.
        hidden: the names of those that none of the board's panels reads: not shown, and carried
            along by links.
    """
    return [
        datasource_variable(),
        *(choice_variable(each, hidden=each.name in hidden) for each in choices),
    ]
