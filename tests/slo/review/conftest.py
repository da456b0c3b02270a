"""Databases to keep a record in: SQLite, and a real PostgreSQL that belongs to the test run."""

import itertools
import shutil
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
    return create_database(request.getfixturevalue("postgresql"), "template1")


def create_database(server: str, template: str) -> str:
    """Return the address of a new database of a PostgreSQL, a copy of another."""
    name = f"record_{next(NUMBERS)}"
    engine = open_database(server).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the record's tables, to be copied: to make them takes as long as most tests."""
    file = tmp_path_factory.mktemp("tables") / "reviews.db"
    make_tables(str(file))
    return file


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: str) -> str:
    """The name of a database with them."""
    url = create_database(postgresql, "template1")
    make_tables(url)
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def record_of_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A record that a module's tests share, in either database: nothing is in it yet."""
    engine = open_database(database_url(request.param, tmp_path_factory.mktemp("record"), request))
    upgrade(engine)
    yield engine
    engine.dispose()


def make_tables(url: str) -> None:
    """Make the record's tables, and let go of the database."""
    engine = open_database(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    return database_url(request.param, tmp_path, request)


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of either kind with the record's tables."""
    if request.param == "sqlite":
        url = str(shutil.copy(request.getfixturevalue("sqlite_tables"), tmp_path / "reviews.db"))
    else:
        server = request.getfixturevalue("postgresql")
        url = create_database(server, request.getfixturevalue("postgresql_tables"))
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_record(sqlite_tables: Path, tmp_path: Path) -> Iterator[Engine]:
    """A record in a file."""
    engine = open_database(str(shutil.copy(sqlite_tables, tmp_path / "reviews.db")))
    yield engine
    engine.dispose()
