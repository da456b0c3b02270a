"""The alerts for cells whose traffic has vanished or whose events cannot be seen.

Vanished traffic is one alert a cell of the fleet, whatever objectives and services see it: two
pages for one fault help nobody. Whoever sees more of it speaks: routers before what stands behind
them, objectives grouped by fewer labels before those of more. Blind cells are one alert a service,
for one exporter that is down blinds them all. That a region is dark blinds its cells too: that is
said by the page of the region, and of those that are blind when it is back. Its users come back
within minutes, if they do: no traffic is said to have vanished before. Nor may two rules give
alerts of the same labels: to Alertmanager they are one, which either resolves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.blackout import LONGEST_HELD, counts_traffic
from alerts.causes.places import REGION_LABELS
from alerts.causes.regions import region_down_since, region_down_within
from alerts.groups_hit import groups_hit
from alerts.incidents import TRAFFIC_VANISHED, is_of_cell
from alerts.links import ITSELF_BOARD, SLO_DETAIL_BOARD, link_annotations
from alerts.sources import ROUTER, TOOLS, EventSource, find_source, names_causes
from alerts.templates import cell_text, first_value, listing, matchers
from exporters import catalog
from exporters.config import Links
from slo import conventions
from slo.objective import Objective
from slo.rules import AlertingRule, base_window_seconds

EVENTS_BLIND = "EventsBlind"

FIRST_STEP_VANISHED = (
    "send a request from outside, as a user would: if it fails, look at name resolution, "
    "certificates and the load balancer; if it hangs, restart the router"
)
FIRST_STEP_BLIND = "ask what counts the events whether they succeed, and watch by hand until then"

BLIND_AFTER_SECONDS = 120
"""An exporter that is restarted is back within this."""
BLIND_WITH_REGION_SECONDS = 180
"""Cells that were blind for less when their region went down are so because of it. Chosen: that all
routers are gone is known after two minutes, and nobody was told of the cells much before."""
USERS_BACK_WITHIN = "5m"
"""After a region was down, in which its users come back: until then nobody is told that they are
away, unless it was told before. Chosen, as the time in which names of hosts are looked up anew."""


@dataclass(frozen=True)
class _Cells:
    """Cells of one kind, and the objectives that see them."""

    service: str
    labels: tuple[str, ...]
    sources: tuple[EventSource | None, ...]
    slos: tuple[str, ...]
    are_of_groups: bool
    """Whether any of the objectives is about the fleet's groups."""
    go_with_region: bool
    """Whether all of them are, and of a region: when it is lost, their events are."""

    @property
    def are_of_requests(self) -> bool:
        """Whether all of them see what users feel of the cell; else it is told by itself."""
        return all(map(is_of_cell, self.sources))

    @property
    def order(self) -> tuple[bool, int, str]:
        """Who speaks first of one cell."""
        return self.sources != (ROUTER,), len(self.labels), self.service

    def speaks_for(self, other: _Cells) -> bool:
        """Return whether traffic that vanishes here takes that of the other's cells with it."""
        is_behind = other.are_of_groups and self.sources == (ROUTER,)
        is_same = None not in self.sources and self.sources == other.sources
        return (is_behind or is_same) and set(self.labels) <= set(other.labels)

    def any_in(self, state: str) -> str:
        """Return the expression of the cells for which any objective has recorded a state."""
        return self._any(f"{self._recorded(state)} == 1")

    def any_vanished(self, unless: str) -> str:
        """Return the expression of the cells whose traffic has vanished, as it is to be told.

        While the region's page fires, and until its users had time to come back, none begins; what
        was told before goes on, for its end could not be told meanwhile.

        Args:
            unless: what is added to it: other cells that speak for these.
        """
        vanished = self.any_in(conventions.VANISHED_STATE) + unless
        if catalog.REGION not in self.labels:
            return vanished
        region = ", ".join(label for label in REGION_LABELS if label in self.labels)
        told = {conventions.ALERTNAME: TRAFFIC_VANISHED, "alertstate": "firing"}
        told_here = f"ALERTS{{{matchers({**told, conventions.SERVICE: self.service}, ())}}}"
        return (
            f"{vanished}\nunless on ({region})\n"
            f"({region_down_within(USERS_BACK_WITHIN, self.labels)})\n"
            f"or\n({vanished}\nand on ({', '.join(self.labels)})\n{told_here})"
        )

    def any_blind(self) -> str:
        """Return that of the blind cells, but for those that are so because their region is down.

        What was blind long before was told before, and stays told.
        """
        if not self.go_with_region:
            return self.any_in(conventions.BLIND_STATE)
        on = ", ".join(label for label in REGION_LABELS if label in self.labels)
        return self._any(
            f"{self._recorded(conventions.BLIND_STATE)} == 1\nunless\n"
            f"{self._recorded(conventions.BLIND_SINCE)} + {BLIND_WITH_REGION_SECONDS} "
            f"> on ({on}) group_left ()\n({region_down_since(self.labels)})"
        )

    def _recorded(self, series: str) -> str:
        slos = {conventions.SLO: f'=~"{"|".join(self.slos)}"'}
        return f"{series}{{{matchers({conventions.SERVICE: self.service}, (), **slos)}}}"

    def _any(self, expr: str) -> str:
        return f"group by ({', '.join((conventions.SERVICE, *self.labels))}) ({expr})"

    def value_where(self, state: str, expr_of_selector: str, shown: str, **others: str) -> str:
        """Return a template of the most of a value among the objectives that recorded a state.

        Others may see the cell's other events. ``SELECTOR`` in the expression is the cell's.
        """
        fixed = {conventions.SERVICE: self.service}
        expr = expr_of_selector.replace("SELECTOR", f"{{{matchers(fixed, self.labels, **others)}}}")
        on = ", ".join((conventions.SLO, *self.labels))
        where = f"{state}{{{matchers(fixed, self.labels)}}} == 1"
        return first_value(
            f"max({expr} and on ({on}) {where})", self.labels, shown, missing="unknown"
        )


