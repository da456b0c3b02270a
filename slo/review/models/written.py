"""What people wrote, and did: it is changed under their names, and each change is in the audit."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from slo.review.models.base import Base, Digest, Number


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
    """A cell is in it that has each of them, with this value."""
    reason: Mapped[str]
    author: Mapped[str]
    withdrawn_at: Mapped[int | None]
    """From then on its hours count again; None while they do not."""
    withdrawn_by: Mapped[str | None]


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
