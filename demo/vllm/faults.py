"""The faults of the demo on real vLLM: a worker process that is stopped, as if it hung.

The engine waits for it in a collective; its API server answers ``/health`` with 200 all the while.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from demo.traffic.control import FaultError
from demo.vllm.processes import Process, descendants, read_note, read_process, read_processes

FROZEN_WORKER = "frozen-worker"
DEFAULT_RANK = "1"
WORKER_TITLE = "VLLM::Worker_TP"

BUSY_WITHIN_SECONDS = 6.0
"""How long to wait for the engine to be at work before it is stopped in any case."""
LOOK_SECONDS = 0.02
SETTLE_SECONDS = 1.0
"""For the step that the other ranks were in to end, and to reach the engine's page."""

_RUNNING = re.compile(r"^vllm:num_requests_running\{[^}]*\} (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Engine:
    """One group's server: the note of who runs it, and its address."""

    note: Path
    url: str


@dataclass(frozen=True)
class _Frozen:
    worker: Process
    place: dict[str, str]


@dataclass
class Faults:
    """The faults that are on. Signals go to descendants of the demo's own servers only."""

    engines: Mapping[str, Engine]
    """By group."""
    _frozen: dict[str, _Frozen] = field(default_factory=dict, init=False)
    _count: int = field(default=0, init=False)

    async def start(self, name: str, place: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Start a fault; return its id and the place that was really hit.

        Raises:
            FaultError: if there is no such fault or place.
        """
        if name != FROZEN_WORKER:
            raise FaultError(f"found fault {name!r}, expected {FROZEN_WORKER}")
        unknown = sorted(place.keys() - {"group", "rank"})
        if unknown:
            raise FaultError(f"found {', '.join(unknown)} in the place, expected group and rank")
        group, rank = place.get("group", ""), place.get("rank", DEFAULT_RANK)
        if group not in self.engines:
            known = ", ".join(sorted(self.engines))
            raise FaultError(f"found group {group!r}, expected one of {known}")
        worker = find_worker(self.engines[group].note, rank)
        if worker is None:
            raise FaultError(f"found no process {WORKER_TITLE}{rank} of {group}")
        if any(each.worker.pid == worker.pid for each in self._frozen.values()):
            raise FaultError(f"{worker.title} of {group} is stopped already")
        self._count += 1
        full = {"group": group, "rank": rank, "pid": str(worker.pid), "process": worker.title}
        self._frozen[str(self._count)] = _Frozen(worker, full)
        fault = str(self._count)
        await _stop_at_work(worker, self.engines[group].url)
        return fault, full

    def repair(self, fault: str) -> bool:
        """End a fault; return whether there was one by that id."""
        frozen = self._frozen.pop(fault, None)
        if frozen:
            _send(frozen.worker, signal.SIGCONT)
        return frozen is not None

    def repair_all(self) -> None:
        """End every fault."""
        for fault in list(self._frozen):
            self.repair(fault)


def find_worker(note: Path, rank: str) -> Process | None:
    """Return the tensor-parallel worker of a rank among the descendants of a noted process."""
    server = read_note(note)
    if server is None:
        return None
    for each in descendants(server.pid, read_processes()):
        if each.title == f"{WORKER_TITLE}{rank}":
            return each
    return None


async def _stop_at_work(worker: Process, url: str) -> None:
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
                _send(worker, signal.SIGSTOP)
                await asyncio.sleep(SETTLE_SECONDS)
                if await _is_busy(session, url):
                    return
                _send(worker, signal.SIGCONT)
            await asyncio.sleep(LOOK_SECONDS)
    _send(worker, signal.SIGSTOP)


async def _is_busy(session: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError, TimeoutError):
        async with session.get(f"{url}/metrics") as answer:
            found = _RUNNING.search(await answer.text())
            return found is not None and float(found[1]) > 0
    return False


def _send(worker: Process, number: signal.Signals) -> None:
    """Signal a worker if it is still the process that was found."""
    now = read_process(worker.pid)
    if now and now.started == worker.started:
        with suppress(ProcessLookupError):
            os.kill(worker.pid, number)
