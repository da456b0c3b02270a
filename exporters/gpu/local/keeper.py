"""Keeps the readings of the local host's GPUs fresh, whatever one of them does.

GPUs are read one after another by a child, each with a deadline. A call that does not come back
costs the child its life and that GPU its series; the next child goes on with the next GPU. The one
that hung is asked again last of all and ever more seldom, and not at all while a child that hangs
in it cannot be killed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporters.fetching import FetchError, Response
from exporters.gpu.kernel_log import KERNEL_LOG, KernelLog, LogEvent, pci_key
from exporters.gpu.local.process import Child, ChildError
from exporters.gpu.readings import GpuReadings, MigInstance, Reading
from exporters.gpu.xids import XidLog
from exporters.opening import Opened

READ_SECONDS = 2.0
"""Between two readings of a GPU."""
DEADLINE_SECONDS = 1.0
"""For all calls of one GPU."""
START_SECONDS = 10.0
"""For a child to load the driver's library: seconds where the GPUs sleep."""
STALE_SECONDS = 3 * READ_SECONDS + DEADLINE_SECONDS
"""An older reading is none."""
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
FIRST_WAIT_SECONDS = 1.5
"""How long the first collection waits for the first readings."""
HISTORY_SECONDS = 600.0
"""What the kernel's log tells of before this long ago is counted, not judged."""
DCGM_PAUSE_SECONDS = 300.0
"""How long NVML is read instead of a DCGM that does not work."""
BURY_SECONDS = 1.0
"""How long the end waits for children that were killed; one that the driver holds takes longer."""
MOST_UNPLACED = 256
"""Events of the log that wait until we know which GPU is at their place."""

_LOG = logging.getLogger("shardwatch")


@dataclass
class _Gpu:
    """What is known of one."""

    uuid: str
    reading: Reading = field(default_factory=lambda: Reading(trouble="unread"))
    read_at: float | None = None
    """Also when it was asked in vain."""
    pci: str | None = None
    failures: int = 0
    """In a row: calls that did not come back."""
    retry_at: float = 0.0
    hanging: Child | None = None
    """The child that was killed while it hung in this GPU."""
    log: XidLog = field(default_factory=XidLog)


