"""The child process as its parent sees it: plain pipes, and a deadline for whatever it is asked.

No thread waits for it: a child that hangs in the driver cannot be killed before the driver lets it
go, and a thread for each would never come back.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[3]
LONGEST_LINE_BYTES = 1 << 20


class ChildError(Exception):
    """It did not do what it was asked: ``reason`` is ``timeout``, ``ended`` or ``failed``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class Child:
    """One child. To be made within a running event loop.

    Args:
        backend: ``nvml`` or ``dcgm``.
        uuids: the GPUs whose XIDs it watches.
        tell: gets what it tells by itself: ``{"xid": ...}``.
        environment: of the process, besides ours.
    """

    def __init__(
        self,
        backend: str,
        uuids: Sequence[str],
        tell: Callable[[Mapping[str, Any]], None],
        environment: Mapping[str, str],
    ) -> None:
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "exporters.gpu.local.child",
             str(os.getpid()), backend, *uuids],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
            env={**os.environ, "PYTHONPATH": path, **environment},
        )  # fmt: skip
        self._tell = tell
        self._buffer = b""
        self._answer: asyncio.Future[Mapping[str, Any]] | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._stdout, self._read)
        self._is_open = True

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended, and was buried."""
        return self._process.poll() is not None

    @property
    def _stdout(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.fileno()

    async def ready(self, deadline_seconds: float) -> str:
        """Return the driver's version once it has loaded its library.

        Raises:
            ChildError: if it has not in time, or cannot.
        """
        answer = await self._wait(deadline_seconds)
        _check(answer)
        return str(answer.get("ready", ""))

    async def ask(self, uuid: str, pci: str | None, deadline_seconds: float) -> Mapping[str, Any]:
        """Return what it reads of a GPU.

        Raises:
            ChildError: if it has not in time, or ended.
        """
        line = json.dumps({"read": uuid, "pci": pci}).encode() + b"\n"
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self._process.stdin.write(line)
        except OSError as error:
            raise ChildError("ended", error.strerror or "") from None
        answer = await self._wait(deadline_seconds)
        if answer.get("of") != uuid:
            raise ChildError("ended", "it answered out of turn")
        _check(answer)
        content: Mapping[str, Any] = answer["reading"]
        return content

    def kill(self) -> None:
        """End it, and do not wait: ``is_gone`` tells when it is."""
        self._close()
        self._process.kill()

    async def _wait(self, deadline_seconds: float) -> Mapping[str, Any]:
        if not self._is_open:
            raise ChildError("ended")
        self._answer = self._loop.create_future()
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._answer
        except TimeoutError:
            raise ChildError("timeout", f"no answer within {deadline_seconds:g} s") from None
        finally:
            self._answer = None

    def _read(self) -> None:
        data = os.read(self._stdout, 65536)
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        try:
            for line in lines:
                self._take(json.loads(line))
        except ValueError:
            data = b""
        if not data or len(self._buffer) > LONGEST_LINE_BYTES:
            self._close()
            if self._answer and not self._answer.done():
                self._answer.set_exception(ChildError("ended"))

    def _take(self, message: Mapping[str, Any]) -> None:
        if "xid" in message:
            self._tell(message)
        elif self._answer and not self._answer.done():
            self._answer.set_result(message)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._stdout)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()


def _check(answer: Mapping[str, Any]) -> None:
    """Raise if the library does not work."""
    if "failed" in answer:
        raise ChildError("failed", f"{answer['failed']}: {answer.get('detail', '')}")
