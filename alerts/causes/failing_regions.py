"""Regions that fail in several models at once, and the page that stands for those of their cells.

What strikes most of a region, and not all of it, makes every cell of it page: for its objectives,
its capacity, its queues. ``RegionFailing`` is one page in their place. It begins only where a page
of a cell fires anyway, and so wakes nobody who would have slept: with most of the region's groups
gone at once, or with pages in half of its models; and it goes on after ``RegionDown``, whose cells
burn for a while after they serve again. It lasts until no page of a cell fires there any more.

While it fires, ``RegionSpeaks`` inhibits pages of its cells in Alertmanager: of each cell of which
nobody was told before, and of no other, for the end of what is inhibited may never be told. It does
not fire without ``RegionFailing``, and ends with it: what fires then is told.
"""

from __future__ import annotations

from alerts.causes.cause import Cause
from alerts.causes.cell_levels import CELL_LEVELS, CELL_SIGHT, SIGHT
from alerts.causes.failing_facts import failing_facts
from alerts.causes.places import IN_CELL, REGION_LABELS, at_work, by, reason_here, with_reason
from alerts.causes.regions import ACUTE_SECONDS, DOWN, REGION_DOWN, REGION_FAILING
from alerts.incidents import TRAFFIC_VANISHED
from alerts.templates import first_value, listing, matchers
from exporters import catalog
from exporters.durations import format_duration
from exporters.notifying import Alertmanager
from slo import conventions
from slo.rules import RecordingRule

REGION_SPEAKS = "RegionSpeaks"

LOST_RATIO = 0.5
"""Above this share of groups a region, or a cell, has lost most of them."""
LOST_WITHIN = "15m"
"""So long ago most of the region's groups still served: what was lost piece by piece is told piece
by piece. Chosen: a page of the cells' budgets may take minutes where some of them still serve."""
FEWEST_CELLS = 2
"""Of one cell its own incident says it all."""
PAGING_RATIO = 0.5
"""Share of a region's cells with pages, from which on they are the region's: chosen."""
_ACUTE = format_duration(ACUTE_SECONDS)
VANISHED_FOR = "1h"
"""For so long vanished traffic counts as a page of its cell. Chosen: whoever the region woke knows
by then whether it was moved away, and silences it."""

RECOVERING = "recovering"
"""The reason where nothing is left but pages that last."""

_REGION, _CELL = by(REGION_LABELS), by(catalog.CELL_LABELS)
_KNOWN, _DOWN = conventions.CELL_GROUPS_KNOWN, conventions.CELL_GROUPS_DOWN
_PAGES, _SERVING = conventions.CELL_PAGES, conventions.REGION_GROUPS_SERVING
_FIRING = 'alertstate="firing"'


def _cells_with_pages() -> str:
    """Return the cells of which a page fires.

    Objectives are mostly grouped by region and model alone; then the page is of each cluster's.
    """
    without = by(each for each in catalog.CELL_LABELS if each != catalog.CLUSTER)
    return (
        f"group by ({_CELL}) (\n"
        f"{_KNOWN}\nand on ({_CELL})\n({_pages('!=')})\n"
        f"or\n"
        f"{_KNOWN}\nand on ({without})\n({_pages('=')})\n)"
    )


def _pages(has_cluster: str) -> str:
    """Return the pages of cells that fire, with a cluster or without one.

    Not traffic that has vanished for long: it may have been moved away, for a day, and would keep
    the region's incident open, under which the next fault of the region wakes nobody.
    """
    fixed = {
        "alertstate": "firing",
        conventions.SEVERITY: conventions.PAGE,
        conventions.INCIDENT: conventions.OF_CELL,
    }
    others = {catalog.CLUSTER: f'{has_cluster}""'}
    alerts = f"ALERTS{{{matchers(fixed, (), **others)}}}"
    vanished = {**fixed, conventions.ALERTNAME: TRAFFIC_VANISHED}
    return f"{alerts}\nunless\nALERTS{{{matchers(vanished, (), **others)}}} offset {VANISHED_FOR}"


PAGE_LEVELS = (
    RecordingRule(_PAGES, _cells_with_pages()),
    RecordingRule(_SERVING, f"sum by ({_REGION}) ({conventions.CELL_GROUPS_SERVING})"),
)


def failing_region_causes(
    scrape_interval_seconds: float, notifying: Alertmanager
) -> tuple[Cause, ...]:
    """Return what is said of regions that fail, and what keeps their cells silent meanwhile.

    Args:
        scrape_interval_seconds: at which states are recorded.
        notifying: when Alertmanager tells what begins, and what ends.
    """
    return (_region_failing(), _region_speaks(scrape_interval_seconds, notifying))


def _region_failing() -> Cause:
    known, serving, down = _sum(_KNOWN), _sum(conventions.CELL_GROUPS_SERVING), _sum(_DOWN)
    here = matchers({}, REGION_LABELS)
    paging = listing(
        f"group by ({catalog.MODEL}) ({_PAGES}{{{here}}})",
        REGION_LABELS,
        f"{{{{ .Labels.{catalog.MODEL} }}}}",
        missing="none any more",
        sort_by=catalog.MODEL,
    )
    at_work_here = listing(
        f"count by ({conventions.CAUSE}) ({conventions.CAUSE_STATE}"
        f"{{{matchers({}, REGION_LABELS, cause=_NOT_ITSELF)}}})",
        REGION_LABELS,
        f"{{{{ .Labels.{conventions.CAUSE} }}}} ({{{{ .Value }}}})",
        missing="no cause that shardwatch watches for",
        sort_by=conventions.CAUSE,
    )
    return Cause(
        name=REGION_FAILING,
        rank=976,
        explains=(),
        state=_failing_state(),
        state_labels=REGION_LABELS,
        sight=SIGHT,
        evidence="region {{ .Labels.region }} fails ({{ .Labels.reason }})",
        first_step=(
            "look for what the models of region {{ .Labels.region }} share: network, power, "
            "storage, a roll-out, the load balancer; send users elsewhere, if their data may go"
        ),
        labels=REGION_LABELS,
        summary="Region {{ $labels.region }} fails in several models",
        description=(
            f"Models with pages: {paging}. Of {known} shard groups {serving} serve and {down} are "
            f"dead or stalled; reason: {reason_here(REGION_FAILING, REGION_LABELS)}. At work "
            f"there: {at_work_here}. The pages of its models are not told beside this one."
        ),
        severity=conventions.PAGE,
        incident=conventions.OF_REGION,
        facts=failing_facts(_NOT_ITSELF),
        levels=(*CELL_LEVELS, *PAGE_LEVELS),
    )


