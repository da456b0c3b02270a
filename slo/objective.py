"""What an objective is once it has been read: the one shape that rules, alerts and panels take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Objective:
    """One promise: the share of good events, for each set of grouping labels, over a period.

    Queries are selectors of counters (``shardwatch_tool_calls_total{outcome!="ok"}``): the rules
    give them their window and take ``sum by (grouping labels) (rate(...))`` of them. Exactly one
    of ``bad_query`` and ``good_query`` is given.
    """

    name: str
    """Unique among all objectives: the label ``slo``."""
    service: str
    target: Decimal
    """Above 0 and below 1, exactly as it was written."""
    period_seconds: int
    """Rolling; whole hours."""
    grouping_labels: tuple[str, ...]
    """Each set of their values is a cell with a budget of its own. May be empty: one cell."""
    total_query: str
    bad_query: str | None = None
    good_query: str | None = None
    title: str = ""
    """For people; the name where none is given."""
    description: str = ""
    owner: str = ""
    file: str = ""
    """Where it was written, as its user calls it (``library:chat``), for headers and problems."""
    line: int = 0
    """Of its name in the file."""

    @property
    def budget(self) -> Decimal:
        """Return the share of events that may be bad: 1 - target, exactly."""
        return 1 - self.target
