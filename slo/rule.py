"""What a rule file is made of: rules, and groups that are evaluated together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from slo import conventions as names
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
    keep_firing_for_seconds: float = 0
    """So long it fires on after its expression has ended; none of ours does, for vmalert 1.79
    refuses it."""


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after the other, all at the same timestamp."""

    name: str
    interval_seconds: float
    """At most ``slo.rules.LONGEST_INTERVAL_SECONDS``."""
    rules: tuple[Rule, ...]
    inseparable: int = 1
    """So many rules at its beginning are only right at one timestamp. All others may be evaluated
    in a group of their own, and then read values that are at most one interval old."""
    seams: tuple[int, ...] = ()
    """Indices of the rules before which it is best cut, where it must be, sorted."""

    def followed_by(self, *rules: Rule) -> RuleGroup:
        """Return the group with more rules at its end; they see what its others just recorded."""
        if not rules:
            return self
        seams = (*self.seams, len(self.rules))
        return replace(self, rules=(*self.rules, *rules), seams=seams)


def matching(series: str, objective: Objective, **labels: str) -> str:
    """Return the selector of one of the objective's series: ``series{slo="...",window="1h"}``."""
    matchers = {names.SLO: objective.name, **labels}
    return series + "{" + ",".join(f'{name}="{value}"' for name, value in matchers.items()) + "}"


def record(objective: Objective, series: str, expr: str, **labels: str) -> RecordingRule:
    """Return the rule that records an expression as one of the objective's series."""
    own = {names.SLO: objective.name, names.SERVICE: objective.service}
    return RecordingRule(series, expr, {**own, **labels})


def cell_labels(objective: Objective) -> str:
    """Return what tells an objective's recorded cells apart, for ``by`` and ``on``."""
    return ", ".join((names.SLO, names.SERVICE, *objective.grouping_labels))


def base_window_seconds(scrape_interval_seconds: float) -> float:
    """Return the window of the base rates: max(1 minute, 4 scrape intervals)."""
    return max(60.0, 4 * scrape_interval_seconds)
