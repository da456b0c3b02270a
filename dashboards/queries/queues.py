"""Queues: how long they are, whether they drain, and the six signals of one that will not.

What the signals are, and from what on each is bad, is said in :mod:`alerts.causes.queue_signals`.
"""

from __future__ import annotations

from alerts.causes import queue_signals as signals
from alerts.causes.queues import QUEUE_METASTABLE, QUEUE_SNOWBALL
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    CELL,
    bars,
    equals,
    in_cells,
    ranked,
    rate,
    worst_cells,
)
from dashboards.queries.shared import (
    AT_END,
    Rows,
    budgets_of,
    causes_at_work,
    causes_over_time,
    level,
    share,
)
from exporters import catalog
from slo import conventions

CAUSES = (QUEUE_SNOWBALL, QUEUE_METASTABLE)
SHOWN_CELLS = 2
"""Of which all six signals are shown."""

_SIGNAL = catalog.SIGNAL
_WAITING = in_cells(conventions.CELL_WAITING)
_FIRST = in_cells(conventions.QUEUE_ATTEMPTS_RATE, equals(catalog.ATTEMPT, "first"))
_ATTEMPTS = in_cells(conventions.QUEUE_ATTEMPTS_RATE)
_OK = in_cells(conventions.CELL_REQUESTS_RATE, equals(catalog.OUTCOME, "ok"))
_TOKENS = in_cells(conventions.CELL_TOKENS_RATE)


def _usual(of: str) -> str:
    return in_cells(conventions.USUAL, equals(conventions.OF, of))


def _to_usual(now: str, of: str) -> str:
    """Return a cell's rate over what is usual there."""
    return f"sum by ({CELL}) ({now}) / (max by ({CELL}) ({_usual(of)}) > 0)"


def _drain() -> str:
    """Return how long queues take to drain; 0 of those so short that the signals call them none.

    Two requests that wait while as many come as end would take minutes, and say nothing.
    """
    drain = in_cells(conventions.QUEUE_DRAIN)
    return f"{drain} * on ({CELL}) ({_WAITING} >= bool {signals.FEWEST_WAITING:g})"


# --- numbers -------------------------------------------------------------------------------------

WAITING = Query(f"sum({_WAITING})", "waiting")
LONGEST_DRAIN = Query(f"max({_drain()})", "longest")
AMPLIFICATION = Query(f"max({in_cells(conventions.QUEUE_AMPLIFICATION)})", "attempts")
REFUSED = Query(f"max({in_cells(conventions.QUEUE_REFUSED)})", "refused")
SIGNALS_BAD = Query(f"sum({in_cells(conventions.QUEUE_SIGNAL)} > bool 0)", "signals")
SNOWBALLS = causes_at_work((QUEUE_SNOWBALL,))
METASTABLE = causes_at_work((QUEUE_METASTABLE,))
BUDGETS = budgets_of("inference", "pace")

# --- where ---------------------------------------------------------------------------------------


def _signals() -> Query:
    every = in_cells(conventions.QUEUE_SIGNAL)
    bad = f"sum by ({CELL}) (sum_over_time({every}[$__range]{AT_END}))"
    return Query(
        f"{every} and on ({CELL}) topk({SHOWN_CELLS}, {bad})",
        "{{region}} {{model}} {{" + _SIGNAL + "}}",
    )


SIGNALS_OVER_TIME = _signals()
"""All signals of the cells in which most were bad within the range."""
DRAIN_BARS = bars("topk", f"{_drain()} > 0", may_be_empty=True)
CAUSES_OVER_TIME = causes_over_time(CAUSES)

# --- why: the six signals ------------------------------------------------------------------------

AMPLIFICATIONS = worst_cells("topk", conventions.QUEUE_AMPLIFICATION)
RETRIES_WARN = level(signals.RETRIES_WARN, "budget of retries")
RETRIES_BAD = level(signals.RETRIES_BAD, "bad, if it rises")
WAITING_BY_CELL = worst_cells("topk", conventions.CELL_WAITING)
DRAINS = ranked("topk", _drain())
PATIENCE = level(signals.PATIENCE_SECONDS, "clients wait")
GOODPUT = ranked("bottomk", _to_usual(_OK, "answers"))
WORK = ranked("bottomk", _to_usual(_TOKENS, "tokens"))
GOODPUT_LEAST = level(signals.GOODPUT_RATIO, "few")
FIRST_TO_USUAL = ranked("topk", _to_usual(_FIRST, "first_attempts"))
TRIGGER_GONE = level(signals.TRIGGER_TOLERANCE, "usual load up to here")
REFUSALS = worst_cells("topk", conventions.QUEUE_REFUSED)
REFUSED_LIMIT = level(signals.REFUSED_RATIO, "many")


def _hits_lost() -> str:
    hits = in_cells(conventions.CELL_CACHE_HIT_RATIO)
    return f"max by ({CELL}) ({_usual('cache_hits')}) - on ({CELL}) {hits}"


HITS_LOST = ranked("topk", _hits_lost())
HITS_LOST_LIMIT = level(signals.HIT_DROP, "collapsed")

# --- detail --------------------------------------------------------------------------------------

ATTEMPTS = Query(f"sum by ({catalog.ATTEMPT}) ({_ATTEMPTS})", "{{attempt}}")
ENDED = Query(
    f"sum by ({catalog.OUTCOME}) ({in_cells(conventions.CELL_REQUESTS_RATE)})", "{{outcome}}"
)
IN_FLIGHT = worst_cells("topk", conventions.CELL_IN_FLIGHT)
PREEMPTIONS = worst_cells("topk", conventions.CELL_PREEMPTIONS_RATE)
CAPACITY = worst_cells("bottomk", conventions.CELL_CAPACITY)
QUEUE_SECONDS = ranked(
    "topk",
    share(
        in_cells(conventions.CELL_PHASE_SECONDS, equals(conventions.OF, "queue")),
        in_cells(conventions.CELL_PHASE_REQUESTS, equals(conventions.OF, "queue")),
        *catalog.CELL_LABELS,
    ),
)
_GROUP_LEGEND = "{{region}} {{model}} {{group}}"
FULLEST_QUEUES = bars(
    "topk", f"{in_cells(catalog.GROUP_WAITING.name)} > 0", _GROUP_LEGEND, may_be_empty=True
)
REJECTED = Query(
    bars("topk", f"{rate(in_cells(catalog.GROUP_REJECTED.name))} > 0").expr,
    _GROUP_LEGEND + " {{reason}}",
    may_be_empty=True,
)

# --- cell by cell --------------------------------------------------------------------------------

ROWS = Rows(catalog.CELL_LABELS, _WAITING)
ROW_DRAIN = ROWS.column(_drain())
ROW_AMPLIFICATION = ROWS.column(in_cells(conventions.QUEUE_AMPLIFICATION))
ROW_REFUSED = ROWS.column(in_cells(conventions.QUEUE_REFUSED))
ROW_GOODPUT = ROWS.column(_to_usual(_OK, "answers"))
ROW_BAD = ROWS.column(f"sum by ({CELL}) ({in_cells(conventions.QUEUE_SIGNAL)} > bool 0)")
