"""The record's tables. Times are UNIX seconds, alerts' UNIX milliseconds, as Prometheus has them.

What others told is kept as it was told, each fact once, under a key that is made of the fact
itself: whoever tells it again, at the same time or after a crash, changes nothing. Numbers of
Prometheus are stored as doubles, which both databases keep to the last digit.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Number = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
]
"""A key that the database counts up."""
Digest = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Of all tables; constraints are named, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        float: Double,
        dict[str, Any]: JSON(none_as_null=True),
        str: Text,
    }


class ObjectiveVersion(Base):
    """What an objective promised from an hour on: a changed target never rewrites the past."""

    __tablename__ = "objective_versions"
    __table_args__ = (UniqueConstraint("slo", "service", "valid_from"),)

    id: Mapped[Number]
    slo: Mapped[str]
    service: Mapped[str]
    valid_from: Mapped[int]
    """The first full hour at which Prometheus had it so."""
    target: Mapped[str]
    """Decimal, as exactly as Prometheus tells it."""
    period_seconds: Mapped[int]
    fingerprint: Mapped[float | None]
    """Of its indicator, grouping labels and period (:mod:`slo.fingerprint`)."""


class Cell(Base):
    """One set of grouping labels of an objective: it has a budget of its own."""

    __tablename__ = "cells"

    id: Mapped[Digest] = mapped_column(primary_key=True)
    slo: Mapped[str] = mapped_column(index=True)
    service: Mapped[str] = mapped_column(index=True)
    labels: Mapped[dict[str, Any]]


class AskedHour(Base):
    """A full hour that Prometheus was asked about: where it knew nothing, nothing is known."""

    __tablename__ = "asked_hours"

    at: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[int]
    objectives: Mapped[int]
    """Of which it told; 0 where its rules did not run, or its retention has passed."""


class KnownHour(Base):
    """A full hour at which an objective's rules ran. An asked one that is not here is unknown."""

    __tablename__ = "known_hours"

    slo: Mapped[str] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("objective_versions.id"))


class Snapshot(Base):
    """A cell at a full hour, as recorded (:mod:`slo.conventions`); None where nothing was."""

    __tablename__ = "snapshots"
    __table_args__ = (Index(None, "at"),)

    cell_id: Mapped[Digest] = mapped_column(ForeignKey("cells.id"), primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True)
    events_bad: Mapped[float | None]
    """Within the hour before."""
    events: Mapped[float | None]
    coverage: Mapped[float | None]
    events_bad_of_period: Mapped[float | None]
    events_of_period: Mapped[float | None]
    coverage_of_period: Mapped[float | None]
    budget_remaining: Mapped[float | None]


class AddedDay(Base):
    """A day (UTC) whose hours are added up in ``cell_days``; others are read hour by hour."""

    __tablename__ = "added_days"

    at: Mapped[int] = mapped_column(primary_key=True)
    """Its end."""


class CellDay(Base):
    """What the hours of a cell come to within a day (UTC) that is in ``added_days``.

    They lie day by day, as they are written: a report reads one stretch of the disk.
    """

    __tablename__ = "cell_days"
    __table_args__ = ({"sqlite_with_rowid": False},)

    at: Mapped[int] = mapped_column(primary_key=True)
    """The day's end."""
    cell_id: Mapped[Digest] = mapped_column(ForeignKey("cells.id"), primary_key=True)
    hours: Mapped[int]
    """That are in the record."""
    unknown_hours: Mapped[float]
    """Of these, what was not covered."""
    events_bad: Mapped[float]
    events: Mapped[float]
    events_bad_allowed: Mapped[float]
    """As promised at each hour."""
    events_bad_burning: Mapped[float]
    """Those of hours with more of them than allowed."""
    budget_remaining: Mapped[float | None]
    """Of the last hour that tells it."""


class ObjectiveDay(Base):
    """What the hours of an objective come to within a day (UTC) that is in ``added_days``.

    They lie objective by objective: its page reads a year of them.
    """

    __tablename__ = "objective_days"
    __table_args__ = ({"sqlite_with_rowid": False},)

    service: Mapped[str] = mapped_column(primary_key=True)
    slo: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True)
    """The day's end."""
    known_hours: Mapped[int]
    """At which its rules ran."""
    events_bad: Mapped[float]
    """Of all cells."""
    events: Mapped[float]


class SpentStep(Base):
    """Five minutes of a cell while an incident lasted: what attribution counts."""

    __tablename__ = "spent_steps"

    cell_id: Mapped[Digest] = mapped_column(ForeignKey("cells.id"), primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True)
    """Their end."""
    events_bad: Mapped[float]
    events: Mapped[float]


