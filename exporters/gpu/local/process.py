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
_READY = "ready"
"""What is waited for first; no GPU is called so."""


class ChildError(Exception):
    """It did not do what it was asked: ``reason`` is ``timeout``, ``ended`` or ``failed``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


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
        self._answers: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        """By what was asked for: those that somebody waits for."""
        self._owed: set[str] = {_READY}
        """What was asked for and has not been answered, whether somebody waits or not."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._stdout, self._read)
        self.is_open = True
        """Whether it can be asked: it has not ended, as far as we know."""

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

    def owes(self, uuid: str) -> bool:
        """Return whether it was asked about a GPU, and has not answered yet."""
        return uuid in self._owed

    async def ready(self, deadline_seconds: float) -> str:
        """Return the driver's version once it has loaded its library.

        Raises:
            ChildError: if it has not in time, or cannot.
        """
        answer = await self._wait(_READY, deadline_seconds)
        return str(answer.get("ready", ""))

    async def find(self, deadline_seconds: float) -> list[str]:
        """Return the GPUs that are there, by UUID.

        Raises:
            ChildError: if it has not in time, or ended.
        """
        found: list[str] = (await self._ask({"of": ""}, deadline_seconds))["found"]
        return found

    async def ask(self, uuid: str, pci: str | None, deadline_seconds: float) -> Mapping[str, Any]:
        """Return what it reads of a GPU. Not to be asked what it owes an answer to.

        Raises:
            ChildError: if it has not in time, or ended.
        """
        answer = await self._ask({"of": uuid, "pci": pci}, deadline_seconds)
        content: Mapping[str, Any] = answer["reading"]
        return content

    def kill(self) -> None:
        """End it, and do not wait: ``is_gone`` tells when it is."""
        self._close()
        self._process.kill()

    async def _ask(self, asked: Mapping[str, Any], deadline_seconds: float) -> Mapping[str, Any]:
        of = str(asked["of"])
        if not self.is_open or self._process.stdin is None:
            raise ChildError("ended")
        try:
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        except OSError as error:
            raise ChildError("ended", error.strerror or "") from None
        self._owed.add(of)
        return await self._wait(of, deadline_seconds)

    async def _wait(self, of: str, deadline_seconds: float) -> Mapping[str, Any]:
        if not self.is_open:
            raise ChildError("ended")
        answer = self._answers[of] = self._loop.create_future()
        try:
            async with asyncio.timeout(deadline_seconds):
                message: Mapping[str, Any] = await answer
        except TimeoutError:
            raise ChildError("timeout", f"no answer within {deadline_seconds:g} s") from None
        finally:
            self._answers.pop(of, None)
        if "failed" in message:
            raise ChildError("failed", f"{message['failed']}: {message.get('detail', '')}")
        return message

    def _read(self) -> None:
        data = os.read(self._stdout, 65536)
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        try:
            for line in lines:
                self._take(json.loads(line))
        except (ValueError, TypeError):
            data = b""
        if not data or len(self._buffer) > LONGEST_LINE_BYTES:
            self._close()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "xid" in message:
            self._tell(message)
            return
        of = str(message.get("of", _READY))
        self._owed.discard(of)
        answer = self._answers.get(of)
        if answer and not answer.done():
            answer.set_result(message)

    def _close(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self._loop.remove_reader(self._stdout)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ChildError("ended"))
