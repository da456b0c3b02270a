"""Asking Prometheus what runs where."""

from __future__ import annotations

from alerts.changes.core import Running
from alerts.changes.kinds import KINDS, Cell, Kind
from slo.prometheus import PrometheusClient, Sample


async def ask_running(prometheus: PrometheusClient) -> Running:
    """Return what runs where, of the kinds that any series tells of.

    Raises:
        PrometheusError: if there is no answer.
    """
    found = {kind.name: running_of(kind, await prometheus.query(kind.expr)) for kind in KINDS}
    return {name: cells for name, cells in found.items() if cells}


def running_of(kind: Kind, samples: list[Sample]) -> dict[Cell, dict[str, str]]:
    """Return what each place runs, by cell.

    A place of which two things are told is between them, and left out until one of them is.
    """
    told: dict[Cell, dict[str, set[str]]] = {}
    for sample in samples:
        cell = tuple(sample.labels.get(label, "") for label in kind.cell)
        place, value = sample.labels.get(kind.place), sample.labels.get(kind.value)
        if place and value:
            told.setdefault(cell, {}).setdefault(place, set()).add(value)
    settled = {
        cell: {place: min(values) for place, values in places.items() if len(values) == 1}
        for cell, places in told.items()
    }
    return {cell: places for cell, places in settled.items() if places}
