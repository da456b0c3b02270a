"""Faults on stand-ins: what each does, what it says it hit, how it is undone, what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from demo.faults import FAULTS
from demo.orders import FaultError, Order, known_faults, make_order
from demo.traffic.gateway import application as gateway_application
from demo.traffic.users import Surge
from demo.vllm.faults import Faults
from demo.vllm.launching import UP, Launch, read_launch, write_given, write_state
from demo.vllm.pool import Group
from demo.vllm.processes import read_process
from demo.vllm.router import application as router_application
from demo.vllm.strikes import STRIKES
from demo.vllm.striking import Cluster, Strike
from demo.vllm.testing import FakeEngine, served
from demo.vllm.workers import Engine
from tests.demo.vllm.conftest import Kept
from tests.demo.vllm.waiting import wait_until

NOBODY = "http://127.0.0.1:9"


def order(name: str, strength: float | None = None, **place: str) -> Order:
    """Return an order as the control interface reads it."""
    return make_order("vllm", name, place, strength)


@dataclass
class Stage:
    """A cluster of stand-ins: two engines that are up, a router, a gateway; no processes."""

    cluster: Cluster
    folder: Path
    engines: dict[str, FakeEngine]
    router: str

    async def group(self, name: str) -> dict:
        """Return what the router says of a group."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.router}/groups/{name}") as answer,
        ):
            return await answer.json()

    async def condition(self, tool: str) -> dict:
        """Return how a tool is, changing nothing."""
        url = f"{self.cluster.gateway}/condition/{tool}"
        async with aiohttp.ClientSession() as session, session.put(url, json={}) as answer:
            return await answer.json()


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.vllm.workers.SETTLE_SECONDS", 0.05)
    monkeypatch.setattr("demo.vllm.workers.BUSY_WITHIN_SECONDS", 0.3)
    monkeypatch.setattr("demo.vllm.numbers.PERIOD_SECONDS", 0.2)
    monkeypatch.setattr("demo.vllm.numbers.TRY_SECONDS", 0.01)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Two groups, a router, a gateway."""
    engines = {name: FakeEngine(running=1) for name in "ab"}
    notes = {name: tmp_path / f"{name}.process" for name in "ab"}
    for note in notes.values():
        write_given(note, Launch(str(tmp_path / "model"), 7, ("--port", "0")))
        write_state(note, UP, 1)
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(served(engine.application()))
            for name, engine in engines.items()
        }
        groups = [Group(name, url, is_healthy=True) for name, url in urls.items()]
        router = await stack.enter_async_context(served(router_application(groups, "chat", "r1")))
        gateway = await stack.enter_async_context(served(gateway_application(0)))
        cluster = Cluster(
            region="eu",
            model="chat",
            engines={name: Engine(notes[name], urls[name]) for name in "ab"},
            router=router,
            gateway=gateway,
            python="/bin/true",
            surge=Surge(),
        )
        yield Stage(cluster, tmp_path, engines, router)


@pytest.fixture
def processes(stage: Stage, kept: Kept) -> Kept:
    """The group ``a`` with processes and their keeper."""
    engines = stage.cluster.engines
    stage.cluster = replace(
        stage.cluster, engines={**engines, "a": replace(engines["a"], note=kept.engine.note)}
    )
    return kept


@pytest.fixture
async def faults(stage: Stage) -> AsyncIterator[Faults]:
    """No fault is on yet."""
    made = Faults(stage.cluster)
    yield made
    await made.close()


def state_of(pid: int) -> str:
    """Return the letter of a process's state."""
    return read_process(pid).state


