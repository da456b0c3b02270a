"""The page of objectives that allow no bad event at all: there is no budget that could burn.

It fires as soon as a bad event is seen and for an hour after the last one, so that events that go
on are one page and not one each. What the period holds is in the budget, which is 0 until its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.burn import explanation
from alerts.causes.cause import Cause
from alerts.links import objective_link_annotations, review_annotation
from alerts.owners import owner_label
from alerts.templates import cell_text
from exporters.config import Links
from slo import conventions
from slo.objective import Objective
from slo.periods import LEAST_BAD_EVENTS
from slo.rules import AlertingRule, bad_events

ZERO_TOLERANCE_BROKEN = "ZeroToleranceBroken"

HOLDS_SECONDS = 3600


def zero_tolerance_alert(
    objective: Objective, scrape_interval_seconds: float, causes: Sequence[Cause], links: Links
) -> AlertingRule:
    """Return the page for bad events where none may be.

    Args:
        objective: one of a target of 100 %.
        scrape_interval_seconds: at which the base is recorded.
        causes: those that can explain it.
        links: bases of the links.
    """
    return AlertingRule(
        ZERO_TOLERANCE_BROKEN,
        f"{bad_events(objective, HOLDS_SECONDS, scrape_interval_seconds)} >= {LEAST_BAD_EVENTS}",
        {
            **owner_label(objective),
            **dict(objective.extras(conventions.PAGE).labels),
            conventions.SEVERITY: conventions.PAGE,
        },
        {
            "summary": (
                f"{objective.name} allows no bad event, and there were some in "
                f"{cell_text(objective.grouping_labels)}"
            ),
            "description": (
                '{{ $value | printf "%.1f" }} bad events within the last hour. The objective '
                "stays broken until they leave its period."
            ),
            **explanation(objective, causes),
            **objective_link_annotations(links, ZERO_TOLERANCE_BROKEN, objective),
            **review_annotation(links, objective.service, objective.name),
        },
    )
