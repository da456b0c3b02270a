"""Every query of every board. Series and labels come from the catalogue and the conventions.

Boards of a fleet read recorded series of cells and objectives; what is shown of single groups and
GPUs is limited to the worst. A rank is taken at the end of the time range (``@ end()``), so that a
panel never holds more series than its limit, however many came and went within the range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

from exporters import catalog
from slo import conventions
from slo.burn import Tier, format_decimal

SHOWN_LINES = 12
"""Lines of a graph and bars of a gauge at most: more cannot be told apart."""
SHOWN_ROWS = 50
"""Rows of a table at most."""

ALERTS = "ALERTS"
ALERTS_FOR_STATE = "ALERTS_FOR_STATE"
"""Prometheus's and vmalert's own series: an alert's state, and since when it is active."""
ALERT_NAME = "alertname"
ALERT_STATE = "alertstate"

_CELL = ", ".join(catalog.CELL_LABELS)
_GROUP = ", ".join(catalog.GROUP_LABELS)
_IN_CELLS = 'cluster=~"$cluster", region=~"$region", model=~"$model"'
# An objective need not be grouped by region or model, and a cause may concern all models: what has
# no such label is shown whatever is chosen.
_IN_OBJECTIVES = 'slo=~"$slo", region=~"$region|", model=~"$model|"'
_OF_ALERTS = 'slo=~"$slo|", region=~"$region|", model=~"$model|"'
_OVER_PERIOD = 'window!~"5m|1h"'
_NOTIFYING = f'severity=~"{conventions.PAGE}|{conventions.TICKET}"'

CELL_LEGEND = "{{cluster}} {{region}} {{model}}"
OBJECTIVE_LEGEND = "{{slo}} {{region}} {{model}}"


@dataclass(frozen=True)
class Query:
    """An expression with Grafana's variables in it, and the name of each series it gives."""

    expr: str
    legend: str = ""
    may_be_empty: bool = False
    """True where nothing to show is good news, such as a table of what is wrong."""


# --- what is on fire ------------------------------------------------------------------------------


def alerts_firing(severity: str) -> Query:
    """Return the number of alerts of a severity that fire; 0 if none does."""
    return Query(
        f'count({ALERTS}{{{ALERT_STATE}="firing", severity="{severity}", {_OF_ALERTS}}})'
        " or vector(0)",
        severity,
    )


ALERT_AGES = Query(
    f"topk({SHOWN_ROWS}, time() - {ALERTS_FOR_STATE}{{{_NOTIFYING}, {_OF_ALERTS}}}"
    f" and ignoring ({ALERT_STATE})"
    f' {ALERTS}{{{ALERT_STATE}="firing", {_NOTIFYING}, {_OF_ALERTS}}})',
    may_be_empty=True,
)
"""Seconds since each firing alert became active."""


def firing(severity: str) -> str:
    """Return the expression of the alerts of a severity that fire, for annotations."""
    return f'{ALERTS}{{{ALERT_STATE}="firing", severity="{severity}", {_OF_ALERTS}}}'


# --- objectives -----------------------------------------------------------------------------------


def _objectives(series: str, *matchers: str) -> str:
    return f"{series}{{{', '.join((*matchers, _IN_OBJECTIVES))}}}"


def _window(window: str) -> str:
    return f'{conventions.WINDOW}="{window}"'


LOWEST_BUDGET = Query(f"min({_objectives(conventions.BUDGET_REMAINING)})", "lowest")
BUDGETS_UNKNOWN = Query(
    f"sum({_objectives(conventions.COVERAGE, _OVER_PERIOD)} < bool {conventions.COVERAGE_NEEDED})",
    "unknown",
)
BUDGET_BARS = Query(
    f"bottomk({SHOWN_LINES}, {_objectives(conventions.BUDGET_REMAINING)})", OBJECTIVE_LEGEND
)
TARGETS = Query(f'{conventions.OBJECTIVE}{{slo=~"$slo"}}', "{{slo}}")
BAD_EVENTS_OVER_PERIOD = Query(
    f"sum by (slo) ({_objectives(conventions.EVENTS_BAD_COUNT, _OVER_PERIOD)})", "{{slo}}"
)
LOWEST_COVERAGE = Query(f"min({_objectives(conventions.COVERAGE, _OVER_PERIOD)})", "lowest")


def highest_burn(window: str) -> Query:
    """Return the highest burn rate over a window among the chosen objectives and cells."""
    return Query(f"max({_objectives(conventions.BURN_RATE, _window(window))})", window)


def _worst_objectives(operator: str, series: str, legend: str, *matchers: str) -> Query:
    selector = _objectives(series, *matchers)
    return Query(f"{selector} and {operator}({SHOWN_LINES}, {selector} @ end())", legend)


