"""Causes: what can be at work when an objective burns, as data.

Each cause is a state, which explains a page, and an alert, which is a ticket: the burn wakes
people, the cause tells them why. The state is recorded in the group of each objective that it can
explain, before the burn alerts, so that both are of the same moment: Alertmanager does not tell
again when an annotation changes. The alert stands in a group of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.links import FLEET_BOARD, link_annotations
from alerts.sources import ROUTER, TOOLS, EventSource, find_source, names_causes
from alerts.templates import listing, lookup, matchers
from exporters import catalog
from exporters.config import Links
from exporters.durations import format_duration
from slo import conventions
from slo.objective import Objective
from slo.rules import AlertingRule, RecordingRule, base_window_seconds

FEWEST_CALLS = 10
"""Calls of a tool in a region within the base window, below which nothing is said of it."""
LEAST_SUCCESS_RATIO = 0.5
"""Share of calls that must succeed for a tool not to be out."""


@dataclass(frozen=True)
class Cause:
    """One cause."""

    name: str
    """Of the alert, of the label ``cause``, and of the runbook."""
    rank: int
    """The higher, the more it explains: a lost GPU makes its group dead, and not the reverse."""
    explains: EventSource
    """Objectives whose events are seen there."""
    state: str
    """PromQL: one element for each piece of evidence, with ``region`` and ``model`` of the cell
    that is hit, and the value 1."""
    state_labels: tuple[str, ...]
    """The labels of ``state`` that tell where it is; a cell that has one must match it."""
    evidence: str
    """Template of the evidence in a page; ``.Labels`` are those of ``state``."""
    alert: str
    """PromQL of the alert; its labels are the alert's."""
    labels: tuple[str, ...]
    """The labels that ``alert`` gives."""
    summary: str
    description: str
    for_seconds: float = 0


def causes(scrape_interval_seconds: float) -> tuple[Cause, ...]:
    """Return all causes, the highest rank first."""
    window_seconds = base_window_seconds(scrape_interval_seconds)
    return (_gpu_lost(), _group_dead(), _group_stalled(), _tool_outage(window_seconds))


def explaining(every: Sequence[Cause], objective: Objective) -> tuple[Cause, ...]:
    """Return the causes that can explain an objective's burn.

    A lost GPU is none for a tool that fails, nor the reverse. All are, where it is not known which
    of our exporters counts the events; none, where the events are not the fleet's.
    """
    if not names_causes(objective):
        return ()
    source = find_source(objective)
    return tuple(each for each in every if source is None or each.explains == source)


def cause_state_rules(every: Sequence[Cause], objective: Objective) -> list[RecordingRule]:
    """Return the rules that record the causes at work for one objective."""
    return [
        RecordingRule(
            conventions.CAUSE_STATE,
            f"{each.rank} * (\n{each.state}\n)",
            {
                conventions.CAUSE: each.name,
                conventions.SERVICE: objective.service,
                conventions.SLO: objective.name,
            },
        )
        for each in explaining(every, objective)
    ]


def cause_alert(cause: Cause, links: Links) -> AlertingRule:
    """Return the alert of a cause."""
    board_labels = [label for label in catalog.CELL_LABELS if label in cause.labels]
    return AlertingRule(
        cause.name,
        cause.alert,
        {conventions.SEVERITY: conventions.TICKET},
        {
            "summary": cause.summary,
            "description": cause.description,
            **link_annotations(links, cause.name, FLEET_BOARD, board_labels),
        },
        cause.for_seconds,
    )


GPU_LOST = "GpuLost"
GROUP_DEAD = "ShardGroupDead"
GROUP_STALLED = "ShardGroupStalled"
TOOL_OUTAGE = "ToolOutage"

_GROUP = ", ".join(catalog.GROUP_LABELS)
_GPU = ", ".join(catalog.GPU_LABELS)
_HOST_LABELS = (*catalog.GROUP_LABELS, catalog.HOST)
_IN_CELL = "({{ $labels.region }}, {{ $labels.model }})"


def _gpu_lost() -> Cause:
    lost = f'{catalog.GPU_STATE.name}{{{catalog.STATE}="lost"}} == 1'
    state = (
        f"group by ({_GPU}, {catalog.REASON}) "
        f'({catalog.GPU_REASON.name}{{{catalog.REASON}!="none"}} == 1)\n'
        f"and on ({_GPU})\n({lost})"
    )
    here = matchers({}, _HOST_LABELS)
    lost_here = (
        f"group by ({catalog.UUID}, {catalog.REASON}) ("
        f"{catalog.GPU_REASON.name}{{{here}}} == 1 and on ({_GPU}) "
        f'{catalog.GPU_STATE.name}{{{catalog.STATE}="lost",{here}}} == 1)'
    )
    gpus = listing(
        lost_here,
        _HOST_LABELS,
        "{{ .Labels.uuid }} ({{ .Labels.reason }})",
        missing="unknown",
        sort_by=catalog.UUID,
    )
    return Cause(
        name=GPU_LOST,
        rank=40,
        explains=ROUTER,
        state=state,
        state_labels=catalog.GPU_LABELS,
        evidence=(
            "{{ .Labels.uuid }} on host {{ .Labels.host }} of group {{ .Labels.group }} "
            "({{ .Labels.reason }})"
        ),
        # One alert a host: thousands of GPUs would cost Alertmanager seconds.
        alert=f"count by ({', '.join(_HOST_LABELS)}) ({lost})",
        labels=_HOST_LABELS,
        summary="GPU lost on host {{ $labels.host }} of group {{ $labels.group }} " + _IN_CELL,
        description=(
            "{{ $value }} of the GPUs of host {{ $labels.host }} lost: "
            + gpus
            + ". Group {{ $labels.group }} serves nothing until they are back or replaced."
        ),
    )


