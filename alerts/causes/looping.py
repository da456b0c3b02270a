"""Agents that go round in circles: more calls of tools than what they are asked explains.

Loops cost twice, at the tool and at the model, whose context grows with each round. The numbers of
calls and of attempts tell them; OpenTelemetry counts them by agent for the same purpose
(``gen_ai.invoke_agent.tool_calls``).
"""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import TOOL_PLACE, at_work, by, with_reason
from alerts.causes.tools import TOOL_OUTAGE
from alerts.causes.windows import increases, short_window
from alerts.sources import TOOLS
from alerts.templates import first_value, matchers
from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

AGENTS_LOOPING = "AgentsLooping"

MOST_AGAIN_RATIO = 0.1
"""Attempts made again over first ones. The SRE book's budget of a client's retries (chapter 21)."""
MOST_TIMES_USUAL = 3.0
"""Calls per answered request over what they were in the hours before. Chosen: a new prompt or tool
may double them."""
STAYS_ABOVE = 0.7
"""Of either limit, while it was passed before. Chosen."""
FEWEST_ATTEMPTS = 100
"""Within five minutes, below which nothing is said of a tool or a model. Chosen."""
FEWEST_REQUESTS = 50
"""Answered within five minutes, below which calls are not divided by them. Chosen."""
BEFORE = "6h:5m"
"""Range and step of the hours before, of which the median counts."""
BEFORE_OFFSET = "10m"

_ANSWERED = f'{catalog.ROUTER_REQUESTS.name}{{{catalog.OUTCOME}="ok"}}'
_ATTEMPTS, _CALLS = "attempts", "calls"
"""Reasons. Of the latter no tool is told, for it is a model's agents that loop."""
_IS_CALLS = f'if eq %sabels.{catalog.REASON} "{_CALLS}"'


def agents_looping(window_seconds: float) -> Cause:
    """Return the cause that agents call tools again and again.

    Args:
        window_seconds: the base window.
    """
    window = short_window(window_seconds)
    again, first = _attempts("retry", window), _attempts("first", window)
    again_share = f"{again}\n/\n({first} >= {FEWEST_ATTEMPTS})"
    per_request = conventions.TOOL_CALLS_PER_REQUEST
    before = f"quantile_over_time(0.5, {per_request}[{BEFORE}] offset {BEFORE_OFFSET})"
    outage = at_work(TOOL_OUTAGE)
    of_tool = by(TOOL_PLACE)
    return Cause(
        name=AGENTS_LOOPING,
        rank=610,
        explains=(TOOLS,),
        state=(
            f"{_passes(again_share, MOST_AGAIN_RATIO, catalog.TOOL_LABELS, _ATTEMPTS)}\n"
            f"unless on ({of_tool})\n{outage}\n"
            f"or\n"
            + _passes(f"{per_request} / {before}", MOST_TIMES_USUAL, catalog.CELL_LABELS, _CALLS)
        ),
        state_labels=catalog.TOOL_LABELS,
        sight=Sight("tools", catalog.TOOLS_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence=(
            "agents of {{ .Labels.model }} in region {{ .Labels.region }} "
            f"{{{{ {_IS_CALLS % '.L'} }}}}call tools far oftener than usual"
            "{{ else }}try calls of {{ .Labels.tool }} again and again{{ end }}"
        ),
        first_step="limit the calls of a turn, and the attempts again, of {{ .Labels.model }}",
        labels=(*catalog.TOOL_LABELS, catalog.REASON),
        summary=(
            "Agents of {{ $labels.model }} go round in circles in region {{ $labels.region }}"
        ),
        description=(
            f"{{{{ {_IS_CALLS % '$l'} }}}}{_calls_told(before)}{{{{ else }}}}{_again_told(window)}"
            "{{ end }}"
        ),
        levels=(
            RecordingRule(
                per_request,
                f"({_attempts('first', window, catalog.CELL_LABELS)} >= {FEWEST_ATTEMPTS})\n/\n"
                f"({increases(_ANSWERED, catalog.CELL_LABELS, window)} >= {FEWEST_REQUESTS})",
            ),
        ),
    )


def _attempts(which: str, window: str, labels: tuple[str, ...] = catalog.TOOL_LABELS) -> str:
    selector = f'{catalog.TOOL_ATTEMPTS.name}{{{catalog.ATTEMPT}="{which}"}}'
    return increases(selector, labels, window)


def _passes(value: str, limit: float, labels: tuple[str, ...], reason: str) -> str:
    """Return an element where a value is above its limit, or was and is not far below it."""
    matched = f'{conventions.CAUSE}="{AGENTS_LOOPING}",{catalog.REASON}="{reason}"'
    passed = f"{value}\n> {limit:g}\nor\n{value}\n> {limit * STAYS_ABOVE:g}"
    before = f"{conventions.CAUSE_STATE}{{{matched}}}"
    return with_reason(
        f"group by ({by(labels)}) (\n{passed}\nand on ({by(labels)})\n{before}\n)", reason
    )


def _again_told(window: str) -> str:
    here = matchers({}, catalog.TOOL_LABELS)
    first, again = (
        f'sum(rate({catalog.TOOL_ATTEMPTS.name}{{{catalog.ATTEMPT}="{each}",{here}}}[{window}]))'
        for each in ("first", "retry")
    )
    share = first_value(
        f"{again} / {first}", catalog.TOOL_LABELS, "humanizePercentage", "an unknown share"
    )
    return (
        f"On top of their calls of {{{{ $labels.tool }}}} come {share} that are made again, though "
        "the tool is not out."
    )


def _calls_told(before: str) -> str:
    per_request = f"{conventions.TOOL_CALLS_PER_REQUEST}{{{matchers({}, catalog.CELL_LABELS)}}}"
    now, usual = (
        first_value(each, catalog.CELL_LABELS, 'printf "%.1f"', "an unknown number")
        for each in (
            per_request,
            before.replace(conventions.TOOL_CALLS_PER_REQUEST, per_request),
        )
    )
    return f"They call tools {now} times for each request; in the hours before it was {usual}."
