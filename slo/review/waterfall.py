"""What spent a budget, as a waterfall: from all of it, a spender after the other, to what is left.

Pure; of the figures of a review. All numbers are shares of the objective's budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_SHOWN = 8
"""Incidents that have a step of their own; smaller ones share one."""
_WIDTH = 1000
"""Units of a drawing from its left to its right end."""
_LEAST_WIDTH = 3.0
"""Of a bar, in those units."""


@dataclass(frozen=True)
class Step:
    """One step of a waterfall."""

    kind: str
    """``budget``, ``incident``, ``smaller``, ``unexplained`` or ``left``."""
    begin: float
    """What was left before it."""
    end: float
    """What is left after it; below 0 where more is spent than there was."""
    number: int | None = None
    """Of the incident."""
    count: int = 1
    """Of the incidents that it stands for."""
    share: float | None = None
    """Of the bad events; None of the budget and of what is left."""


@dataclass(frozen=True)
class Waterfall:
    """Steps from a budget to what is left of it."""

    steps: tuple[Step, ...]

    @property
    def floor(self) -> float:
        """Return where the drawing begins: 0, or below it where a budget is overspent."""
        return min(0.0, *(each.end for each in self.steps))

    def at(self, share: float) -> float:
        """Return where a share of the budget stands in the drawing, in units from its left."""
        return round((share - self.floor) / (1 - self.floor) * _WIDTH, 2)

    def bar(self, step: Step) -> tuple[float, float]:
        """Return where a step's bar begins, and how wide it is; what is small can be seen still."""
        low, high = sorted((self.at(step.begin), self.at(step.end)))
        width = max(round(high - low, 2), _LEAST_WIDTH)
        return min(low, _WIDTH - width), width


def waterfall(spent_by: Mapping[str, Any], most: int = MOST_SHOWN) -> Waterfall | None:
    """Return the waterfall of an objective; None where there is no budget to spend.

    Args:
        spent_by: of the objective's figures: incidents, the largest first, and the rest.
        most: incidents with a step of their own.
    """
    rest, incidents = spent_by["unexplained"], spent_by["incident"]
    if rest["of_budget"] is None:
        return None
    steps = [Step("budget", 0.0, 1.0)]
    left = 1.0
    for each in incidents[:most]:
        after = left - each["of_budget"]
        steps.append(Step("incident", left, after, int(each["name"]), share=each["share"]))
        left = after
    smaller = incidents[most:]
    if smaller:
        after = left - sum(each["of_budget"] for each in smaller)
        share = sum(each["share"] for each in smaller)
        steps.append(Step("smaller", left, after, count=len(smaller), share=share))
        left = after
    after = left - rest["of_budget"]
    steps.append(Step("unexplained", left, after, share=rest["share"]))
    steps.append(Step("left", 0.0, after))
    return Waterfall(tuple(steps))
