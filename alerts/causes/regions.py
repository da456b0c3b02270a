"""Causes in regions and cells: capacity that users will miss."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.causes.cause import Cause
from alerts.causes.cell_levels import (
    CELL_LEVELS,
    CELL_SIGHT,
    DOWN_RATIO,
    KNOWN_ONES,
    NEED_LEVELS,
    ON_PURPOSE,
    SIGHT,
    evacuated,
)
from alerts.causes.places import IN_CELL, REGION_LABELS, at_work, by, reason_here, with_reason
from alerts.sources import ROUTER
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

REGION_DOWN = "RegionDown"
REGION_FAILING = "RegionFailing"
"""The region's other page (:mod:`alerts.causes.failing_regions`)."""
DOWN = "down"
"""Its reason while :data:`REGION_DOWN` fires."""
CAPACITY_LOW = "RegionCapacityLow"
RESERVE_GONE = "RegionReserveGone"

BACK_RATIO = 0.25
"""Share of its groups that serve again, from which on it is not down any more. Chosen."""
FEWEST_GROUPS = 2
"""Of a region with one group the group's own alerts say it all, a restart of it included."""
DOWN_FOR_SECONDS = 30.0
"""Beside the base window, in which the router must not have seen a good end."""
ACUTE_SECONDS = 600
"""For so long after a region began to fail, lost most of what served, or was down, a cell's first
page is still the region's. Chosen: twice the short window of the fastest tier, so that budgets that
one fault spends page within it; whatever comes later is another matter, and wakes somebody."""
FEWEST_REQUESTS = 5
"""In a region's engines at some time within half an hour, below which nobody misses its routers:
chosen, above what probes and a lone user at night have on their way."""

LEAST_NEED = 0.02
"""Of a group's KV cache, in use by a whole cell in its busiest minutes of an hour: below that there
is no load to carry. Chosen."""
CAPACITY_FOR_SECONDS = 120.0
"""As of a dead group: an engine that is restarted is gone for as long as it loads."""

_CELL, _REGION, _GROUP = by(catalog.CELL_LABELS), by(REGION_LABELS), by(catalog.GROUP_LABELS)

_IN_ENGINES = (
    f"sum by ({_REGION}) (\nmax by ({_GROUP}) ({catalog.GROUP_RUNNING.name})\n+\n"
    f"max by ({_GROUP}) ({catalog.GROUP_WAITING.name})\n)"
)
REGION_LEVELS = (RecordingRule(conventions.REGION_REQUESTS, _IN_ENGINES),)


def region_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in regions and cells.

    Args:
        window_seconds: the base window, over which requests are looked at.
    """
    return (_region_down(window_seconds), _capacity_low(), _reserve_gone())


def unless_region_is_down() -> str:
    """Return what keeps alerts of a region's parts silent while all of it is down.

    Of a region with 50,000 GPUs there would be thousands, each with queries in its texts.
    """
    down = at_work(REGION_DOWN)
    return f"unless on ({_REGION})\n{down}"


def region_down_since(labels: Sequence[str]) -> str:
    """Return PromQL of since when regions are down, UNIX seconds; pending counts.

    Args:
        labels: of the series that it is compared with, the region's among them. Where these say no
            cluster, a region is down once it is in all clusters that have it.
    """
    return _in_all_clusters(f'ALERTS_FOR_STATE{{{conventions.ALERTNAME}="{REGION_DOWN}"}}', labels)


def region_down_within(window: str, labels: Sequence[str]) -> str:
    """Return PromQL of the regions whose page fires, or did so within a window.

    Args:
        window: as PromQL writes it.
        labels: as of :func:`region_down_since`.
    """
    fires = f'ALERTS{{{conventions.ALERTNAME}="{REGION_DOWN}",alertstate="firing"}}'
    return _in_all_clusters(f"last_over_time({fires}[{window}])", labels)


def _in_all_clusters(down: str, labels: Sequence[str]) -> str:
    on = by(label for label in REGION_LABELS if label in labels)
    known = conventions.CELL_GROUPS_KNOWN
    return f"max by ({on}) ({down})\nunless on ({on})\n({known}\nunless on ({_REGION})\n{down})"


def _region_down(window_seconds: float) -> Cause:
    known, dead, serving = (
        f"sum by ({_REGION}) ({level})"
        for level in (
            conventions.CELL_GROUPS_KNOWN,
            conventions.CELL_GROUPS_DOWN,
            conventions.CELL_GROUPS_SERVING,
        )
    )
    requests, window = conventions.REGION_REQUESTS, format_duration(window_seconds)
    served = (
        f"sum by ({_REGION}) "
        f'(rate({catalog.ROUTER_REQUESTS.name}{{{catalog.OUTCOME}="ok"}}[{window}])) > 0'
    )
    # What the router sees end well is served, whatever we see of the groups.
    groups_down = (
        f"group by ({_REGION}) (\n"
        f"(\n{dead} >= {DOWN_RATIO} * ({known} >= {FEWEST_GROUPS})\n"
        f"or\n({_down_for('groups_down')}\n"
        f"and on ({_REGION})\n({serving} < {BACK_RATIO} * {known})\n)\n)\n"
        f"unless on ({_REGION})\n{served}\n)"
    )
    # For a while: a page that fails to answer at night, when nobody asks anything, is no region.
    all_routers = f"max by ({_REGION}) (max_over_time({catalog.ROUTER_UP.name}[2m])) == 0"
    away = f"count by ({_REGION}) ({ON_PURPOSE}\n{KNOWN_ONES})"
    # Whom an evacuation sent elsewhere is not missed before having come back.
    had_requests = (
        f"max_over_time({requests}[30m]) >= {FEWEST_REQUESTS}\n"
        f"unless on ({_REGION})\n{evacuated(REGION_LABELS)}\n"
        f"or\nmax_over_time({requests}[5m]) >= {FEWEST_REQUESTS}"
    )
    routers_gone = (
        f"group by ({_REGION}) (\n"
        f"({all_routers}\nunless on ({_REGION})\n{requests} > 0\n"
        # Of a region that is empty on purpose, the routers may go as well.
        f"unless on ({_REGION})\n({away} >= {DOWN_RATIO} * {known} and {serving} == 0))\n"
        f"and on ({_REGION})\n"
        f"({had_requests}\nor\n{_down_for('routers_gone')})\n)"
    )
    return Cause(
        name=REGION_DOWN,
        rank=980,
        explains=(ROUTER,),
        state=(
            f"{with_reason(groups_down, 'groups_down')}\nor on ({_REGION})\n"
            f"{with_reason(routers_gone, 'routers_gone')}"
        ),
        state_labels=REGION_LABELS,
        sight=SIGHT,
        evidence="region {{ .Labels.region }} is down ({{ .Labels.reason }})",
        first_step="send the users of region {{ .Labels.region }} elsewhere, if their data may go",
        labels=REGION_LABELS,
        summary="Region {{ $labels.region }} is down",
        description=(
            f"Of {_sum(conventions.CELL_GROUPS_KNOWN)} shard groups of region "
            f"{{{{ $labels.region }}}} {_sum(conventions.CELL_GROUPS_SERVING)} can serve; reason: "
            f"{reason_here(REGION_DOWN, REGION_LABELS)}. What users feel there cannot be counted "
            "if its routers are gone too."
        ),
        severity=conventions.PAGE,
        incident=conventions.OF_REGION,
        apart=_failing_for_long(),
        for_seconds=DOWN_FOR_SECONDS,
        levels=(*CELL_LEVELS, *REGION_LEVELS),
    )


def _failing_for_long() -> str:
    """Return the regions whose incident is open for other reasons, and no news to anybody."""
    acute, failing = format_duration(ACUTE_SECONDS), at_work(REGION_FAILING)
    down = at_work(REGION_FAILING, **{catalog.REASON: f'="{DOWN}"'})
    return (
        f"{failing}\nand on ({_REGION})\n{failing} offset {acute}\n"
        f"unless on ({_REGION})\nlast_over_time({down}[{acute}])"
    )


def _down_for(reason: str) -> str:
    return at_work(REGION_DOWN, **{catalog.REASON: f'="{reason}"'})


def _sum(level: str) -> str:
    """Return a template of a level over all cells of the alert's region."""
    here = matchers({}, REGION_LABELS)
    return first_value(
        f"sum({level}{{{here}}})", REGION_LABELS, 'printf "%.0f"', "an unknown number"
    )


