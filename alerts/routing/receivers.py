"""Alertmanager's receivers: of each of ours one for pages and one for tickets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.messages.mail import email_config
from alerts.messages.pagerduty import pagerduty_config
from alerts.messages.slack import slack_config
from alerts.messages.webhook import webhook_config
from alerts.routing.names import PAGERDUTY, SUFFIXES, Naming, fallback_of
from exporters.config import ConfigFile
from exporters.notifying import Receiver, Webhook


def receivers_of(
    file: ConfigFile,
    folder: Path,
    cluster: str,
    grouping_labels: Sequence[str],
    naming: Naming,
) -> list[dict[str, Any]]:
    """Return the receivers as Alertmanager's YAML has them, those that are routed to.

    Args:
        file: the user's configuration.
        folder: that paths in it are relative to.
        cluster: what events of PagerDuty are about.
        grouping_labels: of all objectives.
        naming: of the receivers.
    """
    found = [{"name": naming.watchdog, **_hooks(heartbeat_of(file), folder)}]
    if file.webhook:
        found.append({"name": naming.webhook, **_hooks(file.webhook, folder)})
    reviews = file.links.reviews
    for name, receiver in sorted(_told(file).items()):
        found += [
            {
                "name": naming.of(name, severity),
                **_ways(receiver, folder, severity, cluster, grouping_labels, reviews=reviews),
            }
            for severity in SUFFIXES
        ]
    return [*found, {"name": naming.nobody}]


def heartbeat_of(file: ConfigFile) -> Webhook | None:
    """Return what is told every minute that alerts arrive; None if nothing is."""
    chosen = file.alertmanager.watchdog
    return file.alertmanager.receivers[chosen].webhook if chosen else file.webhook


def _told(file: ConfigFile) -> dict[str, Receiver]:
    """Return the receivers that anything goes to, by name."""
    ours = file.alertmanager
    wanted = {fallback_of(file), *ours.owners.values()}
    every = dict(ours.receivers)
    if ours.fallback is None and file.pagerduty:
        every[PAGERDUTY] = Receiver(pagerduty=file.pagerduty)
    return {name: each for name, each in every.items() if name in wanted}


def _ways(
    receiver: Receiver,
    folder: Path,
    severity: str,
    cluster: str,
    grouping_labels: Sequence[str],
    *,
    reviews: str | None,
) -> dict[str, Any]:
    ways: dict[str, Any] = {}
    if receiver.pagerduty:
        key_file = _path(folder, receiver.pagerduty.routing_key_file)
        ways["pagerduty_configs"] = [
            pagerduty_config(
                receiver.pagerduty,
                key_file,
                severity,
                cluster,
                grouping_labels,
                reviews=reviews,
            )
        ]
    if receiver.slack:
        url_file = _path(folder, receiver.slack.api_url_file)
        ways["slack_configs"] = [slack_config(receiver.slack, url_file, severity, grouping_labels)]
    if receiver.email:
        password = receiver.email.auth_password_file
        password_file = _path(folder, password) if password else None
        ways["email_configs"] = [
            email_config(receiver.email, password_file, severity, grouping_labels)
        ]
    return {**ways, **_hooks(receiver.webhook, folder)}


def _hooks(webhook: Webhook | None, folder: Path) -> dict[str, Any]:
    if webhook is None:
        return {}
    credentials = webhook.credentials_file
    path = _path(folder, credentials) if credentials else None
    return {"webhook_configs": [webhook_config(webhook, path)]}


def _path(folder: Path, path: Path) -> Path:
    """Return an absolute path: what is built may be run from anywhere."""
    return (folder / path).absolute()
