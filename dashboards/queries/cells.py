"""Cells: what users feel in a region's model, and how its groups are."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.queries.objectives import LIBRARY, burn_threshold
from dashboards.queries.query import EVER, SHOWN_LINES, SHOWN_ROWS, Query
from dashboards.queries.selecting import (
    CELL,
    CELL_LEGEND,
    GROUP,
    bars,
    by,
    equals,
    in_cells,
    ranked,
    rows,
    worst_cells,
)
from exporters import catalog
from slo import conventions
from slo.burn import Tier

PLACE = (catalog.REGION, catalog.MODEL)
"""A cell, whatever cluster it is in: as objectives see it."""

STATE_RANKS: dict[str, int] = {
    state: rank for rank, state in enumerate(reversed(catalog.GROUP_STATES))
}
"""The states of groups as numbers, the worst the highest; 0 is up."""

SERVES, BURNING, VANISHED, DOWN = 0, 1, 2, 3
"""How a region's model stands: it has groups that can serve and requests that come; an objective of
it is burned so fast that it pages; its requests have vanished; or none of its groups can serve. The
worst is the highest."""
ABOVE_ANY_BURN = 1_000_000
"""A target of 99.9999 % is burned at as much, where all requests fail."""

_NOT_UP = 'state!="up"'
_WITH_REASON = 'reason!="none"'

GROUPS_NOT_UP = Query(f"sum({in_cells(conventions.CELL_GROUPS, _NOT_UP)})", "not up")
GROUPS_NOT_UP_BY_STATE = Query(
    f"sum by ({catalog.STATE}) ({in_cells(conventions.CELL_GROUPS, _NOT_UP)})", "{{state}}"
)
_KNOWN = in_cells(conventions.CELL_GROUPS_KNOWN)
_ABLE = f"{in_cells(conventions.CELL_CAPACITY)} * on ({CELL}) {_KNOWN}"
CAPACITY = Query(
    # Weighed by groups: an average of the cells' ratios would weigh a small cell like a large one.
    f"sum({_ABLE}) / sum({_KNOWN})",
    "capacity",
)
CAPACITY_BARS = bars("bottomk", in_cells(conventions.CELL_CAPACITY))
GPUS_MISSING = Query(f"sum({in_cells(conventions.CELL_GPUS_MISSING)})", "missing")


def _worst_state() -> Query:
    by_rank = " or ".join(
        # Not "bool": what is not there is dropped, or the server would join seven times as many.
        f"({in_cells(conventions.CELL_GROUPS, equals(catalog.STATE, state))} > 0) * 0 + {rank}"
        for state, rank in STATE_RANKS.items()
    )
    not_up = f"sum by ({CELL}) ({in_cells(conventions.CELL_GROUPS, _NOT_UP)})"
    worst_ever = f"topk({SHOWN_LINES}, max_over_time(({not_up}){EVER}))"
    return Query(f"max by ({CELL}) ({by_rank}) and on ({CELL}) {worst_ever}", CELL_LEGEND)


WORST_STATES = _worst_state()
_RANKS_NOT_UP = " or ".join(
    f"({in_cells(catalog.GROUP_STATE.name, equals(catalog.STATE, state))} == 1) * {rank}"
    for state, rank in STATE_RANKS.items()
    if rank
)
GROUPS_NOT_UP_ROWS = Query(
    # Ranked before it is joined: of a fleet's groups few are not up, and fewer are shown. Each of
    # them has a reason.
    f"sort_desc(topk({SHOWN_ROWS}, {_RANKS_NOT_UP})"
    f" * on ({GROUP}) group_left ({catalog.REASON})"
    f" ({in_cells(catalog.GROUP_REASON.name, _WITH_REASON)} == 1))",
    may_be_empty=True,
)
"""The rank of its state, of each group that is not up, the worst first."""
GPU_FAULT_ROWS = rows(
    # Only the current reason of a GPU is served, so that this reads faulty GPUs and no others.
    f"{in_cells(catalog.GPU_REASON.name, _WITH_REASON)} == 1",
    may_be_empty=True,
)

_REQUESTS = in_cells(conventions.CELL_REQUESTS_RATE)
REQUESTS = ranked("topk", f"sum by ({CELL}) ({_REQUESTS})")
OUTCOMES = Query(f"sum by ({catalog.OUTCOME}) ({_REQUESTS})", "{{outcome}}")
ERROR_RATIOS = worst_cells("topk", conventions.CELL_ERROR_RATIO)
IN_FLIGHT = worst_cells("topk", conventions.CELL_IN_FLIGHT)
WAITING = worst_cells("topk", conventions.CELL_WAITING)
KV_CACHE_USAGE = worst_cells("topk", conventions.CELL_KV_CACHE_USAGE)
PREFIX_HIT_RATIOS = worst_cells("bottomk", conventions.CELL_PREFIX_HIT_RATIO)
TOKENS = Query(
    f"sum by ({catalog.PHASE}, region) ({in_cells(conventions.CELL_TOKENS_RATE)})",
    "{{phase}} {{region}}",
)
TOOL_SUCCESS_RATIOS = worst_cells(
    "bottomk", conventions.CELL_TOOL_SUCCESS_RATIO, legend="{{tool}} {{region}} {{model}}"
)


def time_to_first_token(quantile: str) -> Query:
    """Return a quantile of the time to first token in seconds, of the slowest cells."""
    return worst_cells("topk", conventions.CELL_TTFT, equals(conventions.QUANTILE, quantile))


_PLACE = by(PLACE)


def _of_place(operator: str, series: str, *matchers: str) -> str:
    return f"{operator} by ({_PLACE}) ({in_cells(series, *matchers)})"


def _serving() -> str:
    """Return the share of groups that can serve, by region and model, weighed by groups."""
    return f"sum by ({_PLACE}) ({_ABLE}) / {_of_place('sum', conventions.CELL_GROUPS_KNOWN)}"


def _burn(window: str) -> str:
    burn = LIBRARY.select(conventions.BURN_RATE, equals(conventions.WINDOW, window))
    return f"max by ({_PLACE}) ({burn})"


def _standing() -> str:
    """Return whether places serve, of what is known of them: the states of :data:`SERVES` on."""
    vanished = LIBRARY.select(conventions.VANISHED_STATE)
    return (
        f"({_serving()} == 0) + {DOWN}"
        f" or on ({_PLACE}) max by ({_PLACE}) ({vanished} == 1) * {VANISHED}"
    )


def _rank(window: str) -> str:
    """Return what places are ranked by: down, then vanished, then those that serve.

    Of those that stand alike, by the burn rate plus the share of groups that cannot serve; what is
    unknown of them counts as 0. A cell that is down burns nothing once its users have left.
    """
    parts = {
        "standing": f"({_standing()}) * {ABOVE_ANY_BURN}",
        "burn": _burn(window),
        "lacking": f"1 - {_serving()}",
    }
    # A sum of what there is needs no zeros in the place of what there is not.
    told = " or ".join(
        f'label_replace({expr}, "part", "{part}", "", "")' for part, expr in parts.items()
    )
    return f"sum by ({_PLACE}) ({told})"


def _burning(tier: Tier) -> str:
    """Return :data:`BURNING` of the places where both windows are above where the tier fires."""
    fires = f"scalar({burn_threshold(tier).expr})"
    long, short = (f"({_burn(each)} > {fires})" for each in (tier.long_window, tier.short_window))
    return f"0 * ({long} and on ({_PLACE}) {short}) + {BURNING}"


@dataclass(frozen=True)
class Places:
    """What is told of each region and model, one query a column.

    Only the first of them, how places stand, is of the worst alone: to rank them costs more than
    all that is told of them, and the table drops the rows of which it says nothing.
    """

    tier: Tier
    """That pages first: what is told of burn rates is over its long window."""

    @property
    def standing(self) -> Query:
        """Return whether the worst of them serve, by the numbers of :data:`SERVES` on."""
        window = self.tier.long_window
        serves = f"0 * ({_serving()}) or on ({_PLACE}) 0 * ({_burn(window)})"
        standing = f"{_standing()} or on ({_PLACE}) {_burning(self.tier)} or {serves}"
        return Query(f"({standing}) and on ({_PLACE}) topk({SHOWN_ROWS}, {_rank(window)})")

    @property
    def capacity(self) -> Query:
        """Return the share of groups that can serve."""
        return Query(_serving())

    @property
    def not_up(self) -> Query:
        """Return how many groups are not up."""
        return _number_of("sum", conventions.CELL_GROUPS, _NOT_UP)

    @property
    def gpus_missing(self) -> Query:
        """Return how many GPUs are missing."""
        return _number_of("sum", conventions.CELL_GPUS_MISSING)

    @property
    def requests(self) -> Query:
        """Return requests a second."""
        return _number_of("sum", conventions.CELL_REQUESTS_RATE)

    @property
    def errors(self) -> Query:
        """Return the share of requests that failed, of the worst cluster."""
        return _number_of("max", conventions.CELL_ERROR_RATIO)

    @property
    def slow(self) -> Query:
        """Return the p99 of the time to first token, of the worst cluster."""
        return _number_of("max", conventions.CELL_TTFT, equals(conventions.QUANTILE, "0.99"))

    @property
    def waiting(self) -> Query:
        """Return requests in the queues."""
        return _number_of("sum", conventions.CELL_WAITING)

    @property
    def budget(self) -> Query:
        """Return the lowest budget left of any objective."""
        return Query(f"min by ({_PLACE}) ({LIBRARY.select(conventions.BUDGET_REMAINING)})")

    @property
    def burn(self) -> Query:
        """Return the highest burn of any objective."""
        return Query(_burn(self.tier.long_window))


def _number_of(operator: str, series: str, *matchers: str) -> Query:
    return Query(_of_place(operator, series, *matchers))
