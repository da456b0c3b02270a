"""The record's tables in both databases: made, undone, of our version or told not to be."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from exporters.problems import InputError
from slo.review.database import (
    check_version,
    downgrade,
    open_database,
    try_writing,
    upgrade,
    writing,
)
from slo.review.models import Action, Base, Cell, ChangeEvent, Snapshot


@contextlib.contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a database, and let go of it."""
    engine = open_database(url)
    yield engine
    engine.dispose()


def tables(engine: Engine) -> set[str]:
    """Return the names of all tables."""
    return set(inspect(engine).get_table_names())


def test_the_steps_make_just_the_tables_that_the_code_knows(record: Engine):
    """Whoever changes a table writes a step."""
    with record.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert [] == found


def test_steps_go_down_with_data_and_up_again(record: Engine):
    """Down they take the tables, and leave nothing in the way."""
    with Session(record) as session, session.begin():
        session.add(Action(service="chat", opened_at=1, owner="ada", text="Say who."))

    downgrade(record)
    assert {"alembic_version"} == tables(record)

    upgrade(record)
    assert {"alembic_version", *Base.metadata.tables} == tables(record)


def test_an_upgrade_of_what_is_up_to_date_keeps_everything(record: Engine):
    """It is run at each start."""
    with Session(record) as session, session.begin():
        session.add(Action(service="chat", opened_at=1, owner="ada", text="Say who."))

    upgrade(record)

    with Session(record) as session:
        assert ["ada"] == session.scalars(select(Action.owner)).all()


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308])
def test_numbers_keep_their_last_digit(record: Engine, value: float):
    """A snapshot and Prometheus agree."""
    with Session(record) as session, session.begin():
        session.add(Cell(id="c", slo="s", service="chat", labels={"région": "eu"}))
        session.flush()
        session.add(Snapshot(cell_id="c", at=3600, events_bad=value))

    with Session(record) as session:
        found = session.scalars(select(Snapshot.events_bad)).one()
    assert repr(value) == repr(found)


def room_bytes(engine: Engine) -> int:
    """Return how much change events have taken: of SQLite's log, or of PostgreSQL's files."""
    if engine.dialect.name == "sqlite":
        return Path(f"{engine.url.database}-wal").stat().st_size
    with engine.connect() as connection:
        asked = text("SELECT pg_total_relation_size('change_events')")
        return int(connection.execute(asked).scalar_one())


def test_a_trial_takes_room_for_a_large_alert_and_leaves_nothing(record: Engine):
    """Else it would be taken where no alert is; a compressed one takes a kilobyte."""
    with record.connect():  # SQLite's log is there while somebody is connected
        before = room_bytes(record)
        try_writing(record)
        taken = room_bytes(record) - before

    assert taken >= 60_000
    with Session(record) as session:
        assert [] == session.scalars(select(ChangeEvent.id)).all()


def test_a_trial_needs_no_right_to_make_tables(record: Engine):
    """Who may write rows alone is answered for all the same."""
    if record.dialect.name == "sqlite":
        pytest.skip("it knows no rights")
    role = f"writer_of_{record.url.database}"
    with record.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        rights = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
        connection.execute(text(f"GRANT {rights} TO {role}"))
    with opened(record.url.set(username=role).render_as_string(hide_password=False)) as engine:
        with pytest.raises(ProgrammingError), writing(engine) as connection:
            connection.execute(text("CREATE TABLE own (id INTEGER)"))
        try_writing(engine)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    """A mistyped name is told as such: to migrate it would only hide the mistake."""
    file = tmp_path / "reveiws.db"
    with opened(f"sqlite:///{file}") as engine, pytest.raises(InputError) as told:
        check_version(engine)

    assert "there is no such file" in str(told.value.problems[0])
    assert not file.exists()


def test_a_database_without_tables_is_told(empty_url: str):
    """And what to do."""
    with opened(empty_url) as engine:
        engine.connect().close()
        with pytest.raises(InputError) as told:
            check_version(engine)

    assert "is of version none, expected 0008" in str(told.value.problems[0])
    assert "run `shardwatch review migrate`" == told.value.problems[0].fix


def test_a_database_of_a_newer_shardwatch_is_left_alone(record: Engine):
    """An older one would not know what it writes over."""
    with writing(record) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for use in (upgrade, check_version):
        with pytest.raises(InputError) as told:
            use(record)
        assert (
            "use a shardwatch that is as new as the one that wrote it" in told.value.problems[0].fix
        )
    assert {"alembic_version", *Base.metadata.tables} == tables(record)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/reviews", "found a database of 'mysql', expected sqlite or postgresql"),
        ("://", "expected the address of a database"),
        ("sqlite:////no/such/folder/reviews.db", "unable to open database file"),
        ("postgresql://nobody@/reviews?host=/no/such/folder", "connection"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(url: str, said: str):
    """In a sentence, not a traceback."""
    with pytest.raises(InputError) as told, opened(url) as engine:
        upgrade(engine)

    assert said in str(told.value.problems[0])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:secret@/reviews?host=/no/such/folder",
        "postgresql:///reviews?user=ada&password=secret&host=/no/such/folder",
        "postgresql://ada:secret@127.0.0.1:54x32/reviews",
        "postgresql:/ada:secret@127.0.0.1/reviews",
        "postgresql//ada:sec@ret:secret@127.0.0.1/reviews",
        "postgresq://ada:secret@127.0.0.1/reviews",
    ],
)
def test_a_password_is_never_shown(url: str):
    """Problems land in logs; a mistyped address is shown without it, too."""
    with pytest.raises(InputError) as told, opened(url) as engine:
        upgrade(engine)

    assert "secret" not in str(told.value.problems[0])


def test_a_commit_in_sqlite_waits_for_the_disk(sqlite_record: Engine):
    """A power cut takes nothing that was answered for."""
    with sqlite_record.connect() as connection:
        synchronous = connection.execute(text("PRAGMA synchronous")).scalar()
        journal = connection.execute(text("PRAGMA journal_mode")).scalar()

    assert (2, "wal") == (synchronous, journal)
