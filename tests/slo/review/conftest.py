"""Databases to keep a record in: SQLite, and a real PostgreSQL that belongs to the test run."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from demo.setup.programs import find_program
from slo.review.database import open_database, upgrade
from slo.review.testing import running_postgresql

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Give the address of a PostgreSQL's database `postgres`."""
    with running_postgresql(find_program("initdb"), find_program("postgres")) as url:
        yield url


def database_url(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'reviews.db'}"
    server = request.getfixturevalue("postgresql")
    name = f"record_{next(NUMBERS)}"
    engine = open_database(server).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    return database_url(request.param, tmp_path, request)


@pytest.fixture
def record(empty_url: str) -> Iterator[Engine]:
    """A database of either kind with the record's tables."""
    engine = open_database(empty_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_record(tmp_path: Path) -> Iterator[Engine]:
    """A record in a file."""
    engine = open_database(str(tmp_path / "reviews.db"))
    upgrade(engine)
    yield engine
    engine.dispose()
