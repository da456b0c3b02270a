"""Who took an incident: said on its page, by the interface, or by PagerDuty's signed webhooks."""

import json
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, select

from alerts.pagerduty import acknowledged_event
from slo.review.acknowledging import (
    ACKNOWLEDGEMENTS,
    LATE_SECONDS,
    SOUGHT_SECONDS,
    find_incidents,
)
from slo.review.alert_store import write_facts
from slo.review.audit import By
from slo.review.browsing import read_incident
from slo.review.database import writing
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import INCIDENTS, sync_incidents
from slo.review.pagerduty import sign
from slo.review.reporting import read_figures
from slo.review.reviews import create_review, remake
from slo.review.reviews import sign as sign_review
from tests.slo.review.asking import asking
from tests.slo.review.histories import HIT, PERIOD
from tests.slo.review.test_api import GATE
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600
PAGED = HIT + 120
SECRET = b"a secret of PagerDuty's"
TITLE = "availability burns in eu"
ADA = By("ada", NOW)


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of the week in which `eu` was hit, in either database."""
    fill(record)
    return record


def page(summary: str = TITLE, starts: int = PAGED, ends: int | None = None, **labels: str) -> Any:
    """Return a page as Alertmanager told it."""
    own = {"alertname": "ErrorBudgetBurn", "severity": "page", "region": "eu", **labels}
    ends_ms = None if ends is None else ends * 1000
    return AlertFact(ALERTMANAGER, own, starts * 1000, ends_ms, (("summary", summary),))


def event(at: float = PAGED + 90, by: str = "Ada", title: str = TITLE, **changed: Any) -> bytes:
    """Return PagerDuty's event."""
    content = acknowledged_event(title, "key", by, at)
    content["event"] |= changed
    return json.dumps(content).encode()


async def send(client: httpx.AsyncClient, body: bytes, signature: str | None = None) -> int:
    """Send it as PagerDuty does; return the status."""
    signed = sign(body, SECRET) if signature is None else signature
    headers = {"X-PagerDuty-Signature": signed}
    return (await client.post("/pagerduty", content=body, headers=headers)).status_code


def rows(record: Engine) -> list[tuple[str, int, int | None]]:
    """Return who acknowledged when, and of which incident."""
    columns = [ACKNOWLEDGEMENTS.c[name] for name in ("author", "at", "incident_id")]
    with record.connect() as connection:
        asked = select(*columns).order_by(ACKNOWLEDGEMENTS.c.at, ACKNOWLEDGEMENTS.c.author)
        return [tuple(row) for row in connection.execute(asked)]


def acknowledge_seconds(record: Engine, now: float = NOW) -> float | None:
    """Return what the week's review says."""
    found: float | None = read_figures(record, "chat", PERIOD.name, now)["alerts"][
        "acknowledge_seconds"
    ]
    return found


async def test_pagerduty_tells_who_took_an_incident(week: Engine):
    """Sent again it changes nothing; of two the first counts, in whatever order they come."""
    write_facts(week, [page(ends=HIT + 1320)], NOW)
    sync_incidents(week, 0)
    before = acknowledge_seconds(week)
    async with asking(week, NOW, pagerduty_secret=SECRET) as client:
        statuses = [
            await send(client, each)
            for each in (event(PAGED + 300, "Ben"), event(), event(), event(PAGED + 300, "Ben"))
        ]

    assert [204] * 4 == statuses
    assert [("Ada", PAGED + 90, 1), ("Ben", PAGED + 300, 1)] == rows(week)
    assert (None, 90.0) == (before, acknowledge_seconds(week))
    assert acknowledge_seconds(week, PAGED + 60) is None


async def test_what_pagerduty_did_not_sign_is_refused(week: Engine):
    """And without a secret nothing is taken; of two signatures one is enough."""
    body = event()
    good, other = sign(body, SECRET), sign(body, b"another secret")
    async with asking(week, NOW, pagerduty_secret=SECRET) as client:
        refused = [
            await send(client, body, each)
            for each in ("", other, good[:-1], good.replace("v1", "v0"), good.upper())
        ]
        changed = await send(client, body + b" ", good)
        unknown = rows(week)
        both = await send(client, body, f"{other}, {good}")
        metrics = (await client.get("/metrics")).text
    async with asking(week, NOW) as client:
        closed = await send(client, body)

    assert [401] * 5 == refused
    assert (401, [], 204, 401) == (changed, unknown, both, closed)
    assert 'shardwatch_review_pagerduty_events_total{outcome="denied"} 6.0' in metrics
    assert 'shardwatch_review_pagerduty_events_total{outcome="committed"} 1.0' in metrics


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"event": {}}', 400),
        (b'{"event": {"event_type": "pagey.ping"}}', 204),
        (event(id=""), 400),
        (event(occurred_at="yesterday"), 400),
        (event(occurred_at="2026-09-21T10:00:00"), 400),
        (event(data=None), 400),
        (event(event_type="incident.resolved"), 204),
        (b"[" * 100_000, 400),
    ],
)  # fmt: skip
async def test_what_tells_of_no_acknowledgement_is_left(
    sqlite_record: Engine, body: bytes, status: int
):
    """Other events are answered as taken: PagerDuty would send them again."""
    async with asking(sqlite_record, NOW, pagerduty_secret=SECRET) as client:
        assert status == await send(client, body)
    assert [] == rows(sqlite_record)


