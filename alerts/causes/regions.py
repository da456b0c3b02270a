"""Causes in regions and cells: capacity that users will miss."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.causes.cause import Cause, Sight
from alerts.causes.draining import DRAIN_DEADLINE
from alerts.causes.places import IN_CELL, REGION_LABELS, at_work, by, reason_here, with_reason
from alerts.sources import ROUTER
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

REGION_DOWN = "RegionDown"
CAPACITY_LOW = "RegionCapacityLow"
RESERVE_GONE = "RegionReserveGone"

DOWN_RATIO = 0.9
"""Share of a region's groups that are dead or stalled, from which on it is down: nearly all, for
one that still starts is no sign of life. Chosen."""
BACK_RATIO = 0.25
"""Share of its groups that serve again, from which on it is not down any more. Chosen."""
FEWEST_GROUPS = 2
"""Of a region with one group the group's own alerts say it all, a restart of it included."""
SENT_BACK_WITHIN = "30m"
"""Users, after an evacuation. Chosen: as long as a group may be away that says nothing of it."""
DOWN_FOR_SECONDS = 30.0
"""Beside the base window, in which the router must not have seen a good end."""
FEWEST_REQUESTS = 5
"""In a region's engines at some time within half an hour, below which nobody misses its routers:
chosen, above what probes and a lone user at night have on their way."""

FULL_RATIO = 0.9
"""Share of its KV cache that a group may use on average: near 1 an engine preempts requests, and
queues form. Chosen."""
LEAST_NEED = 0.02
"""Of a group's KV cache, in use by a whole cell in its busiest minutes of an hour: below that there
is no load to carry. Chosen."""
CAPACITY_FOR_SECONDS = 120.0
"""As of a dead group: an engine that is restarted is gone for as long as it loads."""

SIGHT = Sight("groups", conventions.CELL_GROUPS_KNOWN, REGION_LABELS)
CELL_SIGHT = Sight("groups", conventions.CELL_GROUPS_KNOWN, catalog.CELL_LABELS)

_CELL, _REGION, _GROUP = by(catalog.CELL_LABELS), by(REGION_LABELS), by(catalog.GROUP_LABELS)


def _in_states(states: str) -> str:
    """Return an element for each group in one of some states."""
    return f'group by ({_GROUP}) ({catalog.GROUP_STATE.name}{{{catalog.STATE}=~"{states}"}} == 1)'


def _groups(each: str) -> str:
    return f"count by ({_CELL}) (\n{each}\n)"


# A group that discovery no longer tells of was scaled in: it is neither known nor lost.
_SCALED_IN = f'({catalog.GROUP_REASON.name}{{{catalog.REASON}="undiscovered"}} == 1)'
_KNOWN = f"group by ({_GROUP}) ({catalog.GROUP_UP.name}\nunless on ({_GROUP})\n{_SCALED_IN})"
_ON_PURPOSE = f"({conventions.GROUP_DRAIN_DEADLINE} > time())"
_KNOWN_ONES = f"and on ({_GROUP})\n{_KNOWN}"

CELL_LEVELS = (
    DRAIN_DEADLINE,
    RecordingRule(conventions.CELL_GROUPS_KNOWN, _groups(_KNOWN)),
    RecordingRule(
        conventions.CELL_GROUPS_DOWN,
        _groups(
            f"{_in_states('dead|stalled')}\n"
            f"unless on ({_GROUP})\n{_ON_PURPOSE}\nunless on ({_GROUP})\n{_SCALED_IN}"
        ),
    ),
    RecordingRule(
        conventions.CELL_GROUPS_SERVING,
        _groups(
            f"{_in_states('up|degraded')}\n"
            f"unless on ({_GROUP})\n({catalog.GROUP_DRAINING.name} == 1)"
        )
        + f"\nor\n0 * {conventions.CELL_GROUPS_KNOWN}",
    ),
    RecordingRule(
        conventions.CELL_GROUPS_AWAY,
        _groups(f"{conventions.GROUP_DRAIN_DEADLINE}\n{_KNOWN_ONES}"),
    ),
)
"""What is there, what is gone, what serves, what was taken away on purpose."""

NEED_LEVELS = (
    RecordingRule(
        conventions.CELL_KV_CACHES_IN_USE,
        # A group that hangs keeps what it had, and is sent more: that is no work of the cell's.
        f"sum by ({_CELL}) (\n"
        f"max by ({_GROUP}) ({catalog.GROUP_KV_CACHE_USAGE.name})\n"
        f"and on ({_GROUP})\n{_in_states('up|degraded|draining')}\n)",
    ),
    RecordingRule(
        conventions.CELL_GROUPS_BUSY, f"avg_over_time({conventions.CELL_KV_CACHES_IN_USE}[5m])"
    ),
    RecordingRule(
        conventions.CELL_GROUPS_NEEDED,
        f"max_over_time({conventions.CELL_GROUPS_BUSY}[1h]) / {FULL_RATIO}",
    ),
)
"""How many groups it takes. What running requests hold of the KV caches is the measure: it grows
with their number and length, and it is what an engine runs out of. Where engines are limited
otherwise (``max_num_seqs``, prompts that cost more to compute than to keep) it tells less than is
needed, so that nothing is said; once too little is left, requests pile up until caches are full
there too."""

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


def evacuated(labels: Sequence[str]) -> str:
    """Return PromQL of the places that were taken out of service on purpose: nothing serves there.

    Their users are elsewhere. It lasts for half an hour after groups serve again, in which users
    are sent back; and past a deadline, which :data:`alerts.causes.draining.DRAIN_OVERDUE` tells.

    Args:
        labels: which tell places apart, some of the cell's.
    """
    away, serving, known = (
        f"sum by ({by(labels)}) ({each})"
        for each in (
            f"max_over_time({conventions.CELL_GROUPS_AWAY}[{SENT_BACK_WITHIN}])",
            f"min_over_time({conventions.CELL_GROUPS_SERVING}[{SENT_BACK_WITHIN}])",
            conventions.CELL_GROUPS_KNOWN,
        )
    )
    return f"({away} >= {DOWN_RATIO} * {known}\nand {serving} == 0)"


def unless_region_is_down() -> str:
    """Return what keeps alerts of a region's parts silent while all of it is down.

    Of a region with 50,000 GPUs there would be thousands, each with queries in its texts.
    """
    down = at_work(REGION_DOWN)
    return f"unless on ({_REGION})\n{down}"


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
    before = f'{conventions.CAUSE_STATE}{{{conventions.CAUSE}="{REGION_DOWN}"'
    # What the router sees end well is served, whatever we see of the groups.
    groups_down = (
        f"group by ({_REGION}) (\n"
        f"(\n{dead} >= {DOWN_RATIO} * ({known} >= {FEWEST_GROUPS})\n"
        f'or\n({before},{catalog.REASON}="groups_down"}}\n'
        f"and on ({_REGION})\n({serving} < {BACK_RATIO} * {known})\n)\n)\n"
        f"unless on ({_REGION})\n{served}\n)"
    )
    # For a while: a page that fails to answer at night, when nobody asks anything, is no region.
    all_routers = f"max by ({_REGION}) (max_over_time({catalog.ROUTER_UP.name}[2m])) == 0"
    away = f"count by ({_REGION}) ({_ON_PURPOSE}\n{_KNOWN_ONES})"
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
        f'({had_requests}\nor\n{before},{catalog.REASON}="routers_gone"}})\n)'
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
        for_seconds=DOWN_FOR_SECONDS,
        levels=(*CELL_LEVELS, *REGION_LEVELS),
    )


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