def _capacity_low() -> Cause:
    return _short_of_groups(
        CAPACITY_LOW,
        rank=806,
        state=f"{_lacking(conventions.CELL_GROUPS_SERVING)}",
        explains=True,
        summary="Too few shard groups are left " + IN_CELL,
        consequence="What is left cannot carry it: requests queue, and fail.",
        severity=conventions.PAGE,
    )


def _reserve_gone() -> Cause:
    low = at_work(CAPACITY_LOW)
    return _short_of_groups(
        RESERVE_GONE,
        rank=804,
        state=(f"{_lacking(f'{conventions.CELL_GROUPS_SERVING} - 1')}\nunless on ({_CELL})\n{low}"),
        explains=False,
        summary="No shard group may be lost any more " + IN_CELL,
        consequence="If one more is lost, what is left cannot carry it.",
        severity=conventions.TICKET,
    )


def _lacking(left: str) -> str:
    """Return cells some of whose groups are gone, and that need more than are left."""
    need = f"{conventions.CELL_GROUPS_NEEDED} > {LEAST_NEED}"
    return (
        f"group by ({_CELL}) (\n{conventions.CELL_GROUPS_DOWN} > 0\n"
        f"and on ({_CELL})\n({left} < ({need}))\n)"
    )


def _short_of_groups(
    name: str,
    *,
    rank: int,
    state: str,
    explains: bool,
    summary: str,
    consequence: str,
    severity: str,
) -> Cause:
    labels = catalog.CELL_LABELS

    def level(series: str, digits: int = 0) -> str:
        here, shown = f"{series}{{{matchers({}, labels)}}}", f'printf "%.{digits}f"'
        return first_value(here, labels, shown, "an unknown number")

    return Cause(
        name=name,
        rank=rank,
        explains=(ROUTER,) if explains else (),
        state=state,
        state_labels=labels,
        sight=CELL_SIGHT,
        evidence="too few groups of {{ .Labels.model }} are left in region {{ .Labels.region }}",
        first_step=(
            "turn away the lowest tier of {{ .Labels.model }} in region {{ .Labels.region }}, and "
            "bring groups back"
        ),
        labels=labels,
        summary=summary,
        description=(
            f"{level(conventions.CELL_GROUPS_SERVING)} of "
            f"{level(conventions.CELL_GROUPS_KNOWN)} groups serve, and the most of the last hour "
            f"takes {level(conventions.CELL_GROUPS_NEEDED, 1)}. {consequence}"
        ),
        severity=severity,
        incident=conventions.OF_CELL if severity == conventions.PAGE else "",
        for_seconds=CAPACITY_FOR_SECONDS,
        levels=(*CELL_LEVELS, *NEED_LEVELS),
        unless=unless_region_is_down(),
    )
