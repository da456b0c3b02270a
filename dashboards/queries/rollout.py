"""Roll-outs: revisions against those beside them, what groups run, weights and drivers."""

from __future__ import annotations

from dataclasses import replace

from alerts.causes.canaries import CANARY_WORSE
from alerts.causes.draining import DRAIN_OVERDUE
from alerts.causes.drivers import PATCH_SKEW, ROLL_OUT_OVERDUE
from alerts.causes.weights import REVISION_SKEW, WEIGHTS_SLOW
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    CELL,
    CELL_LEGEND,
    by,
    equals,
    in_cells,
    is_one_of,
    or_zero,
    ranked,
    rate,
    rows,
)
from dashboards.queries.shared import (
    Rows,
    budgets_of,
    causes_at_work,
    causes_over_time,
    groups_by_revision,
)
from exporters import catalog
from slo import conventions

CAUSES = (CANARY_WORSE, WEIGHTS_SLOW, REVISION_SKEW, DRAIN_OVERDUE, PATCH_SKEW, ROLL_OUT_OVERDUE)
ERROR, SLOW = "error", "slow"
"""Reasons of :data:`slo.conventions.REVISION_EVENTS`."""
REVISION = (*catalog.CELL_LABELS, catalog.REVISION)

_CHOSEN = 'revision=~"$revision"'
_LEGEND = CELL_LEGEND + " {{revision}}"
_BAD, _ALL = conventions.REVISION_BAD_EVENTS, conventions.REVISION_EVENTS
_OTHER_BAD, _OTHER_ALL = conventions.OTHER_REVISIONS_BAD_EVENTS, conventions.OTHER_REVISIONS_EVENTS
_NOT_UP = 'state!="up"'
_CHANGING = is_one_of(catalog.STATE, ("draining", "starting"))


def _events(series: str, reason: str) -> str:
    return in_cells(series, equals(catalog.REASON, reason), _CHOSEN)


def _own_share(reason: str) -> str:
    return f"{_events(_BAD, reason)} / ({_events(_ALL, reason)} > 0)"


def _others_share(reason: str) -> str:
    return f"{_events(_OTHER_BAD, reason)} / ({_events(_OTHER_ALL, reason)} > 0)"


def _difference(reason: str) -> str:
    return f"({_own_share(reason)} - {_others_share(reason)})"


def _deviations(reason: str) -> str:
    """Return the difference in standard deviations, as :mod:`alerts.causes.canaries` tests it."""
    bad, every, other_bad, others = (
        _events(each, reason) for each in (_BAD, _ALL, _OTHER_BAD, _OTHER_ALL)
    )
    pooled = f"(({bad} + {other_bad}) / ({every} + {others}))"
    variance = f"{pooled} * (1 - {pooled}) * (1 / {every} + 1 / {others})"
    # Where nothing fails nothing differs: 0, not 0 over 0.
    sure = f"{_difference(reason)} / sqrt({variance} > 0)"
    return f"({sure} or 0 * {_difference(reason)})"


def _traffic() -> str:
    every = in_cells(_ALL, equals(catalog.REASON, ERROR))
    return f"{_events(_ALL, ERROR)} / on ({CELL}) group_left () (sum by ({CELL}) ({every}) > 0)"


# --- numbers -------------------------------------------------------------------------------------

CELLS_IN_ROLLOUT = Query(f"sum({in_cells(conventions.CELL_REVISIONS)} > bool 1)", "cells")
CANARIES_WORSE = causes_at_work((CANARY_WORSE,))
LARGEST_DIFFERENCE = Query(or_zero(f"max({_difference(ERROR)})"), "worse by")
GROUPS_CHANGING = Query(f"sum({in_cells(conventions.CELL_GROUPS, _CHANGING)})", "groups")
DRIVERS = Query(
    f"count(group by ({catalog.VERSION}) ({in_cells(conventions.DRIVER_HOSTS)}))", "versions"
)
BUDGETS = budgets_of("rollout")

