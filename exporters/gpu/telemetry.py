"""Reading a dcgm-exporter's page: readings per GPU, by UUID.

The page's quirks are dealt with here: names of DCGM 4.6 beside older ones, three spellings of the
label UUID, series repeated for pods and jobs, those of MIG instances beside the GPU's own, blanks
printed as huge numbers, the empty page that dcgm-exporter serves while it reloads or its DCGM is
blind, and pages that end too early: a line of a page is as good as another, so one that was cut
between two lines is known by the families that it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from exporters.exposition import PageError, PageReader, Samples, Series
from exporters.gpu.dcgm_fields import FIELD_OF_NAME, XID, Field
from exporters.gpu.readings import (
    FABRIC_HEALTH,
    FABRIC_STATES,
    PROFILING_NAMES,
    RECOVERY_ACTIONS,
    GpuReadings,
    MigInstance,
    Reading,
    Xid,
)

_GPU_INSTANCE = "GPU_I_ID"
_NUMBER, _PROFILE = re.compile(r"[0-9]{1,3}"), re.compile(r"[0-9a-z.+]{1,24}")
MOST_PARTS = 16
"""MIG instances of a GPU: NVIDIA makes 7 at most."""
_OF_A_PART = ("_ratio", "_bytes", "_bytes_per_second")
"""Ends of names of what a MIG instance has for itself."""
MOST_PODS = 16
"""Of a GPU: dcgm-exporter repeats its series for each that shares it."""
_NAME = re.compile(r"[0-9a-z.-]{1,253}")
"""Of a pod or namespace."""
_UUID_LABELS = ("UUID", "uuid", "gpu_uuid")
_POD_LABELS, _NAMESPACE_LABELS = ("pod", "pod_name"), ("namespace", "pod_namespace")
_IDENTITY: Mapping[str, tuple[str, ...]] = {
    "pci_bus_id": ("pci_bus_id",),
    "model_name": ("modelName", "model_name"),
    "driver_version": ("DCGM_FI_DRIVER_VERSION", "DCGM_FI_SYSTEM_DRIVER_VERSION"),
}
PAGES_OF_A_CHANGE = 12
"""After so many pages with the same families, fewer than before, dcgm-exporter is taken to have
been told to serve no others."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """What a series of a page says, as its labels have it."""

    uuid: str
    field: Field
    identity: Mapping[str, Any]
    part: MigInstance | None
    """Of a GPU that is cut in parts."""
    pod: str | None


class TelemetryReader:
    """Reads the pages of one host."""

    def __init__(self) -> None:
        self._reader = PageReader(FIELD_OF_NAME.__contains__)
        self._places: dict[Series, _Place | None] = {}
        self._families: frozenset[Field] = frozenset()
        """Of a whole page, as far as we know."""
        self._fewer: frozenset[Field] = frozenset()
        """Of the last page, if it had fewer; and how many such pages there were."""
        self._pages_with_fewer = 0

    def read(self, page: bytes) -> GpuReadings:
        """Return the readings of all GPUs on a page; none of one without any value.

        Raises:
            PageError: if the page is malformed or not dcgm-exporter's.
        """
        samples = self._reader.read(page)
        if not samples and not _is_dcgms(page):
            raise PageError(0, "found no GPU, expected dcgm-exporter's fields")
        readings = self._readings(samples)
        if len(self._places) > 2 * len(samples):
            self._places = {}
        return readings

    def _readings(self, samples: Samples) -> GpuReadings:
        """Return readings by UUID; a series is understood once, and read again and again."""
        places = self._places
        values: dict[str, dict[Field, float]] = {}
        identities: dict[str, dict[str, Any]] = {}
        families: set[Field] = set()
        for series, value in samples.items():
            try:
                place = places[series]
            except KeyError:
                place = places[series] = _place_of(series)
            if place is None:
                continue
            uuid, field = place.uuid, place.field
            families.add(field)
            if not field.holds(value):  # nor does it NaN
                continue
            found = values.get(uuid)
            if found is None:
                found = values[uuid] = {}
                identities[uuid] = {**place.identity}
            if place.pod is not None:
                _add_pod(identities[uuid], place.pod)
            if place.part is not None:
                # Where MIG is on, dcgm-exporter has nothing but the parts. What they share, such as
                # the temperature, is the GPU's; what each has for itself is not.
                _add_part(identities[uuid], place.part)
                if field.of.endswith(_OF_A_PART):
                    continue
            # The first of several: dcgm-exporter repeats a GPU for each pod or job on it. Only an
            # XID may come with several codes, a series each: the newest stands last.
            if field not in found or field.of == XID:
                found[field] = value
        readings = {uuid: reading_of(found, **identities[uuid]) for uuid, found in values.items()}
        return GpuReadings(readings, is_whole=self._is_whole(frozenset(families)))

    def _is_whole(self, families: frozenset[Field]) -> bool:
        """Return whether a page has all families that the pages before it had.

        Those of profiling go by themselves. An empty page has lost none, but all: it is told by
        that.
        """
        families = frozenset(each for each in families if each.of not in PROFILING_NAMES)
        if not families:
            return True
        if families >= self._families:
            self._families, self._pages_with_fewer = families, 0
            return True
        same = families == self._fewer and self._pages_with_fewer
        self._fewer, self._pages_with_fewer = families, self._pages_with_fewer + 1 if same else 1
        if self._pages_with_fewer >= PAGES_OF_A_CHANGE:
            self._families, self._pages_with_fewer = families, 0
            return True
        return False


def _is_dcgms(page: bytes) -> bool:
    """Return whether a page without a field that we read can be a dcgm-exporter's."""
    lines = (line for line in page.splitlines() if line and not line.startswith(b"#"))
    return all(line.startswith(b"DCGM_") for line in lines)


