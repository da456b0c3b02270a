"""Users: what they see is what is tallied, and they try again once."""

import asyncio
from contextlib import suppress
from random import Random

import aiohttp
import pytest
from aiohttp import web

from demo.traffic import users as users_module
from demo.traffic.chat import Answer, ask
from demo.traffic.sessions import ToolCall
from demo.traffic.tally import Tally, Tokens
from demo.traffic.users import Users
from demo.vllm.forwarding import Deadlines
from demo.vllm.pool import Group
from demo.vllm.router import application
from demo.vllm.testing import FakeEngine, served

NOBODY = "http://127.0.0.1:9"
MESSAGES = [{"role": "user", "content": "hello"}]


async def answer_of(engine: FakeEngine) -> Answer:
    """Return what a user gets who asks by way of a router."""
    deadlines = Deadlines(first_token=0.3, inter_token=0.3)
    async with served(engine.application()) as behind:
        app = application([Group("g", behind, is_healthy=True)], "chat", "r1", deadlines)
        async with served(app) as router, aiohttp.ClientSession() as session:
            return await ask(session, router, "chat", MESSAGES, tier="pro", output_tokens=8)


async def test_a_whole_answer_is_ok_with_its_text_and_its_first_token():
    """All pieces of the stream."""
    answer = await answer_of(FakeEngine(tokens=3))

    assert ("ok", "t0 t1 t2 ") == (answer.outcome, answer.text)
    assert Tokens(prompt=11, cached=4, generated=3, is_billed=True) == answer.tokens
    assert 0 <= answer.first_token_seconds < 60


@pytest.mark.parametrize(
    ("engine", "outcome", "first_token"),
    [
        (FakeEngine(hangs_after=0), "timeout", "never"),
        (FakeEngine(hangs_after=1), "timeout", "came"),
        (FakeEngine(breaks_after=1), "error", "came"),
        (FakeEngine(status=500), "error", "never"),
        (FakeEngine(status=429), "rate_limited", "never"),
    ],
)
async def test_a_user_sees_the_outcome_that_the_router_counts(
    engine: FakeEngine, outcome: str, first_token: str
):
    """Before the first token by the status, after it by the stream's last event."""
    answer = await answer_of(engine)

    seen = "never" if answer.first_token_seconds is None else "came"
    assert (outcome, first_token) == (answer.outcome, seen)


async def test_a_stream_that_breaks_off_is_billed_nothing_and_its_tokens_are_counted():
    """By the pieces that came."""
    answer = await answer_of(FakeEngine(breaks_after=2))

    assert Tokens(prompt=0, generated=2, is_billed=False) == answer.tokens


async def test_a_full_group_is_a_rejection():
    """As vLLM says it: 503, with --max-num-queued-reqs."""
    assert "rejected" == (await answer_of(FakeEngine(status=503))).outcome


async def test_in_a_surge_so_many_more_come_and_may_stay(monkeypatch: pytest.MonkeyPatch):
    """Often enough, and with room for all of them."""
    asked: list[float] = []

    def draw(_: Random, sessions_per_second: float) -> float:
        asked.append(sessions_per_second)
        return 0.0

    monkeypatch.setattr(users_module, "draw_gap_seconds", draw)
    monkeypatch.setattr(users_module, "MOST_SESSIONS", 5)
    monkeypatch.setattr("demo.traffic.sessions.THINK_SECONDS", 1000.0)
    async with aiohttp.ClientSession() as session:
        users = Users(session, NOBODY, NOBODY, "chat", Tally(), Random(1), sessions_per_second=2)
        users.surge.factor = 10
        coming = asyncio.create_task(users.come_and_go())
        while len(asked) < 200:
            await asyncio.sleep(0)
        staying = len(users._now)
        coming.cancel()
        with suppress(asyncio.CancelledError):
            await coming

    assert {20.0} == {*asked}
    assert 45 <= staying <= 50


