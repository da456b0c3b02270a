"""DCGM through its own Python bindings and its host engine. Runs in the child.

Fields are asked for by number and never by name: DCGM 4.6 renamed 200 of them, and the old names
warn. The bindings are flat modules in a folder of DCGM's package, which
:mod:`exporters.gpu.local.bindings` finds.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
import uuid as identifiers
from collections.abc import Mapping
from typing import Any

from exporters.gpu.local.backend import BackendError, Content, TellXid
from exporters.gpu.local.bindings import HOST_ENGINE, find_bindings
from exporters.gpu.readings import Reading
from exporters.gpu.telemetry import FIELDS, SMALLEST_BLANK, XID, Field, reading_of

NAME_FIELD, UUID_FIELD, BUS_ID_FIELD, DRIVER_FIELD = 50, 54, 57, 1
XID_FIELD = 230
TEXT_FIELDS = {
    NAME_FIELD: "model_name",
    BUS_ID_FIELD: "pci_bus_id",
    DRIVER_FIELD: "driver_version",
}

ENTITY_GPU = 1
"""DCGM_FE_GPU."""
GROUP_EMPTY = 1
"""DCGM_GROUP_EMPTY."""
DRIVER_TIMEOUT, CONNECTION_NOT_VALID = -57, -21

CONNECT_MILLISECONDS = 2000
WATCH_MICROSECONDS = 1_000_000
KEEP_SECONDS = 60.0
ROUND_SECONDS = 0.5
"""Within it, one answer of the host engine serves all GPUs."""
XID_SECONDS = 0.5

_FIELD_OF_NUMBER: Mapping[int, Field] = {field.number: field for field in FIELDS if field.of != XID}


class Dcgm:
    """A :class:`~exporters.gpu.local.backend.Backend`."""

    def __init__(self) -> None:
        self._group: Any = None
        self._fields: Any = None
        self._xid_fields: Any = None
        self._error: type[Exception] = Exception
        self._ids: dict[str, int] = {}
        self._latest: Mapping[int, Mapping[int, Any]] = {}
        self._asked_at = float("-inf")
        self._calling = threading.Lock()

    def open(self) -> str:
        """Connect to the host engine and watch the fields; return the driver's version."""
        folder = find_bindings(os.environ)
        if folder is None:
            raise BackendError("dcgm", "its Python bindings are not installed")
        sys.path.insert(0, str(folder))
        try:
            pydcgm = importlib.import_module("pydcgm")
            structs = importlib.import_module("dcgm_structs")
            self._error = structs.DCGMError
            return self._connect(pydcgm)
        except (ImportError, AttributeError, OSError) as error:
            raise BackendError("dcgm", f"its bindings in {folder} do not work: {error}") from None
        except self._error as error:
            raise BackendError("dcgm", str(error)) from None

    def _connect(self, pydcgm: Any) -> str:
        address = os.environ.get(*HOST_ENGINE)
        handle = pydcgm.DcgmHandle(ipAddress=address, timeoutMs=CONNECT_MILLISECONDS)
        system = handle.GetSystem()
        name = f"shardwatch-{identifiers.uuid4()}"  # names are the host engine's, and unique
        self._group = pydcgm.DcgmGroup(handle, groupName=name, groupType=GROUP_EMPTY)
        for gpu in system.discovery.GetAllSupportedGpuIds():
            self._group.AddGpu(gpu)
        numbers = [*_FIELD_OF_NUMBER, *TEXT_FIELDS, UUID_FIELD]
        self._fields = pydcgm.DcgmFieldGroup(handle, name, numbers)
        self._xid_fields = pydcgm.DcgmFieldGroup(handle, f"{name}-xid", [XID_FIELD])
        for fields in (self._fields, self._xid_fields):
            self._group.samples.WatchFields(fields, WATCH_MICROSECONDS, KEEP_SECONDS, 0)
        system.UpdateAllFields(waitForUpdate=True)
        self._look()
        drivers = [_text(values, DRIVER_FIELD) for values in self._latest.values()]
        return next(filter(None, drivers), "")

    def watch(self, uuids: list[str], tell: TellXid) -> None:
        """Tell of XIDs, in a thread: each sample since the last look, for repeats count too."""
        wanted = set(uuids)
        thread = threading.Thread(target=self._follow, args=(wanted, tell), daemon=True)
        thread.start()

    def read(self, uuid: str, pci: str | None) -> Content:
        """Return the fields of a reading; of one whose fields are all blank, that it is missing."""
        del pci
        try:
            self._look()
        except self._error as error:
            raise BackendError("dcgm", str(error)) from None
        number = self._ids.get(uuid)
        if number is None or number not in self._latest:
            return {"trouble": "missing"}
        return _content(self._latest[number])

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._asked_at < ROUND_SECONDS:
            return
        with self._calling:
            found = self._group.samples.GetLatest_v2(self._fields)
        self._latest = {
            number: {field: series[-1] for field, series in fields.items() if len(series)}
            for number, fields in found.values.get(ENTITY_GPU, {}).items()
        }
        for number, values in self._latest.items():
            if uuid := _text(values, UUID_FIELD):
                self._ids[uuid] = number
        self._asked_at = now

    def _follow(self, wanted: set[str], tell: TellXid) -> None:
        found: Any = None
        told: dict[int, int] = {}
        while True:
            try:
                with self._calling:
                    found = self._group.samples.GetAllSinceLastCall_v2(found, self._xid_fields)
            except self._error:
                time.sleep(XID_SECONDS)
                continue
            names = {number: uuid for uuid, number in self._ids.items() if uuid in wanted}
            for number, fields in found.values.get(ENTITY_GPU, {}).items():
                series = fields.get(XID_FIELD, ())
                for each in (series[index] for index in range(len(series))):
                    if each.ts <= told.get(number, 0):
                        continue
                    told[number] = each.ts
                    if not each.isBlank and each.value and number in names:
                        tell(names[number], int(each.value), each.ts / 1e6)
            time.sleep(XID_SECONDS)


def _text(values: Mapping[int, Any], field: int) -> str | None:
    value = values.get(field)
    return None if value is None or value.isBlank else str(value.value)


def _content(values: Mapping[int, Any]) -> Content:
    """Return a reading's fields; its age is that of the newest sample."""
    numbers = {
        field: float(value.value)
        for number, field in _FIELD_OF_NUMBER.items()
        if (value := values.get(number)) is not None
        and not value.isBlank
        and float(value.value) < SMALLEST_BLANK
    }
    texts = {name: text for field, name in TEXT_FIELDS.items() if (text := _text(values, field))}
    reading = reading_of(numbers, **texts)
    if reading.is_blank:
        return {"trouble": "missing"}
    content = {
        name: value
        for name in Reading.__slots__
        if (value := getattr(reading, name)) not in (None, (), "")
    }
    newest = max(values[field.number].ts for field in numbers)
    content["age_seconds"] = max(0.0, time.time() - newest / 1e6)
    return content
