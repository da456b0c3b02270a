"""A database that is full or down, and senders that nobody heard of: nothing is lost."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, text

from slo.review.alert_store import ALERTS
from slo.review.audit import AUDIT
from slo.review.browsing import Asked, list_incidents
from slo.review.database import open_database, upgrade
from slo.review.incident_store import sync_incidents
from slo.review.telling import ANNOTATIONS
from tests.slo.review.asking import asking
from tests.slo.review.messages import NOW, alert, webhook

API = "/api/v1"
LARGE = {"annotations": {f"a{number}": "x" * 8000 for number in range(50)}}
REMARK = {"at": "2026-09-21T12:00Z", "text": "It is full. " * 300, "author": "ada"}


def count(record: Engine, table: object = ALERTS) -> int:
    """Return how many rows a table has."""
    with record.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


async def test_a_database_that_is_full_takes_all_again_once_there_is_room(tmp_path: Path):
    """What was answered for is there; what was not is answered 503, to come again."""
    record = open_database(str(tmp_path / "reviews.db"))
    upgrade(record)
    with record.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    record.dispose()
    most = pages + 110
    event.listen(record, "connect", lambda own, _: own.execute(f"PRAGMA max_page_count={most}"))
    messages = [webhook(alert(labels={"alertname": f"A{number}"}, **LARGE)) for number in range(4)]
    async with asking(record, NOW) as client:
        first = [(await client.post("/webhook", content=each)) for each in messages]
        remarks = [await client.post(f"{API}/annotations", json=REMARK) for _ in range(20)]
        written, noted = count(record, ANNOTATIONS), count(record, AUDIT)
        read = await client.get(f"{API}/incidents")
        there, health = count(record), await client.get("/healthz")
        most += 1000
        record.dispose()
        relieved = await client.get("/healthz")
        again = [(await client.post("/webhook", content=each)).status_code for each in messages]
        later = await client.post(f"{API}/annotations", json=REMARK)
        well = await client.get("/healthz")

    statuses = [each.status_code for each in first]
    assert [204, 503, 503, 503] == statuses
    assert statuses.count(204) == there
    assert "The database did not take it: database or disk is full." == first[-1].json()["detail"]
    assert (503, 200) == (remarks[-1].status_code, read.status_code)
    assert "The database did not answer: database or disk is full." == remarks[-1].json()["detail"]
    assert [each.status_code for each in remarks].count(201) == written == noted
    assert (503, 200, 200) == (health.status_code, relieved.status_code, well.status_code)
    assert "did not take the last change: database or disk is full." in health.text
    assert ([204] * 4, 201, 4) == (again, later.status_code, count(record))
    record.dispose()


async def test_a_database_that_goes_down_and_comes_back_loses_nothing(
    empty_url: str, request: pytest.FixtureRequest
):
    """The service goes on: each asks again, and needs nobody to start it anew."""
    record = open_database(empty_url)
    upgrade(record)
    if record.dialect.name == "sqlite":
        pytest.skip("it is a file: of one that is full see above")
    server = open_database(request.getfixturevalue("postgresql"))
    server = server.execution_options(isolation_level="AUTOCOMMIT")
    name = record.url.database

    def allow(*, is_up: bool) -> None:
        with server.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {is_up}"))
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(ended), {"name": name})

    bodies = [webhook(alert(labels={"alertname": f"A{number}"})) for number in range(2)]
    async with asking(record, NOW) as client:
        before = await client.post("/webhook", content=bodies[0])
        allow(is_up=False)
        down = [await client.post("/webhook", content=bodies[1]), await client.get("/healthz"),
                await client.get(f"{API}/reviews"),
                await client.get("/", headers={"Accept": "text/html"})]  # fmt: skip
        allow(is_up=True)
        after = [await client.post("/webhook", content=each) for each in bodies]
        health = await client.get("/healthz")

    assert (204, [503] * 4) == (before.status_code, [each.status_code for each in down])
    assert all("atabase did not" in each.text or "does not answer" in each.text for each in down)
    assert [204, 204, 200] == [each.status_code for each in (*after, health)]
    assert 2 == count(record)
    record.dispose()
    server.dispose()


async def test_an_alert_that_nobody_knew_is_in_the_record(record: Engine):
    """Resolved before it was told to fire, of an objective and a fingerprint that none has."""
    unknown = alert(
        status="resolved",
        endsAt="2026-09-21T13:10:00Z",
        fingerprint="ffffffffffffffff",
        labels={"alertname": "Burn", "severity": "page", "slo": "nobody's", "service": "no one's"},
    )
    async with asking(record, NOW) as client:
        statuses = [
            (await client.post("/webhook", content=webhook(each))).status_code
            for each in (unknown, unknown | {"fingerprint": "0" * 16}, unknown | {"fingerprint": 7})
        ]
        sync_incidents(record, 0)
        pages = [await client.get("/"), await client.get("/incidents/1")]

    assert ([204] * 3, 1) == (statuses, count(record))
    with record.connect() as connection:
        assert 1 == len(list_incidents(connection, Asked()).items)
    assert [200, 200] == [each.status_code for each in pages]
    assert "Burn" in pages[1].text


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", {}, b"", 405),
        ("POST", {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\x00", 400),
        ("POST", {"Content-Type": "text/plain; charset=utf-7"}, b"+AHs-", 400),
        ("POST", {}, b'{"version": "4", "alerts": [{"labels": {"alertname": "\\ud800"}}]}', 400),
        ("POST", {}, b'{"version": "4", "alerts": NaN}', 400),
        ("POST", {}, b"\xff\xfe[\x00]\x00", 400),
        (
            "POST",
            {},
            b'{"version": "4", "truncatedAlerts": ' + b"9" * 5000 + b', "alerts": []}',
            400,
        ),
        ("POST", {"Host": "evil.example"}, webhook(alert()), 421),
        ("POST", {"Origin": "http://evil.example"}, webhook(alert()), 403),
    ],
)
async def test_what_is_no_webhook_is_answered_with_a_problem(
    sqlite_record: Engine, method: str, headers: dict[str, str], body: bytes, status: int
):
    """And writes nothing."""
    async with asking(sqlite_record, NOW) as client:
        answer = await client.request(method, "/webhook", headers=headers, content=body)

    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    assert 0 == count(sqlite_record)


async def test_a_message_of_thousands_of_alerts_is_taken_as_a_whole(record: Engine):
    """As after a region was lost: all of them, or the sender is told."""
    told = [alert(labels={"alertname": "A", "group": f"g{number}"}) for number in range(2000)]
    async with asking(record, NOW) as client:
        answer = await client.post("/webhook", content=webhook(*told))

    assert (204, 2000) == (answer.status_code, count(record))
