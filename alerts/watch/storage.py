"""Whether Prometheus throws away what budgets are summed over."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.watch.alert import WatchAlert
from exporters.durations import format_duration
from slo.checks.retention import seconds_needed
from slo.objective import Objective

STORAGE_SHORT = "StorageShort"

RESTART_SECONDS = 900
"""Chosen: before blocks are read, the lowest timestamp is that of the newest samples."""


def storage_alerts(objectives: Iterable[Objective]) -> tuple[WatchAlert, ...]:
    """Return the alert about storage; none without objectives.

    Prometheus does not say in its metrics how long it keeps what it has (2.42). That it has deleted
    blocks since it was started, and has less left than a budget needs, says as much.

    Args:
        objectives: whose budgets.
    """
    needed = max(map(seconds_needed, objectives), default=0)
    if not needed:
        return ()
    deleted = " or ".join(
        f"prometheus_tsdb_{limit}_retentions_total > 0" for limit in ("time", "size")
    )
    return (
        WatchAlert(
            STORAGE_SHORT,
            f"(time() - prometheus_tsdb_lowest_timestamp_seconds < {needed:g})\n"
            f"and on (job, instance)\n({deleted})",
            summary="Prometheus at {{ $labels.instance }} keeps too little for the budgets",
            description=(
                "It has thrown blocks away, and holds {{ $value | humanizeDuration }} where "
                f"{format_duration(needed)} are needed: budgets are unknown. Raise "
                "--storage.tsdb.retention.time, or its limit of size."
            ),
            first_step="raise the retention: what is deleted does not come back",
            for_seconds=RESTART_SECONDS,
        ),
    )
