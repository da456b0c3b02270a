"""The interface: read with tags, written with the state that was seen, signed by who may."""

import hashlib
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import Engine

from slo.review.answers import PROBLEM_TYPE
from slo.review.api_models import Actions, Comparison, Objectives, Reviews, Snapshots, WholeReview
from slo.review.app import review_application
from slo.review.people import Gate, Person, Role
from tests.slo.review.asking import asking
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600.0
API = "/api/v1"
ROLES = {role.name.lower(): role for role in Role}
GATE = Gate(
    tuple(
        (hashlib.sha256(name.encode()).digest(), Person(f"the {name}er", role))
        for name, role in ROLES.items()
    )
)


@pytest.fixture(scope="module")
def read_only(record_of_module: Engine) -> Engine:
    """A record of a week that no test writes into, in either database."""
    fill(record_of_module)
    return record_of_module


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of a week of one's own, in either database."""
    fill(record)
    return record


async def begin(client: httpx.AsyncClient) -> httpx.Response:
    """Begin the week's review."""
    body = {"service": "chat", "period": PERIOD.name, "author": "ada"}
    return await client.post(f"{API}/reviews", json=body)


async def test_a_review_goes_from_draft_to_signature(week: Engine):
    """Each step says which state it saw; all answers are as documented."""
    async with asking(week, NOW) as client:
        answer = await begin(client)
        assert 201 == answer.status_code
        own = f"{API}/reviews/{answer.json()['id']}"
        for path, body in (
            ("", {"notes": "A switch broke."}),
            ("/decisions", {"text": "We slow down."}),
            ("/actions", {"text": "Buy one", "owner": "ben", "due_on": "2026-12-01"}),
            ("/signature", {"author": "ada"}),
        ):
            seen = {"If-Match": answer.headers["etag"]}
            method = "POST" if path else "PATCH"
            answer = await client.request(method, own + path, json=body, headers=seen)
            assert answer.status_code in (200, 201), answer.text
        signed = WholeReview.model_validate((await client.get(own)).json())
        figures = (await client.get(f"{own}/figures")).json()
        remade = Comparison.model_validate((await client.get(f"{own}/remade")).json())

    assert ("ada", "A switch broke.", 5) == (signed.signed_by, signed.notes, signed.revision)
    assert signed.figures_digest == figures["digest"] == remade.digest
    assert [] == remade.differs


async def test_the_second_of_two_who_edit_is_told(week: Engine):
    """412 with the other's state, 409 once it is signed, 428 without any."""
    async with asking(week, NOW) as client:
        seen = {"If-Match": (await begin(client)).headers["etag"]}
        first = await client.patch(f"{API}/reviews/1", json={"notes": "a"}, headers=seen)
        second = await client.patch(f"{API}/reviews/1", json={"notes": "b"}, headers=seen)
        without = await client.patch(f"{API}/reviews/1", json={"notes": "c"})
        seen = {"If-Match": first.headers["etag"]}
        await client.post(f"{API}/reviews/1/signature", json={}, headers=seen)
        late = await client.patch(f"{API}/reviews/1", json={"notes": "d"}, headers=seen)
        notes = (await client.get(f"{API}/reviews/1")).json()["notes"]
        twice = await begin(client)

    assert [200, 412, 428, 409, 409] == [
        each.status_code for each in (first, second, without, late, twice)
    ]
    assert "read it again" in second.json()["detail"]
    assert "application/problem+json" == second.headers["content-type"]
    assert "a" == notes


async def test_a_weak_tag_names_no_state(week: Engine):
    """If-Match compares strongly (RFC 9110, 13.1.1)."""
    async with asking(week, NOW) as client:
        tag = (await begin(client)).headers["etag"]
        answer = await client.patch(
            f"{API}/reviews/1", json={"notes": "a"}, headers={"If-Match": f"W/{tag}"}
        )

    assert 412 == answer.status_code
    assert "expected a strong tag" in answer.json()["detail"]


async def test_a_draft_is_discarded_while_nothing_was_written_into_it(week: Engine):
    """By who saw it; the week can be begun again."""
    async with asking(week, NOW) as client:
        seen = {"If-Match": (await begin(client)).headers["etag"]}
        discarded = await client.delete(f"{API}/reviews/1", headers=seen)
        gone = await client.get(f"{API}/reviews/1")
        audit = (await client.get(f"{API}/audit")).json()["items"]
        begun = await begin(client)
        own, seen = f"{API}/reviews/{begun.json()['id']}", {"If-Match": begun.headers["etag"]}
        body = {"text": "We wait."}
        decided = await client.post(f"{own}/decisions", json=body, headers=seen)
        stale = await client.delete(own, headers=seen)
        refused = await client.delete(own, headers={"If-Match": decided.headers["etag"]})

    assert (204, b"", 404) == (discarded.status_code, discarded.content, gone.status_code)
    assert ["discard", "add"] == [each["action"] for each in audit]
    assert PERIOD.name == audit[0]["before"]["period"]
    assert (412, 409) == (stale.status_code, refused.status_code)
    assert "has decisions already" in refused.json()["detail"]


