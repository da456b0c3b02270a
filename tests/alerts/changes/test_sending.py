"""What PagerDuty refuses is not sent to it again."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.changes.sending import PagerDutyClient

EVENT = {"payload": {"summary": "eu chat: 3 of 8 groups now run r2"}}


@pytest.fixture
def keys() -> list[str]:
    """Those that PagerDuty was shown, in order."""
    return []


@pytest.fixture
def known() -> set[str]:
    """Those that it knows."""
    return {"right"}


@pytest.fixture
def server(keys: list[str], known: set[str]) -> TestServer:
    """A PagerDuty that knows some keys."""

    async def answer(request: web.Request) -> web.Response:
        keys.append((await request.json())["routing_key"])
        if keys[-1] in known:
            return web.json_response({"status": "success"}, status=202)
        errors = ["'routing_key' belongs to no integration"]
        return web.json_response({"errors": errors}, status=400)

    app = web.Application()
    app.router.add_post("/", answer)
    return TestServer(app)


async def test_a_key_that_was_refused_is_sent_no_more(
    server: TestServer, keys: list[str], tmp_path: Path
) -> None:
    """The event waits, and why is still said; another key is tried with the next sending."""
    file = tmp_path / "key"
    file.write_text("wrong")
    async with server, PagerDutyClient(str(server.make_url("/")), file) as client:
        answers = [await client.send(EVENT) for _ in range(3)]
        file.write_text("right\n")
        last = await client.send(EVENT)

    assert ["later"] * 3 == [each.outcome for each in answers]
    assert {f"400: 'routing_key' belongs to no integration: correct {file}"} == {
        each.said for each in answers
    }
    assert "taken" == last.outcome
    assert ["wrong", "right"] == keys


async def test_a_key_that_was_refused_is_tried_again_after_ten_minutes(
    server: TestServer, keys: list[str], known: set[str], tmp_path: Path
) -> None:
    """Its integration was made seconds before: nobody needs to touch the file."""
    now = 0.0
    file = tmp_path / "key"
    file.write_text("new")
    async with (
        server,
        PagerDutyClient(str(server.make_url("/")), file, clock=lambda: now) as client,
    ):
        outcomes = [(await client.send(EVENT)).outcome]
        now = 600.0
        outcomes.append((await client.send(EVENT)).outcome)
        known.add("new")
        now = 1199.0
        outcomes.append((await client.send(EVENT)).outcome)
        now = 1200.0
        outcomes.append((await client.send(EVENT)).outcome)

    assert ["later", "later", "later", "taken"] == outcomes
    assert ["new"] * 3 == keys