class LocalGpus(Opened):
    """Reads the GPUs of one host, within ``async with``. Also a source: see ``members``.

    Args:
        host: as the topology calls it.
        uuids: of its GPUs.
        backend: ``nvml`` or ``dcgm``.
        kernel_log: where the driver writes XIDs; None to leave it.
        environment: of the child, besides ours.
        clock: monotonic, in seconds.
    """

    def __init__(
        self,
        host: str,
        uuids: Sequence[str],
        backend: str = "nvml",
        *,
        kernel_log: Path | None = KERNEL_LOG,
        read_seconds: float = READ_SECONDS,
        deadline_seconds: float = DEADLINE_SECONDS,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self.url = f"{backend}://{host}"
        self.children_started = 0
        self._backend = backend
        self._dcgm_at: float | None = None
        """When DCGM, which did not work, is tried again."""
        self._gpus = {uuid: _Gpu(uuid) for uuid in uuids}
        self._read_seconds = read_seconds
        self._deadline_seconds = deadline_seconds
        self._environment = environment or {}
        self._clock = clock
        self._kernel_log = KernelLog(self._take_line, kernel_log) if kernel_log else None
        self._unplaced: list[LogEvent] = []
        self._history_before = time.time() - HISTORY_SECONDS
        self._child: Child | None = None
        self._dying: list[Child] = []
        self._start_failures = 0
        self._start_at = 0.0
        self._has_other_gpus = False
        self._trouble = "no reading yet"
        """Why no child works; empty while one does."""
        self._was_read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        if self._kernel_log:
            self._kernel_log.open()
        self._task = asyncio.create_task(self._run())

    async def _close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._kernel_log:
            self._kernel_log.close()
        self._end_child()
        deadline = self._clock() + BURY_SECONDS
        self._bury()
        while self._dying and self._clock() < deadline:
            await asyncio.sleep(0.02)
            self._bury()

    @property
    def child_pid(self) -> int | None:
        """Of the child at work."""
        return self._child.pid if self._child else None

    @property
    def follows_kernel_log(self) -> bool | None:
        """Whether XIDs come from the kernel's log as well; None where it is left alone."""
        return self._kernel_log.is_open if self._kernel_log else None

    async def __call__(self, url: str) -> Response:
        """Return an empty answer if GPUs are being read; a :class:`~exporters.fetching.Fetch`.

        Raises:
            FetchError: if no child works.
        """
        del url
        if not self._was_read.is_set():
            try:
                async with asyncio.timeout(FIRST_WAIT_SECONDS):
                    await self._was_read.wait()
            except TimeoutError:
                raise FetchError("timeout", self._trouble) from None
        if self._trouble:
            raise FetchError("refused", self._trouble)
        return Response(200, b"")

    def expect(self, uuids: Sequence[str]) -> None:
        """Read these from now on; what is known of those that stay is kept."""
        if list(uuids) != list(self._gpus):
            self._gpus = {uuid: self._gpus.get(uuid) or _Gpu(uuid) for uuid in uuids}
            self._has_other_gpus = True

    def read(self, body: bytes) -> GpuReadings:
        """Return the newest readings, XIDs up to this moment among them."""
        del body
        now = self._clock()
        return {gpu.uuid: self._reading(gpu, now) for gpu in self._gpus.values()}

    def _reading(self, gpu: _Gpu, now: float) -> Reading:
        age = gpu.reading.age_seconds + (now - gpu.read_at if gpu.read_at is not None else 0.0)
        known = gpu.reading
        if age > STALE_SECONDS and not known.trouble:
            known = Reading(trouble="unread")
        content = {name: getattr(known, name) for name in Reading.__slots__}
        return Reading(
            **{**content, "age_seconds": age, "xids": gpu.log.xids, "xid_bursts": gpu.log.bursts}
        )

    async def _run(self) -> None:
        while True:
            start = self._clock()
            try:
                await self._read_all()
            except Exception:  # noqa: BLE001 - reading goes on, whatever one round met
                _LOG.exception("a round of readings failed")
                self._end_child()
            self._bury()
            await asyncio.sleep(max(0.05, start + self._read_seconds - self._clock()))

    async def _read_all(self) -> None:
        self._go_back_to_dcgm()
        if self._has_other_gpus:
            self._has_other_gpus = False
            self._end_child()  # the next one watches for the XIDs of all
        for gpu in self._due():
            child = await self._working_child()
            if child is None:
                return
            try:
                content = await child.ask(gpu.uuid, gpu.pci, self._deadline_seconds)
            except ChildError as error:
                if error.reason == "failed":
                    self._end_child()
                    self._note_failure(str(error))
                    return
                self._give_up(gpu, error)
            else:
                self._take(gpu, content)
        self._was_read.set()

    def _due(self) -> Iterator[_Gpu]:
        now = self._clock()
        yield from [gpu for gpu in self._gpus.values() if not gpu.failures]
        for gpu in self._gpus.values():
            is_free = gpu.hanging is None or gpu.hanging.is_gone
            if gpu.failures and is_free and now >= gpu.retry_at:
                yield gpu

    async def _working_child(self) -> Child | None:
        if self._child:
            return self._child
        if self._clock() < self._start_at:
            return None
        watched = [gpu.uuid for gpu in self._gpus.values() if not gpu.failures]
        child = Child(self._backend, watched, self._take_event, self._environment)
        self.children_started += 1
        try:
            await child.ready(START_SECONDS)
        except (ChildError, asyncio.CancelledError) as error:
            child.kill()
            self._dying.append(child)
            if isinstance(error, asyncio.CancelledError):
                raise
            self._note_failure(str(error))
            return None
        self._child, self._trouble, self._start_failures = child, "", 0
        return child

    def _note_failure(self, detail: str) -> None:
        """Take note that the library does not work; try another, or the same after a pause."""
        _LOG.warning("%s cannot be read with %s: %s", self.host, self._backend, detail)
        if self._backend == "dcgm":
            # One dead system processor makes DCGM blind for all GPUs; NVML still sees the others.
            self._backend, self._dcgm_at = "nvml", self._clock() + DCGM_PAUSE_SECONDS
            return
        self._trouble = detail
        self._start_failures += 1
        self._start_at = self._clock() + _pause(self._start_failures)
        self._was_read.set()

    def _go_back_to_dcgm(self) -> None:
        if self._dcgm_at is not None and self._clock() >= self._dcgm_at:
            self._end_child()
            self._backend, self._dcgm_at = "dcgm", None

    def _give_up(self, gpu: _Gpu, error: ChildError) -> None:
        if not gpu.failures:
            _LOG.warning("%s: %s: the child that asked it is replaced", gpu.uuid, error)
        gpu.failures += 1
        # At first it may have been slow: without persistence mode, a GPU sleeps between calls.
        is_first = gpu.failures == 1
        gpu.retry_at = self._clock() + (0.0 if is_first else _pause(gpu.failures - 1))
        gpu.hanging = self._child
        gpu.reading = Reading(trouble="unread" if is_first else "unresponsive")
        gpu.read_at = self._clock()
        self._end_child()

    def _take(self, gpu: _Gpu, content: Mapping[str, Any]) -> None:
        if gpu.failures:
            _LOG.info("%s answers again", gpu.uuid)
        gpu.failures, gpu.hanging = 0, None
        parts: dict[str, Any] = {**content}
        if "ranks" in parts:
            parts["ranks"] = tuple(parts["ranks"])
        if "mig" in parts:
            parts["mig"] = tuple(MigInstance(**each) for each in parts["mig"])
        gpu.reading, gpu.read_at = Reading(**parts), self._clock()
        if gpu.reading.pci_bus_id and gpu.pci != gpu.reading.pci_bus_id:
            gpu.pci = gpu.reading.pci_bus_id
            waiting, self._unplaced = self._unplaced, []
            for event in waiting:
                self._take_line(event)

    def _take_event(self, message: Mapping[str, Any]) -> None:
        gpu = self._gpus.get(str(message.get("of")))
        if gpu:
            code, at = int(message["xid"]), float(message["at"])
            if gpu.log.add(code, at, self._backend):
                _LOG.warning("%s: XID %d", gpu.uuid, code)

    def _take_line(self, event: LogEvent) -> None:
        for gpu in self._gpus.values():
            if gpu.pci and pci_key(gpu.pci) == event.pci:
                gpu.log.add(
                    event.code, event.at, "kernel log",
                    is_fatal=event.is_fatal, is_history=event.at < self._history_before,
                )  # fmt: skip
                return
        self._unplaced = [*self._unplaced, event][-MOST_UNPLACED:]

    def _end_child(self) -> None:
        if self._child:
            self._child.kill()
            self._dying.append(self._child)
            self._child = None

    def _bury(self) -> None:
        self._dying = [child for child in self._dying if not child.is_gone]


def _pause(failures: int) -> float:
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
