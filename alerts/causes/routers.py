"""Causes in routers: what users are sent through.

Of several routers some may be gone, and the others tell of the cell all the same: it is not blind,
and still the users of those that are gone may be hit. How many these are is known from before. They
are judged together, for users are hit by how many routers are gone and not by which.
"""

from __future__ import annotations

from alerts.causes.cause import HELD_FOR, Cause, Sight
from alerts.causes.places import REGION_LABELS, by
from alerts.causes.regions import unless_region_is_down
from alerts.sources import ROUTER
from alerts.templates import first_value, listing, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

ROUTER_LOST = "RouterLost"

USUAL_SECONDS = 300
"""Over which a router's requests are averaged: longer than the moment in which one that is about to
go takes fewer, and short enough that others soon count with what they took over. Chosen."""
LARGE_SHARE = 0.3
"""Of a cell's requests, which its lost routers had: one of three, two of four, not one of four.
Chosen."""
TAKEN_OVER = 0.5
"""Share of lost routers' requests that others must take over, for their users to be served. If they
take all at once, it shows after half of :data:`USUAL_SECONDS`."""
FEWEST_REQUESTS = 20
"""Of a cell within that time, below which shares are chance."""
LOST_FOR_SECONDS = 180.0
"""So long it takes to see that others took over; and a router that is restarted is back within
this."""

ROUTER_PLACE = (catalog.CLUSTER, catalog.REGION, catalog.ROUTER)
"""What tells routers apart."""

_CELL, _ROUTER = by(catalog.CELL_LABELS), by(ROUTER_PLACE)
_PLACE = (*catalog.CELL_LABELS, catalog.ROUTER)
_UP = catalog.ROUTER_UP.name
_RATE, _USUAL = conventions.ROUTER_REQUESTS_RATE, conventions.ROUTER_REQUESTS_USUAL
_SHARE, _LOST = conventions.ROUTER_SHARE, conventions.ROUTER_LOST_RATIO


def unheard(requests: str) -> str:
    """Return those of an expression, by router, whose router is not heard of now."""
    return f"{requests}\nunless on ({_ROUTER})\n({_UP} == 1)"


def router_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in routers.

    Args:
        window_seconds: the base window.
    """
    here = matchers({}, REGION_LABELS)
    at_work_here = matchers({conventions.CAUSE: ROUTER_LOST}, REGION_LABELS)
    share = first_value(
        f"max(sum by ({_CELL}) ({_lost(f'{_SHARE}{{{here}}}')}))",
        REGION_LABELS,
        "humanizePercentage",
        "an unknown share",
    )
    models = listing(
        f"group by ({catalog.MODEL}) ({conventions.CAUSE_STATE}{{{at_work_here}}})",
        REGION_LABELS,
        f"{{{{ .Labels.{catalog.MODEL} }}}}",
        missing="unknown",
        sort_by=catalog.MODEL,
    )
    had = f"sum by ({_CELL}) ({_lost(_SHARE)})"
    return (
        Cause(
            name=ROUTER_LOST,
            rank=970,
            explains=(ROUTER,),
            state=(
                f"group by ({by(_PLACE)}) (\n{_lost(_SHARE)}\n"
                f"and on ({_CELL})\n"
                # Of the share S others took over a part p: S / (1 + p S) of what is known is lost.
                f"(sum by ({_CELL}) ({_LOST}) >= {had} / (1 + {TAKEN_OVER} * {had}))\n"
                f"and on ({_CELL})\n({had} >= {LARGE_SHARE})\n"
                f"and on ({_CELL})\n"
                f"(sum by ({_CELL}) ({_USUAL}) >= {FEWEST_REQUESTS} / {USUAL_SECONDS})\n)\n"
                # Where all are gone, whoever counts on them is blind, or the region is down.
                f"and on ({catalog.CLUSTER}, {catalog.REGION})\n({_UP} == 1)"
            ),
            state_labels=_PLACE,
            sight=Sight("router", _UP, ROUTER_PLACE),
            evidence="router {{ .Labels.router }} of region {{ .Labels.region }} does not answer",
            first_step=(
                "take router {{ .Labels.router }}, and every other that does not answer, out of "
                "the load balancer before it, if requests through it fail"
            ),
            labels=REGION_LABELS,
            summary="Routers of region {{ $labels.region }} do not answer",
            description=(
                f"Up to {share} of a model's requests went through routers that do not answer, and "
                "the other routers of region {{ $labels.region }}, which do, have not taken them "
                f"over. What their users get is not counted. Models: {models}."
            ),
            severity=conventions.PAGE,
            for_seconds=LOST_FOR_SECONDS,
            levels=_levels(window_seconds),
            unless=unless_region_is_down(),
        ),
    )


def _lost(requests: str) -> str:
    """Return those of an expression, by router, whose router is known not to answer."""
    return f"{requests} and on ({_ROUTER}) ({_UP} == 0)"


def _levels(window_seconds: float) -> tuple[RecordingRule, ...]:
    window = format_duration(window_seconds)
    users = f'{catalog.ROUTER_REQUESTS.name}{{{catalog.TIER}!="{catalog.PROBE_TIER}"}}'
    # One that is gone for as long is none that anybody waits for.
    lately = f"(max_over_time({_UP}[{HELD_FOR}]) == 1)"
    return (
        RecordingRule(_RATE, f"sum by ({by(_PLACE)}) (rate({users}[{window}]))"),
        RecordingRule(
            _USUAL,
            f"avg_over_time({_RATE}[{format_duration(USUAL_SECONDS)}])\n"
            f"and on ({_ROUTER})\n({_UP} == 1)\n"
            f"or\n{unheard(_USUAL)}\nand on ({_ROUTER})\n{lately}",
        ),
        RecordingRule(
            _SHARE,
            f"({_USUAL} / on ({_CELL}) group_left () sum by ({_CELL}) ({_USUAL}))\n"
            f"and on ({_ROUTER})\n({_UP} == 1)\n"
            f"or\n{unheard(_SHARE)}\nand on ({_ROUTER})\n{lately}",
        ),
        RecordingRule(
            _LOST,
            f"({_lost(_USUAL)}) / on ({_CELL}) group_left ()\nsum by ({_CELL}) ({_USUAL})",
        ),
    )