def vanished_alerts(
    objectives: Iterable[Objective], scrape_interval_seconds: float, links: Links
) -> list[AlertingRule]:
    """Return the pages for vanished traffic, of the objectives that count some."""
    kinds = sorted(_cells(filter(_tells_of_users, objectives)), key=lambda each: each.order)
    return [
        AlertingRule(
            TRAFFIC_VANISHED,
            cells.any_vanished(
                "".join(
                    f"\nunless on ({', '.join(each.labels)})\n"
                    f"{each.any_in(conventions.VANISHED_STATE)}"
                    for each in kinds[:index]
                    if each.speaks_for(cells)
                )
            ),
            {
                conventions.SERVICE: cells.service,
                conventions.SEVERITY: conventions.PAGE,
                **({conventions.INCIDENT: conventions.OF_CELL} if cells.are_of_requests else {}),
            },
            _vanished_annotations(cells, links),
            # The first samples after a start are from less than a window of traffic.
            base_window_seconds(scrape_interval_seconds),
        )
        for index, cells in enumerate(kinds)
    ]


def _tells_of_users(objective: Objective) -> bool:
    """Return whether users are away where its events are: a dead engine ends nothing either."""
    return counts_traffic(objective) and find_source(objective) in (None, ROUTER, TOOLS)


def blind_alerts(objectives: Iterable[Objective], links: Links) -> list[AlertingRule]:
    """Return the tickets for events that cannot be seen, one a service."""
    services: dict[str, list[_Cells]] = {}
    for cells in _cells(objectives):
        services.setdefault(cells.service, []).append(cells)
    return [
        AlertingRule(
            EVENTS_BLIND,
            f"count by ({conventions.SERVICE}) (\n{_any_blind(kinds)}\n)",
            {conventions.SERVICE: service, conventions.SEVERITY: conventions.TICKET},
            _blind_annotations(service, kinds, links),
            BLIND_AFTER_SECONDS,
        )
        for service, kinds in services.items()
    ]


def _any_blind(kinds: Sequence[_Cells]) -> str:
    return "\nor\n".join(each.any_blind() for each in kinds)


