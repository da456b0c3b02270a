"""Reviews: a draft that several people edit, each told when another was faster; then signed.

Who edits names the revision that they saw. A signature stores the figures with their hash, and
nothing of the review changes afterwards; :func:`remake` makes them again from the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, update
from sqlalchemy.exc import IntegrityError

from slo.review import audit
from slo.review.audit import By
from slo.review.database import writing
from slo.review.models import Action, Annotation, Base, Decision, Review
from slo.review.policy import Policy
from slo.review.reading import known_services
from slo.review.refusals import ConflictError, MissingError, StaleError, UnusableError
from slo.review.reporting import check_recorded, figures_of, read_figures, reviewable
from slo.review.reviewed_period import ReviewedPeriod
from slo.review.snapshot_store import ASKED
from slo.review.webhook import storable

REVIEWS: Table = Base.metadata.tables[Review.__tablename__]
DECISIONS: Table = Base.metadata.tables[Decision.__tablename__]
_OF_REVIEWS = tuple(
    Base.metadata.tables[each.__tablename__] for each in (Decision, Action, Annotation)
)
LONGEST_TEXT = 20_000
"""Characters."""
_TRIES = 3
_WAIT_SECONDS = 86_400
"""After a period, for its last hour; a record without Prometheus never has it."""
_AUDITED = ("service", "period", "revision", "notes", "figures_digest", "signed_by", "signed_at")


@dataclass(frozen=True)
class Remade:
    """A signed review made again."""

    signed_digest: str
    digest: str
    differs: tuple[str, ...]
    """Parts of the figures that are others now, sorted; none where the record tells the same."""


def written_text(text: str, what: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that people wrote, as it is stored.

    Raises:
        UnusableError: if there is none, or too much.
    """
    stripped = storable(text.strip())
    if not 0 < len(stripped) <= longest:
        found = f"found {len(stripped)} characters"
        raise UnusableError(f"{found}, expected {what} of 1 to {longest}")
    return stripped


def check_service(engine: Engine, service: str) -> None:
    """Make sure that the record knows a service.

    Raises:
        MissingError: if it does not.
    """
    services = known_services(engine)
    if service not in services:
        there = ", ".join(services)[:500] or "none"
        raise MissingError(f"the record knows no service {service!r}; it knows {there}")


def create_review(engine: Engine, service: str, period: ReviewedPeriod, by: By) -> int:
    """Begin the review of a period, and return its number.

    Raises:
        MissingError: if the record does not know the service.
        InputError: if its record begins after the period.
        ConflictError: if there is one.
    """
    check_service(engine, service)
    check_recorded(engine, service, period, "period")
    values = {
        "service": storable(service),
        "period": period.name,
        "starts_at": period.start,
        "ends_at": period.end,
        "revision": 1,
        "notes": "",
    }
    try:
        with writing(engine) as connection:
            added = REVIEWS.insert().returning(REVIEWS.c.id)
            number = int(connection.execute(added, values).scalar_one())
            audit.note(connection, by, "add", f"review {number}", after=values)
    except IntegrityError:
        found = f"there is a review of {service} for {period.name}"
        raise ConflictError(f"{found} already: edit that one") from None
    return number


def discard(engine: Engine, number: int, revision: int, by: By) -> None:
    """Remove a draft that was begun by mistake; the audit keeps its notes. Raises as edits do.

    Raises:
        ConflictError: also if something was decided, begun or annotated in it.
    """
    with writing(engine) as connection:
        row = locked_draft(connection, number, revision)
        for table in _OF_REVIEWS:
            asked = select(table.c.id).where(table.c.review_id == number).limit(1)
            if connection.execute(asked).first() is not None:
                raise ConflictError(f"review {number} has {table.name} already: it stays")
        connection.execute(REVIEWS.delete().where(REVIEWS.c.id == number))
        before = {name: row[name] for name in _AUDITED}
        audit.note(connection, by, "discard", f"review {number}", before=before)


def edit_notes(engine: Engine, number: int, revision: int, notes: str, by: By) -> int:
    """Replace a draft's notes; return its new revision.

    Raises:
        MissingError: if there is no such review.
        ConflictError: if it is signed.
        StaleError: if its revision is another.
        UnusableError: if the notes are too long.
    """
    text = storable(notes.strip().replace("\r\n", "\n"))
    if len(text) > LONGEST_TEXT:
        raise UnusableError(f"found {len(text)} characters, expected {LONGEST_TEXT} at most")
    with writing(engine) as connection:
        row = locked_draft(connection, number, revision)
        return bump(connection, row, by, "edit", {"notes": text})


def decide(engine: Engine, number: int, revision: int, text: str, by: By) -> int:
    """Add a decision to a draft; return the decision's number. Raises as :func:`edit_notes`."""
    values = {
        "review_id": number,
        "decided_at": by.now,
        "decided_by": by.name,
        "text": written_text(text, "a decision"),
    }
    with writing(engine) as connection:
        row = locked_draft(connection, number, revision)
        added = DECISIONS.insert().returning(DECISIONS.c.id)
        decision = int(connection.execute(added, values).scalar_one())
        audit.note(connection, by, "add", f"decision {decision}", after=values)
        bump(connection, row, by, "edit", {})
    return decision


