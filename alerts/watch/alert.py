"""What an alert about the watch is, as data."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.links import ITSELF_BOARD, link_annotations
from exporters.config import Links
from slo import conventions
from slo.rules import AlertingRule

RESTART_SECONDS = 60
"""An exporter that is restarted misses a scrape or two."""


@dataclass(frozen=True)
class WatchAlert:
    """One alert about shardwatch itself."""

    name: str
    """Of the alert and of its runbook."""
    expr: str
    """PromQL; one element is one alert. What many instances have at once is one element, with their
    number as its value: a bad topology is one ticket, not one for each host."""
    summary: str
    """Template."""
    description: str
    """Template."""
    first_step: str
    """What to do first, a short sentence."""
    for_seconds: float
    severity: str = conventions.TICKET
    """A page, where without it nobody might be woken."""

    def rule(self, links: Links) -> AlertingRule:
        """Return the alerting rule.

        Args:
            links: bases of its links.
        """
        return AlertingRule(
            self.name,
            self.expr,
            {conventions.SEVERITY: self.severity},
            {
                "summary": self.summary,
                "description": self.description,
                "first_step": self.first_step,
                **link_annotations(links, self.name, ITSELF_BOARD, ()),
            },
            self.for_seconds,
        )
