"""GPUs: a fleet of them by recorded numbers and the worst, and all that is known of one host's."""

from __future__ import annotations

from alerts.cells import TEMPERATURE_BANDS
from dashboards.queries.query import RATE_INTERVAL, SHOWN_LINES, SHOWN_NAMED, SHOWN_ROWS, Query
from dashboards.queries.selecting import (
    GPU,
    GPU_LEGEND,
    bars,
    by,
    equals,
    in_cells,
    in_clusters,
    is_one_of,
    of_gpu,
    or_zero,
    ranked,
    rows,
)
from exporters import catalog
from exporters.catalog import Family
from slo import conventions

DAY_SECONDS = 86400
THERMAL_EVENTS = ("hw_thermal", "sw_thermal", "hw_power_brake")
"""Reasons for lower clocks that somebody has to look at; a power cap is a choice."""
_WITH_REASON = 'reason!="none"'
_PLACE = (catalog.HOST, catalog.UUID)
_HERE = by(_PLACE)

# --- the fleet, by recorded numbers ---------------------------------------------------------------


def _in_states(*states: str) -> str:
    return in_cells(conventions.CELL_GPUS, is_one_of(catalog.STATE, states))


EXPECTED = Query(f"sum({in_cells(conventions.CELL_GPUS_EXPECTED)})", "expected")
GONE = Query(f"sum({_in_states('lost', 'hung')})", "lost or hung")
DEGRADED = Query(f"sum({_in_states('degraded')})", "degraded")
UNSEEN = Query(f"sum({_in_states('unknown')})", "unknown")
POWER = Query(f"sum({in_cells(conventions.CELL_GPU_POWER)})", "power")
NOT_HEALTHY = Query(
    f"sum by ({catalog.STATE}) ({_in_states('lost', 'hung', 'degraded', 'unknown')})", "{{state}}"
)
POWER_BY_REGION = Query(
    f"sum by ({catalog.REGION}) ({in_cells(conventions.CELL_GPU_POWER)})", "{{region}}"
)
DRIVERS = Query(
    f"topk({SHOWN_ROWS}, sum by ({catalog.VERSION}) ({in_cells(conventions.DRIVER_HOSTS)}))",
    "{{version}}",
)


def temperatures() -> Query:
    """Return the numbers of GPUs up to each temperature, cumulative, for a heat map.

    They are recorded by bands, which are added up here; a bucket without GPUs is 0 and not absent,
    for Grafana takes each bucket from the next.
    """
    *ends, _ = TEMPERATURE_BANDS
    counts = [(str(end), TEMPERATURE_BANDS[: i + 1]) for i, end in enumerate(ends)]
    counts.append(("+Inf", TEMPERATURE_BANDS))
    return Query(" or ".join(f"({_up_to(end, bands)})" for end, bands in counts))


def _up_to(end: str, bands: tuple[int, ...]) -> str:
    matcher = is_one_of(conventions.BAND, map(str, bands))
    series = conventions.CELL_GPUS_BY_TEMPERATURE
    number = or_zero(f"sum({in_cells(series, matcher)})", in_cells(series))
    return f'label_replace({number}, "le", "{end}", "", "")'


# --- the fleet's worst ----------------------------------------------------------------------------

