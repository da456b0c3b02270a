"""Restarts of engines as operators do them: drained, stopped, started, let in again."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from demo.vllm.asking import Unanswered, ask
from demo.vllm.launching import UP, Launch, read_state, write_launch
from demo.vllm.processes import read_note
from demo.vllm.workers import Engine

LOOK_SECONDS = 0.2
DRAIN_SECONDS = 20.0
"""For the requests that a group has to end; what is left then is cut off."""
UP_WITHIN_SECONDS = 420.0


@dataclass(frozen=True)
class Traffic:
    """What the router sends to a group: of which revision it is, and its share; None as usual."""

    revision: str | None = None
    share: float | None = None


async def restart(
    engine: Engine, group_url: str, launch: Launch | None = None, traffic: Traffic | None = None
) -> None:
    """Drain a group, start its server anew, and let requests in again once it is up.

    Args:
        engine: the group's.
        group_url: of the group at the router.
        launch: what its keeper is to start; None for what it was first started with.
        traffic: what it gets afterwards; None for its usual part under its usual revision.
    """
    await drain(group_url)
    write_launch(engine.note, launch)
    before = read_state(engine.note).launch
    keeper = read_note(engine.note)
    if keeper:
        with suppress(ProcessLookupError):
            os.kill(keeper.pid, signal.SIGHUP)
    await wait_until_up(engine, after=before)
    wanted = traffic or Traffic()
    await _tell(group_url, is_draining=False, revision=wanted.revision, share=wanted.share)


async def drain(group_url: str) -> None:
    """Send a group nothing new, and return once it has nothing left or has had its time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DRAIN_SECONDS
    await _tell(group_url, is_draining=True)
    while loop.time() < deadline:
        with suppress(Unanswered):
            if not (await ask("GET", group_url))["in_flight"]:
                return
        await asyncio.sleep(LOOK_SECONDS)


async def wait_until_up(engine: Engine, *, after: int) -> None:
    """Return once a server that was started after launch number ``after`` is up, or too late."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + UP_WITHIN_SECONDS
    while loop.time() < deadline:
        now = read_state(engine.note)
        if now.launch > after and now.state == UP:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _tell(group_url: str, **change: Any) -> None:
    with suppress(Unanswered):  # a router that is gone drains everybody
        await ask("PUT", group_url, change)
