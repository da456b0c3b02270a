"""Pages and tickets of PagerDuty: events of its Events API v2."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.messages.facts import (
    FACTS,
    annotation,
    cluster_or,
    dashboard_url,
    label,
    label_of_the_first,
    labels_of_each,
    listed,
    place_labels,
    review_url,
    runbook_url,
    since,
)
from exporters import catalog
from exporters.notifying import PagerDuty
from slo import conventions

SEVERITIES = {conventions.PAGE: "critical", conventions.TICKET: "warning"}
"""PagerDuty's words for ours."""
ALERTS_DETAIL = "alerts"
"""The detail that has the labels of all alerts that fire: an incident may be of several."""
SPEAKING_LABELS = (conventions.ALERTNAME, conventions.SLO, conventions.SERVICE)
"""Labels of which an incident's alerts may have several: the first speaks for them."""


def pagerduty_config(
    pagerduty: PagerDuty,
    routing_key_file: Path,
    severity: str,
    cluster: str,
    grouping_labels: Sequence[str],
    *,
    reviews: str | None = None,
) -> dict[str, Any]:
    """Return a ``pagerduty_config`` of Alertmanager.

    Args:
        pagerduty: where events go.
        routing_key_file: read by Alertmanager whenever it sends something.
        severity: ours.
        cluster: what the events are about, as their source.
        grouping_labels: of all objectives; an alert that lacks one shows it empty.
        reviews: base address of the record of reviews, if there is one.
    """
    return {
        "routing_key_file": str(routing_key_file),
        **({"url": pagerduty.url} if pagerduty.url else {}),
        "send_resolved": True,
        "severity": SEVERITIES[severity],
        "client": "shardwatch",
        "source": cluster_or(cluster),
        "class": label_of_the_first(conventions.ALERTNAME),
        "component": label_of_the_first(conventions.SERVICE),
        "group": " ".join(map(label, grouping_labels)),
        "description": annotation("summary"),
        "details": _details(severity, cluster, grouping_labels),
        "links": [
            {"href": runbook_url(), "text": "runbook"},
            {"href": dashboard_url(), "text": "dashboard"},
            *([{"href": review_url(reviews), "text": "review"}] if reviews else []),
        ],
    }


def _details(severity: str, cluster: str, grouping_labels: Sequence[str]) -> dict[str, str]:
    labels = (
        conventions.ALERTNAME,
        conventions.SEVERITY,
        conventions.INCIDENT,
        *place_labels(grouping_labels),
    )
    found = {
        **{each: label(each) for each in labels},
        **{each: label_of_the_first(each) for each in SPEAKING_LABELS},
        **{each: annotation(each) for each in FACTS},
        catalog.CLUSTER: cluster_or(cluster),
        "since": since(),
        # Else Alertmanager adds every label and annotation of every alert under these names.
        "firing": listed("Firing"),
        # Of tickets there may be thousands, and an event has 512 KiB.
        **({ALERTS_DETAIL: labels_of_each()} if severity == conventions.PAGE else {}),
        "resolved": listed("Resolved"),
    }
    return dict(sorted(found.items()))
