"""Probes over HTTP, of engines that stream, that do not, and that misbehave."""

import asyncio
import time

import pytest

from exporters import catalog
from exporters.fetching import FetchError
from exporters.probe import asking
from exporters.probe.asking import Answered, HttpAsker
from exporters.probe.core import ProbeCore, Reply
from exporters.probe.prober import Prober, probing
from exporters.probe.prompts import PROMPTS, TOKENS
from exporters.probe.testing import FakeEngine, serving
from exporters.sources import Answers
from exporters.topology import Topology


def topology_of(address, names):
    """One group for each engine."""
    return Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": name, "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"{address}/engine/{name}/metrics", "members": [{"host": "h"}]}
            for name in names
        ],
    })  # fmt: skip


async def ask(engine, deadline=5.0, tokens=TOKENS):
    """Ask one engine."""
    async with serving({"a": engine}) as address, HttpAsker(deadline) as asker:
        return await asker(f"{address}/engine/a/v1/completions", "1, 2,", tokens)


async def test_a_stream_tells_its_first_token_and_its_last():
    """As vLLM streams."""
    engine = FakeEngine(lambda _: "a b c d", first_seconds=0.1, token_seconds=0.05)
    made = await ask(engine)
    assert (made.text, made.tokens) == ("a b c d", 4)
    assert 0.1 <= made.first_seconds < made.seconds - 0.14
    assert made.seconds >= 0.25


async def test_the_question_is_greedy_and_of_its_own_tier():
    """And names no model: users' names are the router's."""
    engine = FakeEngine()
    await ask(engine)
    assert engine.asked == [{
        "prompt": "1, 2,", "max_tokens": 16, "temperature": 0, "seed": 0, "stream": True,
        "stream_options": {"include_usage": True},
    }]  # fmt: skip
    assert engine.tiers == ["probe"]


async def test_an_answer_in_one_piece_is_an_answer():
    """As the demo's simulator gives it."""
    made = await ask(FakeEngine(lambda _: "a b c", streams=False))
    assert (made.text, made.tokens, made.first_seconds) == ("a b c", 3, None)


BAD = {
    "hangs": (FakeEngine(hangs=True), "timeout"),
    "is busy": (FakeEngine(status=503), "http_status"),
    "redirects": (FakeEngine(status=302), "http_status"),
    "ends early": (FakeEngine(body=b'data: {"choices": [{"text": "a"}]}\n\n'), "malformed"),
    "streams no JSON": (FakeEngine(body=b"data: {\n\n"), "malformed"),
    "streams a list": (FakeEngine(body=b"data: []\n\n"), "malformed"),
    "is HTML": (FakeEngine(streams=False, body=b"<html>"), "malformed"),
    "nests": (FakeEngine(streams=False, body=b"[" * 100_000), "malformed"),
    "has no choice": (FakeEngine(streams=False, body=b'{"choices": 5}'), "malformed"),
    "has no text": (FakeEngine(streams=False, body=b'{"choices": [{"text": 5}]}'), "malformed"),
    "is endless": (FakeEngine(body=b"data: " + b"x" * 300_000), "too_large"),
    "is huge": (FakeEngine(streams=False, body=b"x" * 300_000), "too_large"),
}


@pytest.mark.parametrize("how", BAD)
async def test_an_answer_that_is_none_has_a_reason(how):
    """One that the catalogue knows."""
    engine, reason = BAD[how]
    with pytest.raises(FetchError) as caught:
        await ask(engine, deadline=0.2 if engine.hangs else 5.0)
    assert caught.value.reason == reason
    assert reason in catalog.SOURCE_REASONS


async def test_a_router_is_told_the_model_and_an_engine_is_not():
    """An engine serves one, under a name that only its router needs to know."""
    engine = FakeEngine()
    async with serving({"g": engine}) as address, HttpAsker(5.0) as asker:
        for model in ("chat", ""):
            await asker(f"{address}/engine/g/v1/completions", "1,", 4, model)
    assert [content.get("model") for content in engine.asked] == ["chat", None]
    assert engine.tiers == ["probe", "probe"]


async def test_an_engine_that_is_not_there_refuses():
    """Nobody listens."""
    async with HttpAsker(5.0) as asker:
        with pytest.raises(FetchError) as caught:
            await asker("http://127.0.0.1:9/v1/completions", "1,", 4)
    assert caught.value.reason == "refused"


async def test_an_asker_asks_within_its_session_only():
    """A mistake of ours, told as such."""
    with pytest.raises(RuntimeError, match="within 'async with'"):
        await HttpAsker(1.0)("http://h/", "1,", 1)


async def probe_once(engines, deadline=5.0):
    """Probe each engine once; return the page."""
    async with serving(engines) as address:
        core = ProbeCore(topology_of(address, engines), 60.0, deadline, time.monotonic() - 60.0)
        async with HttpAsker(deadline) as asker:
            prober = Prober(core, asker, 16)
            prober.start_due()
            await asyncio.gather(*prober._tasks)
            return core.observe(Answers({}), time.monotonic())


