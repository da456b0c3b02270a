"""What a gpu exporter of ours says of the GPUs of its host: the verdicts, ready-made.

A host without a dcgm-exporter has ``shardwatch exporter gpu --local`` instead, whose page is as
good a ``telemetry`` for whoever counts the GPUs of a group. Where a page has dcgm-exporter's names
too, the verdicts count: they know more than a page can tell.
"""

from __future__ import annotations

from exporters import catalog
from exporters.exposition import PageError, PageReader, Samples
from exporters.gpu.readings import GpuReadings
from exporters.gpu.sightings import Reported, Reports
from exporters.gpu.telemetry import TelemetryReader

_NAMES = frozenset(each.name for each in (catalog.GPU_UP, catalog.GPU_STATE, catalog.GPU_REASON))
_MARK = catalog.GPU_STATE.name.encode()
_UUID, _STATE, _REASON = catalog.UUID, catalog.STATE, catalog.REASON


class MemberReader:
    """Reads the pages of one host, be they a dcgm-exporter's or a gpu exporter's of ours."""

    def __init__(self) -> None:
        self._ours = PageReader(_NAMES.__contains__)
        self._theirs = TelemetryReader()

    def read(self, page: bytes) -> GpuReadings | Reports:
        """Return what is said of the GPUs on a page, by UUID.

        Raises:
            PageError: if the page is malformed, names no GPU at all, or has states that we do not
                know.
        """
        if _MARK not in page:
            return self._theirs.read(page)
        return _reports(self._ours.read(page))


def _reports(samples: Samples) -> Reports:
    states: dict[str, str] = {}
    reasons: dict[str, str] = {}
    up: set[str] = set()
    for series, value in samples.items():
        labels = series.labels
        uuid = labels.get(_UUID, "")
        if not value:
            continue
        if series.name == catalog.GPU_STATE.name:
            states[uuid] = labels.get(_STATE, "")
        elif series.name == catalog.GPU_REASON.name:
            reasons[uuid] = labels.get(_REASON, "")
        else:
            up.add(uuid)
    if unknown := set(states.values()).difference(catalog.GPU_STATES):
        raise PageError(0, f"found the state {min(unknown)[:40]!r}, which no GPU of ours has")
    return Reports(
        {
            uuid: Reported(state, reasons.get(uuid, catalog.NONE), answers=uuid in up)
            for uuid, state in states.items()
        }
    )
