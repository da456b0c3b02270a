"""Keeps the readings of GPUs by one library fresh, whatever one of them does.

All GPUs are asked at once, each with a deadline. A call that does not come back costs that GPU its
series; the child that it hangs in goes on with the others until its successor has loaded the
library, which may take long or for ever where a GPU hangs, and is killed then. The GPU is asked
again ever more seldom, and not at all while a child that hangs in it cannot be killed.

A child that dies takes the answers of all along, and nobody knows whose call it was. So the next
one asks one GPU after the other; whose call it dies in has to wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporters.gpu.local import asked
from exporters.gpu.local.asked import AskedGpu, pause_seconds
from exporters.gpu.local.process import Child, ChildError
from exporters.gpu.readings import Reading

START_SECONDS = 10.0
"""For a child to load the driver's library: seconds where the GPUs sleep."""
FIND_SECONDS = 30.0
"""Between two questions which GPUs there are."""
BURY_SECONDS = 1.0
"""How long the end waits for children that were killed; one that the driver holds takes longer."""

_LOG = logging.getLogger("shardwatch")

TellXid = Callable[[str, str, int, float], None]
"""Told of an XID: library, UUID, code, Unix seconds."""


@dataclass(frozen=True)
class Settings:
    """How a reader works."""

    read_seconds: float = 2.0
    """Between two readings of a GPU."""
    deadline_seconds: float = 1.0
    """For all calls of one GPU."""
    stale_seconds: float = 7.0
    """An older reading is none: three rounds and a deadline."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of children, besides ours."""
    clock: Callable[[], float] = time.monotonic
    """In seconds."""


async def _always() -> bool:
    return True


