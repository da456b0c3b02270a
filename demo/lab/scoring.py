"""What each alert of a play was worth: when it came, what it cost until then, what it named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from demo.lab.judging import WATCHDOG, role_of, told_of
from demo.lab.judging import Told as ToldOfAlert
from demo.lab.outcome import ROLES, STANDING, AlertOutcome
from demo.lab.readings import Readings
from demo.scenario import Scenario
from demo.stack.report import Page
from demo.stack.story import Told
from demo.stack.sums import Measured, theory_of_page
from demo.stack.truth import Cell
from slo import conventions
from slo.burn import burn_factor
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.firing import Firing

_PLACES = ("region", "model", "tool")
LOOK_SECONDS = 5.0
"""Between two moments at which it is asked what was spent: as often as the truth is noted."""
UNKNOWN = "unknown"
"""How a page begins that names no cause."""


@dataclass(frozen=True)
class Scoring:
    """Scores the alerts of one play."""

    scenario: Scenario
    readings: Readings
    measured: Measured
    client: PrometheusClient
    """Of the server that holds what the rules recorded."""

    async def alerts(
        self,
        firings: Sequence[Firing],
        pages: Sequence[Page],
        by_page: Mapping[int, Sequence[Firing]],
    ) -> list[AlertOutcome]:
        """Return every alert that fired, by role, first firing and labels.

        Args:
            firings: of all alerts.
            pages: PagerDuty's events, by time.
            by_page: by a page's place among them, the alerts that it told of as firing.
        """
        by_labels: dict[tuple[tuple[str, str], ...], list[Firing]] = {}
        for each in firings:
            is_over = each.ended_at is not None and each.ended_at <= self.readings.began_at
            if each.alert != WATCHDOG and not is_over:
                by_labels.setdefault(tuple(sorted(each.labels.items())), []).append(each)
        found = [
            await self._alert(mine, told_of(pages, by_page, mine[0])) for mine in by_labels.values()
        ]
        return sorted(
            found,
            key=lambda e: (ROLES.index(e.role), e.fired_seconds, e.alert, sorted(e.labels.items())),
        )

    async def _alert(self, mine: Sequence[Firing], told: ToldOfAlert) -> AlertOutcome:
        first, fault_at = mine[0], self.readings.fault_at
        labels = {k: v for k, v in first.labels.items() if k != "alertname"}
        paged = told.triggers[0] if told.triggers else None
        recovered, ended = self.readings.recovered_at, mine[-1].ended_at
        is_standing = (first.firing_at or 0.0) < self.readings.began_at
        reset = None if recovered is None or ended is None else ended - recovered
        return AlertOutcome(
            alert=first.alert,
            labels=labels,
            role=STANDING
            if is_standing
            else role_of(self.scenario, first.alert, labels, paged=bool(told.triggers)),
            firing=[
                (after(e.firing_at, fault_at) or 0.0, after(e.ended_at, fault_at)) for e in mine
            ],
            paged_seconds=paged,
            pages=len(told.triggers),
            resolved_seconds=told.resolved,
            reset_seconds=reset,
            cause=told.cause,
            theory_seconds=self._theory(labels),
            budget_gone_seconds=self._gone(labels),
            budget_spent_ratio=None if paged is None else self._spent(labels, paged),
            cause_lead_evaluations=await self._lead(first, told.cause),
        )

    def _theory(self, labels: Mapping[str, str]) -> float | None:
        if labels.get(conventions.SEVERITY) != conventions.PAGE:
            return None
        readings = self.readings
        told = Told(fault_at=readings.fault_at, recovered_at=readings.recovered_at)
        return theory_of_page(labels, told, self.measured)

    def _spent(self, labels: Mapping[str, str], paged_seconds: float) -> float | None:
        """Return the share of the period's budget that went from the fault to the page."""
        measured, fault_at = self.measured, self.readings.fault_at
        for _, cell, budget in self._budgets(labels):
            return measured.truth.bad_between(cell, fault_at, fault_at + paged_seconds) / budget
        return None

    def _gone(self, labels: Mapping[str, str]) -> float | None:
        """Return the seconds until the share was spent that the fastest page tier stands for.

        That is its burn rate for as long as its long window, of the budget at usual traffic.
        """
        if labels.get(conventions.SEVERITY) != conventions.PAGE:
            return None
        fault_at, truth = self.readings.fault_at, self.measured.truth
        for objective, cell, budget in self._budgets(labels):
            period = objective.period_seconds
            shares = (
                float(burn_factor(tier, period)) * tier.long_seconds / period
                for tier in objective.tiers
                if tier.severity == conventions.PAGE
            )
            least = budget * min(shares, default=inf)
            moments = np.arange(fault_at, self.readings.end, LOOK_SECONDS).tolist()
            spent = (at for at in moments if truth.bad_between(cell, fault_at, at) >= least)
            return after(next(spent, None), fault_at)
        return None

    def _budgets(self, labels: Mapping[str, str]) -> Iterator[tuple[Objective, Cell, float]]:
        """Yield the objective of labels, its cell and its budget in bad events, if known."""
        for objective in self.measured.objectives:
            if objective.name == labels.get(conventions.SLO):
                own = {k: v for k, v in labels.items() if k in objective.grouping_labels}
                cell = objective.name, tuple(sorted(own.items()))
                budget = self.measured.budget_events(objective, own)
                if budget and cell in self.measured.truth.bad:
                    yield objective, cell, budget

    async def _lead(self, firing: Firing, cause: str | None) -> float | None:
        """Return how many evaluations before the alert the state of its cause was there."""
        name = (cause or "").partition(":")[0]
        at = firing.firing_at
        if not name or name == UNKNOWN or at is None:
            return None
        interval = self.readings.interval_seconds
        found = await self.client.query_range(
            f"count({conventions.CAUSE_STATE}{{{_of_cause(name, firing.labels)}}})",
            self.readings.fault_at, at, interval,
        )  # fmt: skip
        return None if not found else round((at * 1000 - found[0].times_ms[0]) / 1000 / interval, 1)


def _of_cause(name: str, cell: Mapping[str, str]) -> str:
    """Return the matchers of a cause's states in a cell: each has some of the cell's labels."""
    where = (
        f"{label}=~{json.dumps(re.escape(cell[label]) + '|')}" for label in _PLACES if label in cell
    )
    return ",".join((f'{conventions.CAUSE}="{name}"', *where))


def after(moment: float | None, fault_at: float) -> float | None:
    """Return a moment (UNIX seconds) as seconds after the fault; None if there is none."""
    return None if moment is None else round(moment - fault_at, 3)
