"""All alerts about shardwatch itself but the watchdog, which says that all is well."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.watch.alert import WatchAlert
from alerts.watch.exporters import exporter_alerts
from alerts.watch.notifications import notification_alerts
from alerts.watch.rules import rule_alerts
from alerts.watch.scrapes import scrape_alerts
from alerts.watch.sources import source_alerts
from alerts.watch.storage import storage_alerts
from slo.objective import Objective


def watch_alerts(
    objectives: Iterable[Objective], scrape_interval_seconds: float
) -> tuple[WatchAlert, ...]:
    """Return all of them.

    Args:
        objectives: whose budgets Prometheus has to keep.
        scrape_interval_seconds: as configured.
    """
    return (
        *exporter_alerts(),
        *source_alerts(),
        *scrape_alerts(scrape_interval_seconds),
        *rule_alerts(),
        *notification_alerts(),
        *storage_alerts(objectives),
    )
