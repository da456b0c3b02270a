"""The record's database: SQLite that outlasts a power cut, or PostgreSQL; its version is ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
)  # fmt: skip

from exporters.problems import InputError, problem

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 30
"""For so long a writer of SQLite waits for another."""
NEWER = "use a shardwatch that is as new as the one that wrote it"
_PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON",
    "cache_size=-65536",  # of KiB: a quarter of days is sorted in memory
)  # fmt: skip
_FAILURES: WeakKeyDictionary[Engine, DBAPIError] = WeakKeyDictionary()
"""Of the last transaction that wrote, where the database failed: a full disk lets us read."""
_WRITES = {"writes": True}
_FILLER_BYTES = 65536
"""Chosen: as much as a large alert."""
_TRIAL = (
    "INSERT INTO change_events (id, at, kind, summary, labels)"
    " VALUES ('trial', 0, 'trial', :filler, '{}')"
)  # gone before the commit; no trigger is told of it
_LOCK = 0x5EC0  # of PostgreSQL's advisory locks, ours
_BACKENDS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def open_database(url: str) -> Engine:
    """Return the engine of a database by its address; nothing is asked of it yet.

    Args:
        url: ``sqlite:///reviews.db``, ``postgresql://user@host/name``, or the path of a file.

    Raises:
        InputError: if it is no address, of another kind of database, or its driver is not there.
    """
    fix = "give sqlite:///FILE or postgresql://USER@HOST/NAME"
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
        backend = parsed.drivername.partition("+")[0]
        if backend not in _BACKENDS:
            found = f"found a database of {backend!r}, expected sqlite or postgresql"
            raise InputError([problem("--database", found, fix=fix)])
        parsed = parsed.set(drivername=_BACKENDS[backend])
        options: dict[str, Any] = (
            {"connect_args": {"timeout": BUSY_SECONDS}}
            if backend == "sqlite"
            else {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True}
        )
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ValueError):
        found = f"found {_without_password(url)!r}, expected the address of a database"
        raise InputError([problem("--database", found, fix=fix)]) from None
    except ModuleNotFoundError:
        fix = "install shardwatch[postgres]"
        raise InputError([problem("--database", "psycopg is not installed", fix=fix)]) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def shown(engine: Engine) -> str:
    """Return a database's address as it may be told: without a password."""
    url = engine.url
    if "password" in url.query:
        url = url.update_query_dict({"password": "***"})
    text = url.render_as_string()
    # An address that was mistyped is taken as a file.
    return _without_password(unquote(text)) if engine.dialect.name == "sqlite" else text


def _without_password(text: str) -> str:
    """Return an address without what stands before its host, and without its query."""
    before, at, host = text.partition("?")[0].rpartition("@")
    return f"...@{host}" if at and ":" in before else text.partition("?")[0]


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that is alone in writing; committed to disk at the end, or not at all.

    If the database fails, :func:`last_failure` tells so until a later one is committed.
    """
    try:
        with _alone(engine) as connection:
            yield connection
    except (OperationalError, InternalError) as error:
        _FAILURES[engine] = error
        raise
    _FAILURES.pop(engine, None)


def last_failure(engine: Engine) -> DBAPIError | None:
    """Return why the last transaction that wrote was not committed; None if it was."""
    return _FAILURES.get(engine)


def try_writing(engine: Engine) -> None:
    """Write what leaves nothing behind, to see whether the database takes changes again.

    :func:`last_failure` tells. A row of 64 KiB comes into a table of ours and goes, in one
    transaction that is committed. That proves room in the table's files and in the log that is
    flushed, for as much: what is rolled back need not get to the disk, nor what compresses well.
    PostgreSQL asks for no right to make tables, only for those to insert and delete.

    Raises:
        DBAPIError: if the database fails, or does not let us.
    """
    filler = os.urandom(_FILLER_BYTES // 2).hex()
    with writing(engine) as connection:
        connection.execute(text(_TRIAL), {"filler": filler})
        connection.execute(text("DELETE FROM change_events WHERE id = 'trial'"))


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(**_WRITES) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        yield connection


def upgrade(engine: Engine) -> None:
    """Bring a database to the version of this code; an empty one gets its tables.

    Raises:
        InputError: if it does not answer, or is of a newer shardwatch.
    """
    _migrate(engine, "head")


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Bring a database back to an older version; what that has no place for is gone."""
    with writing(engine) as connection:
        command.downgrade(_config(connection), revision)


def check_version(engine: Engine) -> None:
    """Make sure that a database is of this code's version.

    Raises:
        InputError: if it is not, does not answer, or is a file that is not there: only who serves
            or migrates makes one.
    """
    address, file = shown(engine), engine.url.database
    is_file = engine.dialect.name == "sqlite" and file and "uri" not in engine.url.query
    if is_file and not Path(str(file)).exists():
        fix = "name by --database the one that `shardwatch review serve` keeps"
        raise InputError([problem(address, "there is no such file", fix=fix)])
    known = ScriptDirectory(str(MIGRATIONS))
    newest = known.get_current_head()
    with _answering(engine), engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != newest:
        said = f"is of version {found or 'none'}, expected {newest}"
        is_older = found in {None, *(each.revision for each in known.walk_revisions())}
        fix = "run `shardwatch review migrate`" if is_older else NEWER
        raise InputError([problem(address, said, fix=fix)])


def _migrate(engine: Engine, revision: str) -> None:
    address = shown(engine)
    try:
        with _answering(engine), writing(engine) as connection:
            command.upgrade(_config(connection), revision)
    except CommandError as error:
        raise InputError([problem(address, f"cannot be used: {error}", fix=NEWER)]) from None


@contextmanager
def _answering(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).strip().partition("\n")[0]
        fix = "see that the database runs, and that we may write there"
        raise InputError([problem(shown(engine), said, fix=fix)]) from None


def _config(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    # Its values are templates: a folder may have a percent sign in its name.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """Make commits outlast the machine; transactions are begun by us, not by the driver."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the lock at once where we write: a reader that turns writer may be refused."""
    kind = "IMMEDIATE" if connection.get_execution_options().get("writes") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