def _place_of(series: Series) -> _Place | None:
    """Return what a series says; None if it is of no GPU."""
    labels = series.labels
    field, uuid = FIELD_OF_NAME.get(series.name), _first(labels, _UUID_LABELS)
    if field is None or uuid is None:
        return None
    identity = {name: text for name, names in _IDENTITY.items() if (text := _first(labels, names))}
    return _Place(uuid, field, identity, _part_of(labels), _pod_of(labels))


def _pod_of(labels: Mapping[str, str]) -> str | None:
    """Return ``NAMESPACE/POD``; None if the GPU is of no pod, or pods are not told."""
    pod, namespace = _first(labels, _POD_LABELS), _first(labels, _NAMESPACE_LABELS)
    if not pod or not namespace or not _NAME.fullmatch(pod) or not _NAME.fullmatch(namespace):
        return None
    return f"{namespace}/{pod}"


def _part_of(labels: Mapping[str, str]) -> MigInstance | None:
    number, profile = labels.get(_GPU_INSTANCE), labels.get("GPU_I_PROFILE", "")
    if number is None:
        return None
    known = profile if _PROFILE.fullmatch(profile) else "other"
    return MigInstance(int(number) if _NUMBER.fullmatch(number) else -1, 0, known)


def _add_part(identity: dict[str, Any], part: MigInstance) -> None:
    parts = identity.get("mig", ())
    if part.gpu_instance >= 0 and part not in parts and len(parts) < MOST_PARTS:
        identity["mig"] = (*parts, part)


def _add_pod(identity: dict[str, Any], pod: str) -> None:
    pods = identity.get("pods", ())
    if pod not in pods and len(pods) < MOST_PODS:
        identity["pods"] = (*pods, pod)


def reading_of(values: Mapping[Field, float], **identity: Any) -> Reading:
    """Return the reading that fields in DCGM's units make; only values that they hold."""
    content = identity
    for field, value in values.items():
        name = field.of
        if name in _CONVERTED:
            content[name] = _CONVERTED[name](value)
        elif field.part:
            content.setdefault(field.whole, {})[field.part] = value * field.times
        elif name == XID:
            content["xids"] = (Xid(int(value)),) if value else ()
        else:
            content[name] = value * field.times / field.over
    return Reading(**content)


def _word(words: tuple[str, ...], value: float) -> str | None:
    return words[int(value)] if 0 <= value < len(words) else None


_CONVERTED: Mapping[str, Callable[[float], Any]] = {
    "fabric_state": partial(_word, FABRIC_STATES),
    "fabric_health": partial(_word, FABRIC_HEALTH),
    "clock_events": int,
    "recovery_action": lambda value: int(value) if 0 <= value < len(RECOVERY_ACTIONS) else None,
}
"""What is more than a number times a factor."""


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := labels.get(name))), None)
