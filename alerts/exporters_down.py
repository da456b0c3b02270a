"""An exporter that does not answer: what it watched is unknown, and causes fall silent with it."""

from __future__ import annotations

from alerts.links import FLEET_BOARD, link_annotations
from exporters.config import Links
from exporters.scrape import JOBS
from slo import conventions
from slo.rules import AlertingRule

EXPORTER_DOWN = "ExporterDown"
PATIENCE_SECONDS = 60
"""An exporter that is restarted misses a scrape or two."""


def exporter_down_alert(links: Links) -> AlertingRule:
    """Return the alert: one for each exporter that Prometheus scrapes in vain."""
    return AlertingRule(
        EXPORTER_DOWN,
        f'up{{job=~"{"|".join(JOBS.values())}"}} == 0',
        {conventions.SEVERITY: conventions.TICKET},
        {
            "summary": "Exporter {{ $labels.job }} at {{ $labels.instance }} does not answer",
            "description": (
                "What it watches is unknown until it answers. Alerts of causes that it saw have "
                "ended, whether the causes have or not."
            ),
            **link_annotations(links, EXPORTER_DOWN, FLEET_BOARD, ()),
        },
        for_seconds=PATIENCE_SECONDS,
    )