def _cells(objectives: Iterable[Objective]) -> list[_Cells]:
    found: dict[tuple[str, tuple[str, ...]], list[Objective]] = {}
    for each in objectives:
        # Whoever names the labels in another order means the same cells.
        found.setdefault((each.service, tuple(sorted(each.grouping_labels))), []).append(each)
    return [
        _Cells(
            service,
            members[0].grouping_labels,
            _once(find_source(each) for each in members),
            tuple(each.name for each in members),
            any(map(names_causes, members)),
            catalog.REGION in members[0].grouping_labels and all(map(names_causes, members)),
        )
        for (service, _), members in found.items()
    ]


def _once(sources: Iterable[EventSource | None]) -> tuple[EventSource | None, ...]:
    return tuple(dict.fromkeys(sources))


def _vanished_annotations(cells: _Cells, links: Links) -> dict[str, str]:
    where = cell_text(cells.labels)
    vanished = conventions.VANISHED_STATE
    now = cells.value_where(vanished, f"{conventions.EVENTS_RATE}SELECTOR", 'printf "%.2f"')
    busiest = cells.value_where(
        vanished,
        f"max_over_time({conventions.EVENTS_COUNT}SELECTOR[{LONGEST_HELD}]) / 3600",
        'printf "%.2f"',
        window='="1h"',
    )
    return {
        "summary": f"Traffic of {cells.service} has vanished in {where}",
        "description": (
            "What counts the events answers, so users do not reach the service, or nothing ends."
        ),
        "users_hit": where,
        "evidence": f"{now} events a second now, up to {busiest} in the last day",
        "first_step": FIRST_STEP_VANISHED,
        **({"groups_hit": groups_hit(cells.labels)} if cells.are_of_groups else {}),
        **link_annotations(links, TRAFFIC_VANISHED, SLO_DETAIL_BOARD, _variables(cells)),
    }


def _blind_annotations(service: str, kinds: Sequence[_Cells], links: Links) -> dict[str, str]:
    slos = ", ".join(slo for each in kinds for slo in each.slos)
    which = "; ".join(_blind_cells(each, alone=len(kinds) == 1) for each in kinds)
    sources = _once(source for each in kinds for source in each.sources)
    return {
        "summary": f"Events of {service} cannot be seen in {{{{ $value }}}} cells",
        "description": (
            f"Objectives {slos} are not measured, and their pages hold as they "
            f"were, in: {which}. Sources that do not answer: {_silent_sources(sources)}."
        ),
        "first_step": FIRST_STEP_BLIND,
        **link_annotations(links, EVENTS_BLIND, ITSELF_BOARD, ()),
    }


def _blind_cells(cells: _Cells, *, alone: bool) -> str:
    by = ", ".join(cells.labels) or "cluster"
    return listing(
        cells.any_blind(),
        (),
        " ".join(f"{{{{ .Labels.{label} }}}}" for label in cells.labels) or "the whole cluster",
        missing="unknown" if alone else f"none by {by}",
        sort_by=cells.labels[0] if cells.labels else conventions.SERVICE,
    )


def _silent_sources(sources: Sequence[EventSource | None]) -> str:
    names = list(dict.fromkeys(each.name for each in sources if each is not None))
    if not names:
        return "unknown, for they are none of shardwatch's exporters"
    exporters = f'=~"{"|".join(names)}"'
    chosen = matchers({}, (), **{catalog.EXPORTER: exporters})
    plural = "s" if len(names) > 1 else ""
    itself = " and ".join(map(repr, names)) + (" themselves" if plural else " itself")
    return listing(
        f"group by ({catalog.EXPORTER}, {catalog.SOURCE}) "
        f"({catalog.SOURCE_UP.name}{{{chosen}}} == 0)",
        (),
        "{{ .Labels.source }}",
        missing=f"none, so look at the exporter{plural} {itself}",
        sort_by=catalog.SOURCE,
    )


def _variables(cells: _Cells) -> list[str]:
    return [label for label in catalog.CELL_LABELS if label in cells.labels]
