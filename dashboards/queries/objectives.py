"""Objectives: what was promised, what is left, how fast it is spent, how sure we are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alerts.exhaustion import share_of_period, whole_minutes
from dashboards.queries.query import EVER, SHOWN_LINES, SHOWN_ROWS, Query
from dashboards.queries.selecting import ranked
from exporters import catalog
from slo import conventions
from slo.burn import Tier, format_decimal

GROUPING = (catalog.REGION, catalog.MODEL)
"""Of the library's objectives."""
TRAFFIC, VANISHED, BLIND = 0, 1, 2
# The level of the period carries the period itself as its window, whatever it is.
_OVER_PERIOD = f'{conventions.WINDOW}!~"5m|1h"'


@dataclass(frozen=True)
class Objectives:
    """The queries of objectives that are grouped by some labels, each of which is a variable.

    An objective need not have all of them: what has no such label is shown whatever is chosen.
    """

    grouping: tuple[str, ...] = GROUPING
    told: tuple[str, ...] = ()
    """Labels that some have beside these: told, and no variables."""
    of_some: tuple[str, ...] = ()
    """Labels that some have beside these, and variables as well."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the labels that are variables."""
        return (*self.grouping, *self.of_some)

    @property
    def legend(self) -> str:
        """Return the name of a line: the objective and its cell."""
        return " ".join(f"{{{{{each}}}}}" for each in self._labels)

    @property
    def chosen(self) -> str:
        """Return the matchers of what is chosen at the board's top."""
        cell = (f'{each}=~"${variable_of(each)}|"' for each in self.variables)
        return ", ".join((_CHOSEN, *cell))

    def select(self, series: str, *matchers: str) -> str:
        """Return a selector for the chosen objectives and cells."""
        return f"{series}{{{', '.join((*matchers, self.chosen))}}}"

    def worst(self, operator: str, series: str, *matchers: str, prefix: str = "") -> Query:
        """Return the lines of the objectives and cells that were worst at any step of a graph."""
        return ranked(operator, self.select(series, *matchers), f"{prefix} {self.legend}".strip())

    # --- budgets ---------------------------------------------------------------------------------

    @property
    def lowest_budget(self) -> Query:
        """Return the share of the budget that is left where least is."""
        return Query(f"min({self.select(conventions.BUDGET_REMAINING)})", "lowest")

    @property
    def budgets_unknown(self) -> Query:
        """Return how many budgets have too little coverage to be known."""
        coverage = self.select(conventions.COVERAGE, _OVER_PERIOD)
        return Query(f"sum({coverage} < bool {conventions.COVERAGE_NEEDED})", "unknown")

    @property
    def budgets_overspent(self) -> Query:
        """Return how many budgets are spent."""
        return Query(f"sum({self.select(conventions.BUDGET_REMAINING)} < bool 0)", "overspent")

    def budget_bars(self, most: int = SHOWN_LINES) -> Query:
        """Return so many budgets with least left, the lowest first."""
        return Query(f"bottomk({most}, {self.select(conventions.BUDGET_REMAINING)})", self.legend)

    @property
    def budgets_over_time(self) -> Query:
        """Return these budgets' course."""
        return self.worst("bottomk", conventions.BUDGET_REMAINING)

    # --- burn ------------------------------------------------------------------------------------

    def highest_burn(self, window: str) -> Query:
        """Return the highest burn rate over a window."""
        return Query(f"max({self.select(conventions.BURN_RATE, _window(window))})", window)

    def burn_rates(self, window: str, prefix: str = "") -> Query:
        """Return the burn rates over a window where it was highest."""
        return self.worst("topk", conventions.BURN_RATE, _window(window), prefix=prefix)

    @property
    def highest_by_window(self) -> Query:
        """Return the highest burn rate of each window there is."""
        burn = self.select(conventions.BURN_RATE)
        return Query(f"max by ({conventions.WINDOW}) ({burn})", "{{window}}")

    # --- events ----------------------------------------------------------------------------------

    @property
    def bad_events_over_period(self) -> Query:
        """Return the bad events within each objective's period."""
        bad = self.select(conventions.EVENTS_BAD_COUNT, _OVER_PERIOD)
        return Query(f"sum by (slo) ({bad})", "{{slo}}")

    @property
    def bad_events(self) -> Query:
        """Return the bad events per second of the cells that have most."""
        return self.worst("topk", conventions.EVENTS_BAD_RATE)

    @property
    def events(self) -> Query:
        """Return all events per second of the cells that have most."""
        return self.worst("topk", conventions.EVENTS_RATE)

    @property
    def error_ratios(self) -> Query:
        """Return bad over all events where it is highest."""
        bad = self.select(conventions.EVENTS_BAD_RATE)
        every = self.select(conventions.EVENTS_RATE)
        return ranked("topk", f"{bad} / ({every} > 0)", self.legend)

    def bad_events_by(self, label: str) -> Query:
        """Return bad events per second by one of the grouping labels, at most so many values."""
        bad = f"sum by ({label}) ({self.select(conventions.EVENTS_BAD_RATE)})"
        return ranked("topk", bad, f"{{{{{label}}}}}")

    @property
    def spenders(self) -> Query:
        """Return the cells with most bad events within their objective's period, for bars."""
        bad = self.select(conventions.EVENTS_BAD_COUNT, _OVER_PERIOD)
        return Query(f"topk({SHOWN_LINES}, max by ({self.place}) ({bad}))", self.legend)

    @property
    def events_left(self) -> Query:
        """Return how many more events may be bad within the period, of all chosen cells together.

        Of a cell that is what is left of the budget, of the events that may be bad.
        """
        left = f"max by ({self.place}) ({self.select(conventions.BUDGET_REMAINING)})"
        every = f"max by ({self.place}) ({self.select(conventions.EVENTS_COUNT, _OVER_PERIOD)})"
        allowed = f"(1 - max by (slo) ({conventions.OBJECTIVE}{{{_CHOSEN}}}))"
        return Query(
            f"sum({left} * on ({self.place}) {every} * on (slo) group_left () {allowed})", "left"
        )

    def gone_in(self, window: str) -> Query:
        """Return the seconds until the first budget is gone at the pace of a window; 0: it is.

        As the annotation ``budget_gone`` of a page that looks at the window says it
        (:func:`alerts.exhaustion.budget_gone`). Nothing while nothing is spent.
        """
        budget = f"max by ({self.place}) ({self.select(conventions.BUDGET_REMAINING)})"
        burn = f"max by ({self.place}) ({self.select(conventions.BURN_RATE, _window(window))})"
        period = f"max by (slo) ({conventions.PERIOD}{{{_CHOSEN}}})"
        share = share_of_period(f"({budget} > 0)", burn, f"on ({self.place})")
        left = whole_minutes(f"{share} * on (slo) group_left () {period}")
        gone = f"0 * ({budget} <= 0)"
        return Query(f"min({left} or on ({self.place}) {gone})", window, may_be_empty=True)

    # --- how sure we are -------------------------------------------------------------------------

    @property
    def lowest_coverage(self) -> Query:
        """Return the lowest share of samples present over an objective's period."""
        return Query(f"min({self.select(conventions.COVERAGE, _OVER_PERIOD)})", "lowest")

    @property
    def coverages(self) -> Query:
        """Return the coverages that are lowest."""
        return self.worst("bottomk", conventions.COVERAGE, _OVER_PERIOD)

    @property
    def sight(self) -> Query:
        """Return whether the events of each objective and cell are there, vanished, or unseen."""
        now, ever = self._sight
        return Query(f"({now}) and topk({SHOWN_LINES}, {ever})", self.legend)

    @property
    def sight_of_cells(self) -> Query:
        """Return the same of cells, the worst of their objectives: a cell has a dozen of them."""
        grouped = f"max by ({', '.join(self.grouping)})"
        now, ever = (f"{grouped} ({each})" for each in self._sight)
        legend = " ".join(f"{{{{{each}}}}}" for each in self.grouping)
        return Query(f"{now} and topk({SHOWN_LINES}, {ever})", legend)

    @property
    def _sight(self) -> tuple[str, str]:
        """Return how well events are seen, now and at worst within the range."""
        blind = self.select(conventions.BLIND_STATE)
        vanished = self.select(conventions.VANISHED_STATE)
        return (
            f"{blind} * {BLIND} or {vanished}",
            f"max_over_time({blind}{EVER}) * {BLIND} or max_over_time({vanished}{EVER})",
        )

    # --- rows of tables --------------------------------------------------------------------------

    def rows(self, operator: str, series: str, *matchers: str) -> Query:
        """Return a row for each objective and cell: of the budgets unknown, then of the lowest.

        Args:
            operator: how series of the same labels become one: those of an objective that is
                grouped by more than is told.
            series: recorded of objectives.
            matchers: of its labels.
        """
        return self._in_danger(f"{operator} by ({self.place}) ({self.select(series, *matchers)})")

    def rows_of_burn(self, window: str) -> Query:
        """Return the burn rate over a window in each of these rows."""
        return self.rows("max", conventions.BURN_RATE, _window(window))

    def rows_over_period(self, operator: str, series: str) -> Query:
        """Return what is counted over the period in each of these rows."""
        return self.rows(operator, series, _OVER_PERIOD)

    @property
    def rows_of_targets(self) -> Query:
        """Return the target in each of these rows."""
        cells = f"max by ({self.place}) ({self.select(conventions.COVERAGE, _OVER_PERIOD)})"
        target = f"max by (slo) ({conventions.OBJECTIVE}{{{_CHOSEN}}})"
        return self._in_danger(f"({cells} * 0 + on (slo) group_left () {target})")

    @property
    def place(self) -> str:
        """Return the labels of an objective's cell, as ``by`` takes them."""
        return ", ".join(self._labels)

    @property
    def _labels(self) -> tuple[str, ...]:
        return (conventions.SLO, *self.variables, *self.told)

    def _in_danger(self, expr: str) -> Query:
        left = f"min by ({self.place}) ({self.select(conventions.BUDGET_REMAINING)})"
        cells = f"max by ({self.place}) ({self.select(conventions.COVERAGE, _OVER_PERIOD)})"
        unknown_first = f"{left} or on ({self.place}) {cells} * 0 - 1"
        return Query(f"{expr} and on ({self.place}) bottomk({SHOWN_ROWS}, {unknown_first})")


