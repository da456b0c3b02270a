"""Queries that several boards make alike: rows, shares, budgets, causes at work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.queries.query import (
    SHOWN_LINES,
    SHOWN_NAMED,
    SHOWN_ROWS,
    Query,
)
from dashboards.queries.selecting import (
    CELL,
    CELL_LEGEND,
    RULES_EVALUATED,
    by,
    in_cells,
    is_one_of,
    or_zero,
)
from exporters import catalog
from slo import conventions

AT_END = " @ end()"
USERS = f'{catalog.TIER}!="{catalog.PROBE_TIER}"'
"""Of routers' series, those that are users'."""


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
    shown = f"{in_cells(series, *matchers)} and topk({SHOWN_LINES}, {order})"
    return Query(shown, CELL_LEGEND + " {{revision}}")


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


def budgets_of(*services: str, of_some: str = "") -> Query:
    """Return the budgets with least left of the objectives of some services of the library's.

    Empty where none of them is used, for which a board cannot be blamed.

    Args:
        services: of the objectives.
        of_some: label that some of them are grouped by beside region and model, a variable of the
            board.
    """
    chosen = (is_one_of(conventions.SERVICE, services), 'slo=~"$slo"')
    labels = (catalog.REGION, catalog.MODEL, *filter(None, [of_some]))
    here = ", ".join((*chosen, *(f'{each}=~"${each}|"' for each in labels)))
    return Query(
        f"bottomk({SHOWN_NAMED}, {conventions.BUDGET_REMAINING}{{{here}}})",
        " ".join(f"{{{{{each}}}}}" for each in (conventions.SLO, *labels)),
        may_be_empty=True,
    )


def _causes(causes: Iterable[str], matchers: Iterable[str]) -> str:
    here = ('cluster=~"$cluster|"', 'region=~"$region|"', 'model=~"$model|"')
    inside = ", ".join((is_one_of(conventions.CAUSE, causes), *here, *matchers))
    return f"{conventions.CAUSE_STATE}{{{inside}}}"


def causes_at_work(causes: Iterable[str], *matchers: str) -> Query:
    """Return how many pieces of evidence there are of some causes; 0 while rules see none."""
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
    zero = f"0 * group({RULES_EVALUATED})"
    none = f'label_replace({zero}, "{conventions.CAUSE}", "none", "", "")'
    return Query(
        f"{found} and topk({SHOWN_LINES}, {ever}) or on () {none}",
        " ".join(f"{{{{{each}}}}}" for each in labels),
    )
