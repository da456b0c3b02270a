"""Who answers for an objective, as a label of its alerts, by which they are routed."""

from __future__ import annotations

from slo.objective import Objective

OWNER = "owner"


def owner_label(objective: Objective) -> dict[str, str]:
    """Return the label; none where nobody is named, or the series have one of their own.

    A label that users give their alerts themselves stands in its place.
    """
    if not objective.owner or OWNER in objective.grouping_labels:
        return {}
    return {OWNER: objective.owner}
