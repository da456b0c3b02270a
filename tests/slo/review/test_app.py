"""The service: 2xx only after commit, and a clear answer to everything else."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from exporters.problems import InputError
from slo.review.access import read_webhook_token
from slo.review.alert_store import read_facts
from slo.review.app import review_application
from slo.review.database import open_database, writing
from slo.review.webhook import LARGEST_BYTES
from tests.slo.review.messages import NOW, alert, webhook


@asynccontextmanager
async def asking(engine: Engine, token: bytes | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of the service, which runs."""
    app = review_application(engine, "127.0.0.1", token=token, clock=lambda: float(NOW))
    inner = app._application
    transport = httpx.ASGITransport(app)
    async with (
        inner.router.lifespan_context(inner),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def test_a_webhook_is_in_the_record_once_it_is_answered(record: Engine):
    """In both databases."""
    async with asking(record) as client:
        answer = await client.post("/webhook", content=webhook(alert(), alert()))
        with record.connect() as connection:
            there = read_facts(connection)

    assert (204, 1) == (answer.status_code, len(there))


async def test_a_malformed_webhook_is_refused_for_good(sqlite_record: Engine):
    """With 400 Alertmanager does not send it again."""
    async with asking(sqlite_record) as client:
        answer = await client.post("/webhook", content=b'{"version": "4"}')
        counted = (await client.get("/metrics")).text

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert "alerts: found None, expected a list" in answer.json()["detail"]
    assert 'shardwatch_review_webhooks_total{outcome="malformed"} 1.0' in counted


async def test_a_database_that_hangs_is_told_as_one_that_does_not_answer(
    sqlite_record: Engine, monkeypatch: pytest.MonkeyPatch
):
    """And one thread alone waits for it, however often it is asked; back, it is well."""
    monkeypatch.setattr("slo.review.app.ANSWERS_WITHIN_SECONDS", 0.05)
    goes_on, waiting = threading.Event(), []

    def hang(_: object) -> None:
        waiting.append(threading.get_ident())
        goes_on.wait(30)

    event.listen(sqlite_record, "begin", hang)
    async with asking(sqlite_record) as client:
        hanging = [await client.get("/healthz") for _ in range(3)]
        threads = len(waiting)
        goes_on.set()
        monkeypatch.setattr("slo.review.app.ANSWERS_WITHIN_SECONDS", 30.0)
        after = await client.get("/healthz")

    assert [503] * 3 == [each.status_code for each in hanging]
    assert "The database does not answer within 0.05 s." == hanging[0].json()["detail"]
    assert 200 == after.status_code
    assert 1 == threads


async def test_a_huge_webhook_is_refused(sqlite_record: Engine):
    """Before it is read as JSON."""
    async with asking(sqlite_record) as client:
        answer = await client.post("/webhook", content=b" " * (LARGEST_BYTES + 1))

    assert 413 == answer.status_code


async def test_a_database_that_fails_is_told_so_that_it_is_sent_again(tmp_path: Path):
    """503, and not a word of what stood in the statement."""
    engine = open_database(str(tmp_path / "without_tables.db"))
    async with asking(engine) as client:
        answer = await client.post("/webhook", content=webhook(alert()))
    engine.dispose()

    assert 503 == answer.status_code
    assert "The database did not take it: no such table: alerts." == answer.json()["detail"]


async def test_health_says_whether_the_database_answers(sqlite_record: Engine, tmp_path: Path):
    """A probe of it does not write."""
    gone = open_database(str(tmp_path / "no" / "folder.db"))
    async with asking(sqlite_record) as client:
        assert 200 == (await client.get("/healthz")).status_code
    async with asking(gone) as client:
        assert 503 == (await client.get("/healthz")).status_code
    gone.dispose()


async def test_health_says_why_the_database_does_not_let_us_try(sqlite_record: Engine):
    """Such as a right that we lack: else nobody learns why it stays as it is."""
    with sqlite_record.begin() as connection:
        refusing = "BEGIN SELECT RAISE(ABORT, 'permission denied'); END"
        made = f"CREATE TRIGGER refusing BEFORE INSERT ON change_events {refusing}"
        connection.execute(text(made))
    with pytest.raises(OperationalError), writing(sqlite_record) as connection:
        connection.execute(text("SELECT no FROM such_table"))
    async with asking(sqlite_record) as client:
        health = await client.get("/healthz")

    assert 503 == health.status_code
    assert "permission denied" in health.text


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer another-letters!"}, 401),
        ({"Authorization": "Basic sixteen-letters!"}, 401),
        ({"Authorization": "Bearer sixteen-letters!"}, 204),
    ],
)
async def test_a_token_is_asked_for_where_there_is_one(
    sqlite_record: Engine, header: dict[str, str], status: int
):
    """Nobody else writes into the record."""
    async with asking(sqlite_record, b"sixteen-letters!") as client:
        answer = await client.post("/webhook", content=webhook(alert()), headers=header)

    assert status == answer.status_code


def test_others_can_reach_it_only_with_a_token(tmp_path: Path):
    """It refuses to start."""
    with pytest.raises(InputError, match="and no token that webhooks must have"):
        read_webhook_token("0.0.0.0", None)  # noqa: S104 - it is refused

    short = tmp_path / "token"
    short.write_text("short\n")
    with pytest.raises(InputError, match="found 5 characters, expected 16 at least"):
        read_webhook_token("0.0.0.0", short)  # noqa: S104 - likewise
    assert read_webhook_token("127.0.0.1", None) is None