async def test_an_acknowledgement_that_comes_before_its_alert_finds_it_later(week: Engine):
    """As long as it may still come; nobody's name is PagerDuty's."""
    with writing(week) as connection:
        connection.execute(INCIDENTS.update().values(started_at_ms=0, ended_at_ms=1))
    at = PERIOD.end - 600
    async with asking(week, NOW, pagerduty_secret=SECRET) as client:
        assert 204 == await send(client, event(at, agent=None))
    early = find_incidents(week, at), rows(week)
    write_facts(week, [page(starts=at - 30)], at)
    sync_incidents(week, 0)

    assert (0, [("PagerDuty", at, None)]) == early
    assert 0 == find_incidents(week, at + SOUGHT_SECONDS)
    assert 1 == find_incidents(week, at + 60)
    assert [("PagerDuty", at, 2)] == rows(week)
    assert 0 == find_incidents(week, at + 60)


@pytest.mark.parametrize(
    ("title", "at", "number"),
    [
        ("availability burns in us", PAGED + 400, 2),
        ("availability burns in e\u2026", PAGED + 400, 1),
        ("another's", PAGED + 30, 1),
        ("another's", PAGED + 400, None),
        (TITLE, PAGED + 300 + 2 * LATE_SECONDS, None),
    ],
)
async def test_an_incident_is_found_by_its_title_or_alone(
    sqlite_record: Engine, title: str, at: int, number: int | None
):
    """Of two at one time none is guessed, nor is one that is long over."""
    record = sqlite_record
    far = PAGED + 650
    pages = [
        page(ends=PAGED + 300),
        page("availability burns in us", far, far + 1, region="us"),
    ]
    write_facts(record, pages, NOW)
    sync_incidents(record, 0)
    async with asking(record, NOW, pagerduty_secret=SECRET) as client:
        assert 204 == await send(client, event(at, title=title))

    assert [("Ada", at, number)] == rows(record)


async def test_somebody_says_that_they_take_it(week: Engine):
    """By the interface and on the page; said again it is there once, and in the audit once."""
    path = "/api/v1/incidents/1/acknowledge"
    async with asking(week, NOW) as client:
        open_ = (await client.get("/incidents/1")).text
        first, again = [await client.post(path, json={"author": "ada"}) for _ in range(2)]
        form = await client.post("/incidents/1/acknowledge", data={"author": "ben"})
        taken = (await client.get("/incidents/1")).text
        missing = await client.post("/api/v1/incidents/9/acknowledge", json={})
        audit = (await client.get("/api/v1/audit?actor=ada")).json()["items"]

    assert [201, 200, 404] == [each.status_code for each in (first, again, missing)]
    assert first.json() == again.json()
    assert (303, "/incidents/1") == (form.status_code, form.headers["location"])
    assert "I take it" in open_
    assert "Taken by ada at" in taken
    assert "I take it" not in taken
    assert ["add"] == [each["action"] for each in audit]
    with week.connect() as connection:
        told = read_incident(connection, 1)["acknowledgements"]
    assert ["ada", "ben"] == sorted(each["author"] for each in told)


async def test_who_only_reads_takes_nothing(sqlite_record: Engine):
    """It takes the role to write."""
    fill(sqlite_record)
    path, found = "/api/v1/incidents/1/acknowledge", []
    async with asking(sqlite_record, NOW, GATE) as client:
        for token in ("read", "write"):
            headers = {"Authorization": f"Bearer {token}"}
            found.append((await client.post(path, json={}, headers=headers)).status_code)

    assert [403, 201] == found


async def test_a_signed_review_is_made_again_without_what_was_told_later(week: Engine):
    """An incident that became part of another's story brings who took it along."""
    number = create_review(week, "chat", PERIOD, ADA)
    sign_review(week, number, 1, ADA)
    write_facts(week, [page(starts=PAGED + 10, ends=HIT + 1320)], NOW)
    async with asking(week, NOW, pagerduty_secret=SECRET) as client:
        await send(client, event(title="whatever it is"))
    with writing(week) as connection:
        connection.execute(INCIDENTS.insert(), {
            "started_at_ms": HIT * 1000, "severity": "page", "cause": "", "labels": {},
            "merged_into": 1,
        })  # fmt: skip
        connection.execute(ACKNOWLEDGEMENTS.update().values(incident_id=2))
    again = remake(week, number)

    assert again.signed_digest == again.digest
    assert 90.0 == acknowledge_seconds(week)
