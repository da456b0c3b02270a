"""Causes in shard groups: a group lives or dies as one."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, by
from alerts.sources import ROUTER
from alerts.templates import lookup, matchers
from exporters import catalog
from slo import conventions

GROUP_DEAD = "ShardGroupDead"
GROUP_STALLED = "ShardGroupStalled"

SIGHT = Sight("groups", catalog.GROUP_STATE.name, catalog.GROUP_LABELS)

_OUT_OF_ROUTER = "take group {{ .Labels.group }} out of the router, then restart its engine"


def group_causes() -> tuple[Cause, ...]:
    """Return the causes in shard groups."""
    return (
        _in_state(
            GROUP_DEAD,
            rank=840,
            state="dead",
            summary="Shard group {{ $labels.group }} is dead " + IN_CELL,
            consequence="It serves nothing, and requests that the router still sends it fail.",
            for_seconds=120,  # an engine that is restarted is dead for as long as it loads
        ),
        _in_state(
            GROUP_STALLED,
            rank=820,
            state="stalled",
            summary="Shard group {{ $labels.group }} is stalled " + IN_CELL,
            consequence="It has requests and makes no steps, while /health may still answer 200.",
        ),
    )


def _in_state(
    name: str, *, rank: int, state: str, summary: str, consequence: str, for_seconds: float = 0
) -> Cause:
    """Return the cause that groups are in a state."""
    here = matchers({conventions.CAUSE: name}, catalog.GROUP_LABELS)
    found = lookup(f"{conventions.CAUSE_STATE}{{{here}}}", catalog.GROUP_LABELS)
    reason = f'{{{{ with {found} }}}}{{{{ . | first | label "{catalog.REASON}" }}}}{{{{ end }}}}'
    group = by(catalog.GROUP_LABELS)
    return Cause(
        name=name,
        rank=rank,
        explains=(ROUTER,),
        state=(
            f"group by ({group}, {catalog.REASON}) "
            f'({catalog.GROUP_REASON.name}{{{catalog.REASON}!="none"}} == 1)\n'
            f"and on ({group})\n"
            f'({catalog.GROUP_STATE.name}{{{catalog.STATE}="{state}"}} == 1)'
        ),
        state_labels=catalog.GROUP_LABELS,
        sight=SIGHT,
        evidence=f"group {{{{ .Labels.group }}}} is {state} ({{{{ .Labels.reason }}}})",
        first_step=_OUT_OF_ROUTER,
        labels=catalog.GROUP_LABELS,
        summary=summary,
        description=(f"Group {{{{ $labels.group }}}} is {state}, reason: {reason}. {consequence}"),
        for_seconds=for_seconds,
    )
