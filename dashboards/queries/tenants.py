"""Tenants and limits: classes of customers, what they send, and whom limits turn away.

Tenants are in no label. The class of customer (tier) is; which tenant it is stands in the router's
log.
"""

from __future__ import annotations

from alerts.causes.canaries import LATE_SECONDS
from alerts.causes.tenants import PAID_RATIO, PAID_THROTTLED, PAID_TIERS, TENANT_FLOOD
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    CELL,
    bars,
    buckets,
    by,
    equals,
    in_cells,
    is_one_of,
    ranked,
    rate,
)
from dashboards.queries.shared import (
    USERS,
    Rows,
    budgets_of,
    causes_at_work,
    causes_over_time,
    level,
    share,
)
from exporters import catalog
from slo import conventions

CAUSES = (TENANT_FLOOD, PAID_THROTTLED)
TIER = (*catalog.CELL_LABELS, catalog.TIER)

_CHOSEN = 'tier=~"$tier"'
_OF_CAUSE = 'tier=~"$tier|"'
_TIER = by(TIER)
_LEGEND = "{{cluster}} {{region}} {{model}} {{tier}}"
_REQUESTS = in_cells(conventions.TIER_REQUESTS_RATE, _CHOSEN)
_LIMITED = in_cells(conventions.TIER_LIMITED_RATE, _CHOSEN)
_PAID = is_one_of(catalog.TIER, PAID_TIERS)
_USUALLY = "3h"
_ROUTED = in_cells(catalog.ROUTER_REQUESTS.name, USERS, _CHOSEN)
_BAD = 'outcome=~"error|timeout|rejected"'
_COUNTED = 'outcome!="rate_limited"'


def _limited_share() -> str:
    return f"{_LIMITED} / ({_REQUESTS} > 0)"


def _share_of_cell() -> str:
    every = in_cells(conventions.TIER_REQUESTS_RATE)
    return f"{_REQUESTS} / on ({CELL}) group_left () (sum by ({CELL}) ({every}) > 0)"


def _times_usual() -> str:
    return f"{_REQUESTS} / (quantile_over_time(0.5, {_REQUESTS}[{_USUALLY}]) > 0)"


# --- numbers -------------------------------------------------------------------------------------

REQUESTS = Query(f"sum({_REQUESTS})", "requests")
LIMITED = Query(share(_LIMITED, _REQUESTS), "turned away")
PAID_LIMITED = Query(
    share(
        in_cells(conventions.TIER_LIMITED_RATE, _PAID, _CHOSEN),
        in_cells(conventions.TIER_REQUESTS_RATE, _PAID, _CHOSEN),
    ),
    "turned away",
)
MOST_LIMITED = Query(f"max({_limited_share()})", "highest")
FLOODS = causes_at_work((TENANT_FLOOD,), _OF_CAUSE)
THROTTLED = causes_at_work((PAID_THROTTLED,), _OF_CAUSE)
BUDGETS = budgets_of("tenancy", of_some=catalog.TIER)

# --- where ---------------------------------------------------------------------------------------

LIMITED_BARS = bars("topk", _limited_share(), _LEGEND)
GROWTH_BARS = bars("topk", _times_usual(), _LEGEND)
"""Over one instant only: a median of hours at each step of a graph would be read again and again.
"""
CAUSES_OVER_TIME = causes_over_time(CAUSES, _OF_CAUSE, place=(catalog.MODEL, catalog.TIER))

# --- why -----------------------------------------------------------------------------------------

REQUESTS_BY_TIER = Query(f"sum by ({catalog.TIER}) ({_REQUESTS})", "{{tier}}")
LIMITED_BY_TIER = Query(f"sum by ({catalog.TIER}) ({_LIMITED})", "{{tier}}")
BUSIEST = ranked("topk", _REQUESTS, _LEGEND)
LIMITED_RATIOS = ranked("topk", _limited_share(), _LEGEND)
PAID_LIMIT = level(PAID_RATIO, "paid tiers: ticket")
SHARES = ranked("topk", _share_of_cell(), _LEGEND)

# --- does one hurt the others --------------------------------------------------------------------


def _failing() -> str:
    bad, counted = (
        rate(in_cells(catalog.ROUTER_REQUESTS.name, each, USERS, _CHOSEN))
        for each in (_BAD, _COUNTED)
    )
    return share(bad, counted, *TIER)


def _late() -> str:
    family = catalog.ROUTER_TIME_TO_FIRST_TOKEN
    in_time = in_cells(buckets(family), equals("le", LATE_SECONDS), USERS, _CHOSEN)
    every = in_cells(f"{family.name}_count", USERS, _CHOSEN)
    return f"1 - {share(rate(in_time), rate(every), *TIER)}"


FAILURE_RATIOS = ranked("topk", _failing(), _LEGEND)
LATE_RATIOS = ranked("topk", _late(), _LEGEND)
IN_FLIGHT = ranked(
    "topk",
    f"sum by ({_TIER}) ({in_cells(catalog.ROUTER_IN_FLIGHT.name, USERS, _CHOSEN)})",
    _LEGEND,
)
OUTCOMES = Query(
    f"sum by ({catalog.TIER}, {catalog.OUTCOME}) ({rate(_ROUTED)})", "{{tier}} {{outcome}}"
)
ATTEMPTS_AGAIN = ranked(
    "topk",
    share(
        rate(in_cells(catalog.ROUTER_ATTEMPTS.name, 'attempt="retry"', USERS, _CHOSEN)),
        rate(in_cells(catalog.ROUTER_ATTEMPTS.name, 'attempt="first"', USERS, _CHOSEN)),
        *TIER,
    ),
    _LEGEND,
)
TOKENS = Query(
    f"sum by ({catalog.TIER}, {catalog.PHASE})"
    f" ({rate(in_cells(catalog.BILLED_TOKENS.name, USERS, _CHOSEN))})",
    "{{tier}} {{phase}}",
)

# --- tier by tier --------------------------------------------------------------------------------

ROWS = Rows(TIER, _REQUESTS)
ROW_SHARE = ROWS.column(_share_of_cell())
ROW_TIMES_USUAL = ROWS.column(_times_usual())
ROW_LIMITED = ROWS.column(_limited_share())
ROW_FAILING = ROWS.column(_failing())
ROW_LATE = ROWS.column(_late())
