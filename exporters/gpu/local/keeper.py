"""The GPUs of the local host, as a source: what libraries read and the kernel's log tells of them.

NVML is read always: the driver brings it, and it knows most. DCGM is read beside it, where its
Python bindings are installed and a host engine answers, for what NVML does not say (activity of
GPUs before Hopper) and where NVML is not to be had. Each has a child of its own, and comes and goes
by itself. XIDs come from both and from the kernel's log, each event counted once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from exporters.fetching import FetchError, Response
from exporters.gpu.kernel_log import KERNEL_LOG, KernelLog, LogEvent, pci_key
from exporters.gpu.local.bindings import find_bindings, host_engine_answers
from exporters.gpu.local.merging import merge
from exporters.gpu.local.reader import GpuReader, Settings
from exporters.gpu.members import LocalHealth
from exporters.gpu.readings import GpuReadings, Reading
from exporters.gpu.xids import XidLog
from exporters.opening import Opened

FIRST_WAIT_SECONDS = 1.5
"""How long the first collection waits for the first readings."""
HISTORY_SECONDS = 600.0
"""How long what was in the kernel's log before we began is judged: nobody knows what was repaired
meanwhile."""
MOST_UNPLACED = 256
"""Events of the log that wait until we know which GPU is at their place."""

_LOG = logging.getLogger("shardwatch")


class LocalGpus(Opened):
    """Reads the GPUs of one host, within ``async with``. Also a source: see ``members``.

    Args:
        host: as the topology calls it.
        uuids: of its GPUs.
        kernel_log: where the driver writes XIDs; None to leave it.
        settings: how GPUs are read.
    """

    def __init__(
        self,
        host: str,
        uuids: Sequence[str],
        *,
        kernel_log: Path | None = KERNEL_LOG,
        settings: Settings = Settings(),  # noqa: B008 - it is frozen
    ) -> None:
        self.host = host
        self.url = f"local://{host}"
        self._variables = {**os.environ, **settings.environment}
        self._nvml = GpuReader("nvml", uuids, self._take_event, settings)
        self._dcgm = GpuReader("dcgm", uuids, self._take_event, settings, self._has_dcgm)
        self._readers = (self._nvml, self._dcgm)
        self._expected = list(uuids)
        self._reads_all = False
        self._logs = {uuid: XidLog() for uuid in uuids}
        self._kernel_log = KernelLog(self._take_line, kernel_log) if kernel_log else None
        self._unplaced: list[LogEvent] = []
        self._started_at = time.time()
        self._tasks: list[asyncio.Task[None]] = []

    async def _open(self) -> None:
        if self._kernel_log:
            self._kernel_log.open()
        self._tasks = [asyncio.create_task(reader.run()) for reader in self._readers]

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._kernel_log:
            self._kernel_log.close()
        await asyncio.gather(*(reader.close() for reader in self._readers))

    @property
    def child_pid(self) -> int | None:
        """Of the child that calls NVML."""
        return self._nvml.child_pid

    @property
    def health(self) -> LocalHealth:
        """How reading goes."""
        shown = [r for r in self._readers if r is self._nvml or find_bindings(self._variables)]
        return LocalHealth(
            {reader.backend: not reader.trouble for reader in shown},
            {reader.backend: reader.children_started for reader in shown},
            self._kernel_log.is_open if self._kernel_log else None,
        )

    @property
    def others(self) -> frozenset[str]:
        """GPUs that are there and that nobody told it to expect."""
        return (self._nvml.found or self._dcgm.found) - frozenset(self._expected)

    async def __call__(self, url: str) -> Response:
        """Return an empty answer if there is something to tell: as a ``Fetch`` does.

        Raises:
            FetchError: if no child works, and the kernel's log has no XID either.
        """
        del url
        try:
            async with asyncio.timeout(FIRST_WAIT_SECONDS):
                await self._nvml.was_read.wait()
                if self._nvml.trouble:
                    await self._dcgm.was_read.wait()
        except TimeoutError:
            raise FetchError("timeout", self._nvml.trouble) from None
        has_xids = any(log.xids for log in self._logs.values())
        if all(reader.trouble for reader in self._readers) and not has_xids:
            raise FetchError("refused", self._nvml.trouble)
        return Response(200, b"")

    def expect(self, uuids: Sequence[str], *, all_found: bool = False) -> None:
        """Read these from now on; what is known of those that stay is kept.

        Args:
            uuids: of the GPUs.
            all_found: whether those that are there beside them are to be read as well.
        """
        self._expected, self._reads_all = list(uuids), all_found
        self._follow_found()

    def read(self, body: bytes) -> GpuReadings:
        """Return the newest readings, XIDs up to this moment among them."""
        del body
        self._follow_found()
        self._place_events()
        return GpuReadings({uuid: self._reading(uuid) for uuid in self._nvml.uuids})

    def _reading(self, uuid: str) -> Reading:
        known = merge(self._nvml.reading(uuid), self._dcgm.reading(uuid))
        log = self._logs[uuid]
        content = {name: getattr(known, name) for name in Reading.__slots__}
        xids = log.xids_since(time.time() - HISTORY_SECONDS)
        return Reading(**{**content, "xids": xids, "xid_bursts": log.bursts})

    def _follow_found(self) -> None:
        found = self._nvml.found or self._dcgm.found
        uuids = list(dict.fromkeys([*self._expected, *(sorted(found) if self._reads_all else [])]))
        for uuid in uuids:
            self._logs.setdefault(uuid, XidLog())
        for reader in self._readers:
            reader.expect(uuids)

    async def _has_dcgm(self) -> bool:
        return bool(find_bindings(self._variables)) and await host_engine_answers(self._variables)

    def _take_event(self, backend: str, uuid: str, code: int, at: float) -> None:
        if self._logs[uuid].add(code, at, backend):
            _LOG.warning("%s: XID %d", uuid, code)

    def _take_line(self, event: LogEvent) -> None:
        self._unplaced = [*self._unplaced, event][-MOST_UNPLACED:]
        self._place_events()

    def _place_events(self) -> None:
        """Give the log's events to the GPUs, as far as we know where they stand."""
        if not self._unplaced:
            return
        uuids = {pci_key(p): u for u in self._nvml.uuids if (p := self._pci(u))}
        waiting, self._unplaced = self._unplaced, []
        for event in waiting:
            if event.pci not in uuids:
                self._unplaced.append(event)
                continue
            self._logs[uuids[event.pci]].add(
                event.code, event.at, "kernel log", is_fatal=event.is_fatal,
                # An exporter that is restarted does not count again what is still in the log.
                is_counted=event.at >= self._started_at,
            )  # fmt: skip

    def _pci(self, uuid: str) -> str | None:
        return self._nvml.pci(uuid) or self._dcgm.pci(uuid)