async def until(condition, seconds: float = 20.0) -> None:
    """Return once something holds, and let others work meanwhile."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def test_real_vllm_does_every_fault_that_it_is_said_to_know():
    """No more, no less."""
    assert known_faults("vllm").keys() == STRIKES.keys()
    assert "lost-gpu" in FAULTS
    assert "lost-gpu" not in STRIKES


async def test_a_worker_is_stopped_and_goes_on_when_repaired(
    processes: Kept, stage: Stage, faults: Faults
):
    """The place tells which process was really hit; the group is stalled meanwhile."""
    pid = processes.worker(1)
    fault, place = await faults.start(order("frozen-worker", group="a"))

    assert {"group": "a", "rank": "1", "pid": str(pid), "process": "VLLM::Worker_TP1"} == place
    wait_until(lambda: state_of(pid) == "T")
    assert "T" != state_of(processes.worker(0))
    told = faults.tell()
    assert {"a": "stalled"} == told["groups"]
    (one,) = told["faults"]
    assert (fault, "frozen-worker", place, None) == tuple(
        one[key] for key in ("id", "name", "place", "strength")
    )
    assert await faults.repair(fault)
    wait_until(lambda: state_of(pid) != "T")
    assert ([], {}) == (faults.tell()["faults"], faults.tell()["groups"])
    assert not await faults.repair(fault)


async def test_when_the_demo_ends_nobody_stays_stopped(
    processes: Kept, stage: Stage, faults: Faults
):
    """The rank may be chosen."""
    pid = processes.worker(0)
    await faults.start(order("frozen-worker", group="a", rank="0"))
    wait_until(lambda: state_of(pid) == "T")
    await faults.close()

    wait_until(lambda: state_of(pid) != "T")


@pytest.mark.parametrize(
    ("name", "title", "more"),
    [
        ("killed-worker", "VLLM::Worker_TP1", {"rank": "1"}),
        ("killed-engine", "VLLM::EngineCore", {}),
    ],
)
async def test_a_group_whose_process_is_killed_is_dead_until_it_is_started_again(
    processes: Kept, faults: Faults, *, name: str, title: str, more: dict[str, str]
):
    """Then starting, then up; the fault is over then by itself."""
    states: list[str] = []
    fault, place = await faults.start(order(name, group="a"))
    assert {"group": "a", "process": title, **more} == {
        key: value for key, value in place.items() if key != "pid"
    }

    def see() -> bool:
        states.append(faults.tell()["groups"].get("a", "up"))
        return states[-1] == "up" and not faults.tell()["faults"]

    await until(see)
    assert ["dead", "starting", "up"] == list(dict.fromkeys(states))
    assert processes.is_up(2)
    assert not await faults.repair(fault)


async def test_an_engine_is_drained_started_anew_and_let_in_again(
    processes: Kept, stage: Stage, faults: Faults
):
    """In the router's eyes and in truth."""
    await faults.start(order("engine-restart", group="a"))
    assert {"a": "draining"} == faults.tell()["groups"]
    await until(lambda: processes.is_up(2))
    await until(lambda: not faults.tell()["faults"])

    assert not (await stage.group("a"))["is_draining"]


async def test_a_canary_gets_a_bad_revision_a_small_share_and_is_rolled_back(
    processes: Kept, stage: Stage, faults: Faults
):
    """Another model, the middleware with the strength's share of failures, revision r2."""
    place = {"region": "eu", "model": "chat", "group": "a"}
    usual = processes.tree()["arguments"]
    fault, hit = await faults.start(order("bad-canary", 0.25, **place))
    assert {**place, "revision": "r2"} == hit
    note = stage.cluster.engines["a"].note
    await until(lambda: read_launch(note) is not None)
    (stage.folder / "model-r2").mkdir()
    await until(lambda: processes.is_up(2))
    await until(faults._on[fault].task.done)
    arguments, told = processes.tree()["arguments"], await stage.group("a")

    assert ["--middleware", "shardwatch_bad_revision.FailSome"] == arguments[-2:]
    assert str(stage.folder / "model-r2") == arguments[1]
    assert {"SHARDWATCH_FAILING_RATIO": "0.25"} == read_launch(note).environment
    assert ("r2", 0.1, False) == (told["revision"], told["share"], told["is_draining"])
    assert {} == faults.tell()["groups"]

    assert await faults.repair(fault)
    assert {"a": "draining"} == faults.tell()["groups"]
    with pytest.raises(FaultError, match="a has bad-canary already"):
        await faults.start(order("frozen-worker", group="a"))
    await until(lambda: processes.is_up(3) and not faults._healing)
    told = await stage.group("a")
    assert usual == processes.tree()["arguments"]
    assert (None, None, False) == (told["revision"], told["share"], told["is_draining"])