def _group_dead() -> Cause:
    return _group_cause(
        GROUP_DEAD,
        rank=30,
        group_state="dead",
        summary="Shard group {{ $labels.group }} is dead " + _IN_CELL,
        consequence="It serves nothing, and requests that the router still sends it fail.",
        for_seconds=120,  # an engine that is restarted is dead for as long as it loads
    )


def _group_stalled() -> Cause:
    return _group_cause(
        GROUP_STALLED,
        rank=20,
        group_state="stalled",
        summary="Shard group {{ $labels.group }} is stalled " + _IN_CELL,
        consequence="It has requests and makes no steps, while /health may still answer 200.",
    )


def _group_cause(
    name: str,
    *,
    rank: int,
    group_state: str,
    summary: str,
    consequence: str,
    for_seconds: float = 0,
) -> Cause:
    in_state = f'{catalog.GROUP_STATE.name}{{{catalog.STATE}="{group_state}"}} == 1'
    here = matchers({}, catalog.GROUP_LABELS)
    reason = (
        f"{{{{ with {lookup(f'{catalog.GROUP_REASON.name}{{{here}}} == 1', catalog.GROUP_LABELS)} "
        f'}}}}{{{{ . | first | label "{catalog.REASON}" }}}}{{{{ end }}}}'
    )
    return Cause(
        name=name,
        rank=rank,
        explains=ROUTER,
        state=(
            f"group by ({_GROUP}, {catalog.REASON}) "
            f'({catalog.GROUP_REASON.name}{{{catalog.REASON}!="none"}} == 1)\n'
            f"and on ({_GROUP})\n({in_state})"
        ),
        state_labels=catalog.GROUP_LABELS,
        evidence=f"group {{{{ .Labels.group }}}} is {group_state} ({{{{ .Labels.reason }}}})",
        alert=f"group by ({_GROUP}) ({in_state})",
        labels=catalog.GROUP_LABELS,
        summary=summary,
        description=(
            f"Group {{{{ $labels.group }}}} is {group_state}, reason: {reason}. {consequence}"
        ),
        for_seconds=for_seconds,
    )


def _tool_outage(window_seconds: float) -> Cause:
    window = format_duration(window_seconds)
    by_tool = (catalog.CLUSTER, catalog.REGION, catalog.TOOL)
    by = ", ".join(by_tool)

    def rate(by: str, outcomes: str) -> str:
        selector = f"{catalog.TOOL_CALLS.name}{{{catalog.OUTCOME}{outcomes}}}"
        return f"sum by ({by}) (rate({selector}[{window}]))"

    failing, counted = '!~"ok|cancelled"', '!="cancelled"'
    fewest = f"{FEWEST_CALLS} / {window_seconds:g}"
    out = f"1 -\n{rate(by, failing)}\n/\n({rate(by, counted)} >= {fewest})\n< {LEAST_SUCCESS_RATIO}"
    cell = ", ".join(catalog.TOOL_LABELS)
    # What most of a model's failed calls ended as is the reason.
    failed = rate(f"{cell}, {catalog.OUTCOME}", failing)
    state = (
        f"group by ({cell}, {catalog.REASON}) (\nlabel_replace(\n"
        f"topk by ({cell}) (1, {failed} > 0),\n"
        f'"{catalog.REASON}", "$1", "{catalog.OUTCOME}", "(.*)")\n)\n'
        f"and on ({by})\n({out})"
    )
    return Cause(
        name=TOOL_OUTAGE,
        rank=10,
        explains=TOOLS,
        state=state,
        state_labels=catalog.TOOL_LABELS,
        evidence=(
            "tool {{ .Labels.tool }} fails in region {{ .Labels.region }} "
            "(mostly {{ .Labels.reason }})"
        ),
        alert=out,
        labels=by_tool,
        summary="Tool {{ $labels.tool }} is out in region {{ $labels.region }}",
        description=(
            f"Of the calls of {{{{ $labels.tool }}}} in region {{{{ $labels.region }}}} only "
            f"{{{{ $value | humanizePercentage }}}} succeeded within {window}."
        ),
    )
