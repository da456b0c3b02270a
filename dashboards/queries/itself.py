"""shardwatch itself: exporters, what they read, rules, and the way of the alerts."""

from __future__ import annotations

from dashboards.queries.selecting import in_regions, rows
from exporters import catalog

_WITH_REASON = 'reason!="none"'

SILENT_SOURCE_ROWS = rows(
    f"{in_regions(catalog.SOURCE_REASON.name, _WITH_REASON)} == 1",
    may_be_empty=True,
)
EXPORTER_FAULT_ROWS = rows(
    f"{catalog.EXPORTER_RELOAD_SUCCESS.name} == 0"
    f" or {catalog.EXPORTER_COLLECTION_SUCCESS.name} == 0",
    may_be_empty=True,
)
"""Those with a file go by an earlier content of it; those without could make no page."""