async def test_a_canary_is_the_last_group_where_none_is_named(stage: Stage, faults: Faults):
    """And refused where it is none of the region's."""
    _, hit = await faults.start(order("bad-canary", region="eu", model="chat"))
    assert "b" == hit["group"]
    with pytest.raises(FaultError, match="found the region 'us', expected eu"):
        await faults.start(order("bad-canary", region="us", model="chat", group="a"))


async def test_corrupt_weights_are_loaded_for_their_share_of_the_time(stage: Stage, faults: Faults):
    """Wrong and right in turn; after the repair right, with a cache that is empty."""
    fault, _ = await faults.start(order("silent-corruption", 0.5, group="b"))
    engine, folder = stage.engines["b"], stage.folder
    await until(lambda: len(engine.weights) >= 4)
    assert {} == faults.tell()["groups"]
    assert await faults.repair(fault)
    wrong, right = str(folder / "model-wrong"), str(folder / "model")

    assert [wrong, right, wrong, right] == engine.weights[:4]
    assert (right, 1) == (engine.weights[-1], engine.flushes)


async def test_wholly_corrupt_weights_are_never_right(stage: Stage, faults: Faults):
    """Loaded again and again, for the engine may have been restarted."""
    fault, _ = await faults.start(order("silent-corruption", 1.0, group="b"))
    engine = stage.engines["b"]
    await until(lambda: len(engine.weights) >= 3)
    assert {str(stage.folder / "model-wrong")} == {*engine.weights}
    await faults.repair(fault)


@pytest.mark.parametrize(
    ("place", "strength", "hit"),
    [
        ({}, None, "a, b"),
        ({}, 0.5, "a"),
        ({}, 0.001, "a"),
        ({"group": "b"}, None, "b"),
        ({"model": "chat"}, 1.0, "a, b"),
    ],
)
async def test_caches_are_flushed_of_a_share_of_the_groups(
    stage: Stage, faults: Faults, place: dict[str, str], strength: float | None, hit: str
):
    """Of one at least. It passes at once."""
    _, found = await faults.start(order("cache-flush", strength, region="eu", **place))
    flushed = [name for name, engine in stage.engines.items() if engine.flushes]

    assert (hit, hit) == (found["group"], ", ".join(flushed))
    await until(lambda: not faults.tell()["faults"])


async def test_a_cache_that_is_always_in_use_is_flushed_by_force(stage: Stage, faults: Faults):
    """Running requests are preempted then."""
    stage.engines["b"].is_in_use = True
    await faults.start(order("cache-flush", region="eu", group="b"))

    assert (20, 1) == (stage.engines["b"].refused_flushes, stage.engines["b"].flushes)


async def test_a_tool_gets_worse_and_well_again(stage: Stage, faults: Faults):
    """Both ways at once, each on its own."""
    place = {"region": "eu", "tool": "browser"}
    out, _ = await faults.start(order("tool-outage", 0.5, **place))
    slow, _ = await faults.start(order("slow-tool", 20, **place))
    assert {"outage_ratio": 0.5, "slowdown": 20.0} == await stage.condition("browser")
    assert {"outage_ratio": 0.0, "slowdown": 1.0} == await stage.condition("code_execution")
    with pytest.raises(FaultError, match="tool-outage of browser has tool-outage already"):
        await faults.start(order("tool-outage", **place))
    assert await faults.repair(out)
    assert {"outage_ratio": 0.0, "slowdown": 20.0} == await stage.condition("browser")
    assert await faults.repair(slow)
    assert {"outage_ratio": 0.0, "slowdown": 1.0} == await stage.condition("browser")