# --- canary against baseline ---------------------------------------------------------------------


def own(reason: str) -> Query:
    """Return the shares of revisions' requests that fail, or first tokens that are late."""
    return ranked("topk", _own_share(reason), _LEGEND)


def others(reason: str) -> Query:
    """Return the same of all other revisions of each revision's cell."""
    found = ranked("topk", _others_share(reason), "all but " + _LEGEND)
    return replace(found, may_be_empty=True)


def deviations(reason: str) -> Query:
    """Return how sure it is that revisions are worse: the difference in standard deviations."""
    return replace(ranked("topk", _deviations(reason), _LEGEND), may_be_empty=True)


TRAFFIC = ranked("topk", _traffic(), _LEGEND)
CAUSES_OVER_TIME = causes_over_time(CAUSES, place=(catalog.MODEL, catalog.REVISION))

ROWS = Rows(REVISION, f"{_events(_ALL, ERROR)} > 0")
ROW_GROUPS = ROWS.column(in_cells(conventions.CELL_REVISION_GROUPS, _CHOSEN))
ROW_TRAFFIC = ROWS.column(_traffic())
ROW_DEVIATIONS = ROWS.column(_deviations(ERROR), may_be_empty=True)


def row_own(reason: str) -> Query:
    """Return a revision's share of what is bad, for a table."""
    return ROWS.column(_own_share(reason))


def row_others(reason: str) -> Query:
    """Return that of all others, for a table."""
    return ROWS.column(_others_share(reason), may_be_empty=True)


# --- what groups run -----------------------------------------------------------------------------

GROUPS_BY_REVISION = groups_by_revision(_CHOSEN)
WEIGHTS_ROWS = rows(
    f"count by ({by((*REVISION, catalog.HASH))}) ({in_cells(catalog.WEIGHTS_INFO.name, _CHOSEN)})"
)
STATES = Query(
    f"sum by ({catalog.STATE}) ({in_cells(conventions.CELL_GROUPS, _NOT_UP)})", "{{state}}"
)
DRAIN_ROWS = rows(
    f"{in_cells(conventions.GROUP_DRAIN_DEADLINE)} - time()", "bottomk", may_be_empty=True
)
"""Seconds until each group that is out of service on purpose has to serve again."""

# --- weights and drivers -------------------------------------------------------------------------


def _load_seconds() -> str:
    # Loads are few: within a minute there is hardly ever one.
    seconds, loads = (
        f"sum by ({CELL}) (increase({in_cells(each)}[1h]))"
        for each in (catalog.WEIGHTS_LOAD_SECONDS.name, catalog.WEIGHTS_LOADS.name)
    )
    return f"{seconds} / ({loads} > 0)"


LOAD_SECONDS = Query(f"max({_load_seconds()})", "a load", may_be_empty=True)
LOAD_TIMES = ranked("topk", _load_seconds(), may_be_empty=True)
LOADING = ranked(
    "topk",
    f"sum by ({CELL}) ({rate(in_cells(catalog.WEIGHTS_LOAD_SECONDS.name))})",
)
"""Engines that load at a time: seconds of loading a second."""
LOAD_RETRIES = ranked(
    "topk",
    f"sum by ({CELL}) ({rate(in_cells(catalog.WEIGHTS_LOAD_RETRIES.name))})",
)
HOSTS_BY_DRIVER = ranked(
    "topk",
    f"sum by ({catalog.REGION}, {catalog.VERSION}) ({in_cells(conventions.DRIVER_HOSTS)})",
    "{{region}} {{version}}",
)
_DOMAIN = by((*catalog.CELL_LABELS, catalog.FAILURE_DOMAIN))
MIXED_DOMAINS = rows(
    f"count by ({_DOMAIN}) ({in_cells(conventions.DRIVER_HOSTS)}) > 1", may_be_empty=True
)
