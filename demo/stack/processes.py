"""Processes that start together and end together, also when their supervisor is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from demo.engine import Child
from demo.stack.reasons import reasons
from exporters.problems import InputError, problem

STOP_WITHIN_SECONDS = 8.0
LOG_LINES_SHOWN = 15
LOG_BYTES_READ = 1 << 18
"""Of the end of a log, to tell why its process ended."""
_TIED = Path(__file__).with_name("tied.py")


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    log_begins: int
    """Where in its log file this run of it begins, in bytes."""


class Supervisor:
    """Starts children, waits until they are ready, watches them, and ends them all.

    Each child leads a session of its own (so a Ctrl-C in the terminal reaches only the
    supervisor, which ends them in order) and is killed by the kernel when the supervisor dies.
    """

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._running: dict[str, _Running] = {}
        self._away: dict[str, Child] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the children, by name."""
        return {name: each.process.pid for name, each in self._running.items()}

    def log_file(self, name: str) -> Path:
        """Return the file that holds a child's output."""
        return self._log_folder / f"{name}.log"

    async def start(self, *children: Child) -> None:
        """Start children side by side and return when all are ready.

        Raises:
            InputError: if one ends or is not ready in time; it names the child and the reason
                that its log gives, and quotes the last lines.
        """
        for child in children:
            self._spawn(child)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            await asyncio.gather(*(self._wait_ready(child, session) for child in children))

    def check(self) -> None:
        """Raise an InputError if a child has ended by itself."""
        for each in self._running.values():
            code = each.process.poll()
            if code is not None:
                raise self._failure(each.child, f"ended {_describe_exit(code)}")

    async def restart(self, name: str) -> None:
        """Kill a child as a crash would, and start it again; return when it is ready."""
        running = self._running.pop(name)
        running.process.kill()
        await asyncio.to_thread(running.process.wait)
        await self.start(running.child)

    async def take_away(self, name: str) -> None:
        """End a child that is to come back; until then nobody misses it."""
        child = self._running[name].child
        await self.stop(name)
        self._away[name] = child

    async def bring_back(self, name: str) -> None:
        """Start a child again that was taken away; return when it is ready."""
        await self.start(self._away.pop(name))

    async def stop(self, *names: str) -> None:
        """End the named children, or all, in the reverse order of their start."""
        chosen = [self._running.pop(name) for name in names or reversed(list(self._running))]
        for each in chosen:
            each.process.terminate()
        deadline = asyncio.get_running_loop().time() + STOP_WITHIN_SECONDS
        for each in chosen:
            left = max(0.0, deadline - asyncio.get_running_loop().time())
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(each.process.wait, left)
            # The whole session goes, so that a child's own children are not left behind.
            with suppress(ProcessLookupError):
                os.killpg(each.process.pid, signal.SIGKILL)
            await asyncio.to_thread(each.process.wait)

    def _spawn(self, child: Child) -> None:
        tied = (sys.executable, "-I", "-S", str(_TIED), str(os.getpid()))
        with self.log_file(child.name).open("ab") as log:
            log_begins = log.tell()
            process = subprocess.Popen(
                (*tied, *child.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **child.environment},
                start_new_session=True,
            )
        self._running[child.name] = _Running(child, process, log_begins)

    async def _wait_ready(self, child: Child, session: aiohttp.ClientSession) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + child.ready_within_seconds
        while clock() < deadline:
            code = self._running[child.name].process.poll()
            if code is not None:
                raise self._failure(child, f"ended at its start {_describe_exit(code)}")
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(child.ready_url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
        raise self._failure(child, f"was not ready within {child.ready_within_seconds:g} s")

    def _failure(self, child: Child, what: str) -> InputError:
        log = self._read_log(child.name)
        reason = "".join(f"\n    {line}" for line in reasons(log))
        lines = "".join(f"\n    {line}" for line in log.splitlines()[-LOG_LINES_SHOWN:])
        message = f"{child.name} {what}" + (
            f", and says why:{reason}\n  the last lines of its log:{lines}"
            if reason
            else " and says nothing"
        )
        return InputError([problem(self.log_file(child.name), message)])

    def _read_log(self, name: str) -> str:
        """Return what the present run of a child has written, the end of it if that is much."""
        with self.log_file(name).open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._running[name].log_begins, end - LOG_BYTES_READ))
            return log.read().decode("utf-8", "replace")


def _describe_exit(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