class Mark(Base):
    """Up to when something has been asked of Prometheus."""

    __tablename__ = "marks"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    at_ms: Mapped[int]


class Incident(Base):
    """Pages, and the causes beside them, that are one story. Worked out of alerts, never typed."""

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "started_at_ms"),)

    id: Mapped[Number]
    started_at_ms: Mapped[int]
    """Of its first alert."""
    ended_at_ms: Mapped[int | None]
    severity: Mapped[str]
    cause: Mapped[str]
    """The most probable one; empty where none was seen."""
    labels: Mapped[dict[str, Any]]
    """What its alerts have in common of cluster, region and model."""
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    """The one whose story it turned out to be."""
    spent_until: Mapped[int | None]
    """Up to when its 5-minute steps have been asked for; None before."""


class Alert(Base):
    """One alert from firing to resolved, as one witness told it."""

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "identity", "starts_at_ms"), Index(None, "starts_at_ms"))

    id: Mapped[Digest] = mapped_column(primary_key=True)
    """Of identity, start and witness."""
    identity: Mapped[Digest]
    """Of its labels."""
    witness: Mapped[str]
    """``alertmanager`` or ``prometheus``."""
    starts_at_ms: Mapped[int]
    ends_at_ms: Mapped[int | None]
    """None while nobody told of an end."""
    labels: Mapped[dict[str, Any]]
    received_at: Mapped[int]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)


class Evidence(Base):
    """Annotations that an alert was told with: what was seen, as it was seen at that time."""

    __tablename__ = "evidence"

    alert_id: Mapped[Digest] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    id: Mapped[Digest] = mapped_column(primary_key=True)
    """Of the annotations."""
    annotations: Mapped[dict[str, Any]]
    received_at: Mapped[int]


class Acknowledgement(Base):
    """Somebody took an incident: nobody else has to."""

    __tablename__ = "acknowledgements"

    id: Mapped[Digest] = mapped_column(primary_key=True)
    """Of who told it, and of what: told again it changes nothing."""
    at: Mapped[int]
    author: Mapped[str]
    told_by: Mapped[str]
    """``people`` or ``pagerduty``."""
    title: Mapped[str]
    """What PagerDuty calls its incident: the summary of an alert; empty of people."""
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    """None while no incident with such an alert is known."""


class ChangeEvent(Base):
    """Something that somebody changed: a rollout, a patch."""

    __tablename__ = "change_events"

    id: Mapped[Digest] = mapped_column(primary_key=True)
    """Of what the sender calls it, or of its content."""
    at: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str]
    summary: Mapped[str]
    labels: Mapped[dict[str, Any]]


class MaintenanceWindow(Base):
    """Hours that do not count, and are said not to."""

    __tablename__ = "maintenance_windows"

    id: Mapped[Number]
    starts_at: Mapped[int] = mapped_column(index=True)
    ends_at: Mapped[int]
    labels: Mapped[dict[str, Any]]
    """A cell is in it that has no other value of any of them."""
    reason: Mapped[str]
    author: Mapped[str]


class Review(Base):
    """A service's review of one period."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("service", "period"),)

    id: Mapped[Number]
    service: Mapped[str]
    period: Mapped[str]
    """``2026-W47``, ``2026-11``, ``2026-Q4``."""
    starts_at: Mapped[int]
    ends_at: Mapped[int]
    revision: Mapped[int]
    """Counts its edits: who edits an older one is told."""
    notes: Mapped[str]
    figures: Mapped[dict[str, Any] | None]
    """As signed."""
    figures_digest: Mapped[str | None]
    signed_by: Mapped[str | None]
    signed_at: Mapped[int | None]


class Annotation(Base):
    """What somebody wrote at a moment, an incident or a review."""

    __tablename__ = "annotations"

    id: Mapped[Number]
    at: Mapped[int] = mapped_column(index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    author: Mapped[str]
    text: Mapped[str]


class Decision(Base):
    """What a review decided."""

    __tablename__ = "decisions"

    id: Mapped[Number]
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), index=True)
    decided_at: Mapped[int]
    decided_by: Mapped[str]
    text: Mapped[str]


class Action(Base):
    """What somebody is to do until a day; carried over until it is closed."""

    __tablename__ = "actions"

    id: Mapped[Number]
    service: Mapped[str] = mapped_column(index=True)
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    opened_at: Mapped[int]
    closed_at: Mapped[int | None]
    owner: Mapped[str]
    due_on: Mapped[str | None]
    """``2026-12-01``."""
    text: Mapped[str]


class AuditEntry(Base):
    """Who changed what of the record, and how it was before."""

    __tablename__ = "audit"

    id: Mapped[Number]
    at: Mapped[int] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