def burn_rates(window: str, prefix: str = "") -> Query:
    """Return the burn rates over a window of the cells where it is highest now."""
    legend = f"{prefix} {OBJECTIVE_LEGEND}".strip()
    return _worst_objectives("topk", conventions.BURN_RATE, legend, _window(window))


def burn_threshold(tier: Tier) -> Query:
    """Return the burn rate at which a tier fires, for the period of the chosen objectives.

    The factor is max(1, budget share x period / long window), as :func:`slo.burn.burn_factor`.
    """
    if tier.factor is not None:
        return Query(f"vector({format_decimal(tier.factor)})", f"{tier.severity} at")
    share = format_decimal(tier.budget_share)
    period = f'{conventions.PERIOD}{{slo=~"$slo"}}'
    return Query(
        f"max(clamp_min({share} * {period} / {tier.long_seconds}, 1))",
        f"{tier.severity} at",
    )


BUDGETS_OVER_TIME = _worst_objectives("bottomk", conventions.BUDGET_REMAINING, OBJECTIVE_LEGEND)
BAD_EVENTS = _worst_objectives("topk", conventions.EVENTS_BAD_RATE, OBJECTIVE_LEGEND)
EVENTS = _worst_objectives("topk", conventions.EVENTS_RATE, OBJECTIVE_LEGEND)
COVERAGES = _worst_objectives("bottomk", conventions.COVERAGE, OBJECTIVE_LEGEND, _OVER_PERIOD)

_CAUSES = f'{conventions.CAUSE_STATE}{{region=~"$region|", model=~"$model|"}}'
CAUSES_OVER_TIME = Query(
    # In place of nothing, one series that says so: "none" is an answer, an empty panel is not.
    f"group by (cause, region, model) ({_CAUSES})"
    ' or on () label_replace(vector(0), "cause", "none", "", "")',
    "{{cause}} {{region}} {{model}}",
)
CAUSES = Query(f"topk({SHOWN_ROWS}, {_CAUSES})", may_be_empty=True)
"""Causes at work with their evidence as labels; the value is the rank."""

TRAFFIC, VANISHED, BLIND = 0, 1, 2
_BLIND_STATE = _objectives(conventions.BLIND_STATE)
_VANISHED_STATE = _objectives(conventions.VANISHED_STATE)
SIGHT = Query(
    f"({_BLIND_STATE} * {BLIND} or {_VANISHED_STATE}) and topk({SHOWN_LINES},"
    f" {_BLIND_STATE} @ end() * {BLIND} or {_VANISHED_STATE} @ end())",
    OBJECTIVE_LEGEND,
)
"""Whether each cell's events are there, have vanished, or cannot be seen."""

# --- cells ----------------------------------------------------------------------------------------


def _cells(series: str, *matchers: str) -> str:
    return f"{series}{{{', '.join((*matchers, _IN_CELLS))}}}"


def _worst_cells(operator: str, series: str, *matchers: str, legend: str = CELL_LEGEND) -> Query:
    selector = _cells(series, *matchers)
    return Query(f"{selector} and {operator}({SHOWN_LINES}, {selector} @ end())", legend)


STATE_RANKS: dict[str, int] = {
    state: rank for rank, state in enumerate(reversed(catalog.GROUP_STATES))
}
"""The states of groups as numbers, the worst the highest; 0 is up."""

_NOT_UP = 'state!="up"'
_WITH_REASON = 'reason!="none"'
GROUPS_NOT_UP = Query(f"sum({_cells(conventions.CELL_GROUPS, _NOT_UP)})", "not up")
GROUPS = Query(f"sum({_cells(conventions.CELL_GROUPS)})", "all")
CAPACITY = Query(
    # Weighed by groups: an average of the cells' ratios would weigh a small cell like a large one.
    f"sum({_cells(conventions.CELL_CAPACITY)} * on ({_CELL})"
    f" sum by ({_CELL}) ({_cells(conventions.CELL_GROUPS)}))"
    f" / sum({_cells(conventions.CELL_GROUPS)})",
    "capacity",
)
CAPACITY_BARS = Query(f"bottomk({SHOWN_LINES}, {_cells(conventions.CELL_CAPACITY)})", CELL_LEGEND)
GPUS_MISSING = Query(f"sum({_cells(conventions.CELL_GPUS_MISSING)})", "missing")


def _state(state: str) -> str:
    return f'{catalog.STATE}="{state}"'


