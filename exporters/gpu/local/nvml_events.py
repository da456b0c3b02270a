"""XIDs as NVML's events, waited for in a thread of the child."""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from typing import Any

import pynvml as nvml

from exporters.gpu.local.backend import TellXid

WAIT_MILLISECONDS = 1000
PAUSE_SECONDS = 1.0
RENEW_SECONDS = 30.0
"""After which those that could not be watched, as a lost GPU cannot, are tried again."""


def watch_events(uuids: list[str], tell: TellXid) -> None:
    """Start the thread. It may hang with a GPU; it ends with the process."""
    thread = threading.Thread(target=_watch, args=(uuids, tell), daemon=True, name="xids")
    thread.start()


def _watch(uuids: list[str], tell: TellXid) -> None:
    old = None
    while True:
        try:
            events = nvml.nvmlEventSetCreate()
        except nvml.NVMLError:
            return  # an old driver; the kernel's log remains
        names = {
            address: uuid for uuid in uuids if (address := _register(uuid, events)) is not None
        }
        if old is not None:
            with contextlib.suppress(nvml.NVMLError):
                nvml.nvmlEventSetFree(old)
        old = events
        _wait(events, names, tell, is_complete=len(names) == len(uuids))


def _wait(events: Any, names: dict[int, str], tell: TellXid, *, is_complete: bool) -> None:
    """Tell of events until one of the GPUs is lost, which fails for all, or it is time."""
    start = time.monotonic()
    while is_complete or time.monotonic() - start < RENEW_SECONDS:
        if not names:
            time.sleep(PAUSE_SECONDS)
            continue
        try:
            event = nvml.nvmlEventSetWait_v2(events, WAIT_MILLISECONDS)
        except nvml.NVMLError as error:
            if error.value == nvml.NVML_ERROR_TIMEOUT:
                continue
            if time.monotonic() - start < PAUSE_SECONDS:
                time.sleep(PAUSE_SECONDS)  # it fails again at once: no haste
            return
        uuid = names.get(_address(event.device))
        if uuid and event.eventType == nvml.nvmlEventTypeXidCriticalError:
            tell(uuid, int(event.eventData), time.time())


def _register(uuid: str, events: Any) -> int | None:
    """Have a GPU's events in the set; return the handle's address, None if it gives none."""
    try:
        handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        nvml.nvmlDeviceRegisterEvents(handle, nvml.nvmlEventTypeXidCriticalError, events)
    except nvml.NVMLError:
        return None
    return _address(handle)


def _address(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0
