"""Where an alert leads: its runbook, and the board that shows what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.runbooks import runbook_url
from exporters.config import Links

FLEET_BOARD = "shardwatch-fleet"
GROUP_BOARD = "shardwatch-group"
GPU_BOARD = "shardwatch-gpu"
SLO_BOARD = "shardwatch-slo"
SLO_DETAIL_BOARD = "shardwatch-slo-detail"
LATENCY_BOARD = "shardwatch-latency"
QUEUE_BOARD = "shardwatch-queue"
CACHE_BOARD = "shardwatch-cache"
TOOLS_BOARD = "shardwatch-tools"
ROLLOUT_BOARD = "shardwatch-rollout"
TENANTS_BOARD = "shardwatch-tenants"
REGIONS_BOARD = "shardwatch-regions"
METERING_BOARD = "shardwatch-metering"
CAPACITY_BOARD = "shardwatch-capacity"
ITSELF_BOARD = "shardwatch-itself"
"""The uids of the boards; dashboards are built after alerts, and a test holds the two together."""

TIME_RANGE = "from=now-3h&to=now"
"""Of a board, as annotations have it: until somebody knows when the alert began."""


def link_annotations(links: Links, alert: str, board: str, labels: Sequence[str]) -> dict[str, str]:
    """Return the annotations ``runbook_url`` and ``dashboard_url``.

    Args:
        links: the bases, as configured.
        alert: its name.
        board: uid of the board.
        labels: of the alert that are variables of the board.
    """
    variables = "".join(f"var-{each}={{{{ $labels.{each} | urlquery }}}}&" for each in labels)
    return {
        "runbook_url": runbook_url(links.runbooks, alert),
        "dashboard_url": f"{links.grafana.rstrip('/')}/d/{board}?{variables}{TIME_RANGE}",
    }