def sign(engine: Engine, number: int, revision: int, by: By, *, policy: Path | None = None) -> str:
    """Sign a draft as it was seen, with the figures of the record now; return their hash.

    Raises:
        MissingError, StaleError: as :func:`edit_notes`.
        ConflictError: if it is signed, its period is not over, its last hour is not in the record,
            or others write without a pause.
    """
    for _ in range(_TRIES):
        with engine.connect() as connection:
            row = _checked(_row(connection, number), number, revision)
            entry = audit.last_entry(connection)
            asked = select(ASKED.c.at).where(ASKED.c.at >= row["ends_at"]).limit(1)
            is_recorded = connection.execute(asked).first() is not None
        if row["ends_at"] > by.now:
            raise ConflictError(f"the period {row['period']} is not over: sign it when it is")
        if not is_recorded and by.now < row["ends_at"] + _WAIT_SECONDS:
            found = f"the last hour of {row['period']} is not in the record yet"
            raise ConflictError(f"{found}: sign it in some minutes")
        figures = read_figures(engine, row["service"], row["period"], by.now, policy)
        with writing(engine) as connection:
            row = locked_draft(connection, number, revision)
            if audit.last_entry(connection) != entry:
                continue  # Somebody wrote meanwhile what may belong into the figures.
            values = {
                "figures": figures,
                "figures_digest": figures["digest"],
                "signed_by": by.name,
                "signed_at": by.now,
            }
            bump(connection, row, by, "sign", values)
            return str(figures["digest"])
    raise ConflictError("others change the record all the time: sign it again")


def remake(engine: Engine, number: int) -> Remade:
    """Make a signed review's figures again: what people changed since is taken back in thought.

    Where they differ, Prometheus or Alertmanager told something later of the time before.

    Raises:
        MissingError: if there is no such review.
        ConflictError: if it is not signed.
    """
    with engine.connect() as connection:
        row = _row(connection, number)
        if row is None:
            raise MissingError(f"there is no review {number}")
        if row["signed_at"] is None:
            raise ConflictError(f"review {number} is a draft: it has no figures yet")
        subject = audit.AUDIT.c.subject == f"review {number}"
        asked = select(audit.AUDIT.c.id).where(subject, audit.AUDIT.c.action == "sign")
        signing = int(connection.execute(asked).scalar_one())
    signed: Mapping[str, Any] = row["figures"]
    period = reviewable(row["period"], row["signed_at"])
    policy = Policy.model_validate({"levels": signed["policy"]})
    again = figures_of(engine, row["service"], period, row["signed_at"], policy, entry=signing)
    parts = sorted({*signed, *again} - {"digest"})
    differs = tuple(name for name in parts if signed.get(name) != again.get(name))
    return Remade(row["figures_digest"], again["digest"], differs)


def read_review(connection: Connection, number: int) -> dict[str, Any]:
    """Return a review's row.

    Raises:
        MissingError: if there is no such review.
    """
    row = _row(connection, number)
    if row is None:
        raise MissingError(f"there is no review {number}")
    return row


def locked_draft(connection: Connection, number: int, revision: int) -> dict[str, Any]:
    """Return the row of a draft that is to be changed in this transaction; raises as edits do."""
    return _checked(_row(connection, number), number, revision)


def bump(
    connection: Connection,
    row: Mapping[str, Any],
    by: By,
    action: str,
    values: Mapping[str, Any],
) -> int:
    """Change a draft's row, and count its revision up; return the new one."""
    after = {**row, **values, "revision": row["revision"] + 1}
    statement = update(REVIEWS).where(REVIEWS.c.id == row["id"], REVIEWS.c.signed_at.is_(None))
    changed = {name: text for name, text in after.items() if name != "id"}
    connection.execute(statement, changed)
    old, new = ({name: each[name] for name in _AUDITED} for each in (row, after))
    audit.note(connection, by, action, f"review {row['id']}", before=old, after=new)
    return int(after["revision"])


def _row(connection: Connection, number: int) -> dict[str, Any] | None:
    row = connection.execute(select(REVIEWS).where(REVIEWS.c.id == number)).mappings().first()
    return None if row is None else dict(row)


def _checked(row: dict[str, Any] | None, number: int, revision: int) -> dict[str, Any]:
    if row is None:
        raise MissingError(f"there is no review {number}")
    if row["signed_at"] is not None:
        raise ConflictError(f"review {number} is signed by {row['signed_by']}: it stays as it is")
    if row["revision"] != revision:
        raise StaleError(
            f"somebody changed review {number} meanwhile: found revision {row['revision']}, "
            f"expected {revision}; read it again"
        )
    return row