class GpuReader:
    """Reads the GPUs of one host with one library.

    Args:
        backend: ``nvml`` or ``dcgm``.
        uuids: of the GPUs.
        tell: gets their XIDs.
        settings: how.
        is_there: says whether there is any use in starting a child.
    """

    def __init__(
        self,
        backend: str,
        uuids: Sequence[str],
        tell: TellXid,
        settings: Settings,
        is_there: Callable[[], Awaitable[bool]] = _always,
    ) -> None:
        self.backend = backend
        self.children_started = 0
        self.trouble = "no reading yet"
        """Why no child works; empty while one does."""
        self.was_read = asyncio.Event()
        """Set once a round is over, or cannot begin."""
        self.found: frozenset[str] = frozenset()
        """The GPUs that the library has."""
        self._gpus = {uuid: AskedGpu(uuid) for uuid in uuids}
        self._tell = tell
        self._settings = settings
        self._clock = settings.clock
        self._is_there = is_there
        self._child: Child | None = None
        self._successor: asyncio.Task[Child] | None = None
        self._dying: list[Child] = []
        self._start_failures = 0
        self._start_at = 0.0
        self._find_at = 0.0
        self._has_other_gpus = False
        self._is_careful = False
        """Whether GPUs are asked one by one, for children die of one."""

    @property
    def child_pid(self) -> int | None:
        """Of the child at work."""
        return self._child.pid if self._child else None

    @property
    def uuids(self) -> list[str]:
        """Of the GPUs that are read."""
        return list(self._gpus)

    def expect(self, uuids: Sequence[str]) -> None:
        """Read these from now on; what is known of those that stay is kept."""
        if list(uuids) != list(self._gpus):
            self._gpus = {uuid: self._gpus.get(uuid) or AskedGpu(uuid) for uuid in uuids}
            self._has_other_gpus = True

    def reading(self, uuid: str) -> Reading:
        """Return the newest reading of a GPU, with its age."""
        return self._gpus[uuid].reading_at(self._clock(), self._settings.stale_seconds)

    def pci(self, uuid: str) -> str | None:
        """Return where a GPU stands, or stood when it was last found."""
        return self._gpus[uuid].pci

    async def run(self) -> None:
        """Read for ever."""
        while True:
            start = self._clock()
            try:
                await self._read_all()
            except Exception:  # noqa: BLE001 - reading goes on, whatever one round met
                _LOG.exception("a round of readings failed")
                self._end_child()
            self._bury()
            await asyncio.sleep(max(0.05, start + self._settings.read_seconds - self._clock()))

    async def close(self) -> None:
        """End the children."""
        if self._successor:
            self._successor.cancel()
            await asyncio.gather(self._successor, return_exceptions=True)
            self._take_successor()
        self._end_child()
        deadline = self._clock() + BURY_SECONDS
        self._bury()
        while self._dying and self._clock() < deadline:
            await asyncio.sleep(0.02)
            self._bury()

    async def _read_all(self) -> None:
        """Ask all that are due; again, and one by one, if the child dies of it."""
        if self._has_other_gpus:
            self._has_other_gpus = False
            self._end_child()  # the next one watches for the XIDs of all
        for _ in range(2):
            child = await self._working_child()
            if child is None:
                return
            await self._ask_all(child)
            if child.is_open:
                self._is_careful = any(gpu.is_deadly for gpu in self._gpus.values())
                await self._find(child)
                self._replace_if_hung(child)
                break
            if self._child is None:  # its library does not work
                return
            self._is_careful = True
        self.was_read.set()

    async def _ask_all(self, child: Child) -> None:
        now = self._clock()
        gpus = sorted(self._gpus.values(), key=lambda gpu: gpu.failures)
        due = [
            gpu for gpu in gpus if not child.owes(gpu.uuid) and gpu.may_be_asked(child, now)
        ]  # fmt: skip
        if not self._is_careful:
            await asyncio.gather(*(self._ask(child, gpu) for gpu in due))
            return
        for gpu in due:
            await self._ask(child, gpu)
            if not child.is_open:
                if self._child:
                    gpu.is_deadly = True
                    gpu.failures += 1  # that was not slow
                    self._give_up(gpu, "a child died in its call")
                return

    async def _ask(self, child: Child, gpu: AskedGpu) -> None:
        try:
            content = await child.ask(gpu.uuid, gpu.pci, self._settings.deadline_seconds)
        except ChildError as error:
            if error.reason == "timeout":
                gpu.hanging = child
                self._give_up(gpu, str(error))
            elif error.reason == "failed" and child is self._child:
                self._end_child()
                self._note_failure(str(error))
        else:
            if gpu.failures:
                _LOG.info("%s answers again", gpu.uuid)
            gpu.take(content, self._clock())

    async def _find(self, child: Child) -> None:
        now = self._clock()
        if now < self._find_at or child.owes("") or any(g.failures for g in self._gpus.values()):
            return  # to find them, all are called, those that hang as well
        self._find_at = now + FIND_SECONDS
        with contextlib.suppress(ChildError):
            self.found = frozenset(await child.find(self._settings.deadline_seconds))

    async def _working_child(self) -> Child | None:
        """Return the child to ask: the successor, if there is one and it is ready."""
        if self._child and not self._child.is_open:
            self._end_child()
        if self._successor and (self._successor.done() or self._child is None):
            await asyncio.wait([self._successor])
            self._take_successor()
        if self._child:
            return self._child
        if self._clock() < self._start_at:
            return None
        if not await self._is_there():
            self.trouble = "it is not there"
            self._start_at = self._clock() + asked.LONGEST_PAUSE_SECONDS
            self.was_read.set()
            return None
        self._successor = asyncio.create_task(self._start())
        await asyncio.wait([self._successor])
        self._take_successor()
        return self._child

    async def _start(self) -> Child:
        watched = [gpu.uuid for gpu in self._gpus.values() if not gpu.failures]
        child = Child(self.backend, watched, self._take_event, self._settings.environment)
        self.children_started += 1
        try:
            await child.ready(START_SECONDS)
        except BaseException:
            child.kill()
            self._dying.append(child)
            raise
        return child

    def _replace_if_hung(self, child: Child) -> None:
        """Start the successor of a child that hangs in a GPU which is to be tried again."""
        now = self._clock()
        if self._successor or now < self._start_at:
            return
        if any(child.owes(gpu.uuid) and now >= gpu.retry_at for gpu in self._gpus.values()):
            self._successor = asyncio.create_task(self._start())

    def _take_successor(self) -> None:
        """Let the successor go on, or take note that there is none."""
        task, self._successor = self._successor, None
        if task is None or not task.done() or task.cancelled():
            return
        error = task.exception()
        if isinstance(error, ChildError):
            self._note_failure(str(error))
        elif error:
            raise error
        else:
            self._end_child()
            self._child, self.trouble, self._start_failures = task.result(), "", 0
            self._find_at = 0.0

    def _note_failure(self, detail: str) -> None:
        """Take note that the library does not work; try it again after a pause."""
        _LOG.warning("GPUs cannot be read with %s: %s", self.backend, detail)
        self._start_failures += 1
        self._start_at = self._clock() + pause_seconds(self._start_failures)
        if self._child is None:
            self.trouble = detail
        self.was_read.set()

    def _give_up(self, gpu: AskedGpu, why: str) -> None:
        if not gpu.failures or gpu.is_deadly:
            _LOG.warning("%s: %s: %s: the child is replaced", gpu.uuid, self.backend, why)
        gpu.give_up(self._clock())

    def _take_event(self, message: Mapping[str, Any]) -> None:
        uuid, code, at = str(message.get("of")), int(message["xid"]), float(message["at"])
        if uuid in self._gpus:
            self._tell(self.backend, uuid, code, at)

    def _end_child(self) -> None:
        if self._child:
            self._child.kill()
            self._dying.append(self._child)
            self._child = None

    def _bury(self) -> None:
        self._dying = [child for child in self._dying if not child.is_gone]
