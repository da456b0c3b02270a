"""Families that every exporter serves of itself and its sources."""

from __future__ import annotations

from exporters.catalog.family import counter, gauge
from exporters.catalog.names import CLUSTER, EXPORTER, LABEL, OTHER, REASON, REGION, SOURCE, VERSION

EXPORTER_BUILD_INFO = gauge("exporter_build_info", "Always 1.", (EXPORTER, VERSION))
EXPORTER_COLLECTION_SECONDS = gauge(
    "exporter_collection_seconds",
    "Seconds that the last collection of all sources took.",
    (EXPORTER,),
)
EXPORTER_FOLDED_VALUES = counter(
    "exporter_folded_values",
    f"Label values outside the bounded set, served as {OTHER!r}.",
    (EXPORTER, LABEL),
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
)
SOURCE_SECONDS = gauge(
    "source_collection_seconds",
    "Seconds that the last collection of this source took.",
    (EXPORTER, CLUSTER, REGION, SOURCE),
)