FAULTS = rows(
    # Only the current reason of a GPU is served, so that this reads faulty GPUs and no others.
    f"max by ({GPU}, {catalog.REASON})"
    f" ({in_cells(catalog.GPU_REASON.name, _WITH_REASON)} == 1)"
    f" * on ({GPU}) group_left ({catalog.SEVERITY}, {catalog.ACTION})"
    f" max by ({GPU}, {catalog.SEVERITY}, {catalog.ACTION})"
    f" ({in_cells(catalog.GPU_VERDICT.name)})",
    may_be_empty=True,
)
HOTTEST = bars(
    "topk",
    f"max by ({_HERE}) ({in_cells(catalog.GPU_TEMPERATURE.name)})",
    GPU_LEGEND,
    most=SHOWN_NAMED,
)
SLOWED_DOWN = bars(
    "topk",
    f"sum by ({_HERE}, {catalog.EVENT}) (rate("
    + in_cells(catalog.GPU_CLOCK_EVENT_SECONDS.name, is_one_of(catalog.EVENT, THERMAL_EVENTS))
    + "[5m])) > 0",
    "{{event}} " + GPU_LEGEND,
    may_be_empty=True,
    most=SHOWN_NAMED,
)
XID_CODES = Query(
    f"count by ({catalog.CODE}) (time() - {in_cells(catalog.GPU_XID_TIME.name)} < {DAY_SECONDS})",
    "XID {{code}}",
    may_be_empty=True,
)
"""GPUs that had each code within a day."""
LAST_XIDS = rows(
    f"min by ({GPU}, {catalog.CODE}) (time() - {in_cells(catalog.GPU_XID_TIME.name)})",
    "bottomk",
    may_be_empty=True,
)
MEMORY_AT_RISK = rows(
    f"max by ({GPU}) ({in_cells(catalog.GPU_ROW_REMAP_FAILURE.name)} > 0"
    f" or {in_cells(catalog.GPU_ROW_REMAP_PENDING.name)} > 0)",
    may_be_empty=True,
)
SHORT_HOSTS = rows(
    f"max by ({catalog.CLUSTER}, {catalog.HOST}) ({in_clusters(catalog.GPU_HOST_EXPECTED.name)})"
    f" - max by ({catalog.CLUSTER}, {catalog.HOST}) ({in_clusters(catalog.GPU_HOST_FOUND.name)})"
    " > 0",
    may_be_empty=True,
)

# --- one host's -----------------------------------------------------------------------------------

STATES = Query(
    " or ".join(
        f"max by ({_HERE})"
        f" ({of_gpu(catalog.GPU_STATE.name, equals(catalog.STATE, state))} == 1) * {rank}"
        for rank, state in enumerate(reversed(catalog.GPU_STATES))
    ),
    "{{uuid}}",
)
WHAT_THEY_ARE = rows(
    f"max by ({GPU}, {catalog.REASON}) ({of_gpu(catalog.GPU_REASON.name)} == 1)"
    f" * on ({GPU}) group_left ({catalog.SEVERITY}, {catalog.ACTION})"
    f" max by ({GPU}, {catalog.SEVERITY}, {catalog.ACTION}) ({of_gpu(catalog.GPU_VERDICT.name)})"
)


def reading(family: Family, legend: str = "{{uuid}}", *, may_be_empty: bool = False) -> Query:
    """Return a gauge of each GPU of the host that is chosen."""
    expr = f"max by ({_HERE}) ({of_gpu(family.name)})"
    return Query(expr, legend, may_be_empty)


def reading_by(family: Family, label: str) -> Query:
    """Return a gauge of each GPU of the host by a label, of those that are highest."""
    return ranked(
        "topk", f"max by ({by((*_PLACE, label))}) ({of_gpu(family.name)})", _legend(label)
    )


def happened(family: Family, label: str = "", *, may_be_empty: bool = False) -> Query:
    """Return how often something happened to GPUs of the host within a step.

    Of those to which it happened most often within the time range.

    Args:
        family: a counter.
        label: what it is told apart by, beside the GPU.
        may_be_empty: whether a source need not tell it.
    """
    return _highest("sum", *_over_time("increase", family), label, may_be_empty=may_be_empty)


def per_second(family: Family, label: str = "", *, may_be_empty: bool = False) -> Query:
    """Return a counter of GPUs of the host per second, the highest over the time range."""
    return _highest("sum", *_over_time("rate", family), label, may_be_empty=may_be_empty)


def _over_time(function: str, family: Family) -> tuple[str, str]:
    """Return a function of a counter at each step, and over the whole range, by which it is ranked.

    What happened once has no rank at the end of the range.
    """
    counter = of_gpu(family.name)
    return f"{function}({counter}[{RATE_INTERVAL}])", f"{function}({counter}[$__range] @ end())"


def _highest(
    operator: str, expr: str, ranked_by: str, label: str, *, may_be_empty: bool = False
) -> Query:
    grouped = f"{operator} by ({by((*_PLACE, label)) if label else _HERE})"
    return Query(
        f"{grouped} ({expr}) and topk({SHOWN_LINES}, {grouped} ({ranked_by}))",
        _legend(label),
        may_be_empty,
    )


def _legend(label: str) -> str:
    return f"{{{{{label}}}}} {{{{uuid}}}}" if label else "{{uuid}}"
