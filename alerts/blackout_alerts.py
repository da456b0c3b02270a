"""The alerts for cells whose traffic has vanished or whose events cannot be seen.

Vanished traffic is one alert a cell, however many objectives see it: two pages for one fault help
nobody. Blind cells are one alert a service, for one exporter that is down blinds them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.groups_hit import groups_hit
from alerts.links import SLO_BOARD, link_annotations
from alerts.sources import EventSource, find_source
from alerts.templates import cell_text, first_value, listing, matchers
from exporters import catalog
from exporters.config import Links
from slo import conventions
from slo.objective import Objective
from slo.rules import AlertingRule, base_window_seconds

TRAFFIC_VANISHED = "TrafficVanished"
EVENTS_BLIND = "EventsBlind"

BLIND_AFTER_SECONDS = 120
"""An exporter that is restarted is back within this."""


@dataclass(frozen=True)
class _Cells:
    """Cells of one kind, and the objectives that see them."""

    service: str
    labels: tuple[str, ...]
    source: EventSource | None
    slos: tuple[str, ...]

    def any_in(self, state: str) -> str:
        """Return the expression of the cells for which any objective has recorded a state."""
        slos = {conventions.SLO: f'=~"{"|".join(self.slos)}"'}
        chosen = matchers({conventions.SERVICE: self.service}, (), **slos)
        by = ", ".join((conventions.SERVICE, *self.labels))
        return f"group by ({by}) ({state}{{{chosen}}} == 1)"

    def value(self, expr_of_selector: str, shown: str, **others: str) -> str:
        """Return a template of a value, ``SELECTOR`` in the expression being the cell's."""
        selector = matchers({conventions.SERVICE: self.service}, self.labels, **others)
        expr = expr_of_selector.replace("SELECTOR", f"{{{selector}}}")
        return first_value(expr, self.labels, shown, missing="unknown")


def vanished_alerts(
    objectives: Iterable[Objective], scrape_interval_seconds: float, links: Links
) -> list[AlertingRule]:
    """Return the pages for vanished traffic."""
    return [
        AlertingRule(
            TRAFFIC_VANISHED,
            cells.any_in(conventions.VANISHED_STATE),
            {conventions.SERVICE: cells.service, conventions.SEVERITY: conventions.PAGE},
            _vanished_annotations(cells, links),
            # The first samples after a start are from less than a window of traffic.
            base_window_seconds(scrape_interval_seconds),
        )
        for cells in _cells(objectives)
    ]


def blind_alerts(objectives: Iterable[Objective], links: Links) -> list[AlertingRule]:
    """Return the tickets for events that cannot be seen."""
    return [
        AlertingRule(
            EVENTS_BLIND,
            f"count by ({conventions.SERVICE}) (\n{cells.any_in(conventions.BLIND_STATE)}\n)",
            {conventions.SERVICE: cells.service, conventions.SEVERITY: conventions.TICKET},
            _blind_annotations(cells, links),
            BLIND_AFTER_SECONDS,
        )
        for cells in _cells(objectives)
    ]


def _cells(objectives: Iterable[Objective]) -> list[_Cells]:
    found: dict[tuple[str, tuple[str, ...], EventSource | None], list[str]] = {}
    for each in objectives:
        key = (each.service, each.grouping_labels, find_source(each))
        found.setdefault(key, []).append(each.name)
    return [_Cells(*key, slos=tuple(slos)) for key, slos in found.items()]


def _vanished_annotations(cells: _Cells, links: Links) -> dict[str, str]:
    where = cell_text(cells.labels)
    now = cells.value(f"max({conventions.EVENTS_RATE}SELECTOR)", 'printf "%.2f"')
    busiest = cells.value(
        f"max(max_over_time({conventions.EVENTS_COUNT}SELECTOR[6h])) / 3600",
        'printf "%.2f"',
        window='="1h"',
    )
    return {
        "summary": f"Traffic of {cells.service} has vanished in {where}",
        "description": (
            f"{now} events a second now, up to {busiest} in the last 6 hours, in {where}. "
            "What counts them answers, so users do not reach the service, or nothing ends."
        ),
        "groups_hit": groups_hit(cells.labels),
        **link_annotations(links, TRAFFIC_VANISHED, SLO_BOARD, _variables(cells)),
    }


def _blind_annotations(cells: _Cells, links: Links) -> dict[str, str]:
    which = listing(
        cells.any_in(conventions.BLIND_STATE),
        (),
        " ".join(f"{{{{ .Labels.{label} }}}}" for label in cells.labels) or "the whole cluster",
        missing="unknown",
        sort_by=cells.labels[0] if cells.labels else conventions.SERVICE,
    )
    return {
        "summary": f"Events of {cells.service} cannot be seen in {{{{ $value }}}} cells",
        "description": (
            f"Objectives {', '.join(cells.slos)} are not measured, and their pages hold as they "
            f"were, in: {which}. Sources that do not answer: {_silent_sources(cells)}."
        ),
        **link_annotations(links, EVENTS_BLIND, SLO_BOARD, ()),
    }


def _silent_sources(cells: _Cells) -> str:
    if cells.source is None:
        return "unknown, for they are none of shardwatch's exporters"
    chosen = matchers({catalog.EXPORTER: cells.source.name}, ())
    return listing(
        f"group by ({catalog.SOURCE}) ({catalog.SOURCE_UP.name}{{{chosen}}} == 0)",
        (),
        "{{ .Labels.source }}",
        missing=f"none, so look at the exporter {cells.source.name!r} itself",
        sort_by=catalog.SOURCE,
    )


def _variables(cells: _Cells) -> list[str]:
    return [label for label in catalog.CELL_LABELS if label in cells.labels]
