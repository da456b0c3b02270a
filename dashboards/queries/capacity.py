"""Capacity and cost: what can serve, what it takes, what tokens cost in GPU time and energy."""

from __future__ import annotations

from dashboards.queries.query import SHOWN_LINES, SHOWN_ROWS, Query
from dashboards.queries.selecting import CELL, CELL_LEGEND, equals, in_cells, ranked, worst_cells
from exporters import catalog
from slo import conventions

HOUR_SECONDS = 3600
MILLION = 1_000_000

_SERVING = conventions.CELL_GROUPS_SERVING
_NEEDED = conventions.CELL_GROUPS_NEEDED
_GENERATED = equals(catalog.PHASE, "generation")


def _fleet(series: str, *matchers: str) -> str:
    return f"sum({in_cells(series, *matchers)})"


def _by_model(series: str, *matchers: str) -> str:
    return f"sum by ({catalog.MODEL}) ({in_cells(series, *matchers)})"


def _headroom() -> str:
    return f"1 - {in_cells(_NEEDED)} / ({in_cells(_SERVING)} > 0)"


def _in_use() -> str:
    in_use = in_cells(conventions.CELL_KV_CACHES_IN_USE)
    return f"{in_use} / ({in_cells(_SERVING)} > 0)"


# --- the fleet ------------------------------------------------------------------------------------

SERVING_RATIO = Query(
    f"{_fleet(_SERVING)} / {_fleet(conventions.CELL_GROUPS_KNOWN)}", "of all groups"
)
LEAST_HEADROOM = Query(f"min({_headroom()})", "least")
CELLS_SHORT = Query(f"sum({in_cells(_NEEDED)} > bool {in_cells(_SERVING)})", "short")
GPUS_TAKEN_DOWN = Query(
    f"sum({in_cells(conventions.CELL_GPUS_EXPECTED)}"
    f" * on ({CELL}) (1 - {in_cells(conventions.CELL_CAPACITY)}))",
    "GPUs",
)
TOKENS_PER_GPU_HOUR = Query(
    f"{HOUR_SECONDS} * {_fleet(conventions.CELL_TOKENS_RATE, _GENERATED)}"
    f" / {_fleet(conventions.CELL_GPUS_EXPECTED)}",
    "generated",
)
GPU_HOURS_PER_MILLION = Query(
    f"{MILLION} / {HOUR_SECONDS} * {_fleet(conventions.CELL_GPUS_EXPECTED)}"
    f" / ({_fleet(conventions.CELL_TOKENS_RATE, _GENERATED)} > 0)",
    "GPU-hours",
)
JOULES_PER_TOKEN = Query(
    f"{_fleet(conventions.CELL_GPU_POWER)}"
    f" / ({_fleet(conventions.CELL_TOKENS_RATE, _GENERATED)} > 0)",
    "J",
)
POWER = Query(_fleet(conventions.CELL_GPU_POWER), "power")

# --- headroom -------------------------------------------------------------------------------------

HEADROOM = ranked("bottomk", _headroom())
IN_USE = ranked("topk", _in_use())
NEEDED = worst_cells("topk", _NEEDED)
WAITING = worst_cells("topk", conventions.CELL_WAITING)


def rows_of(expr: str) -> Query:
    """Return a number of each of the cells with least headroom, for a table."""
    known = in_cells(conventions.CELL_GROUPS_KNOWN)
    headroom = f"({_headroom()} or on ({CELL}) {known} * 0 + 1)"
    lowest = f"bottomk({SHOWN_ROWS}, {headroom})"
    return Query(f"max by ({CELL}) ({expr}) and on ({CELL}) {lowest}")


ROWS = {
    "headroom": rows_of(_headroom()),
    "serving": rows_of(in_cells(_SERVING)),
    "groups": rows_of(in_cells(conventions.CELL_GROUPS_KNOWN)),
    "needed": rows_of(in_cells(_NEEDED)),
    "in use": rows_of(_in_use()),
    "fullest": rows_of(in_cells(conventions.CELL_KV_CACHE_USAGE)),
    "waiting": rows_of(in_cells(conventions.CELL_WAITING)),
    "GPUs": rows_of(in_cells(conventions.CELL_GPUS_EXPECTED)),
    "tokens/GPU-h": rows_of(
        f"{HOUR_SECONDS} * {in_cells(conventions.CELL_TOKENS_RATE, _GENERATED)}"
        f" / on ({CELL}) ({in_cells(conventions.CELL_GPUS_EXPECTED)} > 0)"
    ),
}

# --- cost -----------------------------------------------------------------------------------------


def _of_model(expr: str) -> Query:
    return Query(expr, "{{model}}")


TOKENS_PER_GPU_HOUR_BY_MODEL = _of_model(
    f"{HOUR_SECONDS} * {_by_model(conventions.CELL_TOKENS_RATE, _GENERATED)}"
    f" / {_by_model(conventions.CELL_GPUS_EXPECTED)}"
)
GPU_HOURS_PER_MILLION_BY_MODEL = _of_model(
    f"{MILLION} / {HOUR_SECONDS} * {_by_model(conventions.CELL_GPUS_EXPECTED)}"
    f" / ({_by_model(conventions.CELL_TOKENS_RATE, _GENERATED)} > 0)"
)
JOULES_PER_TOKEN_BY_MODEL = _of_model(
    f"{_by_model(conventions.CELL_GPU_POWER)}"
    f" / ({_by_model(conventions.CELL_TOKENS_RATE, _GENERATED)} > 0)"
)
PROMPT_PER_GENERATED = _of_model(
    f"{_by_model(conventions.CELL_TOKENS_RATE, equals(catalog.PHASE, 'prompt'))}"
    f" / ({_by_model(conventions.CELL_TOKENS_RATE, _GENERATED)} > 0)"
)
TOKENS_BY_MODEL = _of_model(_by_model(conventions.CELL_TOKENS_RATE, _GENERATED))
WATTS_BY_MODEL = _of_model(_by_model(conventions.CELL_GPU_POWER))
TAKEN_DOWN = ranked(
    "topk",
    f"{in_cells(conventions.CELL_GPUS_EXPECTED)}"
    f" * on ({CELL}) (1 - {in_cells(conventions.CELL_CAPACITY)})",
)
CHEAPEST_FIRST = Query(
    f"topk({SHOWN_LINES}, {HOUR_SECONDS}"
    f" * {in_cells(conventions.CELL_TOKENS_RATE, _GENERATED)}"
    f" / on ({CELL}) ({in_cells(conventions.CELL_GPUS_EXPECTED)} > 0))",
    CELL_LEGEND,
)
