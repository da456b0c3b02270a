"""The stand-in answers as PagerDuty does and keeps what it got."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiohttp import web

from alerts.pagerduty import EVENT_BYTES
from alerts.runbooks import runbook_names
from alerts.testing import Inbox, Subscriber, application
from slo.review.pagerduty import is_signed, read_event

KEY = "0123456789abcdef0123456789abcdef"


def trigger(summary: str = "it burns", dedup_key: str = "k") -> dict[str, Any]:
    """Return a trigger event."""
    return {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "payload": {"summary": summary, "source": "demo", "severity": "critical"},
    }


def resolve(dedup_key: str = "k") -> dict[str, Any]:
    """Return a resolve event."""
    return {"routing_key": KEY, "event_action": "resolve", "dedup_key": dedup_key}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a stand-in whose clock counts the readings from 1000."""
    ticks = iter(range(1000, 2000))
    inbox = Inbox([KEY], clock=lambda: float(next(ticks)))
    transport = httpx2.ASGITransport(app=application(inbox))
    async with httpx2.AsyncClient(transport=transport, base_url="http://stand-in") as client:
        yield client


async def test_a_good_event_is_taken_and_kept_with_its_time(client):
    """202 with the dedup key, and the event as it came."""
    answer = await client.post("/v2/enqueue", json=trigger())

    assert 202 == answer.status_code
    expected = {"status": "success", "message": "Event processed", "dedup_key": "k"}
    assert expected == answer.json()
    kept = (await client.get("/events")).json()
    assert {"events": [{"received_at": 1000.0, "event": trigger()}], "refused": []} == kept


async def test_an_acknowledgement_is_told_as_pagerduty_tells_it():
    """Signed, and of an open incident alone; the event is kept beside the others."""
    told: list[tuple[dict[str, Any], bytes]] = []

    class Kept(Subscriber):
        async def tell(self, event: dict[str, Any]) -> int:
            told.append((event, self.secret))
            return 204

    inbox = Inbox([KEY], clock=lambda: 1_790_000_000.5)
    app = application(inbox, Kept("http://127.0.0.1:9/pagerduty", b"secret"))
    wanted = {"dedup_key": "k", "by": "Ada"}
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://stand-in") as client:
        early = await client.post("/control/acknowledge", json=wanted)
        await client.post("/v2/enqueue", json=trigger())
        answer = await client.post("/control/acknowledge", json=wanted)
        page = (await client.get("/")).text
        await client.post("/v2/enqueue", json=resolve())
        late = await client.post("/control/acknowledge", json=wanted)

    assert [404, 201, 404] == [each.status_code for each in (early, answer, late)]
    assert {"answered": 204} == answer.json()
    assert "critical, acknowledged" in page
    ((event, secret),) = told
    read = read_event(json.dumps(event).encode())
    assert read is not None
    assert (1_790_000_000, "Ada", "it burns") == (read.at, read.by, read.title)
    assert "2026-09-21T14:13:20.500Z" == event["event"]["occurred_at"]
    assert b"secret" == secret