def _worst_state() -> Query:
    ranked = " or ".join(
        f"({_cells(conventions.CELL_GROUPS, _state(state))} > bool 0) * {rank}"
        for state, rank in STATE_RANKS.items()
    )
    worst_now = (
        f"topk({SHOWN_LINES}, sum by ({_CELL})"
        f" ({_cells(conventions.CELL_GROUPS, _NOT_UP)} @ end()))"
    )
    return Query(f"max by ({_CELL}) ({ranked}) and on ({_CELL}) {worst_now}", CELL_LEGEND)


WORST_STATES = _worst_state()
GROUPS_NOT_UP_ROWS = Query(
    f"topk({SHOWN_ROWS}, ({_cells(catalog.GROUP_STATE.name, _NOT_UP)} == 1)"
    f" * on ({_GROUP}) group_left ({catalog.REASON})"
    f" ({_cells(catalog.GROUP_REASON.name)} == 1))",
    may_be_empty=True,
)
GPU_FAULT_ROWS = Query(
    # Only the current reason of a GPU is served, so that this reads faulty GPUs and no others.
    f"topk({SHOWN_ROWS}, {_cells(catalog.GPU_REASON.name, _WITH_REASON)} == 1)",
    may_be_empty=True,
)

SILENT_SOURCE_ROWS = Query(
    f"topk({SHOWN_ROWS}, {catalog.SOURCE_REASON.name}"
    f'{{cluster=~"$cluster", region=~"$region", {catalog.REASON}!="none"}} == 1)',
    may_be_empty=True,
)
EXPORTER_FAULT_ROWS = Query(
    f"topk({SHOWN_ROWS}, {catalog.EXPORTER_RELOAD_SUCCESS.name} == 0"
    f" or {catalog.EXPORTER_COLLECTION_SUCCESS.name} == 0)",
    may_be_empty=True,
)
"""Those with a file go by an earlier content of it; those without could make no page."""

REQUESTS = Query(
    f"sum by ({_CELL}) ({_cells(conventions.CELL_REQUESTS_RATE)}) and topk({SHOWN_LINES},"
    f" sum by ({_CELL}) ({_cells(conventions.CELL_REQUESTS_RATE)} @ end()))",
    CELL_LEGEND,
)
OUTCOMES = Query(
    f"sum by ({catalog.OUTCOME}) ({_cells(conventions.CELL_REQUESTS_RATE)})", "{{outcome}}"
)
ERROR_RATIOS = _worst_cells("topk", conventions.CELL_ERROR_RATIO)
IN_FLIGHT = _worst_cells("topk", conventions.CELL_IN_FLIGHT)
WAITING = _worst_cells("topk", conventions.CELL_WAITING)
KV_CACHE_USAGE = _worst_cells("topk", conventions.CELL_KV_CACHE_USAGE)
PREFIX_HIT_RATIOS = _worst_cells("bottomk", conventions.CELL_PREFIX_HIT_RATIO)
TOKENS = Query(
    f"sum by ({catalog.PHASE}, region) ({_cells(conventions.CELL_TOKENS_RATE)})",
    "{{phase}} {{region}}",
)
TOOL_SUCCESS_RATIOS = _worst_cells(
    "bottomk", conventions.CELL_TOOL_SUCCESS_RATIO, legend="{{tool}} {{region}} {{model}}"
)


def time_to_first_token(quantile: str) -> Query:
    """Return a quantile of the time to first token in seconds, of the slowest cells."""
    return _worst_cells("topk", conventions.CELL_TTFT, f'{conventions.QUANTILE}="{quantile}"')


# --- what a board asks, for tests and for the demo --------------------------------------------

MAY_BE_EMPTY: frozenset[str] = frozenset(
    each.expr for each in tuple(globals().values()) if isinstance(each, Query) and each.may_be_empty
)
"""The expressions that rightly give nothing in a healthy cluster."""


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


def panel_queries(board_json: Mapping[str, Any], variables: Mapping[str, str]) -> list[PanelQuery]:
    """Return every query of a board's panels, in the order of the board, variables put in.

    Args:
        board_json: a dashboard of Grafana's, as parsed JSON.
        variables: what stands for each variable, without the ``$``: ``{"region": ".*"}``. Put in
            as they are, so that one in a matcher must be a regular expression already.

    Raises:
        KeyError: a query uses a variable that is not given.
    """
    return [
        PanelQuery(
            board_json["uid"],
            panel["title"],
            target["refId"],
            Template(target["expr"]).substitute(variables),
            target["expr"] in MAY_BE_EMPTY,
        )
        for panel in _panels(board_json)
        for target in panel.get("targets", [])
    ]


def _panels(board_json: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in board_json["panels"]:
        yield panel
        yield from panel.get("panels", [])
