"""Alerts that fire, and the causes behind them."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.queries.objectives import GROUPING, Objectives, variable_of
from dashboards.queries.query import RATE_INTERVAL, SHOWN_ROWS, Query
from dashboards.queries.selecting import CELL, RULES_EVALUATED, equals, in_cells, or_zero
from slo import conventions

ALERTS = "ALERTS"
ALERTS_FOR_STATE = "ALERTS_FOR_STATE"
"""Prometheus's and vmalert's own series: an alert's state, and since when it is active."""
ALERT_STATE = "alertstate"

_LATER_SECONDS = 10_000_000_000
"""By which tickets come after pages: no alert is as old, and what is left is the age again."""


def of_alerts(grouping: Iterable[str] = GROUPING) -> str:
    """Return the matchers of the alerts of what is chosen at a board's top.

    An alert need not have an objective, a region or a model: what has no such label is shown
    whatever is chosen.
    """
    cell = (f'{each}=~"${variable_of(each)}|"' for each in grouping)
    return ", ".join((f'{conventions.SLO}=~"${conventions.SLO}|"', *cell))


def firing(severity: str, *matchers: str, grouping: Iterable[str] = GROUPING) -> str:
    """Return the expression of the alerts of a severity that fire."""
    inside = (f'{ALERT_STATE}="firing"', f'severity="{severity}"', *matchers, of_alerts(grouping))
    return f"{ALERTS}{{{', '.join(inside)}}}"


def alerts_firing(severity: str, *matchers: str, grouping: Iterable[str] = GROUPING) -> Query:
    """Return the number of alerts of a severity that fire; 0 while rules say that none does."""
    return Query(or_zero(f"count({firing(severity, *matchers, grouping=grouping)})"), severity)


def alert_ages(*matchers: str, grouping: Iterable[str] = GROUPING) -> Query:
    """Return the seconds since each firing alert became active: of pages first, of new ones first.

    Where there are too many rows, tickets are left out before pages, and old ones before new.

    Args:
        matchers: which alerts; all that the board's variables choose if none is given.
        grouping: labels of alerts that are variables of the board.
    """

    def ages(severity: str) -> str:
        inside = ", ".join((equals("severity", severity), *matchers, of_alerts(grouping)))
        return (
            f"(time() - {ALERTS_FOR_STATE}{{{inside}}} and ignoring ({ALERT_STATE})"
            f' {ALERTS}{{{ALERT_STATE}="firing", {inside}}})'
        )

    ranked = f"{ages(conventions.PAGE)} or {ages(conventions.TICKET)} + {_LATER_SECONDS}"
    return Query(f"bottomk({SHOWN_ROWS}, {ranked}) % {_LATER_SECONDS}", may_be_empty=True)


_CAUSES = f'{conventions.CAUSE_STATE}{{region=~"$region|", model=~"$model|"}}'
CAUSES_OVER_TIME = Query(
    # In place of nothing, one series that says so: "none" is an answer, an empty panel is not.
    f"group by (cause, region, model) ({_CAUSES})"
    f' or on () label_replace(0 * group({RULES_EVALUATED}), "cause", "none", "", "")',
    "{{cause}} {{region}} {{model}}",
)


def causes(*matchers: str) -> Query:
    """Return the causes at work with their evidence as labels; the value is the rank."""
    inside = ", ".join((*matchers, 'region=~"$region|"', 'model=~"$model|"'))
    return Query(f"topk({SHOWN_ROWS}, {conventions.CAUSE_STATE}{{{inside}}})", may_be_empty=True)


def bad_events_while_at_work(objectives: Objectives) -> Query:
    """Return the bad events per second of the regions and models where a cause is at work.

    Where several are, each has all of them.
    """
    return Query(
        f"sum by (cause) (group by (cause, region, model) ({_CAUSES})"
        f" * on (region, model) group_left ()"
        f" sum by (region, model) ({objectives.select(conventions.EVENTS_BAD_RATE)}))",
        "{{cause}}",
        may_be_empty=True,
    )


def new_revisions() -> str:
    """Return the revisions of a cell that it did not have within the hour before, for marks.

    A cell of which nothing was known before has none: an exporter that begins to see it is no
    rollout.
    """
    series = in_cells(conventions.CELL_REVISION_GROUPS)
    # A sample is seen for five minutes, so that one look in five misses none of an hour's; the last
    # of them may be five minutes old.
    looks = f"last_over_time({series}[1h:5m] offset {RATE_INTERVAL})"
    before = f"({series} offset {RATE_INTERVAL} or {looks})"
    return f"{series} unless {before} and on ({CELL}) {before}"
