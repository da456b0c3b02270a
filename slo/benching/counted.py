"""An objective over one counter: what benches play, and whoever plays pasts as they do."""

from __future__ import annotations

from decimal import Decimal

from slo.objective import Objective, Ratio

DAY = 86400


def events_of(counter: str) -> Ratio:
    """Return the events that a counter counts; those of the ``outcome`` error are bad."""
    return Ratio(
        total=f"rate({counter}[$window])", bad=f'rate({counter}{{outcome="error"}}[$window])'
    )


def counted(name: str, events: Ratio, cell: str) -> Objective:
    """Return an objective of 99.9 % over 28 days, with a budget for each value of one label.

    Args:
        name: of the objective.
        events: what it counts.
        cell: the label.
    """
    return Objective(
        name=name,
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * DAY,
        grouping_labels=(cell,),
        indicator=events,
    )
