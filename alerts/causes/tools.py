"""Causes in the tools that agents use."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import TOOL_PLACE, by
from alerts.sources import TOOLS
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration

TOOL_OUTAGE = "ToolOutage"

FEWEST_CALLS = 10
"""Calls of a tool in a region within the base window, below which nothing is said of it."""
LEAST_SUCCESS_RATIO = 0.5
"""Share of calls that must succeed for a tool not to be out."""

SIGHT = Sight("tools", catalog.TOOL_CALLS.name, catalog.TOOL_LABELS)

_FAILING, _COUNTED = '!~"ok|cancelled"', '!="cancelled"'


def tool_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in tools.

    Args:
        window_seconds: the base window, over which calls are looked at.
    """
    return (_tool_outage(window_seconds),)


def _tool_outage(window_seconds: float) -> Cause:
    window = format_duration(window_seconds)

    def rate(labels: str, outcomes: str, here: str = "") -> str:
        selector = f"{catalog.TOOL_CALLS.name}{{{catalog.OUTCOME}{outcomes}{here}}}"
        return f"sum by ({labels}) (rate({selector}[{window}]))"

    tool, cell = by(TOOL_PLACE), by(catalog.TOOL_LABELS)
    fewest = f"{FEWEST_CALLS} / {window_seconds:g}"
    out = (
        f"1 -\n{rate(tool, _FAILING)}\n/\n({rate(tool, _COUNTED)} >= {fewest})\n"
        f"< {LEAST_SUCCESS_RATIO}"
    )
    # What most of a model's failed calls ended as is the reason.
    failed = rate(f"{cell}, {catalog.OUTCOME}", _FAILING)
    state = (
        f"group by ({cell}, {catalog.REASON}) (\nlabel_replace(\n"
        f"topk by ({cell}) (1, {failed} > 0),\n"
        f'"{catalog.REASON}", "$1", "{catalog.OUTCOME}", "(.*)")\n)\n'
        f"and on ({tool})\n({out})"
    )
    here = f",{matchers({}, TOOL_PLACE)}"
    share = f"1 - {rate(tool, _FAILING, here)} / {rate(tool, _COUNTED, here)}"
    succeeded = first_value(share, TOOL_PLACE, "humanizePercentage", missing="an unknown share")
    return Cause(
        name=TOOL_OUTAGE,
        rank=640,
        explains=(TOOLS,),
        state=state,
        state_labels=catalog.TOOL_LABELS,
        sight=SIGHT,
        evidence=(
            "tool {{ .Labels.tool }} fails in region {{ .Labels.region }} "
            "(mostly {{ .Labels.reason }})"
        ),
        first_step="let agents do without {{ .Labels.tool }}, and call its owner",
        labels=TOOL_PLACE,
        summary="Tool {{ $labels.tool }} is out in region {{ $labels.region }}",
        description=(
            "Of the calls of {{ $labels.tool }} in region {{ $labels.region }} only "
            f"{succeeded} succeeded within {window}."
        ),
    )
