"""A mesh of two Alertmanagers on loopback, as processes that can be killed and come back.

Started as ``alerts/routing/README.md`` tells to, at shorter times.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from exporters.programs import locate_program

PATIENCE_SECONDS = 60.0


@dataclass
class Mesh:
    """Two Alertmanagers that know each other, within ``with``.

    Args:
        config: ``alertmanager.yml``.
        folder: for their data and logs.
        peer_timeout_seconds: how long the second waits for the first to tell something.
    """

    config: Path
    folder: Path
    peer_timeout_seconds: float = 15.0
    _ports: list[int] = field(default_factory=lambda: free_ports(4))
    _running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        for index in range(2):
            self.start(index)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for index in tuple(self._running):
            self.kill(index)

    @property
    def urls(self) -> list[str]:
        """Return the addresses of both, whether they run or not."""
        return [f"http://127.0.0.1:{port}" for port in self._ports[:2]]

    @property
    def missing(self) -> list[int]:
        """Return those that were killed and not started again."""
        return [index for index in range(2) if index not in self._running]

    def start(self, index: int) -> None:
        """Start one, with what it knew when it ended."""
        ours, others = self._ports[2 + index], self._ports[3 - index]
        command = [
            str(locate_program("alertmanager")),
            f"--config.file={self.config}",
            f"--storage.path={self.folder / f'data-{index}'}",
            f"--web.listen-address=127.0.0.1:{self._ports[index]}",
            f"--cluster.listen-address=127.0.0.1:{ours}",
            f"--cluster.advertise-address=127.0.0.1:{ours}",
            f"--cluster.peer=127.0.0.1:{others}",
            f"--cluster.peer-timeout={self.peer_timeout_seconds:g}s",
            "--cluster.settle-timeout=15s",
            "--cluster.reconnect-interval=1s",
            "--data.maintenance-interval=1s",
            "--log.level=warn",
        ]
        with (self.folder / f"alertmanager-{index}.log").open("ab") as log:
            self._running[index] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, index: int) -> None:
        """Kill one (SIGKILL): it writes nothing down, and tells nobody."""
        process = self._running.pop(index)
        process.kill()
        process.wait()

    async def wait_ready(self) -> None:
        """Wait until both answer.

        Raises:
            TimeoutError: if they do not.
        """
        await asyncio.gather(*(wait_until_ready(f"{url}/-/ready") for url in self.urls))


@contextlib.asynccontextmanager
async def running_stand_in(folder: Path, routing_keys: Sequence[str]) -> AsyncIterator[str]:
    """Run PagerDuty's stand-in on a free port; give its address; end it."""
    [port] = free_ports(1)
    keys = folder / "routing-keys"
    keys.write_text("\n".join(routing_keys) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "alerts.testing", "--port", str(port),
               "--routing-key-file", str(keys)]  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root) as running:
        try:
            await wait_until_ready(f"http://127.0.0.1:{port}/healthz")
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


async def wait_until_ready(url: str) -> None:
    """Wait until an address answers 200.

    Raises:
        TimeoutError: if it does not.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        while time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listened on a moment ago, neither by TCP nor UDP."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            tcp = held.enter_context(socket.socket())
            tcp.bind(("127.0.0.1", 0))
            port = tcp.getsockname()[1]
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                found.append(port)
    return found
