"""The record's tables. Times are UNIX seconds, alerts' UNIX milliseconds, as Prometheus has them.

What others told is kept as it was told, each fact once, under a key that is made of the fact
itself: whoever tells it again, at the same time or after a crash, changes nothing. Numbers of
Prometheus are stored as doubles, which both databases keep to the last digit.
"""

from slo.review.models.base import Base
from slo.review.models.told import (
    AddedDay,
    Alert,
    AskedHour,
    Cell,
    CellDay,
    Evidence,
    Incident,
    KnownHour,
    Mark,
    ObjectiveDay,
    ObjectiveVersion,
    Snapshot,
    SpentStep,
)
from slo.review.models.written import (
    Acknowledgement,
    Action,
    Annotation,
    AuditEntry,
    ChangeEvent,
    Decision,
    MaintenanceWindow,
    Review,
)

__all__ = [
    "Acknowledgement",
    "Action",
    "AddedDay",
    "Alert",
    "Annotation",
    "AskedHour",
    "AuditEntry",
    "Base",
    "Cell",
    "CellDay",
    "ChangeEvent",
    "Decision",
    "Evidence",
    "Incident",
    "KnownHour",
    "MaintenanceWindow",
    "Mark",
    "ObjectiveDay",
    "ObjectiveVersion",
    "Review",
    "Snapshot",
    "SpentStep",
]
