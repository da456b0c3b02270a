"""Alertmanager's configuration: who is told of what, once.

*   ``severity="page"`` goes to PagerDuty as critical, an objective's tickets as warning. Causes are
    told within the page that they explain; by themselves they go to the webhook, and to PagerDuty
    as warnings only where there is no webhook, for somebody must hear of them.
*   Grouped by objective and cell: the tiers of one cell are one incident, which stays the same when
    a faster tier joins or its cause changes. Pages and tickets are routed apart, because PagerDuty
    would add a page to an open ticket under the same key and wake nobody.
*   Causes are grouped by kind and region, so that a lost region is a handful of messages.

Written for Alertmanager 0.25 and later.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.burn import ERROR_BUDGET_BURN
from alerts.causes.groups import GROUP_DEAD, GROUP_STALLED
from alerts.receivers import ALERTNAME, pagerduty_config, webhook_config
from alerts.watchdog import HEARTBEAT_SECONDS, WATCHDOG
from exporters import catalog
from exporters.config import ConfigFile
from exporters.durations import format_duration
from slo import conventions

PAGES_RECEIVER = "pagerduty-pages"
TICKETS_RECEIVER = "pagerduty-tickets"
WEBHOOK_RECEIVER = "webhook"
WATCHDOG_RECEIVER = "watchdog"
NOBODY = "nobody"
"""Without a receiver an alert stays in Alertmanager's list."""

_IS_PAGE = f'{conventions.SEVERITY}="{conventions.PAGE}"'
_IS_TICKET = f'{conventions.SEVERITY}="{conventions.TICKET}"'
_IS_BURN = f'{ALERTNAME}="{ERROR_BUDGET_BURN}"'
_HAS_SERVICE = f'{conventions.SERVICE}!=""'
"""What an objective says; a cause belongs to none."""


def alertmanager_config(
    file: ConfigFile, routing_key_file: Path | None, cluster: str, grouping_labels: Sequence[str]
) -> dict[str, Any]:
    """Return Alertmanager's configuration as its YAML has it.

    Args:
        file: the user's configuration.
        routing_key_file: where Alertmanager finds PagerDuty's key; None without PagerDuty. Only the
            path is written.
        cluster: of the topology.
        grouping_labels: of all objectives; those that an alert lacks group nothing.
    """
    cell = [conventions.SLO, conventions.SERVICE, *grouping_labels]
    receivers = _receivers(file, routing_key_file, cluster, grouping_labels)
    names = {each["name"] for each in receivers}
    timing = file.alertmanager
    return {
        "route": {
            "receiver": next(
                each for each in (WEBHOOK_RECEIVER, TICKETS_RECEIVER, NOBODY) if each in names
            ),
            "group_by": [ALERTNAME, catalog.CLUSTER, catalog.REGION],
            "group_wait": format_duration(timing.group_wait),
            "group_interval": format_duration(timing.group_interval),
            "repeat_interval": format_duration(timing.repeat_interval),
            "routes": [each for each in _routes(cell) if each["receiver"] in names],
        },
        "inhibit_rules": _inhibitions(cell),
        "receivers": receivers,
    }


def _routes(cell: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "receiver": WATCHDOG_RECEIVER,
            "matchers": [f'{ALERTNAME}="{WATCHDOG}"'],
            "group_interval": format_duration(HEARTBEAT_SECONDS),
            "repeat_interval": format_duration(HEARTBEAT_SECONDS),
        },
        {
            "receiver": WEBHOOK_RECEIVER,
            "continue": True,
            "routes": [
                {"receiver": WEBHOOK_RECEIVER, "matchers": [_HAS_SERVICE], "group_by": cell}
            ],
        },
        {"receiver": PAGES_RECEIVER, "matchers": [_IS_PAGE], "group_by": cell},
        {"receiver": TICKETS_RECEIVER, "matchers": [_IS_TICKET, _HAS_SERVICE], "group_by": cell},
    ]


def _inhibitions(cell: list[str]) -> list[dict[str, Any]]:
    """Return the rules of what goes without saying. A label that both lack counts as equal."""
    return [
        {
            "source_matchers": [_IS_BURN, _IS_PAGE],
            "target_matchers": [_IS_BURN, _IS_TICKET],
            "equal": cell,
        },
        {
            "source_matchers": [f'{ALERTNAME}="{GROUP_DEAD}"'],
            "target_matchers": [f'{ALERTNAME}="{GROUP_STALLED}"'],
            "equal": list(catalog.GROUP_LABELS),
        },
    ]


def _receivers(
    file: ConfigFile, routing_key_file: Path | None, cluster: str, grouping_labels: Sequence[str]
) -> list[dict[str, Any]]:
    hooks = [webhook_config(file.webhook)] if file.webhook else []
    told = {"webhook_configs": hooks} if hooks else {}
    receivers: list[dict[str, Any]] = [{"name": WATCHDOG_RECEIVER, **told}]
    if hooks:
        receivers.append({"name": WEBHOOK_RECEIVER, **told})
    if file.pagerduty and routing_key_file:
        receivers += [
            {
                "name": name,
                "pagerduty_configs": [
                    pagerduty_config(
                        file.pagerduty, routing_key_file, severity, cluster, grouping_labels
                    )
                ],
            }
            for name, severity in ((PAGES_RECEIVER, "critical"), (TICKETS_RECEIVER, "warning"))
        ]
    if not hooks and not file.pagerduty:
        receivers.append({"name": NOBODY})
    return receivers
