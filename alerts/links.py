"""Where an alert leads: its runbook, and the board that shows what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from alerts.runbooks import runbook_url
from exporters import catalog
from exporters.config import Links
from slo import conventions
from slo.objective import Objective

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

BOARDS_OF_CAUSES = {
    each: board
    for board, alerts in {
        GPU_BOARD: (
            "HostDown", "GpuLost", "GpuHung", "GpuFaulty", "GpuThrottled", "GpuNeedsAttention",
        ),
        GROUP_BOARD: (
            "ShardGroupDead", "ShardGroupStalled", "ShardGroupDegraded", "ShardGroupDraining",
            "ShardGroupDrainOverdue",
        ),
        CAPACITY_BOARD: ("RegionCapacityLow", "RegionReserveGone"),
        REGIONS_BOARD: (
            "RegionDown", "RegionFailing", "RegionSpeaks", "RouterLost", "GovDataOutsideRegion",
            "DataOutsideRegion",
        ),
        QUEUE_BOARD: ("QueueMetastable", "QueueSnowball"),
        CACHE_BOARD: ("CacheHitCollapse", "CacheEvictionPressure"),
        TOOLS_BOARD: ("ToolOutage", "ToolSlow", "CaptchaWave", "AgentsLooping"),
        ROLLOUT_BOARD: (
            "CanaryWorse", "RevisionSkew", "WeightsSlow", "PatchLevelSkew", "DriverRollOutOverdue",
        ),
        TENANTS_BOARD: ("TenantFlood", "PaidThrottled"),
        METERING_BOARD: (
            "TokensUnbilled", "SafetyBypassed", "GovSafetyBypassed", "AnswersWrong",
            "AnswersDisagree", "ProbesFailing",
        ),
    }.items()
    for each in alerts
}  # fmt: skip
"""The board that shows a cause, by its name."""

_ON_ALL = (catalog.CLUSTER, catalog.REGION, catalog.MODEL)
_OWN = {
    GROUP_BOARD: catalog.GROUP,
    GPU_BOARD: catalog.HOST,
    TOOLS_BOARD: catalog.TOOL,
    ROLLOUT_BOARD: catalog.REVISION,
    TENANTS_BOARD: catalog.TIER,
}
"""What can be chosen on a board beside what can be on all; each is called as its label."""

_ON_OBJECTIVES = (*catalog.CELL_LABELS, catalog.TOOL, catalog.TIER, conventions.SLO)
"""Labels of objectives' alerts that can be chosen on the board of one."""

TIME_RANGE = "from=now-3h&to=now"
"""Of a board, as annotations have it: until somebody knows when the alert began."""


def cause_link_annotations(links: Links, cause: str, labels: Sequence[str]) -> dict[str, str]:
    """Return the annotations ``runbook_url`` and ``dashboard_url`` of a cause's alert.

    Args:
        links: the bases, as configured.
        cause: its name.
        labels: of the alert; those that the board of the cause has variables for are chosen there.

    Raises:
        KeyError: no board shows such a cause.
    """
    board = BOARDS_OF_CAUSES[cause]
    found = link_annotations(links, cause, board, [each for each in _ON_ALL if each in labels])
    own = _OWN.get(board, "")
    if own in labels:
        # Some evidence has none, and what is chosen to be nothing would show nothing.
        chosen = f"{{{{ with $labels.{own} }}}}var-{own}={{{{ . | urlquery }}}}&{{{{ end }}}}"
        found["dashboard_url"] = found["dashboard_url"].replace(TIME_RANGE, chosen + TIME_RANGE)
    return found


def review_annotation(links: Links, service: str, slo: str) -> dict[str, str]:
    """Return the annotation ``review_url``: where the record of reviews has an objective.

    None, where no record is configured.
    """
    if links.reviews is None:
        return {}
    # Quoted: annotations are templates, and a name's braces are none of theirs.
    path = "/".join(quote(each, safe="") for each in (service, slo))
    return {"review_url": f"{links.reviews.rstrip('/')}/objectives/{path}"}


def objective_link_annotations(links: Links, alert: str, objective: Objective) -> dict[str, str]:
    """Return the annotations ``runbook_url`` and ``dashboard_url`` of an alert of an objective.

    The board of objectives is opened for the cell that the alert is of.
    """
    own = {conventions.SLO, *objective.grouping_labels}
    chosen = [each for each in _ON_OBJECTIVES if each in own]
    return link_annotations(links, alert, SLO_DETAIL_BOARD, chosen)


def link_annotations(links: Links, alert: str, board: str, labels: Sequence[str]) -> dict[str, str]:
    """Return the annotations ``runbook_url`` and ``dashboard_url``.

    Args:
        links: the bases, as configured.
        alert: its name.
        board: uid of the board.
        labels: of the alert that are variables of the board.
    """
    variables = "".join(f"var-{each}={{{{ $labels.{each} | urlquery }}}}&" for each in labels)
    if labels and catalog.CLUSTER not in labels:
        # Prometheus's own, which the alert is sent with.
        found = f"{{{{ with $externalLabels.{catalog.CLUSTER} }}}}"
        variables = f"{found}var-{catalog.CLUSTER}={{{{ . | urlquery }}}}&{{{{ end }}}}{variables}"
    return {
        "runbook_url": runbook_url(links.runbooks, alert),
        "dashboard_url": f"{links.grafana.rstrip('/')}/d/{board}?{variables}{TIME_RANGE}",
    }
