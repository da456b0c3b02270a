"""Regions: what each serves, what it has to spare, and whose data it should not have."""

from __future__ import annotations

from alerts.causes.governance import DATA_OUTSIDE, GOV, GOV_DATA_OUTSIDE
from alerts.causes.regions import CAPACITY_LOW, REGION_DOWN, REGION_FAILING, RESERVE_GONE
from alerts.causes.routers import ROUTER_LOST
from dashboards.queries.objectives import LIBRARY
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    bars,
    by,
    equals,
    in_cells,
    in_regions,
    or_zero,
    ranked,
    rate,
    rows,
)
from dashboards.queries.shared import Rows, budgets_of, causes_at_work, causes_over_time, share
from exporters import catalog
from slo import conventions

CAUSES = (REGION_DOWN, REGION_FAILING, ROUTER_LOST, CAPACITY_LOW, RESERVE_GONE)
OUTSIDE_CAUSES = (GOV_DATA_OUTSIDE, DATA_OUTSIDE)
REGION = (catalog.CLUSTER, catalog.REGION)

_REGION = by(REGION)
_LEGEND = "{{cluster}} {{region}}"
_HOME = catalog.HOME_REGION
_KNOWN = in_cells(conventions.CELL_GROUPS_KNOWN)
_SERVING = in_cells(conventions.CELL_GROUPS_SERVING)
_NEEDED = in_cells(conventions.CELL_GROUPS_NEEDED)
_DOWN = in_cells(conventions.CELL_GROUPS_DOWN)
_REQUESTS = in_cells(conventions.CELL_REQUESTS_RATE)
_BAD = in_cells(conventions.CELL_REQUESTS_RATE, 'outcome=~"error|timeout|rejected"')
_COUNTED = in_cells(conventions.CELL_REQUESTS_RATE, 'outcome!="rate_limited"')
_RESIDENT = in_cells(catalog.RESIDENCY_REQUESTS.name)
_ROUTERS = in_regions(catalog.ROUTER_UP.name)


def _serving() -> str:
    return share(_SERVING, _KNOWN, *REGION)


def _used() -> str:
    """Return what the last hour needed at its busiest, of the groups that serve."""
    return f"{_NEEDED} / ({_SERVING} > 0)"


def _elsewhere(*matchers: str, labels: tuple[str, ...] = ()) -> str:
    """Return the requests a second whose data belongs to another region than they are served in."""
    served = rate(in_cells(catalog.RESIDENCY_REQUESTS.name, *matchers))
    every = f"sum by ({by((catalog.REGION, _HOME, *labels))}) ({served})"
    here = f"group by ({catalog.REGION}) ({served})"
    at_home = f'label_join({here}, "{_HOME}", "", "{catalog.REGION}")'
    return f"({every} unless on ({catalog.REGION}, {_HOME}) {at_home})"


# --- numbers -------------------------------------------------------------------------------------

REGIONS_DOWN = causes_at_work((REGION_DOWN,))
SERVING = Query(share(_SERVING, _KNOWN), "serving")
GROUPS_DOWN = Query(or_zero(f"sum({_DOWN})", _KNOWN), "down")
MOST_USED = Query(f"max({_used()})", "needed")
ROUTERS_SILENT = Query(f"sum(1 - {_ROUTERS})", "silent")
UNSEEN = Query(
    or_zero(
        f"count({LIBRARY.select(conventions.VANISHED_STATE)} == 1"
        f" or {LIBRARY.select(conventions.BLIND_STATE)} == 1)"
    ),
    "cells",
)
OUTSIDE = Query(or_zero(f"sum({_elsewhere()})", _RESIDENT), "outside")
GOV_OUTSIDE = Query(or_zero(f"sum({_elsewhere(equals(catalog.TIER, GOV))})", _RESIDENT), "outside")
BUDGETS = budgets_of("governance", "inference", "fleet")

# --- where ---------------------------------------------------------------------------------------

CAUSES_OVER_TIME = causes_over_time((*CAUSES, *OUTSIDE_CAUSES))
SERVING_RATIOS = ranked("bottomk", _serving(), _LEGEND)
USED_BARS = bars("topk", _used())
SIGHT = LIBRARY.sight_of_cells

# --- why: traffic --------------------------------------------------------------------------------

REQUESTS = ranked("topk", f"sum by ({_REGION}) ({_REQUESTS})", _LEGEND)
ERROR_RATIOS = ranked("topk", share(_BAD, _COUNTED, *REGION), _LEGEND)
IN_ENGINES = ranked("topk", in_regions(conventions.REGION_REQUESTS), _LEGEND)
ROUTERS = ranked("bottomk", f"avg by ({_REGION}) ({_ROUTERS})", _LEGEND)

# --- why: capacity -------------------------------------------------------------------------------

USED = ranked("topk", _used())
DOWN_BY_CELL = ranked("topk", _DOWN, may_be_empty=True)

# --- whose data ----------------------------------------------------------------------------------

OUTSIDE_BY_REGION = ranked(
    "topk",
    _elsewhere(),
    "{{home_region}} served in {{region}}",
    may_be_empty=True,
)
OUTSIDE_BY_TIER = ranked(
    "topk",
    _elsewhere(labels=(catalog.TIER,)),
    "{{tier}}: {{home_region}} served in {{region}}",
    may_be_empty=True,
)
_SERVED = rate(_RESIDENT)
HOMES = rows(f"sum by ({catalog.REGION}, {_HOME}, {catalog.TIER}) ({_SERVED}) > 0")

# --- region by region ----------------------------------------------------------------------------

ROWS = Rows(REGION, f"sum by ({_REGION}) ({_KNOWN})")
ROW_SERVING = ROWS.column(f"sum by ({_REGION}) ({_SERVING})")
ROW_REQUESTS = ROWS.column(f"sum by ({_REGION}) ({_REQUESTS})")
ROW_ERRORS = ROWS.column(share(_BAD, _COUNTED, *REGION))
ROW_USED = ROWS.column(_used())
ROW_IN_ENGINES = ROWS.column(in_regions(conventions.REGION_REQUESTS))
ROW_ROUTERS = ROWS.column(_ROUTERS)
