"""What each fault does to real vLLM, and how it is undone: one function a fault.

Which faults there are, and what their places and strengths are, stands in :mod:`demo.faults`.

===================  =============================================================================
frozen-worker        SIGSTOP of a worker; the others wait for it in a collective
killed-worker        SIGKILL of a worker; vLLM's monitor ends the engine, its keeper starts it again
killed-engine        SIGKILL of the EngineCore; its server ends, its keeper starts it again
engine-restart       drained at the router, stopped, started
bad-canary           drained, started with other weights and a broken middleware (HTTP 500 for the
                     strength's share), let in as revision r2 with a small share of the traffic
silent-corruption    weights of another seed, loaded in place for the strength's share of the time
cache-flush          vLLM's reset of the prefix cache, in the strength's share of the groups
tool-outage          programs are stopped (SIGSTOP) until their time limit; the site refuses
slow-tool            programs get a part of a core; the site renders slowly
traffic-spike        more sessions come
===================  =============================================================================
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from demo.orders import FaultError, Order, one_of
from demo.traffic.gateway import TOOLS
from demo.vllm.asking import Unanswered, ask
from demo.vllm.launching import Launch, read_state
from demo.vllm.numbers import corrupt, flush_cache
from demo.vllm.plugin.shardwatch_bad_revision import VARIABLE as FAILING_RATIO
from demo.vllm.processes import Process
from demo.vllm.rollout import Traffic, restart, wait_until_up
from demo.vllm.serve import WEIGHTS
from demo.vllm.striking import (
    Cluster,
    Meanwhile,
    Strike,
    Work,
    engine_of,
    found,
    named,
    nothing,
    refuse_elsewhere,
    running_launch,
    strength_of,
)
from demo.vllm.workers import (
    ENGINE_TITLE,
    WORKER_TITLE,
    Engine,
    find_engine,
    find_worker,
    kill_at_work,
    send,
    stop_at_work,
)

DEFAULT_RANK = "1"
CANARY = Traffic(revision="r2", share=0.1)
CANARY_MODEL, WRONG_MODEL = "model-r2", "model-wrong"
"""Folders beside the model's own; their seeds are the next ones."""


async def freeze_worker(cluster: Cluster, order: Order) -> Strike:
    """Stop a worker in a step."""
    group, engine = engine_of(cluster, order)
    rank = order.place.get("rank", DEFAULT_RANK)
    worker = found(find_worker(engine.note, rank), f"{WORKER_TITLE}{rank}", group)
    await stop_at_work(worker, engine.url)

    async def thaw() -> None:
        send(worker, signal.SIGCONT)

    place = {"group": group, "rank": rank, **named(worker)}
    # vLLM gives up after VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS; then its keeper starts it again.
    stalled = Meanwhile("stalled", read_state(engine.note).launch)
    return Strike(place, group, stalled, undo=thaw)


async def kill_worker(cluster: Cluster, order: Order) -> Strike:
    """Kill a worker under load."""
    group, engine = engine_of(cluster, order)
    rank = order.place.get("rank", DEFAULT_RANK)
    worker = found(find_worker(engine.note, rank), f"{WORKER_TITLE}{rank}", group)
    return await _kill(group, engine, worker, {"rank": rank})


async def kill_engine(cluster: Cluster, order: Order) -> Strike:
    """Kill an EngineCore under load."""
    group, engine = engine_of(cluster, order)
    core = found(find_engine(engine.note), ENGINE_TITLE, group)
    return await _kill(group, engine, core, {})


async def restart_engine(cluster: Cluster, order: Order) -> Strike:
    """Drain a group and start its server anew."""
    group, engine = engine_of(cluster, order)
    draining = Meanwhile("draining", read_state(engine.note).launch)
    work = _restarting(cluster, group, None, None)
    return Strike({"group": group}, group, draining, work=work)


async def roll_out_canary(cluster: Cluster, order: Order) -> Strike:
    """Start a group's server anew with a bad revision, under a small share of the traffic."""
    refuse_elsewhere(cluster, order)
    last = sorted(cluster.engines)[-1]
    group, engine = engine_of(cluster, replace(order, place={"group": last, **order.place}))
    usual = running_launch(group, engine)
    bad = Launch(
        model=str(Path(usual.model).with_name(CANARY_MODEL)),
        seed=usual.seed + 1,
        arguments=(*usual.arguments, "--middleware", "shardwatch_bad_revision.FailSome"),
        environment={FAILING_RATIO: str(order.strength)},
    )
    return Strike(
        {**order.place, "group": group, "revision": str(CANARY.revision)},
        group,
        Meanwhile("draining", read_state(engine.note).launch),
        work=_restarting(cluster, group, bad, CANARY),
        heal=_restarting(cluster, group, None, None),
    )


