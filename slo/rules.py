"""Recording rules of an objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from slo.burn import Tier
from slo.objective import Objective


@dataclass(frozen=True)
class RecordingRule:
    """Records the value of an expression as a series."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlertingRule:
    """Fires for each element of an expression's result."""

    alert: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    for_seconds: float = 0


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after the other, all at the same timestamp."""

    name: str
    interval_seconds: float
    """At most 120: Prometheus looks back 5 minutes for a sample, and alerts vanish beyond that."""
    rules: tuple[Rule, ...]

    def followed_by(self, *rules: Rule) -> RuleGroup:
        """Return the group with more rules at its end; they see what its others just recorded."""
        return replace(self, rules=(*self.rules, *rules))


def objective_group(
    objective: Objective, scrape_interval_seconds: float, tiers: Sequence[Tier]
) -> RuleGroup:
    """Return the rules of an objective that are evaluated at the scrape interval.

    Base rates, counts of 5 minutes and of the period, the budget left, burn rates of up to 6 h.
    Alerts are appended with :meth:`RuleGroup.followed_by`, so that they see all of these at the
    same timestamp.
    """
    raise NotImplementedError


def levels_group(
    objective: Objective, scrape_interval_seconds: float, tiers: Sequence[Tier]
) -> RuleGroup:
    """Return the slower rules of an objective: hourly counts, coverage, burn rates over days."""
    raise NotImplementedError


def matching(series: str, objective: Objective, **labels: str) -> str:
    """Return the selector of one of the objective's series: ``series{slo="...",window="1h"}``."""
    inside = ",".join(
        f'{name}="{value}"' for name, value in {"slo": objective.name, **labels}.items()
    )
    return f"{series}{{{inside}}}"