async def test_no_healthy_group_is_a_rejection_and_no_router_an_error():
    """A user cannot see more of a router that is gone."""
    app = application([Group("g", NOBODY)], "chat", "r1")
    async with served(app) as router, aiohttp.ClientSession() as session:
        outcomes = [
            (await ask(session, url, "chat", MESSAGES, tier="pro", output_tokens=8)).outcome
            for url in (router, NOBODY)
        ]

    assert ["rejected", "error"] == outcomes


async def test_every_attempt_is_tallied_and_a_failed_one_tried_once_more(
    monkeypatch: pytest.MonkeyPatch,
):
    """Here every answer fails, so each question costs two requests and ends the session."""
    monkeypatch.setattr(users_module, "BACKOFF_SECONDS", (0.0, 0.0))
    engine = FakeEngine(status=500)
    tally = Tally()
    async with served(engine.application()) as url, aiohttp.ClientSession() as session:
        users = Users(session, url, NOBODY, "chat", tally, Random(1), sessions_per_second=50)
        coming = asyncio.create_task(users.come_and_go())
        while engine.requests < 8:
            await asyncio.sleep(0.01)
        coming.cancel()
        with suppress(asyncio.CancelledError):
            await coming

    truth = tally.tell({}, now=0)["services"]
    assert {"error"} == {*tally.requests}
    assert tally.requests["error"] <= sum(each["offered"] for each in truth)
    assert tally.requests["error"] >= 6
    assert tally.requests["error"] == tally.first_tokens["never"]


async def test_users_ask_call_tools_and_tell_the_result(monkeypatch: pytest.MonkeyPatch):
    """A gateway that always says the same; its output is in a later prompt."""
    prompts: list[str] = []
    engine = FakeEngine()
    app = engine.application()

    @web.middleware
    async def listen(request, handler):
        prompts.append(await request.text())
        return await handler(request)

    app.middlewares.append(listen)
    tools = web.Application()

    async def call(_):
        return web.json_response({"error_type": "", "output": "the answer is 42"})

    tools.router.add_post("/tools/{name}", call)
    monkeypatch.setattr("demo.traffic.sessions.THINK_SECONDS", 0.01)
    tally = Tally()
    async with (
        served(app) as url,
        served(tools) as gateway,
        aiohttp.ClientSession() as session,
    ):
        users = Users(session, url, gateway, "chat", tally, Random(1), sessions_per_second=50)
        coming = asyncio.create_task(users.come_and_go())
        while not any("said the answer is 42" in prompt for prompt in prompts):
            await asyncio.sleep(0.01)
        coming.cancel()
        with suppress(asyncio.CancelledError):
            await coming

    assert {"ok"} == {*tally.calls} == {*tally.requests}


async def test_a_call_that_failed_is_made_again_and_says_so(monkeypatch: pytest.MonkeyPatch):
    """As far as trying again may help; then the model is told."""
    monkeypatch.setattr("demo.traffic.users.BACKOFF_SECONDS", (0.0, 0.0))
    attempts: list[int] = []
    ends = iter(["timeout", "", "tool_error", "rate_limited", "blocked"])

    async def call(request: web.Request) -> web.Response:
        attempts.append((await request.json())["attempt"])
        return web.json_response({"error_type": next(ends), "output": "42"})

    tools = web.Application()
    tools.router.add_post("/tools/{name}", call)
    tally = Tally()
    async with served(tools) as gateway, aiohttp.ClientSession() as session:
        users = Users(session, NOBODY, gateway, "chat", tally, Random(1))
        page = ToolCall("browser", {"page": "1"})
        told = [await users.result_of(page) for _ in range(3)]

    assert ["browser said 42", "browser: rate_limited", "browser: blocked"] == told
    assert [1, 2, 1, 2, 1] == attempts
    assert {"timeout": 1, "ok": 1, "error": 1, "rate_limited": 1, "blocked": 1} == tally.calls
