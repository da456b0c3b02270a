"""Groups that are out of service on purpose, and for how long that is believed.

While ``ShardGroupDraining`` fires, Alertmanager inhibits the causes of the group and of its GPUs:
it is drained, patched, rebooted and started again, and all that it lacks meanwhile is meant. That
ends when it serves again. It also ends at a deadline: one that does not come back was not meant to
stay away.
"""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, by
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

DRAINING = "ShardGroupDraining"
DRAIN_OVERDUE = "ShardGroupDrainOverdue"

DRAIN_SECONDS = 1800.0
"""After a group began to drain of itself it must serve again. Chosen: the requests on their way, a
patch with a reboot of eight-GPU hosts (10 minutes), and the load of weights (10 minutes of the
largest), and as much again."""
FORGOTTEN_SECONDS = 86400.0
"""After its deadline: one that is not seen any more was taken away."""

SIGHT = Sight("groups", catalog.GROUP_STATE.name, catalog.GROUP_LABELS)

_GROUP = by(catalog.GROUP_LABELS)
_DRAINS = f"{catalog.GROUP_DRAINING.name} == 1"
_SERVES = (
    f'group by ({_GROUP}) ({catalog.GROUP_STATE.name}{{{catalog.STATE}=~"up|degraded"}} == 1)\n'
    # For a look, one whose engine does not answer any more is degraded.
    f"and on ({_GROUP}) ({catalog.GROUP_UP.name} == 1)\n"
    f"unless on ({_GROUP}) ({_DRAINS})"
)
_LEVEL = conventions.GROUP_DRAIN_DEADLINE

DRAIN_DEADLINE = RecordingRule(
    _LEVEL,
    # What the topology says; else what was known, until it serves; else from now on.
    f"max by ({_GROUP}) ({catalog.GROUP_DRAINING_UNTIL.name}) > time()\n"
    f"or\n"
    f"({_LEVEL}\nunless on ({_GROUP}) (\n{_SERVES}\n)) > time() - {FORGOTTEN_SECONDS:.0f}\n"
    f"or\n"
    f"group by ({_GROUP}) ({_DRAINS}) * (time() + {DRAIN_SECONDS:.0f})",
)


def draining_causes() -> tuple[Cause, ...]:
    """Return what is said of groups that are out of service on purpose: they explain no burn."""
    deadline = first_value(
        f"{_LEVEL}{{{matchers({}, catalog.GROUP_LABELS)}}} - time()",
        catalog.GROUP_LABELS,
        "humanizeDuration",
        "an unknown time",
    )
    late = first_value(
        f"time() - {_LEVEL}{{{matchers({}, catalog.GROUP_LABELS)}}}",
        catalog.GROUP_LABELS,
        "humanizeDuration",
        "an unknown time",
    )
    return (
        _cause(
            DRAINING,
            rank=846,
            state=f"group by ({_GROUP}) ({_LEVEL} > time())",
            summary="Shard group {{ $labels.group }} is out of service on purpose " + IN_CELL,
            description=(
                "Group {{ $labels.group }} drains, or is patched or started again. What it lacks "
                f"is nobody's alert for another {deadline}, or until it serves."
            ),
            severity=conventions.NOBODY,
        ),
        _cause(
            DRAIN_OVERDUE,
            rank=844,
            state=(
                f"group by ({_GROUP}) ({_LEVEL} <= time())\n"
                f"and on ({_GROUP})\n{catalog.GROUP_DRAINING.name}"
            ),
            summary="Shard group {{ $labels.group }} did not come back " + IN_CELL,
            description=(
                "Group {{ $labels.group }} was taken out of service on purpose, should serve since "
                f"{late}, and does not. One that says nothing of its time has "
                f"{format_duration(DRAIN_SECONDS)}."
            ),
            severity=conventions.TICKET,
        ),
    )


def _cause(
    name: str, *, rank: int, state: str, summary: str, description: str, severity: str
) -> Cause:
    return Cause(
        name=name,
        rank=rank,
        explains=(),
        state=state,
        state_labels=catalog.GROUP_LABELS,
        sight=SIGHT,
        evidence="group {{ .Labels.group }} is out of service on purpose",
        first_step="see who drains group {{ .Labels.group }}, and why it is not back",
        labels=catalog.GROUP_LABELS,
        summary=summary,
        description=description,
        severity=severity,
        levels=(DRAIN_DEADLINE,),
    )
