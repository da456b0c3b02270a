"""What a case expects: expressions that find something or nothing, numbers within a thousandth.

Each begins with a comment that says the case and what is expected: promtool prints it where it
fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.burn import ERROR_BUDGET_BURN
from alerts.incidents import incident_label
from alerts.made_tests.setting import Setting
from alerts.owners import owner_label
from slo import conventions as names
from slo.burn import Tier
from slo.examples.labels import series_text
from slo.examples.values import EVENTS_PER_SECOND
from slo.objective import Objective
from slo.testing import Expectation, RuleTest

_NEXT_TO_NONE = 0.001
"""A rate of bad events below this share of all is none: counters of one scrape are extrapolated
apart by a hair."""
_CLOSE = 0.001
"""Numbers as near as this, of themselves, are the same."""


@dataclass(frozen=True)
class Expecting:
    """What a case expects, as expressions that find something or nothing."""

    name: str
    setting: Setting

    def test(self, series: Mapping[str, str], *expectations: Expectation) -> RuleTest:
        """Return the case."""
        return RuleTest(self.name, series, expectations)

    def found(self, expr: str, at: float, what: str, number: int) -> Expectation:
        """Expect so many elements of an expression."""
        samples = {"{}": float(number)} if number else {}
        return Expectation(f"# {self.name}: {what}\ncount({expr})", at, samples)

    def one(self, expr: str, at: float, what: str) -> Expectation:
        """Expect one element."""
        return self.found(expr, at, what, 1)

    def none(self, expr: str, at: float, what: str) -> Expectation:
        """Expect nothing."""
        return self.found(expr, at, what, 0)

    def no_alert(self, at: float) -> Expectation:
        """Expect that no alert of the objective fires."""
        return self.none(firing(self.setting.objective, ""), at, "no alert fires")

    def alerts(self, at: float, tiers: Sequence[Tier], what: str) -> Expectation:
        """Expect the alerts of these tiers, with exactly their labels, and no other alert."""
        every = firing(self.setting.objective, "")
        samples = {self._alert(each): 1.0 for each in tiers}
        return Expectation(f"# {self.name}: {what}\n{every}", at, samples)

    def near(self, expr: str, number: float, at: float, what: str) -> Expectation:
        """Expect one element, of this value to a thousandth."""
        close = f"abs({expr} - {number:.9g}) <= {_CLOSE:g} * {abs(number):.9g}"
        return self.one(close, at, f"{what} is {number:.6g}")

    def _alert(self, tier: Tier) -> str:
        objective = self.setting.objective
        return series_text(
            {
                "__name__": "ALERTS",
                "alertname": ERROR_BUDGET_BURN,
                "alertstate": "firing",
                **self.setting.example.labels,
                names.SLO: objective.name,
                names.SERVICE: objective.service,
                **owner_label(objective),
                **incident_label(objective, tier.severity),
                **dict(objective.extras(tier.severity).labels),
                names.BURN_TIER: tier.name,
                names.SEVERITY: tier.severity,
            }
        )

    def no_bad_events(self, at: float, cells: int = 1) -> Expectation:
        """Expect that no event is bad, and that this is known of so many cells."""
        bad, total = self.setting.of(names.EVENTS_BAD_RATE), self.setting.of(names.EVENTS_RATE)
        expr = f"{bad} <= {_NEXT_TO_NONE} * {total}"
        return self.found(expr, at, "no event is bad", cells)

    def no_burn(self, at: float) -> Iterator[Expectation]:
        """Expect every window to be known and none to burn, where there are any."""
        objective = self.setting.objective
        if objective.budget > 0 and objective.windows:
            least = _NEXT_TO_NONE / float(objective.budget)
            expr = f"{self.setting.of(names.BURN_RATE)} < {least:g}"
            yield self.found(expr, at, "no window burns", len(objective.windows))

    def no_more_than(self, times: int, seconds: float, at: float) -> Iterator[Expectation]:
        """Expect no events out of nothing, in any cell, so many seconds before."""
        if self.setting.is_counted:
            most = 1.5 * times * EVENTS_PER_SECOND * self.setting.times
            rate = self.setting.of(names.EVENTS_RATE)
            window = f"{round(seconds * 1000)}ms"
            expr = f"max_over_time({rate}[{window}]) > {most:g}"
            yield self.none(expr, at, "no events are counted that were none")


def firing(objective: Objective, alert: str, **labels: str) -> str:
    """Return the selector of an objective's alerts that fire: of one name, or of any if empty."""
    chosen = {"alertname": alert, "alertstate": "firing", names.SLO: objective.name, **labels}
    return "ALERTS{" + ",".join(f'{k}="{v}"' for k, v in chosen.items() if v) + "}"


def tier_fires(objective: Objective, tier: Tier) -> str:
    """Return the selector of the alerts of one tier that fire."""
    labels = {names.BURN_TIER: tier.name, names.SEVERITY: tier.severity}
    return firing(objective, ERROR_BUDGET_BURN, **labels)


def tier_name(tier: Tier) -> str:
    """Return what people call a tier."""
    return f"the {tier.severity} of {tier.name}"
