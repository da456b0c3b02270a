"""Queries made of an expression that is ranked at the end of the range, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dashboards.queries.query import (
    EVER,
    RATE_INTERVAL,
    SHOWN_LINES,
    SHOWN_NAMED,
    SHOWN_ROWS,
    Query,
)
from dashboards.queries.selecting import CELL, CELL_LEGEND, by, in_cells, is_one_of, or_zero, worst
from exporters import catalog
from slo import conventions

AT_END = " @ end()"
_LOOKS = "5m"
"""Between two looks at a range."""
_CLOSE_LOOKS = "15s"
"""At its last five minutes, for what began since the last look."""
USERS = f'{catalog.TIER}!="{catalog.PROBE_TIER}"'
"""Of routers' series, those that are users'."""


def ranked(
    operator: str,
    expr: Callable[[str], str],
    legend: str = CELL_LEGEND,
    *,
    may_be_empty: bool = False,
) -> Query:
    """Return the lines of an expression that rank first at the end of the time range.

    Args:
        operator: ``topk`` or ``bottomk``.
        expr: gives the expression; what it is given follows each of its selectors.
        legend: of each line.
        may_be_empty: as that of a query.
    """
    found = worst(operator, expr(""), expr(AT_END), legend)
    return replace(found, may_be_empty=may_be_empty)


def ranked_within(expr: str, legend: str = CELL_LEGEND) -> Query:
    """Return the lines of an expression that were highest at any time within the range.

    For what is told of requests when they finish: where they hang there is nothing at the end.
    """
    looks = (f"$__range:{_LOOKS}", f"{_LOOKS}:{_CLOSE_LOOKS}")
    highest = " or ".join(f"max_over_time(({expr})[{each}]{AT_END})" for each in looks)
    return worst("topk", f"({expr})", highest, legend)


def ranked_ever(expr: str, legend: str = CELL_LEGEND, *, may_be_empty: bool = False) -> Query:
    """Return the lines of an expression that were highest at any step of the graph.

    For what is there only while something is wrong, and may be over between two looks of
    :func:`ranked_within`. It reads what the graph reads, once more.
    """
    found = worst("topk", f"({expr})", f"max_over_time(({expr}){EVER})", legend)
    return replace(found, may_be_empty=may_be_empty)


def groups_by_revision(*matchers: str) -> Query:
    """Return groups by revision, first those of the cells that ran most revisions within the range.

    By their number a canary would have no rank: a fleet has hundreds of cells with more groups.
    """
    series = conventions.CELL_REVISION_GROUPS
    revisions = by((*catalog.CELL_LABELS, catalog.REVISION))
    ran, each = (
        f"group by ({revisions}) (max_over_time({in_cells(series, *chosen)}[$__range]{AT_END}))"
        for chosen in (matchers, ())
    )
    order = f"{ran} * on ({CELL}) group_left () count by ({CELL}) ({each})"
    return worst("topk", in_cells(series, *matchers), order, CELL_LEGEND + " {{revision}}")


def rate_at(selector: str, at: str) -> str:
    """Return the rate per second of a counter, at a moment that the selector alone cannot have."""
    return f"rate({selector}[{RATE_INTERVAL}]{at})"


def share(part: str, whole: str, *labels: str) -> str:
    """Return a sum over another, by labels; absent where there is nothing to have a share of."""
    grouped = f"sum by ({by(labels)})" if labels else "sum"
    return f"{grouped} ({part}) / ({grouped} ({whole}) > 0)"


@dataclass(frozen=True)
class Rows:
    """The rows of a table of several queries: those of one of them that rank first.

    Every column has exactly the labels that tell rows apart, or the table would not join them.
    """

    labels: tuple[str, ...]
    """Which tell rows apart."""
    ranked_by: str
    """The expression that is largest in the rows that are shown."""

    @property
    def first(self) -> Query:
        """Return the column by which rows are ranked."""
        return Query(f"topk({SHOWN_ROWS}, max by ({by(self.labels)}) ({self.ranked_by}))")

    def column(self, expr: str, *, may_be_empty: bool = False) -> Query:
        """Return another column, for the same rows."""
        return Query(
            f"max by ({by(self.labels)}) ({expr}) and on ({by(self.labels)}) {self.first.expr}",
            may_be_empty=may_be_empty,
        )


def level(value: float, legend: str) -> Query:
    """Return a limit, for a dashed line."""
    return Query(f"vector({value:g})", legend)


def budgets_of(*services: str) -> Query:
    """Return the budgets with least left of the objectives of some services of the library's.

    Empty where none of them is used, for which a board cannot be blamed.
    """
    chosen = (is_one_of(conventions.SERVICE, services), 'slo=~"$slo"')
    here = ", ".join((*chosen, 'region=~"$region|"', 'model=~"$model|"'))
    return Query(
        f"bottomk({SHOWN_NAMED}, {conventions.BUDGET_REMAINING}{{{here}}})",
        "{{slo}} {{region}} {{model}}",
        may_be_empty=True,
    )


def _causes(causes: Iterable[str], matchers: Iterable[str]) -> str:
    here = ('cluster=~"$cluster|"', 'region=~"$region|"', 'model=~"$model|"')
    inside = ", ".join((is_one_of(conventions.CAUSE, causes), *here, *matchers))
    return f"{conventions.CAUSE_STATE}{{{inside}}}"


def causes_at_work(causes: Iterable[str], *matchers: str) -> Query:
    """Return how many pieces of evidence there are of some causes; 0 if there is none."""
    return Query(or_zero(f"count({_causes(causes, matchers)})"), "at work")


def causes_over_time(
    causes: Iterable[str], *matchers: str, place: Iterable[str] = (catalog.MODEL,)
) -> Query:
    """Return a series for each of some causes that was at work within the range, by its place.

    Args:
        causes: their names.
        matchers: of labels that the board has variables of, beside those of cells.
        place: labels that tell where it is, beside the region.
    """
    labels = (conventions.CAUSE, catalog.REASON, catalog.REGION, *place)
    state = _causes(causes, matchers)
    found = f"group by ({by(labels)}) ({state})"
    ever = f"group by ({by(labels)}) (max_over_time({state}[$__range]{AT_END}))"
    # In place of nothing, one series that says so: "none" is an answer, an empty panel is not.
    none = f'label_replace(vector(0), "{conventions.CAUSE}", "none", "", "")'
    return Query(
        f"{found} and topk({SHOWN_LINES}, {ever}) or on () {none}",
        " ".join(f"{{{{{each}}}}}" for each in labels),
    )
