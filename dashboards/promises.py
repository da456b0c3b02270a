"""What the library's objectives promise, for the colours of numbers that they are about.

Colours cannot be queried: a user who promises something else sees them change elsewhere than the
budget does, which is drawn beside them.
"""

from __future__ import annotations

from functools import cache

from dashboards.panels import Step
from slo.objectives import LIBRARY, read_objective_paths


@cache
def _targets() -> dict[str, float]:
    return {each.name: float(each.target) for each in read_objective_paths([LIBRARY])}


def promised(objective: str) -> float:
    """Return the share of events that an objective of the library promises to be good.

    Raises:
        KeyError: the library has no such objective.
    """
    return _targets()[objective]


def good_shares(objective: str, worst: float) -> tuple[Step, ...]:
    """Return colours of a share that is to be high: green where it is as promised.

    Args:
        objective: of the library.
        worst: below it is red.
    """
    return (Step(None, "red"), Step(worst, "orange"), Step(promised(objective), "green"))


def bad_shares(objective: str, worst: float) -> tuple[Step, ...]:
    """Return colours of a share that is to be low: green where it is as promised.

    Args:
        objective: of the library.
        worst: from it on it is red.
    """
    allowed = round(1 - promised(objective), 6)
    return (Step(None, "green"), Step(allowed, "orange"), Step(worst, "red"))
