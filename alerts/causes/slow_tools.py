"""Tools that became slow: their calls end well, and agents wait.

Times of tool calls spread over five orders of magnitude (TraceLab, arXiv 2606.30560: half of a
shell's calls are over after 0.85 s, a hundredth last longer than 240 s), so that neither their mean
nor one quantile of some hundred tells much. Compared is the whole distribution over the histogram's
bounds, by the test of Kolmogorov and Smirnov: the largest difference at any bound between the share
of calls that are over by then, and what this share was in the hours before. It needs no limit for
each tool, and no assumption about the distribution.
"""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import TOOL_PLACE, at_work, by
from alerts.causes.windows import increases, short_window
from alerts.sources import TOOLS
from alerts.templates import first_value, matchers
from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

TOOL_SLOW = "ToolSlow"

FEWEST_CALLS = 100
"""Within five minutes, below which a tool's distribution is not looked at. Chosen."""
LEAST_DIFFERENCE = 0.15
"""Of the shares, that is worth a ticket. Chosen: the demo's code execution differs by 0.23 when it
takes five times as long, and by 0.04 at the most in hours in which it is well."""
STAYS_ABOVE_DIFFERENCE = 0.1
"""At which a tool is slow still that was. Chosen."""
DIFFERENCE_TIMES_ROOT = 3.0
"""The largest difference by chance, times the root of the number of calls: it is passed with a
probability of exp(-2 x 3²), once in 66 million looks (Smirnov, 1944: the one-sided limit)."""
BEFORE = "3h:1m"
"""Range and step of the hours before, of which the median counts: what has lasted for half of them
is usual from then on."""
BEFORE_OFFSET = "5m"
"""They end before the calls that are looked at."""

_LE = "le"
_BUCKET = f"{catalog.TOOL_DURATION.name}_bucket"
_COUNT = f"{catalog.TOOL_DURATION.name}_count"


def tool_slow(window_seconds: float) -> Cause:
    """Return the cause that a tool takes much longer than it did.

    Args:
        window_seconds: the base window.
    """
    window = short_window(window_seconds)
    tool, cell = by(TOOL_PLACE), by(catalog.TOOL_LABELS)
    count, within = conventions.TOOL_CALLS_COUNT, conventions.TOOL_CALLS_WITHIN
    each_bound = conventions.TOOL_CALLS_WITHIN_COUNT
    before = f"quantile_over_time(0.5, {within}[{BEFORE}] offset {BEFORE_OFFSET})"
    calls = f"{catalog.TOOL_CALLS.name}{{{catalog.OUTCOME}%s}}"
    failed = increases(calls % '!~"ok|cancelled"', TOOL_PLACE, window)
    difference = conventions.TOOL_CALLS_SLOWER
    slow = at_work(TOOL_SLOW)
    state = (
        f"group by ({cell}) ({_COUNT})\nand on ({tool})\n"
        f"(\n{difference}\n> {LEAST_DIFFERENCE}\n"
        f"and\n{difference}\n> {DIFFERENCE_TIMES_ROOT:g} / sqrt({count})\n"
        f"or\n{difference}\n> {STAYS_ABOVE_DIFFERENCE}\nand on ({tool}) {slow}\n)"
    )
    return Cause(
        name=TOOL_SLOW,
        rank=630,
        explains=(TOOLS,),
        state=state,
        state_labels=catalog.TOOL_LABELS,
        sight=Sight("tools", catalog.TOOLS_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence="tool {{ .Labels.tool }} takes far longer than usual in {{ .Labels.region }}",
        first_step=(
            "shorten the deadline of {{ .Labels.tool }} so that agents do not wait, and call its "
            "owner"
        ),
        labels=TOOL_PLACE,
        summary="Tool {{ $labels.tool }} is slow in region {{ $labels.region }}",
        description=(
            "Within five minutes half of the calls of {{ $labels.tool }} in region "
            f"{{{{ $labels.region }}}} took longer than {_quantile(0.5, window)}, a tenth longer "
            f"than {_quantile(0.9, window)}; far more than in the hours before."
        ),
        levels=(
            RecordingRule(count, increases(_COUNT, TOOL_PLACE, window)),
            RecordingRule(each_bound, increases(_BUCKET, (*TOOL_PLACE, _LE), window)),
            RecordingRule(
                within, f"{each_bound}\n/ on ({tool}) group_left ()\n({count} >= {FEWEST_CALLS})"
            ),
            RecordingRule(
                difference,
                # Failures may be slow or fast, and are no matter of this.
                f"max by ({tool}) ({before} - {within}) - ({failed} / {count} or 0 * {count})",
            ),
        ),
    )


def _quantile(quantile: float, window: str) -> str:
    """Return a template of a quantile of the calls of the alert's tool."""
    here = matchers({}, TOOL_PLACE)
    expr = f"histogram_quantile({quantile}, sum by ({_LE}) (rate({_BUCKET}{{{here}}}[{window}])))"
    return first_value(expr, TOOL_PLACE, "humanizeDuration", missing="an unknown time")