@pytest.mark.parametrize("period", ["2020-W01", "2026-W38", "2026-09-01..2026-09-20"])
async def test_a_period_before_the_record_begins_has_no_review(week: Engine, period: str):
    """Nothing is known of it; and there is a first hour to begin with."""
    async with asking(week, NOW) as client:
        answer = await client.post(f"{API}/reviews", json={"service": "chat", "period": period})
        first = {"service": "chat", "period": "2026-09-01..2026-09-21"}
        begun = await client.post(f"{API}/reviews", json=first)

    said = f"found '{period}', which was over before the record of chat begins"
    assert 422 == answer.status_code
    assert f"period: {said}; name one since 2026-09-21T00:00Z" in answer.json()["detail"]
    assert 201 == begun.status_code


async def test_what_breaks_is_told_as_a_problem(week: Engine, monkeypatch: pytest.MonkeyPatch):
    """And not in what words."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("slo.review.api_writing.read_whole_review", broken)
    app = review_application(week, "127.0.0.1", clock=lambda: NOW)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(f"{API}/reviews/1")

    assert (500, PROBLEM_TYPE) == (answer.status_code, answer.headers["content-type"])
    assert "the log of the service says what" in answer.json()["detail"]
    assert "secret" not in answer.text
    assert "Content-Security-Policy" in answer.headers


async def test_an_action_is_closed_by_who_saw_it(week: Engine):
    """It stays open for who saw an older one."""
    async with asking(week, NOW) as client:
        listed = Actions.model_validate((await client.get(f"{API}/actions?open=true")).json())
        one = listed.items[0]
        body = {"text": one.text, "owner": one.owner, "closed": True}
        own, seen = f"{API}/actions/{one.id}", {"If-Match": f'"{one.mark}"'}
        answers = [await client.patch(own, json=body, headers=seen) for _ in range(2)]

    assert [200, 412] == [each.status_code for each in answers]
    assert answers[0].json()["closed_at"] is not None


async def test_lists_come_in_parts_and_filtered(read_only: Engine):
    """All parts together are the whole, each once."""
    async with asking(read_only, NOW) as client:
        found: list[Any] = []
        following: int | None = 0
        while following is not None:
            answer = await client.get(f"{API}/snapshots?limit=100&offset={following}")
            part = Snapshots.model_validate(answer.json())
            found += [(each.at, each.cell_id) for each in part.items]
            following = part.next
        day = await client.get(f"{API}/snapshots?from=2026-09-22&to=2026-09-23&limit=1000")
        none = await client.get(f"{API}/snapshots?service=other")
        objectives = Objectives.model_validate((await client.get(f"{API}/objectives")).json())

    assert (PERIOD.hours, sorted(set(found))) == (len(found), found)
    assert (24, 0) == (len(day.json()["items"]), len(none.json()["items"]))
    assert ["availability"] == [each.slo for each in objectives.items]


async def test_who_has_it_already_gets_304(read_only: Engine):
    """And a whole answer to another tag."""
    async with asking(read_only, NOW) as client:
        first = await client.get(f"{API}/incidents")
        etag = first.headers["etag"]
        again = await client.get(f"{API}/incidents", headers={"If-None-Match": f'"x", W/{etag}'})
        other = await client.get(f"{API}/incidents", headers={"If-None-Match": '"x"'})

    assert (200, 304, b"", 200) == (
        first.status_code, again.status_code, again.content, other.status_code)  # fmt: skip


async def test_an_incident_has_its_alerts_with_evidence(read_only: Engine):
    """And what people wrote of it."""
    async with asking(read_only, NOW) as client:
        (listed,) = (await client.get(f"{API}/incidents?open=false")).json()["items"]
        whole = (await client.get(f"{API}/incidents/{listed['id']}")).json()

    assert "page" in [each["labels"]["severity"] for each in whole["alerts"]]
    assert any(each["evidence"] for each in whole["alerts"])


async def test_what_people_tell_is_listed_and_in_the_audit(week: Engine):
    """A change told twice is there once."""
    change = {"at": "2026-09-22T10:00Z", "kind": "rollout", "summary": "v2", "author": "ci"}
    window = {"starts_at": "2026-09-22T10:00Z", "ends_at": "2026-09-22T11:00Z", "reason": "rack"}
    remark = {"at": "2026-09-22T10:00Z", "text": "I saw it.", "incident": 1}
    async with asking(week, NOW) as client:
        told = [
            (await client.post(f"{API}/{path}", json=body)).status_code
            for path, body in (
                ("changes", change), ("changes", change), ("maintenance", window),
                ("annotations", remark), ("annotations", {**remark, "incident": 99}),
            )
        ]  # fmt: skip
        counts = [
            len((await client.get(f"{API}/{path}")).json()["items"])
            for path in ("changes", "annotations")
        ]
        audit = (await client.get(f"{API}/audit?actor=ci")).json()["items"]

    assert [201, 200, 201, 201, 404] == told
    assert [1, 1] == counts
    assert ["add"] == [each["action"] for each in audit]


@pytest.mark.parametrize(
    ("role", "statuses"),
    [("", (401, 401, 401)), ("read", (200, 403, 403)), ("write", (200, 201, 403)),
     ("sign", (200, 201, 201))],
)  # fmt: skip
async def test_roles_read_write_and_sign(week: Engine, role: str, statuses: tuple[int, ...]):
    """The name that a token vouches for is the author, whatever is claimed."""
    async with asking(week, NOW, GATE) as client:
        writer = {"Authorization": "Bearer write"}
        body = {"service": "chat", "period": "2026-09-21..2026-09-27"}
        other = await client.post(f"{API}/reviews", json=body, headers=writer)
        own = {"Authorization": f"Bearer {role}"} if role else {}
        read = await client.get(f"{API}/reviews", headers=own)
        body = {"service": "chat", "period": PERIOD.name, "author": "the queen"}
        wrote = await client.post(f"{API}/reviews", json=body, headers=own)
        seen = {**own, "If-Match": other.headers["etag"]}
        signed = await client.post(f"{API}/reviews/1/signature", json={"author": "x"}, headers=seen)

    assert statuses == (read.status_code, wrote.status_code, signed.status_code)
    if role == "sign":
        assert "the signer" == signed.json()["signed_by"]
    if not role:
        assert "Basic" in read.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("reviews/7", 404), ("reviews/0", 422), ("reviews/x", 422), ("incidents/99", 404),
        ("snapshots?limit=0", 422), ("snapshots?limit=9999", 422), ("snapshots?from=soon", 422),
        ("snapshots?from=2026-13-01", 422), ("objectives?slo=%00", 200), ("nothing", 404),
        ("actions/2147483648", 404), ("incidents?open=perhaps", 422),
        ("snapshots?offset=99999999999999999999", 422),
        ("audit?from=0001-01-01T00:00%2B23:00", 200),
    ],
)  # fmt: skip
async def test_what_is_none_is_answered_with_a_problem(read_only: Engine, path: str, status: int):
    """Never 5xx."""
    async with asking(read_only, NOW) as client:
        answer = await client.get(f"{API}/{path}")

    assert status == answer.status_code
    if status >= 400:
        assert "application/problem+json" == answer.headers["content-type"]
        assert {"type", "status", "detail"} == set(answer.json())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"service": 1}', b'{"service": "chat", "period": "2026-W99"}',
     b'{"service": "chat", "period": "2999-W01"}', b'{"service": "\\ud800", "period": "2026-W39"}',
     b'{"service": "chat", "period": "2026-W39", "more": 1}', b"\xff", b"[" * 5000],
)  # fmt: skip
async def test_hostile_bodies_are_refused(read_only: Engine, body: bytes):
    """With what was expected, and nothing is written."""
    async with asking(read_only, NOW) as client:
        kind = {"Content-Type": "application/json"}
        answer = await client.post(f"{API}/reviews", content=body, headers=kind)
        listed = Reviews.model_validate((await client.get(f"{API}/reviews")).json())

    assert 400 <= answer.status_code < 500, answer.text
    assert [] == listed.items


async def test_the_interface_documents_every_answer(read_only: Engine):
    """Each operation names its problems, and no page for people is among them."""
    async with asking(read_only, NOW) as client:
        document = (await client.get(f"{API}/openapi.json")).json()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(path.startswith(API) for path in document["paths"])
    assert len(operations) > 20
    assert all({"401", "403", "404", "422", "503"} <= set(each["responses"]) for each in operations)
