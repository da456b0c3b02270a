"""Pages and tickets of PagerDuty: events of its Events API v2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.messages.facts import (
    FACTS,
    annotation,
    dashboard_url,
    label,
    listed,
    place_labels,
    runbook_url,
    since,
)
from exporters import catalog
from exporters.notifying import PagerDuty
from slo import conventions

SEVERITIES = {conventions.PAGE: "critical", conventions.TICKET: "warning"}
"""PagerDuty's words for ours."""


def pagerduty_config(
    pagerduty: PagerDuty,
    routing_key_file: Path,
    severity: str,
    cluster: str,
    grouping_labels: Sequence[str],
) -> dict[str, Any]:
    """Return a ``pagerduty_config`` of Alertmanager.

    Args:
        pagerduty: where events go.
        routing_key_file: read by Alertmanager whenever it sends something.
        severity: ours.
        cluster: what the events are about, as their source.
        grouping_labels: of all objectives; an alert that lacks one shows it empty.
    """
    return {
        "routing_key_file": str(routing_key_file),
        "url": pagerduty.url,
        "send_resolved": True,
        "severity": SEVERITIES[severity],
        "client": "shardwatch",
        "source": cluster,
        "class": label(conventions.ALERTNAME),
        "component": label(conventions.SERVICE),
        "group": " ".join(map(label, grouping_labels)),
        "description": annotation("summary"),
        "details": _details(cluster, grouping_labels),
        "links": [
            {"href": runbook_url(), "text": "runbook"},
            {"href": dashboard_url(), "text": "dashboard"},
        ],
    }


def _details(cluster: str, grouping_labels: Sequence[str]) -> dict[str, str]:
    labels = (conventions.ALERTNAME, conventions.SEVERITY, *place_labels(grouping_labels))
    found = {
        **{each: label(each) for each in labels},
        **{each: annotation(each) for each in FACTS},
        catalog.CLUSTER: cluster,
        "since": since(),
        # Else Alertmanager adds every label and annotation of every alert under these names.
        "firing": listed("Firing"),
        "resolved": listed("Resolved"),
    }
    return dict(sorted(found.items()))