def labels_of(name):
    """The labels of a group."""
    return ("demo", "eu", "chat", name)


async def test_probes_tell_outcome_and_times():
    """Of streams, and of answers in one piece, which are asked for their first token apart."""
    quick = {"first_seconds": 0.06, "token_seconds": 0.02}
    engines = {
        "streams": FakeEngine(lambda _: "a b c d e f", **quick),
        "whole": FakeEngine(lambda _: "a b c d e f", streams=False, **quick),
        "busy": FakeEngine(status=503),
        "limits": FakeEngine(status=429),
        "broken": FakeEngine(status=500),
        "mute": FakeEngine(lambda _: ""),
    }
    page = await probe_once(engines)
    ends = {k[3]: k[4] for k, v in page.of(catalog.PROBE_REQUESTS).items() if v}
    assert ends == {"streams": "ok", "whole": "ok", "busy": "rejected", "limits": "rate_limited",
                    "broken": "error", "mute": "error"}  # fmt: skip
    assert page.of(catalog.PROBE_REASON)[*labels_of("mute"), "empty"] == 1.0
    for name in ("streams", "whole"):
        first = page.distributions_of(catalog.PROBE_TIME_TO_FIRST_TOKEN)[labels_of(name)]
        per_token = page.distributions_of(catalog.PROBE_TIME_PER_TOKEN)[labels_of(name)]
        assert first.sum >= 0.06
        assert per_token.sum > 0.01
    assert [each["max_tokens"] for each in engines["whole"].asked] == [16, 1]
    assert [each["prompt"] for each in engines["streams"].asked] == [PROMPTS[0]]


class Asked:
    """Answers at once, but for engines that hang; counts the questions under way."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.urls = []
        self.under_way = 0
        self.most_at_once = 0

    async def __call__(self, url, prompt, tokens, model="") -> Answered:
        """Answer, unless the engine's name says that it hangs: then once the gate is open."""
        self.urls.append(url)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        if "hangs" in url:
            await self.gate.wait()
        self.under_way -= 1
        return Answered("a", 1, 0.1, 0.1)

    async def until(self, is_so):
        """Let the others work until something is so."""
        async with asyncio.timeout(60.0):
            while not is_so():
                await asyncio.sleep(0)


async def test_engines_that_hang_cost_nobody_else_anything(clock):
    """Half of the places are for those that did not fail last time."""
    names = [f"{kind}-{n}" for n in range(6) for kind in ("hangs", "good")]
    core = ProbeCore(topology_of("http://h", names), 1.0, 1.0, clock.now - 1.0)
    for probe in core.due(clock.now):
        reply = Reply("error", "timeout") if "hangs" in probe.to else Reply("ok", "none", "a")
        core.note(probe, reply, clock.now)
    clock.now += 1.0
    ask = Asked()
    prober = Prober(core, ask, 4, clock)
    prober.start_due()
    await ask.until(lambda: sum("good" in url for url in ask.urls) == 6)
    assert sum("hangs" in url for url in ask.urls) == 2
    ask.gate.set()
    await asyncio.gather(*prober._tasks)
    assert len(ask.urls) == 12


async def test_no_more_probes_are_under_way_than_allowed(clock):
    """However many groups there are."""
    names = [f"hangs-{n}" for n in range(9)]
    ask = Asked()
    core = ProbeCore(topology_of("http://h", names), 1.0, 1.0, clock.now - 1.0)
    prober = Prober(core, ask, 3, clock)
    prober.start_due()
    await ask.until(lambda: ask.under_way == 3)
    ask.gate.set()
    await asyncio.gather(*prober._tasks)
    assert (ask.most_at_once, len(ask.urls)) == (3, 9)


async def test_a_mistake_of_ours_ends_one_probe_only(monkeypatch):
    """And is logged."""

    def choke(data):
        raise ZeroDivisionError

    monkeypatch.setattr(asking, "_parse", choke)
    page = await probe_once({"a": FakeEngine()})
    assert page.of(catalog.PROBE_REASON)[*labels_of("a"), "malformed"] == 1.0


async def test_probing_goes_on_until_its_end_and_leaves_nothing_behind():
    """A corrupt engine among four is found, over HTTP."""
    engines = {name: FakeEngine() for name in "abcd"}
    engines["c"].answer = lambda _: "zz zz zz"
    async with serving(engines) as address:
        core = ProbeCore(topology_of(address, engines), 1.0, 5.0, time.monotonic())
        core.interval_seconds = 0.05
        async with probing(core, 8):
            for _ in range(400):
                await asyncio.sleep(0.05)
                page = core.observe(Answers({}), time.monotonic())
                if page.of(catalog.PROBE_DISAGREES).get(labels_of("c")) == 1.0:
                    break
    wrong = {labels for labels, value in page.of(catalog.PROBE_DISAGREES).items() if value}
    assert wrong == {labels_of("c")}
    asked = len(engines["a"].asked)
    await asyncio.sleep(0.2)
    assert len(engines["a"].asked) == asked
