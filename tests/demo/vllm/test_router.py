"""The router against engines that stream, hang, break or are not there."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.vllm.forwarding import Deadlines
from demo.vllm.pool import Group
from demo.vllm.router import application
from demo.vllm.testing import FakeEngine, served

SHORT = Deadlines(first_token=0.3, inter_token=0.3, end_to_end=0.6)
NOBODY = "http://127.0.0.1:9"
"""No server listens there."""


@dataclass
class Router:
    """A router under test."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, model: str = "chat", tier: str = "pro") -> tuple[int, str]:
        """Send a request; return its status and all that came back, even if it broke off."""
        body = json.dumps({"model": model, "stream": True, "messages": []})
        address = f"{self.url}/v1/chat/completions"
        text = b""
        async with self.session.post(address, data=body, headers={"X-Tier": tier}) as answer:
            with suppress(aiohttp.ClientPayloadError):
                async for piece in answer.content.iter_any():
                    text += piece
        return answer.status, text.decode()

    async def counted(self) -> dict[str, float]:
        """Return what it has counted, but for zeros: outcomes, attempts, flights, first tokens."""
        async with self.session.get(f"{self.url}/metrics") as answer:
            page = await answer.text()
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(page):
            for each in family.samples:
                labels = each.labels
                le = f"<={labels['le']}" if labels.get("le") in ("2.5", "10.0") else None
                key = labels.get("outcome") or labels.get("attempt") or le
                if "in_flight" in each.name:
                    key = "in flight"
                if each.value and key:
                    found[key] = found.get(key, 0) + each.value
        return found