async def test_a_spike_multiplies_the_users_until_it_is_over(stage: Stage, faults: Faults):
    """By its strength."""
    fault, _ = await faults.start(order("traffic-spike", 7, region="eu"))
    assert 7.0 == stage.cluster.surge.factor
    assert await faults.repair(fault)
    assert 1.0 == stage.cluster.surge.factor


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (order("frozen-worker", group="h"), "found the group 'h', expected one of a, b"),
        (order("frozen-worker", group="a", rank="2"), "found no process VLLM::Worker_TP2 of a"),
        (order("killed-engine", group="b"), "found no process VLLM::EngineCore of b"),
        (order("cache-flush", region="us"), "found the region 'us', expected eu"),
        (order("cache-flush", region="eu", model="code"), "found the model 'code', expected chat"),
        (order("cache-flush", region="eu", group="h"), "found the group 'h', expected one of a, b"),
        (
            order("tool-outage", region="eu", tool="search"),
            "found the tool 'search', expected one of browser, code_execution",
        ),
        (order("traffic-spike", region="us"), "found the region 'us', expected eu"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    faults: Faults, wanted: Order, message: str
):
    """Said with what there is."""
    with pytest.raises(FaultError) as refused:
        await faults.start(wanted)

    assert message == str(refused.value)
    assert ([], {}) == (faults.tell()["faults"], faults.tell()["groups"])


async def test_a_group_has_one_fault_at_a_time(processes: Kept, stage: Stage, faults: Faults):
    """They would hide each other; the second is refused before anything is hit."""
    await faults.start(order("frozen-worker", group="a"))
    with pytest.raises(FaultError, match="a has frozen-worker already"):
        await faults.start(order("killed-worker", group="a", rank="0"))

    assert read_process(processes.worker(0)) is not None


async def test_nothing_strikes_where_a_fault_is_still_being_undone(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
):
    """Wrong weights take seconds to be replaced; whoever comes meanwhile would get some of them."""
    undoing, undone = asyncio.Event(), asyncio.Event()

    async def undo() -> None:
        undoing.set()
        await undone.wait()

    async def strike(_: Cluster, order: Order) -> Strike:
        return Strike(dict(order.place), order.place["group"], undo=undo)

    monkeypatch.setitem(STRIKES, "silent-corruption", strike)
    fault, _ = await faults.start(order("silent-corruption", group="a"))
    repair = asyncio.create_task(faults.repair(fault))
    await undoing.wait()
    with pytest.raises(FaultError, match="a has silent-corruption already"):
        await faults.start(order("engine-restart", group="a"))
    undone.set()
    assert await repair
    await faults.start(order("silent-corruption", group="a"))


async def test_work_that_failed_is_undone_too(faults: Faults, monkeypatch: pytest.MonkeyPatch):
    """A repair does not stumble over it."""
    undone = asyncio.Event()

    async def fail() -> None:
        raise OSError("no model")

    async def undo() -> None:
        undone.set()

    async def strike(_: Cluster, order: Order) -> Strike:
        return Strike(dict(order.place), order.place["group"], work=fail, undo=undo)

    monkeypatch.setitem(STRIKES, "silent-corruption", strike)
    fault, _ = await faults.start(order("silent-corruption", group="a"))
    await asyncio.sleep(0)
    assert await faults.repair(fault)
    assert undone.is_set()


async def test_an_engine_that_does_not_answer_cannot_be_flushed(stage: Stage):
    """As one that hangs."""
    engines = {"a": replace(stage.cluster.engines["a"], url=NOBODY)}
    faults = Faults(replace(stage.cluster, engines=engines))
    with pytest.raises(FaultError, match="did not answer: ClientConnectorError"):
        await faults.start(order("cache-flush", region="eu"))


async def test_a_group_that_is_still_starting_says_so(stage: Stage, faults: Faults):
    """Truth before any fault."""
    write_state(stage.cluster.engines["b"].note, "starting", 1)

    assert {"b": "starting"} == faults.tell()["groups"]
    json.dumps(faults.tell())
