"""What somebody writes beside alerts: that something was changed, or what was seen at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Table, select

from slo.review import audit
from slo.review.alert_store import insert
from slo.review.audit import By
from slo.review.database import writing
from slo.review.facts import digest
from slo.review.incident_store import INCIDENTS
from slo.review.models import Annotation, Base, ChangeEvent
from slo.review.refusals import ConflictError, MissingError
from slo.review.reviews import read_review, written_text
from slo.review.webhook import shortened

CHANGES: Table = Base.metadata.tables[ChangeEvent.__tablename__]
ANNOTATIONS: Table = Base.metadata.tables[Annotation.__tablename__]
_LONGEST_TEXT = 5_000
_LONGEST_KIND = 100


@dataclass(frozen=True)
class Change:
    """Something that somebody changed."""

    at: int
    """UNIX seconds."""
    kind: str
    """``rollout``, ``patch``, ..."""
    summary: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Remark:
    """What somebody wrote."""

    at: int
    """The moment that it is about, UNIX seconds."""
    text: str
    incident: int | None = None
    review: int | None = None


def tell_change(engine: Engine, change: Change, by: By) -> tuple[str, bool]:
    """Commit a change; return its key, and whether it is new: told twice it is there once.

    Raises:
        UnusableError: if there is no text.
    """
    values: dict[str, Any] = {
        "at": change.at,
        "kind": written_text(change.kind, "a kind", _LONGEST_KIND),
        "summary": written_text(change.summary, "a summary", _LONGEST_TEXT),
        "labels": {shortened(name): shortened(text) for name, text in change.labels.items()},
    }
    key = digest(values)
    with writing(engine) as connection:
        added = insert(connection, CHANGES).on_conflict_do_nothing().returning(CHANGES.c.id)
        is_new = connection.execute(added, {"id": key, **values}).first() is not None
        if is_new:
            audit.note(connection, by, "add", f"change {key}", after=values)
    return key, is_new


def remark(engine: Engine, said: Remark, by: By) -> int:
    """Commit what somebody wrote; return its number.

    Raises:
        UnusableError: if there is no text.
        MissingError: if there is no such incident or review.
        ConflictError: if the review is signed.
    """
    values = {
        "at": said.at,
        "incident_id": said.incident,
        "review_id": said.review,
        "author": by.name,
        "text": written_text(said.text, "a text", _LONGEST_TEXT),
    }
    with writing(engine) as connection:
        if said.incident is not None:
            asked = select(INCIDENTS.c.id).where(INCIDENTS.c.id == said.incident)
            if connection.execute(asked).first() is None:
                raise MissingError(f"there is no incident {said.incident}")
        if said.review is not None and read_review(connection, said.review)["signed_at"]:
            raise ConflictError(f"review {said.review} is signed: it stays as it is")
        added = ANNOTATIONS.insert().returning(ANNOTATIONS.c.id)
        number = int(connection.execute(added, values).scalar_one())
        audit.note(connection, by, "add", f"annotation {number}", after=values)
    return number