@asynccontextmanager
async def routing(
    *engines: FakeEngine | str, deadlines: Deadlines = SHORT
) -> AsyncIterator[Router]:
    """Run a router before engines, or before addresses at which nobody listens."""
    async with AsyncExitStack() as stack:
        groups = []
        for number, engine in enumerate(engines):
            is_there = isinstance(engine, FakeEngine)
            url = (
                await stack.enter_async_context(served(engine.application()))
                if is_there
                else engine
            )
            groups.append(Group(f"g{number}", url, is_healthy=not is_there))
        app = application(groups, "chat", "r1", deadlines)
        url = await stack.enter_async_context(served(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        while any(isinstance(e, FakeEngine) and e.health == 200 and not g.is_healthy
                  for e, g in zip(engines, groups, strict=True)):  # fmt: skip
            await asyncio.sleep(0.01)
        yield Router(url, session)


async def test_an_answer_is_passed_on_as_it_streams():
    """Every byte of it, and it counts as ok with its first token in time."""
    async with routing(FakeEngine(tokens=2)) as router:
        status, text = await router.ask()

        assert 200 == status
        assert ["t0 ", "t1 "] == [
            json.loads(event)["choices"][0]["delta"]["content"]
            for event in text.replace("data: ", "").split("\n\n")[:2]
        ]
        assert text.endswith("data: [DONE]\n\n")
        assert {"ok": 1, "first": 1, "<=2.5": 1, "<=10.0": 1} == await router.counted()


async def test_a_group_that_hangs_before_its_first_token_is_a_timeout_when_the_deadline_passes():
    """The group goes on getting its share, for its health is 200; the engine is left."""
    hanging = FakeEngine(hangs_after=0)
    deadlines = Deadlines(first_token=0.3)
    async with routing(hanging, FakeEngine(), deadlines=deadlines) as router:
        statuses = [(await router.ask())[0] for _ in range(4)]

        assert [200, 200, 504, 504] == sorted(statuses)
        assert {
            "ok": 2,
            "timeout": 2,
            "first": 4,
            "<=2.5": 4,
            "<=10.0": 4,
        } == await router.counted()
        await asyncio.wait_for(hanging.left.wait(), 10)


async def test_a_stream_that_pauses_too_long_is_a_timeout_and_says_so():
    """Its first token came in time."""
    async with routing(FakeEngine(hangs_after=1)) as router:
        status, text = await router.ask()

        assert 200 == status
        assert '"type": "timeout"' in text
        assert {"timeout": 1, "first": 1, "<=2.5": 1, "<=10.0": 1} == await router.counted()


async def test_a_stream_that_breaks_off_is_an_error_and_says_so():
    """There is no second attempt: the user has read half an answer."""
    async with routing(FakeEngine(breaks_after=1), FakeEngine()) as router:
        _, text = await router.ask()

        assert '"type": "error"' in text
        assert {"error": 1, "first": 1, "<=2.5": 1, "<=10.0": 1} == await router.counted()


async def test_a_stream_that_ends_without_saying_so_is_an_error():
    """An engine that dies politely closes its connections."""
    async with routing(FakeEngine(ends_well=False)) as router:
        _, text = await router.ask()

        assert '"type": "error"' in text
        assert 1 == (await router.counted())["error"]


async def test_an_answer_that_takes_too_long_in_all_is_a_timeout():
    """However steadily its tokens come."""
    async with routing(FakeEngine(tokens=100, gap_seconds=0.05)) as router:
        _, text = await router.ask()

        assert '"type": "timeout"' in text
        assert {"timeout": 1, "first": 1, "<=2.5": 1, "<=10.0": 1} == await router.counted()


async def test_a_group_that_is_gone_costs_a_second_attempt_and_no_error():
    """One retry, at another group."""
    async with routing(NOBODY, FakeEngine()) as router:
        status, _ = await router.ask()

        counted = await router.counted()
        assert (200, 1, 1) == (status, counted["first"], counted["retry"])
        assert 1 == counted["ok"]


async def test_one_retry_is_all_there_is():
    """Where both groups are gone, the request is an error."""
    async with routing(NOBODY, NOBODY, NOBODY, deadlines=Deadlines()) as router:
        status, _ = await router.ask()

        assert 502 == status
        assert {"error": 1, "first": 1, "retry": 1, "<=10.0": 1} == await router.counted()


async def test_without_a_healthy_group_requests_are_rejected():
    """A first token that never came is observed at its deadline, 10 s by default."""
    async with routing(FakeEngine(health=503), deadlines=Deadlines()) as router:
        status, _ = await router.ask()

        assert 503 == status
        assert {"rejected": 1, "<=10.0": 1} == await router.counted()


@pytest.mark.parametrize(
    ("status", "outcome"), [(500, "error"), (429, "rate_limited"), (400, "ok")]
)
async def test_an_engines_own_status_is_passed_on(status: int, outcome: str):
    """A wrong request that is refused costs no budget; a failure does."""
    async with routing(FakeEngine(status=status)) as router:
        assert status == (await router.ask())[0]
        assert 1 == (await router.counted())[outcome]


async def test_a_user_who_leaves_is_aborted_and_the_engine_is_left_too():
    """No token had come, so none is observed."""
    engine = FakeEngine(hangs_after=0)
    async with routing(engine, deadlines=Deadlines()) as router:
        asking = asyncio.create_task(router.ask())
        while not engine.requests:
            await asyncio.sleep(0.01)
        assert {"first": 1, "in flight": 1} == await router.counted()
        asking.cancel()
        await asyncio.wait_for(engine.left.wait(), 10)
        while "in flight" in await router.counted():
            await asyncio.sleep(0.01)

        assert {"aborted": 1, "first": 1} == await router.counted()


async def test_a_request_for_another_model_is_refused_and_not_counted():
    """So is a body that is no JSON."""
    engine = FakeEngine()
    async with routing(engine) as router:
        assert 400 == (await router.ask(model="cat"))[0]
        assert {} == await router.counted()
        assert 0 == engine.requests


async def test_ready_means_that_every_group_is_healthy():
    """The users wait for it."""
    async with (
        routing(FakeEngine(), FakeEngine(health=503)) as router,
        router.session.get(f"{router.url}/readyz") as answer,
    ):
        assert (503, "healthy: g0\n") == (answer.status, await answer.text())


async def test_an_unknown_tier_counts_as_the_first_one():
    """Labels have bounded values, whatever a client writes."""
    async with routing(FakeEngine()) as router:
        await router.ask(tier="emperor")
        async with router.session.get(f"{router.url}/metrics") as answer:
            page = await answer.text()

        assert 'outcome="ok",revision="r1",tier="free"} 1.0' in page
        assert "emperor" not in page


async def test_what_a_full_group_turns_away_another_may_take():
    """A server answers 503 when its queue is full, so that it is tried elsewhere."""
    full, free = FakeEngine(status=503), FakeEngine()
    async with routing(full, free) as router:
        status, _ = await router.ask()
        counted = await router.counted()

    assert (200, 1, 1) == (status, full.requests, free.requests)
    assert (1, 1, 1) == (counted["ok"], counted["first"], counted["retry"])


async def test_where_all_groups_are_full_the_request_is_rejected():
    """After each was asked once; its first token counts as one that never came."""
    engines = FakeEngine(status=503), FakeEngine(status=503)
    async with routing(*engines) as router:
        status, text = await router.ask()
        counted = await router.counted()

    assert (503, "rejected") == (status, json.loads(text)["error"]["type"])
    assert [1, 1] == [engine.requests for engine in engines]
    assert 1 == counted["rejected"]


async def test_a_canary_is_counted_under_its_revision():
    """From 0 on, for each tier, as soon as it is told of."""
    async with routing(FakeEngine()) as router:
        address = f"{router.url}/groups/g0"
        await router.ask()
        async with router.session.put(address, json={"revision": "r2", "share": 0.1}) as answer:
            told = await answer.json()
        async with router.session.get(f"{router.url}/metrics") as answer:
            before = await answer.text()
        await router.ask()
        async with router.session.get(f"{router.url}/metrics") as answer:
            after = await answer.text()
    series = 'router_requests_total{model="chat",outcome="ok",revision="%s",tier="pro"} %s'

    assert ("r2", 0.1, False, 0) == (
        told["revision"], told["share"], told["is_draining"], told["in_flight"]
    )  # fmt: skip
    assert series % ("r1", "1.0") in before
    assert series % ("r2", "0.0") in before
    assert series % ("r1", "1.0") in after
    assert series % ("r2", "1.0") in after


async def test_a_group_drains_and_tells_what_it_still_has():
    """What it has comes to its end; without another group the next is rejected."""
    engine = FakeEngine(tokens=2, gap_seconds=0.15)
    async with routing(engine) as router:
        asking = asyncio.create_task(router.ask())
        while not engine.requests:
            await asyncio.sleep(0.01)
        address = f"{router.url}/groups/g0"
        async with router.session.put(address, json={"is_draining": True}) as answer:
            assert 1 == (await answer.json())["in_flight"]
        assert 503 == (await router.ask())[0]
        assert 200 == (await asking)[0]
        async with router.session.get(address) as answer:
            assert 0 == (await answer.json())["in_flight"]
        async with router.session.put(address, json={"is_draining": False}) as answer:
            await answer.read()
        assert 200 == (await router.ask())[0]


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("g1", {"share": 0.1}, 404),
        ("g0", {"share": 0}, 422),
        ("g0", {"share": 1.1}, 422),
        ("g0", {"is_healthy": True}, 422),
        ("g0", {"is_draining": "yes"}, 422),
        ("g0", [], 422),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(name: str, change: object, status: int):
    """Nothing is changed."""
    async with (
        routing(FakeEngine()) as router,
        router.session.put(f"{router.url}/groups/{name}", json=change) as answer,
    ):
        assert status == answer.status
