"""Facts of alerts written into the record: one transaction for many, each fact once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from slo.review.database import writing
from slo.review.facts import AlertFact, digest, merge
from slo.review.models import Alert, Base, Evidence

ALERTS: Table = Base.metadata.tables[Alert.__tablename__]
EVIDENCE: Table = Base.metadata.tables[Evidence.__tablename__]


def write_facts(engine: Engine, facts: Iterable[AlertFact], now: int) -> None:
    """Commit facts; what is known already is not written again.

    Args:
        engine: of the record.
        facts: in any order, also of the same alert.
        now: UNIX seconds, at which they were received.

    Raises:
        sqlalchemy.exc.DBAPIError: if nothing was committed.
    """
    told = list(facts)
    if told:
        with writing(engine) as connection:
            add_facts(connection, told, now)


def add_facts(connection: Connection, facts: Sequence[AlertFact], now: int) -> None:
    """Add facts within a transaction of the caller's."""
    # Sorted, for two who write the same rows in the same order do not wait for each other.
    alerts = sorted(merge(facts).items())
    rows = [
        {
            "id": key,
            "identity": fact.identity,
            "witness": fact.witness,
            "starts_at_ms": fact.starts_at_ms,
            "ends_at_ms": fact.ends_at_ms,
            "labels": dict(fact.labels),
            "received_at": now,
        }
        for key, fact in alerts
    ]
    told = {(fact.key, digest(fact.evidence)): fact.evidence for fact in facts if fact.evidence}
    connection.execute(_add_alert(connection), rows)
    if told:
        evidence = [
            {"alert_id": key, "id": id_, "annotations": dict(text), "received_at": now}
            for (key, id_), text in sorted(told.items())
        ]
        connection.execute(insert(connection, EVIDENCE).on_conflict_do_nothing(), evidence)


def insert(connection: Connection, table: Table) -> Any:
    """Return the statement of a database that can say what happens to a row that is there."""
    dialects = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return dialects[connection.dialect.name](table)


def read_facts(
    connection: Connection, since_ms: int = 0, *, of_incidents: Select[Any] | None = None
) -> list[AlertFact]:
    """Return what is known of alerts that began then or later, without evidence, in their order.

    Args:
        connection: to the record.
        since_ms: UNIX milliseconds.
        of_incidents: whose alerts are wanted whenever they began: it asks for numbers.
    """
    wanted = ALERTS.c.starts_at_ms >= since_ms
    if of_incidents is not None:
        wanted |= ALERTS.c.incident_id.in_(of_incidents)
    order = ALERTS.c.starts_at_ms, ALERTS.c.id
    rows = connection.execute(select(ALERTS).where(wanted).order_by(*order))
    return [AlertFact(row.witness, row.labels, row.starts_at_ms, row.ends_at_ms) for row in rows]


def state_of_facts(engine: Engine) -> tuple[int | None, ...]:
    """Return numbers that are others once an alert or its evidence was told, or an end moved."""
    ends = ALERTS.c.ends_at_ms
    asked = select(func.count(), func.count(ends), func.sum(ends), func.max(ALERTS.c.received_at))
    with engine.connect() as connection:
        alerts = connection.execute(asked.select_from(ALERTS)).one()
        evidence = connection.execute(select(func.count()).select_from(EVIDENCE)).one()
    return tuple(None if each is None else int(each) for each in (*alerts, *evidence))


def _add_alert(connection: Connection) -> Any:
    statement = insert(connection, ALERTS)
    known, told = ALERTS.c.ends_at_ms, statement.excluded.ends_at_ms
    return statement.on_conflict_do_update(
        index_elements=[ALERTS.c.id],
        set_={"ends_at_ms": told},
        where=told.is_not(None) & (known.is_(None) | (told > known)),  # facts.later_end
    )