async def test_a_subscriber_is_sent_what_its_secret_signs(free_port: int):
    """As the bytes are."""
    got: list[tuple[bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((await request.read(), request.headers["X-PagerDuty-Signature"]))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/pagerduty", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", free_port).start()
    status = await Subscriber(f"http://127.0.0.1:{free_port}/pagerduty", b"secret").tell({"é": 1})
    await runner.cleanup()

    ((body, signature),) = got
    assert 204 == status
    assert is_signed(signature, body, b"secret")


async def test_events_are_kept_in_the_order_they_came(client):
    """Also when the same thing comes twice."""
    for event in (trigger("a"), trigger("b"), trigger("a"), resolve()):
        await client.post("/v2/enqueue", json=event)

    kept = (await client.get("/events")).json()["events"]
    actions = [each["event"].get("payload", {}).get("summary", "resolved") for each in kept]
    assert ["a", "b", "a", "resolved"] == actions
    assert [1000.0, 1001.0, 1002.0, 1003.0] == [each["received_at"] for each in kept]


async def test_a_trigger_without_a_dedup_key_gets_one(client):
    """As PagerDuty makes one up and tells it."""
    event = trigger()
    del event["dedup_key"]

    answer = (await client.post("/v2/enqueue", json=event)).json()

    kept = (await client.get("/events")).json()["events"][0]["event"]
    assert kept["dedup_key"] == answer["dedup_key"]


async def test_a_malformed_event_is_refused_with_every_error_and_not_kept_as_taken(client):
    """400, the words of the API, and a record of it apart."""
    event = trigger("")
    del event["routing_key"]

    answer = await client.post("/v2/enqueue", json=event)

    errors = ["'routing_key' is missing or blank", "'payload.summary' is missing or blank"]
    assert 400 == answer.status_code
    assert {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": errors,
    } == answer.json()
    kept = (await client.get("/events")).json()
    assert [] == kept["events"]
    assert [{"received_at": 1000.0, "event": event, "errors": errors}] == kept["refused"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_what_is_no_json_is_refused(client, body: bytes):
    """Cut off, not UTF-8, nested beyond reason."""
    answer = await client.post("/v2/enqueue", content=body)

    assert 400 == answer.status_code
    assert ["JSON parse error"] == answer.json()["errors"]


async def test_an_event_above_512_kb_is_refused(client):
    """One that is just as large as allowed is taken."""
    event = trigger()
    event["payload"]["custom_details"] = {"log": ""}
    room = EVENT_BYTES - len(json.dumps(event))
    event["payload"]["custom_details"]["log"] = "x" * room
    fits = json.dumps(event).encode()

    assert 202 == (await client.post("/v2/enqueue", content=fits)).status_code
    answer = await client.post("/v2/enqueue", content=fits + b" ")
    assert 400 == answer.status_code
    assert ["Event has 524289 bytes (at most 524288)"] == answer.json()["errors"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_it_fails_on_demand_and_then_takes_events_again(client, status: int):
    """As often as told; what it failed on is not kept."""
    wanted = {"status": status, "times": 2}
    assert 201 == (await client.post("/control/answers", json=wanted)).status_code

    statuses = [(await client.post("/v2/enqueue", json=trigger())).status_code for _ in range(3)]

    assert [status, status, 202] == statuses
    assert 1 == len((await client.get("/events")).json()["events"])


@pytest.mark.parametrize("wanted", [{"status": 200}, {"status": 429, "times": 0}, {"code": 429}])
async def test_answers_that_cannot_be_are_refused(client, wanted: dict[str, int]):
    """It is no failure to answer 200, nor to fail zero times."""
    assert 422 == (await client.post("/control/answers", json=wanted)).status_code


def change(summary: str = "a rollout") -> dict[str, Any]:
    """Return a change event."""
    return {
        "routing_key": KEY,
        "payload": {"summary": summary, "timestamp": "2026-11-26T10:00:00+00:00"},
        "links": [{"href": "http://board", "text": "board"}],
    }


async def test_change_events_are_kept_apart(client):
    """In order; neither is an incident, and each fails on its own demand."""
    wanted = {"status": 429, "times": 1, "of": "changes"}
    await client.post("/control/answers", json=wanted)
    statuses = [
        (await client.post("/v2/enqueue", json=trigger())).status_code,
        (await client.post("/v2/change/enqueue", json=change("a"))).status_code,
        (await client.post("/v2/change/enqueue", json=change("b"))).status_code,
    ]
    answer = await client.post("/v2/change/enqueue", json=change("c"))

    assert [202, 429, 202] == statuses
    expected = {"status": "success", "message": "Change event processed"}
    assert (202, expected) == (answer.status_code, answer.json())
    assert [
        {"received_at": 1001.0, "change": change("b")},
        {"received_at": 1002.0, "change": change("c")},
    ] == (await client.get("/changes")).json()["changes"]
    assert 1 == len((await client.get("/events")).json()["events"])


async def test_a_malformed_change_is_refused(client):
    """As an event is."""
    wrong = change("x" * 1025) | {"links": [{}]}
    answer = await client.post("/v2/change/enqueue", json=wrong)

    assert 400 == answer.status_code
    assert [
        "'payload.summary' has 1025 characters (at most 1024)",
        "'links[0].href' is missing or blank",
    ] == answer.json()["errors"]
    assert [] == (await client.get("/changes")).json()["changes"]


async def test_webhooks_are_kept_in_order(client):
    """Whatever JSON Alertmanager posts."""
    for number in (1, 2):
        assert 200 == (await client.post("/webhook", json={"n": number})).status_code
    assert 400 == (await client.post("/webhook", content=b"{")).status_code

    expected = [
        {"received_at": 1000.0, "message": {"n": 1}},
        {"received_at": 1001.0, "message": {"n": 2}},
    ]
    assert expected == (await client.get("/webhooks")).json()["webhooks"]


async def test_people_see_each_incident_once_with_its_state(client):
    """Text from events is text, not HTML."""
    for event in (trigger("first <b>", "a"), trigger("second", "b"), resolve("a")):
        await client.post("/v2/enqueue", json=event)

    page = (await client.get("/")).text

    assert 1 == page.count("first &lt;b&gt;")
    assert '<article class="resolved critical">' in page
    assert '<article class="triggered critical">' in page
    assert page.index("second") < page.index("first")


async def test_runbooks_are_served_by_name(client):
    """So that the links in the demo's pages lead somewhere; nothing else is served."""
    for name in runbook_names():
        assert (await client.get(f"/runbooks/{name}.md")).text.startswith("# ")
    assert 404 == (await client.get("/runbooks/__init__.md")).status_code
    assert 404 == (await client.get("/runbooks/..%2Fbuild.md")).status_code


def test_it_runs_as_a_program(tmp_path: Path, free_port: int):
    """On a port, with the keys of a file, until it is told to stop."""
    keys = tmp_path / "keys"
    keys.write_text(f"{KEY}\n")
    command = [sys.executable, "-m", "alerts.testing", "--port", str(free_port),
               "--routing-key-file", str(keys)]  # fmt: skip
    with subprocess.Popen(command) as running:
        try:
            wait_for(free_port)
            url = f"http://127.0.0.1:{free_port}"
            assert "ok\n" == httpx2.get(f"{url}/healthz").text
            assert 202 == httpx2.post(f"{url}/v2/enqueue", json=trigger()).status_code
        finally:
            running.terminate()


def test_without_a_key_it_says_so_and_does_not_start(tmp_path: Path):
    """Exit code 2, one line, no traceback."""
    keys = tmp_path / "keys"
    command = [sys.executable, "-m", "alerts.testing", "--port", "1", "--routing-key-file"]
    missing = subprocess.run([*command, str(keys)], capture_output=True, text=True, check=False)
    keys.write_text("\n")
    empty = subprocess.run([*command, str(keys)], capture_output=True, text=True, check=False)

    assert 2 == missing.returncode
    assert [f"{keys}: cannot be read: No such file or directory"] == missing.stderr.splitlines()
    assert (2, f"{keys}: found no routing key, expected one a line\n") == (
        empty.returncode, empty.stderr)  # fmt: skip


def wait_for(port: int, seconds: float = 20.0) -> None:
    """Wait until something listens on a port of loopback."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
