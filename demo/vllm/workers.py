"""Worker processes of the demo's own vLLM servers: found by rank, stopped at work, killed.

Signals go to descendants of noted servers only.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from demo.vllm.processes import Process, descendants, read_note, read_process, read_processes

WORKER_TITLE = "VLLM::Worker_TP"
ENGINE_TITLE = "VLLM::EngineCore"

BUSY_WITHIN_SECONDS = 6.0
"""How long to wait for the engine to be at work before it is struck in any case."""
LOOK_SECONDS = 0.02
SETTLE_SECONDS = 1.0
"""For the step that the other ranks were in to end, and to reach the engine's page."""

_RUNNING = re.compile(r"^vllm:num_requests_running\{[^}]*\} (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Engine:
    """One group's server: the note of who runs it, and its address."""

    note: Path
    url: str


def find_worker(note: Path, rank: str) -> Process | None:
    """Return the tensor-parallel worker of a rank among the descendants of a noted process."""
    return _find(note, f"{WORKER_TITLE}{rank}")


def find_engine(note: Path) -> Process | None:
    """Return the EngineCore among the descendants of a noted process."""
    return _find(note, ENGINE_TITLE)


def send(process: Process, number: signal.Signals) -> None:
    """Signal a process if it is still the one that was found."""
    now = read_process(process.pid)
    if now and now.started == process.started:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


async def stop_at_work(worker: Process, url: str) -> None:
    """Stop a worker while its engine has requests in its batch.

    vLLM writes its gauges when it steps. Stopped between two requests, an engine would show an
    empty batch for as long as it hangs, and look idle to whoever reads its page; under load a
    worker hangs in a step. So it is stopped in one.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_WITHIN_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        while loop.time() < deadline:
            if await _is_busy(session, url):
                send(worker, signal.SIGSTOP)
                await asyncio.sleep(SETTLE_SECONDS)
                if await _is_busy(session, url):
                    return
                send(worker, signal.SIGCONT)
            await asyncio.sleep(LOOK_SECONDS)
    send(worker, signal.SIGSTOP)


async def kill_at_work(process: Process, url: str) -> None:
    """Kill a process of an engine while that has requests, as a crash under load would."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_WITHIN_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        while loop.time() < deadline and not await _is_busy(session, url):
            await asyncio.sleep(LOOK_SECONDS)
    send(process, signal.SIGKILL)


def _find(note: Path, title: str) -> Process | None:
    server = read_note(note)
    if server is None:
        return None
    for each in descendants(server.pid, read_processes()):
        if each.title == title:
            return each
    return None


async def _is_busy(session: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(f"{url}/metrics") as answer:
            found = _RUNNING.search(await answer.text())
            return found is not None and float(found[1]) > 0
    return False
