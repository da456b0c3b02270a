"""What Prometheus, and Alertmanager beside it, told, and what is worked out of that."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from slo.review.models.base import Base, Digest, Number


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
