"""Pages and tickets by e-mail, as plain text: read on a telephone, quoted in a reply."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.messages.facts import (
    FACTS,
    dashboard_url,
    listed,
    of_the_first,
    place_labels,
    runbook_url,
    since,
    title,
)
from exporters.notifying import Mail
from slo import conventions


def email_config(
    mail: Mail, auth_password_file: Path | None, severity: str, grouping_labels: Sequence[str]
) -> dict[str, Any]:
    """Return an ``email_config`` of Alertmanager.

    Args:
        mail: to whom, from whom, by which server.
        auth_password_file: read by Alertmanager whenever it sends something; None if the server
            asks for none.
        severity: ours.
        grouping_labels: of all objectives; an alert that lacks one does not show it.
    """
    auth = (
        {"auth_username": mail.auth_username, "auth_password_file": str(auth_password_file)}
        if auth_password_file
        else {}
    )
    return {
        "to": mail.to,
        "from": mail.from_,
        "smarthost": mail.smarthost,
        **auth,
        "require_tls": mail.require_tls,
        "send_resolved": True,
        "headers": {"Subject": title(severity)},
        "html": "",  # else Alertmanager's own, which knows nothing of what a page says
        "text": _text(grouping_labels),
    }


def _text(grouping_labels: Sequence[str]) -> str:
    facts = "".join(
        f"{{{{ with .Annotations.{name} }}}}{said}: {{{{ . }}}}\n{{{{ end }}}}"
        for name, said in FACTS.items()
    )
    places = "".join(
        f"{{{{ with .Labels.{name} }}}}{name}: {{{{ . }}}}\n{{{{ end }}}}"
        for name in (conventions.ALERTNAME, *place_labels(grouping_labels))
    )
    return (
        of_the_first(f"{{{{ .Annotations.summary }}}}\n\n{facts}\n{places}")
        + f"Since: {since()}\n\nDashboard: {dashboard_url()}\nRunbook: {runbook_url()}\n\n"
        + f"{{{{ if .Alerts.Firing }}}}Firing: {listed('Firing')}\n{{{{ end }}}}"
        + f"{{{{ if .Alerts.Resolved }}}}Resolved: {listed('Resolved')}\n{{{{ end }}}}"
    )
