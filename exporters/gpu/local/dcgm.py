"""DCGM through its own Python bindings and its host engine. Runs in the child.

Fields are asked for by number and never by name: DCGM 4.6 renamed 200 of them, and the old names
warn. The bindings are flat modules in a folder of DCGM's package, which
:mod:`exporters.gpu.local.bindings` finds.

Profiling fields are refused where the GPU has none, or somebody else's profiler has it, and a
refusal is of all that were asked for together: so each is watched by itself if need be. Once DCGM
has seen a GPU's system processor die (XID 119), every field of every GPU is blank, or each call
fails (-57), until its host engine is started anew: then it is of no use to anybody.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
import time
import uuid as identifiers
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from exporters.gpu.dcgm_fields import FIELDS, XID, Field
from exporters.gpu.local.backend import BackendError, Content, TellXid
from exporters.gpu.local.bindings import HOST_ENGINE, find_bindings
from exporters.gpu.readings import PROFILING_NAMES, Reading
from exporters.gpu.telemetry import reading_of

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

CONNECT_MILLISECONDS = 2000
WATCH_MICROSECONDS = 1_000_000
KEEP_SECONDS = 60.0
ROUND_SECONDS = 0.5
"""Within it, one answer of the host engine serves all GPUs."""
XID_SECONDS = 0.5

PAUSE_SECONDS = 10.0
"""After what the bindings did not do."""

_FIELD_OF_NUMBER: Mapping[int, Field] = {field.number: field for field in FIELDS if field.of != XID}
_PROFILING = [field.number for field in FIELDS if field.of in PROFILING_NAMES]


class Dcgm:
    """A :class:`~exporters.gpu.local.backend.Backend`."""

    def __init__(self) -> None:
        self._group: Any = None
        self._fields: list[Any] = []
        """Groups of fields that are watched."""
        self._xid_fields: Any = None
        self._error: type[Exception] = Exception
        self._ids: dict[str, int] = {}
        self._latest: Mapping[int, Mapping[int, Any]] = {}
        self._asked_at = float("-inf")
        self._calling = threading.Lock()
        self._looking = threading.Lock()

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
        usual = [number for number in _FIELD_OF_NUMBER if number not in _PROFILING]
        self._fields = [self._watch(pydcgm, handle, [*usual, *TEXT_FIELDS, UUID_FIELD])]
        try:
            self._fields.append(self._watch(pydcgm, handle, _PROFILING))
        except self._error:
            for number in _PROFILING:
                with contextlib.suppress(self._error):
                    self._fields.append(self._watch(pydcgm, handle, [number]))
        self._xid_fields = self._watch(pydcgm, handle, [XID_FIELD])
        system.UpdateAllFields(waitForUpdate=True)
        self._look(must_have_values=False)
        drivers = [_text(values, DRIVER_FIELD) for values in self._latest.values()]
        return next(filter(None, drivers), "")

    def _watch(self, pydcgm: Any, handle: Any, numbers: list[int]) -> Any:
        name = f"shardwatch-{identifiers.uuid4()}"
        fields = pydcgm.DcgmFieldGroup(handle, name, numbers)
        self._group.samples.WatchFields(fields, WATCH_MICROSECONDS, KEEP_SECONDS, 0)
        return fields

    def watch(self, uuids: list[str], tell: TellXid) -> None:
        """Tell of XIDs, in a thread: each sample since the last look, for repeats count too."""
        wanted = set(uuids)
        thread = threading.Thread(target=self._follow, args=(wanted, tell), daemon=True)
        thread.start()

    def find(self) -> list[str]:
        """Return the GPUs that DCGM knows by name."""
        self._look_or_fail()
        return sorted(self._ids)

    def read(self, uuid: str, pci: str | None) -> Content:
        """Return the fields of a reading; of one whose fields are all blank, that it is missing."""
        del pci
        self._look_or_fail()
        number = self._ids.get(uuid)
        if number is None or number not in self._latest:
            return {"trouble": "missing"}
        return _content(self._latest[number])

    def _look_or_fail(self) -> None:
        try:
            with self._looking:
                self._look()
        except self._error as error:
            raise BackendError("dcgm", str(error)) from None

    def _look(self, *, must_have_values: bool = True) -> None:
        """Read all GPUs, unless it was done just now."""
        now = time.monotonic()
        if now - self._asked_at < ROUND_SECONDS:
            return
        with self._calling:
            found = [self._group.samples.GetLatest_v2(fields) for fields in self._fields]
        latest: dict[int, dict[int, Any]] = {}
        for each in found:
            for number, fields in each.values.get(ENTITY_GPU, {}).items():
                values = {field: series[-1] for field, series in fields.items() if len(series)}
                latest.setdefault(number, {}).update(values)
        for number, values in latest.items():
            if uuid := _text(values, UUID_FIELD):
                self._ids[uuid] = number
        has_values = any(_numbers(values) for values in latest.values())
        if latest and not has_values and must_have_values:
            raise BackendError("dcgm", "no GPU has a value: its driver calls have stopped")
        self._latest, self._asked_at = latest, now

    def _follow(self, wanted: set[str], tell: TellXid) -> None:
        found: Any = None
        # What was there before we came, an earlier run may have told.
        started_at = time.time() * 1e6
        told: defaultdict[int, float] = defaultdict(lambda: started_at)
        while True:
            try:
                with self._calling:
                    found = self._group.samples.GetAllSinceLastCall_v2(found, self._xid_fields)
                self._tell_new(found, told, wanted, tell)
                found.EmptyValues()  # or they would be kept, all of them
            except Exception as error:  # noqa: BLE001 - whatever the bindings raise, others follow
                sys.stderr.write(f"XIDs of DCGM: {type(error).__name__}: {error}\n")
                sys.stderr.flush()
                found = None
                time.sleep(PAUSE_SECONDS)
            time.sleep(XID_SECONDS)

    def _tell_new(
        self, found: Any, told: defaultdict[int, float], wanted: set[str], tell: TellXid
    ) -> None:
        names = {number: uuid for uuid, number in self._ids.items() if uuid in wanted}
        for number, fields in found.values.get(ENTITY_GPU, {}).items():
            series = fields.get(XID_FIELD, ())
            for each in (series[index] for index in range(len(series))):
                if each.ts <= told[number]:
                    continue
                told[number] = each.ts
                if not each.isBlank and each.value and number in names:
                    tell(names[number], int(each.value), each.ts / 1e6)


def _text(values: Mapping[int, Any], field: int) -> str | None:
    value = values.get(field)
    return None if value is None or value.isBlank else str(value.value)


def _numbers(values: Mapping[int, Any]) -> dict[Field, float]:
    """Return the fields that have a value."""
    return {
        field: float(value.value)
        for number, field in _FIELD_OF_NUMBER.items()
        if (value := values.get(number)) is not None
        and not value.isBlank
        and field.holds(float(value.value))
    }


def _content(values: Mapping[int, Any]) -> Content:
    """Return a reading's fields; its age is that of the newest sample."""
    numbers = _numbers(values)
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
