"""Asking an engine for a token, over HTTP."""

import asyncio
import json

import pytest

from exporters.groups import probing
from exporters.groups.probing import HttpProber, Question, ask_for_token
from exporters.groups.stalling import Probe
from exporters.testing import Reply

PATH = "/engine/g/v1/completions"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(b"{}"), "answered"),
        (Reply(status=404), "refused"),
        (Reply(status=401), "refused"),
        (Reply(status=501), "refused"),
        (Reply(status=503), "refused"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "refused"),
    ],
)
async def test_what_an_answer_says_of_the_engine(pages, reply, expected):
    """Only a token does; no redirect is followed."""
    url = pages.serve(PATH, reply)
    assert await ask_for_token(Question(url, "tiny")) == expected
    assert pages.requests("/elsewhere") == 0


async def test_a_hung_engine_is_left_at_the_deadline(pages, monkeypatch):
    """It gives no sign of its own."""
    monkeypatch.setattr(probing, "PROBE_DEADLINE_SECONDS", 0.1)
    assert await ask_for_token(Question(pages.hang(PATH), "tiny")) == "unanswered"


async def test_nobody_there_is_no_answer_of_the_engine(pages):
    """Its page will tell."""
    url = pages.url(PATH).replace(pages.address, "127.0.0.1:1")
    assert await ask_for_token(Question(url, "tiny")) == "refused"


async def test_one_token_of_the_served_model_is_asked_for(pages):
    """The rank is named only where several engines share the address."""
    url = pages.serve(PATH, b"{}")
    await ask_for_token(Question(url, "tiny"))
    await ask_for_token(Question(url, "tiny", rank="3"))
    (_, alone, body), (_, shared, _) = pages.posted
    asked = json.loads(body)
    assert (asked["model"], asked["max_tokens"]) == ("tiny", 1)
    assert probing.RANK_HEADER not in alone
    assert shared[probing.RANK_HEADER] == "3"


async def test_an_engine_is_asked_once_at_a_time():
    """Another group does not wait for it."""
    asked, may_end = [], asyncio.Event()

    async def ask(question):
        asked.append(question.url)
        await may_end.wait()
        return "answered"

    prober = HttpProber(ask)
    for group, now in (("a", 1.0), ("a", 2.0), ("b", 3.0)):
        prober.ask(group, Question(group, "tiny"), now)
    await asyncio.sleep(0)
    assert (prober.last("a"), prober.last("b")) == (Probe("pending", 1.0), Probe("pending", 3.0))
    may_end.set()
    await asyncio.sleep(0.01)
    assert asked == ["a", "b"]
    assert (prober.last("a"), prober.last("c")) == (Probe("answered", 1.0), Probe())
    assert prober.counts("a") == {"answered": 1}
    prober.ask("a", Question("a", "tiny"), 9.0)
    assert prober.last("a") == Probe("pending", 9.0)


async def test_a_refusal_is_told_once_until_there_is_an_answer(caplog):
    """And holds while the next probe is under way."""
    outcomes = iter(["refused", "refused", "answered"])
    may_end = asyncio.Event()

    async def ask(question):
        await may_end.wait()
        return next(outcomes)

    prober, found = HttpProber(ask), []
    for now in (1.0, 2.0, 3.0):
        may_end.clear()
        prober.ask("a", Question("http://h", "tiny"), now)
        await asyncio.sleep(0)
        found.append(prober.is_refused("a"))
        may_end.set()
        await asyncio.sleep(0.01)
    assert [*found, prober.is_refused("a")] == [False, True, True, False]
    assert caplog.text.count("no stall of a can be confirmed") == 1


async def test_a_mistake_of_ours_is_no_verdict(caplog):
    """It is logged, and says nothing of the engine."""

    async def ask(question):
        raise RuntimeError("no such luck")

    prober = HttpProber(ask)
    prober.ask("a", Question("http://h", "tiny"), 1.0)
    await asyncio.sleep(0.01)
    assert prober.last("a") == Probe("refused", 1.0)
    assert "cannot be asked" in caplog.text
