"""Pages and tickets in a Slack channel: a title, the facts, and where to look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.messages.facts import (
    FACTS,
    dashboard_url,
    of_the_first,
    place_labels,
    runbook_url,
    since,
    title,
)
from exporters.notifying import Slack
from slo import conventions

_COLOURS = {conventions.PAGE: "danger", conventions.TICKET: "warning"}


def slack_config(
    slack: Slack, api_url_file: Path, severity: str, grouping_labels: Sequence[str]
) -> dict[str, Any]:
    """Return a ``slack_config`` of Alertmanager.

    Args:
        slack: which channel.
        api_url_file: read by Alertmanager whenever it sends something.
        severity: ours.
        grouping_labels: of all objectives; an alert that lacks one does not show it.
    """
    colour = f'{{{{ if eq .Status "firing" }}}}{_COLOURS[severity]}{{{{ else }}}}good{{{{ end }}}}'
    return {
        "api_url_file": str(api_url_file),
        "channel": slack.channel,
        "send_resolved": True,
        "username": "shardwatch",
        "color": colour,
        "title": title(severity),
        "title_link": dashboard_url(),
        "fallback": title(severity),
        "text": _text(grouping_labels),
        "mrkdwn_in": ["text"],
        "footer": f"since {since()}",
        "actions": [
            {"type": "button", "text": "Dashboard", "url": dashboard_url()},
            {"type": "button", "text": "Runbook", "url": runbook_url()},
        ],
    }


def _text(grouping_labels: Sequence[str]) -> str:
    """Return a line for each fact that is there, and one for where it is."""
    facts = "".join(
        f"{{{{ with .Annotations.{name} }}}}*{said}:* {{{{ . }}}}\n{{{{ end }}}}"
        for name, said in FACTS.items()
    )
    places = f"{conventions.ALERTNAME} `{{{{ .Labels.{conventions.ALERTNAME} }}}}`" + "".join(
        f"{{{{ with .Labels.{name} }}}} {name} `{{{{ . }}}}`{{{{ end }}}}"
        for name in place_labels(grouping_labels)
    )
    more = (
        "{{ if gt (len .Alerts.Firing) 1 }}\n*All {{ len .Alerts.Firing }} that fire:* "
        "{{ range $i, $each := .Alerts.Firing }}{{ if $i }}; {{ end }}"
        "{{ .Annotations.summary }}{{ end }}{{ end }}"
    )
    return of_the_first(facts + places) + more
