"""Caches of prompts: what they save, by tier, and what it costs that they miss."""

from __future__ import annotations

from alerts.causes.caches import CACHE_EVICTION_PRESSURE, CACHE_HIT_COLLAPSE
from dashboards.queries.query import SHOWN_NAMED, Query
from dashboards.queries.selecting import (
    CELL,
    bars,
    equals,
    in_cells,
    is_one_of,
    ranked,
    rate,
    worst_cells,
)
from dashboards.queries.shared import (
    Rows,
    budgets_of,
    causes_at_work,
    causes_over_time,
    groups_by_revision,
    share,
)
from exporters import catalog
from slo import conventions

CAUSES = (CACHE_HIT_COLLAPSE, CACHE_EVICTION_PRESSURE)
_TIER = catalog.CACHE_TIER
_LOOKED_UP = in_cells(conventions.CELL_LOOKED_UP_RATE)
_HITS = in_cells(conventions.CELL_HIT_RATE)
_MISSED = in_cells(conventions.CELL_MISSED_RATE)
_RATIO = conventions.CELL_CACHE_HIT_RATIO
_USUAL = in_cells(conventions.USUAL, equals(conventions.OF, "cache_hits"))
_WITHOUT_CACHE = is_one_of(catalog.STATE, ("dead", "draining", "starting"))


def _fallen() -> str:
    return f"max by ({CELL}) ({_USUAL}) - on ({CELL}) {in_cells(_RATIO)}"


def _missed_gpus() -> str:
    """Return the GPUs that were at most busy with what no tier had: no more than there are.

    Without names: over a range, one cell by two names would be one series twice.
    """
    bound = f"max by ({CELL}) ({in_cells(conventions.CELL_MISSED_GPUS)})"
    there = f"max by ({CELL}) ({in_cells(conventions.CELL_GPUS_EXPECTED)})"
    return f"({bound} < {there} or ({there} and {bound}))"


# --- numbers -------------------------------------------------------------------------------------

HIT_RATIO = Query(share(_HITS, _LOOKED_UP), "found")
SAVED = Query(f"sum({_HITS})", "found")
MISSED = Query(f"sum({_MISSED})", "computed")
MISSED_GPUS = Query(f"sum({_missed_gpus()})", "GPUs")
LARGEST_FALL = Query(f"max({_fallen()})", "points")
PREEMPTIONS = Query(f"sum({in_cells(conventions.CELL_PREEMPTIONS_RATE)})", "preempted")
FULLEST = Query(f"max({in_cells(conventions.CELL_KV_CACHE_USAGE)})", "fullest")
AT_WORK = causes_at_work(CAUSES)
BUDGETS = budgets_of("fleet")

# --- where ---------------------------------------------------------------------------------------

LEAST_FALL = 0.001
"""Below which a fall is none: ratios move by themselves."""
FALL_BARS = bars("topk", f"{_fallen()} >= {LEAST_FALL}", may_be_empty=True)
RATIOS = worst_cells("bottomk", _RATIO)
CAUSES_OVER_TIME = causes_over_time(CAUSES)

# --- why -----------------------------------------------------------------------------------------

SAVED_BY_TIER = Query(f"sum by ({_TIER}) ({_HITS})", "{{cache_tier}}")
COMPUTED = Query(f"sum({_MISSED})", "computed")
GROUPS_RESTARTED = ranked(
    "topk",
    f"sum by ({CELL}) ({in_cells(conventions.CELL_GROUPS, _WITHOUT_CACHE)})",
)
GROUPS_BY_REVISION = groups_by_revision()
KV_CACHE_USAGE = worst_cells("topk", conventions.CELL_KV_CACHE_USAGE)
PREEMPTIONS_BY_CELL = worst_cells("topk", conventions.CELL_PREEMPTIONS_RATE)
LOOKED_UP = worst_cells("topk", conventions.CELL_LOOKED_UP_RATE)

# --- what misses cost ----------------------------------------------------------------------------


def _beyond() -> str:
    """Return the tokens a second that are computed because hits are fewer than usual."""
    return f"clamp_min({_fallen()}, 0) * on ({CELL}) {_LOOKED_UP}"


BEYOND_USUAL = ranked("topk", _beyond())
MISSED_GPUS_BY_CELL = ranked("topk", _missed_gpus())

# --- groups, by instant queries that are ranked --------------------------------------------------

_GROUP_LEGEND = "{{region}} {{model}} {{group}}"
FULLEST_GROUPS = bars(
    "topk", in_cells(catalog.GROUP_KV_CACHE_USAGE.name), _GROUP_LEGEND, most=SHOWN_NAMED
)
_EVICTED_IDLE = (
    f"{rate(in_cells(catalog.GROUP_CACHE_EVICTED_IDLE.name))}"
    f" / ({rate(in_cells(catalog.GROUP_CACHE_EVICTIONS.name))} > 0)"
)
YOUNGEST_EVICTIONS = Query(bars("bottomk", _EVICTED_IDLE).expr, _GROUP_LEGEND, may_be_empty=True)
"""Seconds since what is evicted was last used, of the groups where it is youngest."""
HOST_TIER = Query(
    bars("topk", in_cells(catalog.GROUP_HOST_CACHE_USAGE.name)).expr,
    _GROUP_LEGEND,
    may_be_empty=True,
)

# --- cell by cell --------------------------------------------------------------------------------

ROWS = Rows(catalog.CELL_LABELS, _LOOKED_UP)
ROW_RATIO = ROWS.column(in_cells(_RATIO))
ROW_USUAL = ROWS.column(_USUAL)
ROW_MISSED = ROWS.column(_MISSED)
ROW_GPUS = ROWS.column(_missed_gpus())
