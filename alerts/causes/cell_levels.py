"""What is recorded of every cell: how many groups there are, serve, are gone, and are needed."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.causes.cause import Sight
from alerts.causes.draining import DRAIN_DEADLINE
from alerts.causes.places import REGION_LABELS, by
from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

DOWN_RATIO = 0.9
"""Share of a region's groups that are dead or stalled, from which on it is down: nearly all, for
one that still starts is no sign of life. Chosen."""
SENT_BACK_WITHIN = "30m"
"""Users, after an evacuation. Chosen: as long as a group may be away that says nothing of it."""
FULL_RATIO = 0.9
"""Share of its KV cache that a group may use on average: near 1 an engine preempts requests, and
queues form. Chosen."""

SIGHT = Sight("groups", conventions.CELL_GROUPS_KNOWN, REGION_LABELS)
CELL_SIGHT = Sight("groups", conventions.CELL_GROUPS_KNOWN, catalog.CELL_LABELS)

_CELL, _GROUP = by(catalog.CELL_LABELS), by(catalog.GROUP_LABELS)


def _in_states(states: str) -> str:
    """Return an element for each group in one of some states."""
    return f'group by ({_GROUP}) ({catalog.GROUP_STATE.name}{{{catalog.STATE}=~"{states}"}} == 1)'


def _groups(each: str) -> str:
    return f"count by ({_CELL}) (\n{each}\n)"


# A group that discovery no longer tells of was scaled in: it is neither known nor lost.
_SCALED_IN = f'({catalog.GROUP_REASON.name}{{{catalog.REASON}="undiscovered"}} == 1)'
_KNOWN = f"group by ({_GROUP}) ({catalog.GROUP_UP.name}\nunless on ({_GROUP})\n{_SCALED_IN})"
ON_PURPOSE = f"({conventions.GROUP_DRAIN_DEADLINE} > time())"
KNOWN_ONES = f"and on ({_GROUP})\n{_KNOWN}"

CELL_LEVELS = (
    DRAIN_DEADLINE,
    RecordingRule(conventions.CELL_GROUPS_KNOWN, _groups(_KNOWN)),
    RecordingRule(
        conventions.CELL_GROUPS_DOWN,
        _groups(
            f"{_in_states('dead|stalled')}\n"
            f"unless on ({_GROUP})\n{ON_PURPOSE}\nunless on ({_GROUP})\n{_SCALED_IN}"
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
        _groups(f"{conventions.GROUP_DRAIN_DEADLINE}\n{KNOWN_ONES}"),
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
