"""What Alertmanager sends: PagerDuty events and webhooks, from an alert's annotations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exporters import catalog
from exporters.config import PagerDuty, Webhook
from slo import conventions

ALERTNAME = "alertname"

_FACTS = ("burn_rate", "budget_left", "groups_hit", "probable_cause", "description")
"""Annotations that a page's details hold under the same names."""

_OF_THE_FIRST = (
    "{{ $alerts := .Alerts.Firing }}{{ if not $alerts }}{{ $alerts = .Alerts.Resolved }}{{ end }}"
    "{{ with index $alerts 0 }}%s{{ end }}"
)
"""Of a group's alerts, which are sorted by their labels as text, the first. Of the burn tiers that
is ``1d``, ``1h``, ``3d``, ``6h``: of those that page, the faster."""


def pagerduty_config(
    pagerduty: PagerDuty,
    routing_key_file: Path,
    severity: str,
    cluster: str,
    grouping_labels: Sequence[str],
) -> dict[str, Any]:
    """Return a ``pagerduty_config`` of Alertmanager for Events API v2.

    Args:
        pagerduty: where events go.
        routing_key_file: read by Alertmanager whenever it sends something.
        severity: PagerDuty's: ``critical`` or ``warning``.
        cluster: what the events are about, as their source.
        grouping_labels: of all objectives; an alert that lacks one shows it empty.
    """
    return {
        "routing_key_file": str(routing_key_file),
        "url": pagerduty.url,
        "send_resolved": True,
        "severity": severity,
        "client": "shardwatch",
        "source": cluster,
        "class": _label(ALERTNAME),
        "component": _label(conventions.SERVICE),
        "group": " ".join(map(_label, grouping_labels)),
        "description": _annotation("summary"),
        "details": _details(cluster, grouping_labels),
        "links": [
            {"href": _annotation("runbook_url"), "text": "runbook"},
            {"href": _annotation("dashboard_url"), "text": "dashboard"},
        ],
    }


def webhook_config(webhook: Webhook) -> dict[str, Any]:
    """Return a ``webhook_config`` of Alertmanager."""
    return {"url": webhook.url, "send_resolved": True}


def _details(cluster: str, grouping_labels: Sequence[str]) -> dict[str, str]:
    labels = (
        ALERTNAME,
        conventions.SEVERITY,
        conventions.SLO,
        conventions.SERVICE,
        catalog.REGION,
        *grouping_labels,
    )
    found = {
        **{each: _label(each) for each in labels},
        **{each: _annotation(each) for each in _FACTS},
        catalog.CLUSTER: cluster,
        # Else Alertmanager adds every label and annotation of every alert under these names.
        "firing": _listed("Firing"),
        "resolved": _listed("Resolved"),
    }
    return dict(sorted(found.items()))


def _label(name: str) -> str:
    """Return the template of a label that the alerts of a group have in common; else empty."""
    return f"{{{{ .CommonLabels.{name} }}}}"


def _annotation(name: str) -> str:
    """Return the template of an annotation of the group's first firing alert."""
    return _OF_THE_FIRST % f"{{{{ .Annotations.{name} }}}}"


def _listed(state: str) -> str:
    return (
        f"{{{{ range $i, $alert := .Alerts.{state} }}}}{{{{ if $i }}}}; {{{{ end }}}}"
        "{{ .Annotations.summary }}, since "
        '{{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC{{ end }}'
    )