async def corrupt_weights(cluster: Cluster, order: Order) -> Strike:
    """Let a group compute with wrong weights for a share of the time."""
    group, engine = engine_of(cluster, order)
    usual = running_launch(group, engine)
    right = Path(usual.model)
    wrong = right.with_name(WRONG_MODEL)
    await _make_model(cluster.python, wrong, usual.seed + 2)
    ratio = strength_of(order)

    async def work() -> None:
        await corrupt(engine.url, right, wrong, ratio)

    return Strike({**order.place, "group": group}, group, work=work)


async def flush_caches(cluster: Cluster, order: Order) -> Strike:
    """Empty the prefix caches of a share of the groups, of one at least."""
    refuse_elsewhere(cluster, order)
    groups = sorted(cluster.engines)
    if "group" in order.place:
        groups = [engine_of(cluster, order)[0]]
    hit = groups[: max(round(strength_of(order) * len(groups)), 1)]
    try:
        for group in hit:
            await flush_cache(cluster.engines[group].url)
    except Unanswered as error:
        raise FaultError(str(error)) from None
    place = {**order.place, "group": ", ".join(hit)}
    return Strike(place, work=nothing)


async def break_tool(cluster: Cluster, order: Order) -> Strike:
    """Let a share of a tool's calls fail."""
    return await _worsen(cluster, order, "outage_ratio", strength_of(order), 0.0)


async def slow_tool(cluster: Cluster, order: Order) -> Strike:
    """Let a tool take longer."""
    return await _worsen(cluster, order, "slowdown", strength_of(order), 1.0)


async def let_more_come(cluster: Cluster, order: Order) -> Strike:
    """Multiply the sessions that come."""
    refuse_elsewhere(cluster, order)
    cluster.surge.factor = strength_of(order)

    async def undo() -> None:
        cluster.surge.factor = 1.0

    return Strike(dict(order.place), undo=undo)


STRIKES: Mapping[str, Callable[[Cluster, Order], Awaitable[Strike]]] = {
    "frozen-worker": freeze_worker,
    "killed-worker": kill_worker,
    "killed-engine": kill_engine,
    "engine-restart": restart_engine,
    "bad-canary": roll_out_canary,
    "silent-corruption": corrupt_weights,
    "cache-flush": flush_caches,
    "tool-outage": break_tool,
    "slow-tool": slow_tool,
    "traffic-spike": let_more_come,
}


def claims_of(cluster: Cluster, order: Order) -> frozenset[str]:
    """Return what nobody else may strike as long as a fault is on."""
    if order.name in ("tool-outage", "slow-tool"):
        return frozenset({f"{order.name} of {order.place['tool']}"})
    if order.name == "traffic-spike":
        return frozenset({"the traffic"})
    if order.name == "cache-flush":
        return frozenset()
    return frozenset({order.place.get("group", sorted(cluster.engines)[-1])})


async def _kill(group: str, engine: Engine, process: Process, more: Mapping[str, str]) -> Strike:
    before = read_state(engine.note).launch
    await kill_at_work(process, engine.url)

    async def work() -> None:
        await wait_until_up(engine, after=before)

    place = {"group": group, **more, **named(process)}
    return Strike(place, group, Meanwhile("dead", before), work=work)


def _restarting(
    cluster: Cluster, group: str, launch: Launch | None, traffic: Traffic | None
) -> Work:
    async def work() -> None:
        url = f"{cluster.router}/groups/{group}"
        await restart(cluster.engines[group], url, launch, traffic)

    return work


async def _worsen(cluster: Cluster, order: Order, what: str, value: float, usual: float) -> Strike:
    refuse_elsewhere(cluster, order)
    tool = order.place["tool"]
    if tool not in TOOLS:
        raise FaultError(f"found the tool {tool!r}, expected {one_of(TOOLS)}")
    url = f"{cluster.gateway}/condition/{tool}"
    try:
        await ask("PUT", url, {what: value})
    except Unanswered as error:
        raise FaultError(str(error)) from None

    async def undo() -> None:
        with suppress(Unanswered):  # a gateway that is gone forgets it too
            await ask("PUT", url, {what: usual})

    return Strike(dict(order.place), undo=undo)


async def _make_model(python: str, folder: Path, seed: int) -> None:
    command = (python, "-P", str(WEIGHTS), str(folder), str(seed))
    process = await asyncio.create_subprocess_exec(*command)
    if await process.wait():
        raise FaultError(f"{folder} could not be made: see the log")