LIBRARY = Objectives(GROUPING, (catalog.TOOL, catalog.TIER))
"""Of objectives grouped as the library's are: by region and model, a few by tool or tier too."""
NARROWED = Objectives(GROUPING, of_some=LIBRARY.told)
"""The same, on boards where a tool and a tier can be chosen as well."""

ALLOWED = Query(f'max(1 - {conventions.OBJECTIVE}{{slo=~"$slo"}})', "allowed")
"""The share of events that may be bad, of the laxest objective chosen."""
PERIOD = Query(f'max({conventions.PERIOD}{{slo=~"$slo"}})', "period")
TARGETS = Query(f'{conventions.OBJECTIVE}{{slo=~"$slo"}}', "{{slo}}")
_CHOSEN = 'slo=~"$slo"'
_TAKEN = re.compile(r"(?:datasource|slo)(?:_label)*")
_BUILT_IN = re.compile(r"(?:label)*(?:__|timeFilter)")
"""Beginnings of what Grafana fills in itself, and what stands for labels that begin so."""


def variable_of(label: str) -> str:
    """Return the variable that chooses a grouping label's values: mostly its own name.

    No two labels have one, and none has that of a variable of ours or of Grafana's own.
    """
    if _BUILT_IN.match(label):
        return f"label{label}"
    return f"{label}_label" if _TAKEN.fullmatch(label) else label


def burn_threshold(tier: Tier) -> Query:
    """Return the burn rate at which a tier fires, for the period of the chosen objectives.

    The factor is max(1, budget share x period / long window), as :func:`slo.burn.burn_factor`.
    """
    if tier.factor is not None:
        return Query(f"vector({format_decimal(tier.factor)})", f"{tier.severity} at")
    share = format_decimal(tier.budget_share)
    period = f"{conventions.PERIOD}{{{_CHOSEN}}}"
    return Query(
        f"max(clamp_min({share} * {period} / {tier.long_seconds}, 1))",
        f"{tier.severity} at",
    )


def _window(window: str) -> str:
    return f'{conventions.WINDOW}="{window}"'