_NOT_ITSELF = f'!~"{REGION_DOWN}|{REGION_FAILING}|{REGION_SPEAKS}"'


def _failing_state() -> str:
    """Return regions that fail, with the reason; the graver first."""
    each_region = f"group by ({_REGION})"
    down = f'{each_region} (ALERTS{{{conventions.ALERTNAME}="{REGION_DOWN}",{_FIRING}}})'
    lost = (
        f"{each_region} (\n"
        f"sum by ({_REGION}) ({_DOWN}) > {LOST_RATIO} * sum by ({_REGION}) ({_KNOWN})\n"
        f"and on ({_REGION})\n"
        f"count by ({_REGION}) ({_DOWN} > {LOST_RATIO} * {_KNOWN}) >= {FEWEST_CELLS}\n"
        f"and on ({_REGION})\n"
        f"{_SERVING} < {LOST_RATIO} * max_over_time({_SERVING}[{LOST_WITHIN}])\n"
        f"and on ({_REGION})\n{_PAGES}\n)"
    )
    wide = (
        f"{each_region} (\n(count by ({_REGION}) ({_PAGES}) >= {FEWEST_CELLS})\n"
        f">= {PAGING_RATIO} * count by ({_REGION}) ({_KNOWN})\n)"
    )
    held = f"{each_region} (\n{at_work(REGION_FAILING)}\nand on ({_REGION})\n{_PAGES}\n)"
    return f"\nor on ({_REGION})\n".join(
        with_reason(expr, reason)
        for expr, reason in (
            (down, DOWN),
            (lost, "groups_lost"),
            (wide, "pages"),
            (held, RECOVERING),
        )
    )


def _region_speaks(scrape_interval_seconds: float, notifying: Alertmanager) -> Cause:
    failing = at_work(REGION_FAILING)
    cells = f"{_KNOWN}\nand on ({_REGION})\n({_acute(failing)})"
    told = _told(notifying, scrape_interval_seconds)
    state = (
        f"group by ({_CELL}) (\n"
        f"({cells}\nunless on ({_CELL})\n{told})\n"
        f"or on ({_CELL})\n"
        f"({at_work(REGION_SPEAKS)}\nand on ({_CELL})\n({_PAGES}\nor\n{cells}))\n)\n"
        f"and on ({_REGION})\n{failing}"
    )
    return Cause(
        name=REGION_SPEAKS,
        rank=974,
        explains=(),
        state=state,
        state_labels=catalog.CELL_LABELS,
        sight=CELL_SIGHT,
        evidence="the region of {{ .Labels.model }}, {{ .Labels.region }}, fails",
        first_step=f"see {REGION_FAILING} of region {{{{ .Labels.region }}}}",
        labels=catalog.CELL_LABELS,
        summary="Its region's page speaks for the cell " + IN_CELL,
        description=(
            f"{REGION_FAILING} fires, and nobody had been told of this cell before: its pages wake "
            "nobody until the region is well."
        ),
        severity=conventions.NOBODY,
        levels=(*CELL_LEVELS, *PAGE_LEVELS),
    )


def _told(notifying: Alertmanager, scrape_interval_seconds: float) -> str:
    """Return the cells of which somebody was told, and not yet of the end.

    A page is told when ``group_wait`` is over, and is first seen here up to one evaluation after it
    began. Its end is told with the next flush, ``group_interval`` later at most. Whoever is in
    doubt was told: a page too many is a nuisance, an incident that stays open is a lie.
    """
    told_after = notifying.group_wait - scrape_interval_seconds
    offset = f" offset {format_duration(told_after)}" if told_after >= 0.001 else ""
    ended_within = max(ACUTE_SECONDS, notifying.group_interval + scrape_interval_seconds)
    return f"last_over_time({_PAGES}[{format_duration(ended_within)}]{offset})"


def _acute(failing: str) -> str:
    """Return the regions that have just failed: a fault that goes on is no news.

    What is told under a region's incident that is open already wakes nobody, so that a model that
    joins later, whatever the reason, speaks for itself. A region that is down may be for hours, and
    its cells burn when it is back.
    """
    down = at_work(REGION_FAILING, **{catalog.REASON: f'="{DOWN}"'})
    return (
        f"({failing}\nunless on ({_REGION})\n{failing} offset {_ACUTE})\n"
        f"or\n"
        f"({failing}\nand on ({_REGION})\n"
        f"({_SERVING} < {LOST_RATIO} * max_over_time({_SERVING}[{_ACUTE}])))\n"
        f"or\n"
        f"last_over_time({down}[{_ACUTE}])"
    )


def _sum(level: str) -> str:
    """Return a template of a level over all cells of the alert's region."""
    here = matchers({}, REGION_LABELS)
    return first_value(f"sum({level}{{{here}}})", REGION_LABELS, 'printf "%.0f"', "0")
