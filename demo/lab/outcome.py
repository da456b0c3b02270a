"""What came of a play: each alert with its times, and whether all was as the scenario expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

EXPECTED, ALLOWED, FORBIDDEN = "expected", "allowed", "forbidden"
STANDING = "standing"
"""It fired before the scenario began: whatever it tells of, no fault of the scenario did it."""
ROLES = (EXPECTED, FORBIDDEN, ALLOWED, STANDING)


@dataclass(frozen=True)
class AlertOutcome:
    """One alert with one set of labels, over a whole play. Seconds count from the first fault."""

    alert: str
    labels: Mapping[str, str]
    """Without ``alertname``."""
    role: str
    """One of :data:`ROLES`."""
    firing: Sequence[tuple[float, float | None]]
    """Stretches in which it fired; None: to the end."""
    paged_seconds: float | None = None
    """Until PagerDuty had its first trigger for it."""
    pages: int = 0
    """Triggers that told of it."""
    resolved_seconds: float | None = None
    """Until PagerDuty had the last resolve; None while it is open, or was never told."""
    reset_seconds: float | None = None
    """From the last repair to the end of the last stretch; None while it fires, or none is."""
    cause: str | None = None
    """What the page named."""
    theory_seconds: float | None = None
    """What the fastest page tier needs at the error ratio that there really was."""
    budget_gone_seconds: float | None = None
    """Until so much of the budget was really spent as the fastest page tier stands for: no page of
    the objective can be right sooner. None for what is no page of one, or where it never was."""
    budget_spent_ratio: float | None = None
    """Of the period's budget, from the fault to the page; None where it is unknown."""
    cause_lead_evaluations: float | None = None
    """By so many evaluations the named cause's state was recorded before the alert fired."""

    @property
    def fired_seconds(self) -> float:
        """When it first fired."""
        return self.firing[0][0]


@dataclass(frozen=True)
class Curve:
    """Something over time, for the picture."""

    name: str
    seconds: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class CellPicture:
    """What one cell of an objective looked like."""

    slo: str
    labels: Mapping[str, str]
    truth: Curve
    """The true error ratio."""
    burn_rates: Sequence[Curve]
    """By window."""
    thresholds: Mapping[str, float]
    """Burn rates above which tiers fire, by window."""
    budget_ratio: float
    """The error ratio that the objective allows: a burn rate of 1."""


@dataclass(frozen=True)
class Shown:
    """What a board's panel showed of a fault."""

    board: str
    """Its file name without ending."""
    panel: str
    """Its title."""
    asked: str
    """Which series must come to which value, in words."""
    why: str
    """What a person on call would have seen."""
    seconds: float | None
    """When it first was so, after the first fault; None if it never was."""
    said: str = ""
    """What was there instead."""

    @property
    def is_shown(self) -> bool:
        """Whether the panel showed it."""
        return self.seconds is not None


@dataclass(frozen=True)
class Outcome:
    """One play."""

    scenario: str
    strength: float | None
    rules: str
    """Whose rules: ours, or the name of others'."""
    is_judged: bool
    """Whether it is held against the scenario's expectations: peers' rules are not."""
    expected: Sequence[str]
    """Names of the alerts that the scenario expects, sorted."""
    failures: Sequence[str]
    """What was not as the scenario expects; empty for rules that it says nothing of."""
    alerts: Sequence[AlertOutcome]
    """By role, first firing and labels."""
    place: Mapping[str, str]
    """What the first fault really hit."""
    recovered_seconds: float | None
    ends_seconds: float
    begins_seconds: float
    theory_seconds: float | None = None
    """Of the first page that is expected."""
    pictures: Sequence[CellPicture] = ()
    rule_failures: Sequence[str] = ()
    """Rules that could not be evaluated, and why."""
    samples_read: int | None = None
    """By one evaluation of all rules at the end."""
    conditions: Mapping[str, bool] = field(default_factory=dict)
    boards: Sequence[Shown] = ()
    """What boards showed of those that must show something; none where nobody asked."""
    queries_asked: int = 0
    """Of all boards, while the first fault was there."""
    queries_failed: Sequence[str] = ()
    """Those that were refused or that no panel can draw, a sentence each."""
    faults: int = 1
    """How many faults strike."""
    pages: int = 0
    """How often somebody was woken: incidents that were opened at PagerDuty for pages."""
    unexpected_pages: int = 0
    """Of these, those that the scenario neither expects nor allows."""

    @property
    def pages_per_fault(self) -> float:
        """How often one fault wakes somebody, in the mean."""
        return self.pages / self.faults

    @property
    def key(self) -> str:
        """What tells it from others."""
        strength = "" if self.strength is None else f"@{self.strength:g}"
        return f"{self.scenario}{strength}"

    @property
    def is_good(self) -> bool:
        """Whether all was as expected."""
        return not self.failures and not self.rule_failures

    @property
    def not_shown(self) -> list[str]:
        """What boards should have shown and did not, a sentence each."""
        return [
            f"{each.board}: {each.panel}: {each.asked}: not shown: {each.said}"
            for each in self.boards
            if not each.is_shown
        ]

    @property
    def board_failures(self) -> list[str]:
        """What boards should have shown and did not, and their queries that failed."""
        return [*self.not_shown, *self.queries_failed]

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON has it, without pictures."""
        content = asdict(self)
        del content["pictures"]
        return content
