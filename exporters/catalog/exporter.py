"""Families that every exporter serves of itself and its sources."""

from __future__ import annotations

from exporters.catalog.family import counter, gauge
from exporters.catalog.names import (
    CLUSTER,
    CODE,
    EXPORTER,
    FILE,
    LABEL,
    OTHER,
    REASON,
    REGION,
    RELOADED_FILES,
    SOURCE,
    SOURCE_REASONS,
    UNPLACED_REASONS,
    VERSION,
)

EXPORTER_BUILD_INFO = gauge("exporter_build_info", "Always 1.", (EXPORTER, VERSION))
EXPORTER_COLLECTION_DURATION = gauge(
    "exporter_collection_duration_seconds",
    "Seconds that the last collection of all sources took.",
    (EXPORTER,),
)
EXPORTER_COLLECTION_SUCCESS = gauge(
    "exporter_collection_success",
    "1 if sense could be made of the last collection, else 0: a mistake of the exporter's.",
    (EXPORTER,),
)
EXPORTER_COLLECTION_LAST_SUCCESS = gauge(
    "exporter_collection_last_success_timestamp_seconds",
    "Unix time of the last collection that sense could be made of, 0 if there was none.",
    (EXPORTER,),
)
EXPORTER_RELOAD_SUCCESS = gauge(
    "exporter_reload_success",
    "1 if the file was good when it was last read, 0 if an earlier content of it is in use.",
    (EXPORTER, FILE),
    {FILE: RELOADED_FILES},
)
EXPORTER_RELOAD_LAST_SUCCESS = gauge(
    "exporter_reload_last_success_timestamp_seconds",
    "Unix time at which the content in use was read.",
    (EXPORTER, FILE),
    {FILE: RELOADED_FILES},
)
EXPORTER_RELOAD_FAILURES = counter(
    "exporter_reload_failures",
    "Times that the file was read again and could not be used.",
    (EXPORTER, FILE),
    {FILE: RELOADED_FILES},
)
EXPORTER_UNPLACED_TARGETS = gauge(
    "exporter_unplaced_targets",
    "Targets of service discovery that have no place in the topology, by the reason.",
    (EXPORTER, REASON),
    {REASON: UNPLACED_REASONS},
)
EXPORTER_FOLDED_VALUES = gauge(
    "exporter_folded_values",
    f"Different values outside a label's bounded set within five minutes, served as {OTHER!r}.",
    (EXPORTER, LABEL),
)
EXPORTER_HTTP_REQUESTS = counter(
    "exporter_http_requests",
    "Requests to all ports of the exporter, by the status of the answer.",
    (EXPORTER, CODE),
)
SOURCE_UP = gauge(
    "source_up",
    "1 if the source answered the last collection in time and in form, else 0.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)
SOURCE_REASON = gauge(
    "source_reason",
    "1 for each reason why a source is not up, circuit_open beside the one behind it; "
    "'none' if it is.",
    (EXPORTER, CLUSTER, REGION, SOURCE, REASON),
    {REASON: SOURCE_REASONS},
)
SOURCE_DURATION = gauge(
    "source_collection_duration_seconds",
    "Seconds that the last collection of this source took.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)
SOURCE_LAST_SUCCESS = gauge(
    "source_last_success_timestamp_seconds",
    "Unix time of this source's last answer in time and in form, 0 if there was none.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)
