"""Latency: first tokens, tokens after them, whole answers, and the phases that the time goes into.

What users waited is the router's; engines tell of requests that finished, and of none that hangs.
"""

from __future__ import annotations

from alerts.causes.canaries import LATE_SECONDS
from dashboards.queries.query import Query
from dashboards.queries.selecting import CELL, bars, buckets, by, equals, in_cells, ranked, rate
from dashboards.queries.shared import USERS, Rows, budgets_of, share
from exporters import catalog
from slo import conventions

LATE = f"{LATE_SECONDS} s"
TTFT, DURATION, PACE = (
    conventions.CELL_TTFT_BUCKETS, conventions.CELL_DURATION_BUCKETS, conventions.CELL_PACE_BUCKETS,
)  # fmt: skip
"""Recorded buckets: of the time to first token, of whole requests, per token after the first."""
_LE = "le"


def _quantile(quantile: float, series: str, *labels: str) -> str:
    inside = f"sum by ({by((_LE, *labels))}) ({in_cells(series)})"
    # The comparison drops NaN, which is what no requests give.
    return f"histogram_quantile({quantile:g}, {inside}) >= 0"


def over_all(quantile: float, series: str) -> Query:
    """Return a quantile of all requests of the chosen cells together, in seconds."""
    return Query(_quantile(quantile, series), f"p{quantile * 100:g}")


def by_cell(quantile: float, series: str) -> Query:
    """Return a quantile of the slowest cells, in seconds, over time."""
    return ranked("topk", _quantile(quantile, series, *catalog.CELL_LABELS))


def cell_bars(quantile: float, series: str) -> Query:
    """Return a quantile of the slowest cells, in seconds, now."""
    return bars("topk", _quantile(quantile, series, *catalog.CELL_LABELS))


def heat(series: str) -> Query:
    """Return requests per second by the bound that they took no longer than."""
    return Query(f"sum by ({_LE}) ({in_cells(series)})", "{{le}}")


def _within(series: str, bound: str) -> str:
    """Return the share of all requests that took no longer than a bound of the histogram."""
    return share(in_cells(series, equals(_LE, bound)), in_cells(series, equals(_LE, "+Inf")))


IN_TIME = Query(_within(TTFT, LATE_SECONDS), "in time")
BUDGETS = budgets_of("inference", "pace")

# --- phases --------------------------------------------------------------------------------------


def _seconds(of: str, *labels: str) -> str:
    """Return the mean seconds from the start to the end of a phase."""
    return share(
        in_cells(conventions.CELL_PHASE_SECONDS, equals(conventions.OF, of)),
        in_cells(conventions.CELL_PHASE_REQUESTS, equals(conventions.OF, of)),
        *labels,
    )


_CLIENT, _QUEUE, _FIRST, _END = (
    _seconds(each) for each in ("client_first_token", "queue", "first_token", "end_to_end")
)
# Not the same requests: a first token is told at once, the rest when a request ends. What is less
# than nothing by that is nothing.
BEFORE_ENGINES = Query(f"clamp_min({_CLIENT} - {_FIRST}, 0)", "before the engine")
QUEUED = Query(_QUEUE, "queue")
PREFILL = Query(f"clamp_min({_FIRST} - {_QUEUE}, 0)", "prefill")
DECODE = Query(f"clamp_min({_END} - {_FIRST}, 0)", "decode")
PHASES = (BEFORE_ENGINES, QUEUED, PREFILL, DECODE)
QUEUED_BY_CELL = ranked("topk", _seconds("queue", *catalog.CELL_LABELS))


PREFILL_BY_CELL = ranked(
    "topk",
    f"clamp_min({_seconds('first_token', *catalog.CELL_LABELS)}"
    f" - {_seconds('queue', *catalog.CELL_LABELS)}, 0)",
)

# --- by tier -------------------------------------------------------------------------------------

_TTFT = catalog.ROUTER_TIME_TO_FIRST_TOKEN


def _late_of_tier() -> str:
    # The bound and the count alone: of all bounds there are too many for a fleet.
    in_time = in_cells(buckets(_TTFT), equals(_LE, LATE_SECONDS), USERS)
    every = in_cells(f"{_TTFT.name}_count", USERS)
    within = share(rate(in_time), rate(every), catalog.REGION, catalog.TIER)
    return f"1 - {within}"


LATE_BY_TIER = ranked("topk", _late_of_tier(), "{{region}} {{tier}}")

# --- cell by cell --------------------------------------------------------------------------------

ROWS = Rows(catalog.CELL_LABELS, _quantile(0.99, TTFT, *catalog.CELL_LABELS))
ROW_REQUESTS = ROWS.column(f"sum by ({CELL}) ({in_cells(conventions.CELL_REQUESTS_RATE)})")


def row_quantile(quantile: float, series: str) -> Query:
    """Return a quantile of each cell, for a table."""
    return ROWS.column(_quantile(quantile, series, *catalog.CELL_LABELS))


ROW_QUEUED = ROWS.column(_seconds("queue", *catalog.CELL_LABELS))
