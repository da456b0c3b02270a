"""Revisions that are worse than those beside them, told by a test of two proportions.

Compared is a revision with all others of its cell together: the share of requests that fail, and
the share of first tokens that are late. The statistic is that of the difference of two proportions
with the pooled variance::

    z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)),   p = (x1 + x2) / (n1 + n2)

Whatever hurts all revisions alike moves neither side of it. Chance passes the limit rarely, and of
what it does pass, a minimum of bad events and of the difference leaves next to nothing: where all
is well, one failure of 50 is a large z.
"""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import at_work, by, with_reason
from alerts.causes.windows import increases, short_window
from alerts.sources import ROUTER
from alerts.templates import choice, first_value, matchers
from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

CANARY_WORSE = "CanaryWorse"

LEAST_Z = 4.0
"""Passed by chance once in 32,000 looks (one-sided). At 3.3 it is one in 2,100, and a month has
8,000 windows of five minutes."""
FEWEST_EVENTS = 50
"""Of the revision, and of the others together, within five minutes. Chosen: below it the test's
normal distribution is none."""
FEWEST_BAD = 10
"""Of the revision within five minutes. Chosen: a lonely failure, or a session's, is not its."""
LEAST_DIFFERENCE = {"error": 0.02, "slow": 0.1}
"""By reason. Chosen: what is smaller is the objective's, and a new engine's caches are cold."""
STAYS_ABOVE = 0.5
"""Of these, for a revision that was worse before."""
LATE_SECONDS = "2.5"
"""A first token is late after that: the library's limit (MLPerf's is 6 s for the 99th percentile).
A bound of the histogram."""
LEAVES_BELOW = 0.5
"""A revision whose share of the requests is less than this part of what it was half an hour ago is
on its way out: its last requests are cut off, and the new one is not to blame, nor is it."""

_REVISION_LABELS = (*catalog.CELL_LABELS, catalog.REVISION)
_REQUESTS, _TTFT = catalog.ROUTER_REQUESTS.name, catalog.ROUTER_TIME_TO_FIRST_TOKEN.name
_USERS = f'{catalog.TIER}!="{catalog.PROBE_TIER}"'
_BAD, _ALL = conventions.REVISION_BAD_EVENTS, conventions.REVISION_EVENTS
_OTHER_BAD, _OTHER_ALL = conventions.OTHER_REVISIONS_BAD_EVENTS, conventions.OTHER_REVISIONS_EVENTS


def canary_worse(window_seconds: float) -> Cause:
    """Return the cause that a revision is worse than all others of its cell.

    Args:
        window_seconds: the base window.
    """
    return Cause(
        name=CANARY_WORSE,
        rank=740,
        explains=(ROUTER,),
        state=f"group by ({by((*_REVISION_LABELS, catalog.REASON))}) (\n"
        + "\nor\n".join(_is_worse(reason) for reason in LEAST_DIFFERENCE)
        + "\n)",
        state_labels=_REVISION_LABELS,
        sight=Sight("router", catalog.ROUTER_UP.name, (catalog.CLUSTER, catalog.REGION)),
        evidence=(
            "revision {{ .Labels.revision }} of {{ .Labels.model }} in region {{ .Labels.region }} "
            f'{{{{ if eq .Labels.{catalog.REASON} "slow" }}}}is slower'
            "{{ else }}fails more often{{ end }} than all others"
        ),
        first_step=(
            "take revision {{ .Labels.revision }} of {{ .Labels.model }} out of the router in "
            "region {{ .Labels.region }}, and stop its roll-out"
        ),
        labels=_REVISION_LABELS,
        summary=(
            "Revision {{ $labels.revision }} of {{ $labels.model }} is worse than the others in "
            "region {{ $labels.region }}"
        ),
        description="Within five minutes "
        + _told(
            "error",
            f"{_share(_BAD, _ALL, 'error')} of its {_number('error')} requests failed, "
            f"of the other revisions' {_share(_OTHER_BAD, _OTHER_ALL, 'error')}. ",
        )
        + _told(
            "slow",
            f"{_share(_BAD, _ALL, 'slow')} of its {_number('slow')} first tokens came "
            f"after {LATE_SECONDS} s, of the other revisions' "
            f"{_share(_OTHER_BAD, _OTHER_ALL, 'slow')}.",
        ),
        levels=(
            *revision_levels(window_seconds),
            RecordingRule(
                conventions.REVISION_WORSE, f"{_BAD} / {_ALL} - {_OTHER_BAD} / {_OTHER_ALL}"
            ),
        ),
    )


def revision_levels(window_seconds: float) -> tuple[RecordingRule, ...]:
    """Return the rules that count each revision's events, and those of all others of its cell.

    Args:
        window_seconds: the base window.
    """
    window = short_window(window_seconds)

    def count(selector: str) -> str:
        return increases(selector, _REVISION_LABELS, window)

    requests = count(f'{_REQUESTS}{{{catalog.OUTCOME}!="rate_limited",{_USERS}}}')
    failed = count(f'{_REQUESTS}{{{catalog.OUTCOME}=~"error|rejected|timeout",{_USERS}}}')
    first_tokens = count(f"{_TTFT}_count{{{_USERS}}}")
    in_time = count(f'{_TTFT}_bucket{{le="{LATE_SECONDS}",{_USERS}}}')
    return (
        RecordingRule(
            _ALL, f"{with_reason(requests, 'error')}\nor\n{with_reason(first_tokens, 'slow')}"
        ),
        RecordingRule(
            _BAD,
            f"{with_reason(failed, 'error')}\nor\n"
            f"{with_reason(f'({first_tokens} - {in_time})', 'slow')}\nor\n"
            f'0 * {_ALL}{{{catalog.REASON}="error"}}',
        ),
        RecordingRule(_OTHER_ALL, f"{_others(_ALL)}\n> 0"),
        RecordingRule(_OTHER_BAD, f"{_others(_BAD)}\nand\n{_OTHER_ALL}"),
    )


def _others(counted: str) -> str:
    """Return the count of a cell less that of each revision."""
    cell = by((*catalog.CELL_LABELS, catalog.REASON))
    return f"0 * {counted} + on ({cell}) group_left ()\nsum by ({cell}) ({counted})\n- {counted}"


def _is_worse(reason: str) -> str:
    of = f'{{{catalog.REASON}="{reason}"}}'
    bad, all_, other_bad, others = (f"{each}{of}" for each in (_BAD, _ALL, _OTHER_BAD, _OTHER_ALL))
    difference = f"{conventions.REVISION_WORSE}{of}"
    pooled = f"(({bad} + {other_bad}) / ({all_} + {others}))"
    variance = f"({pooled} * (1 - {pooled}) * (1 / {all_} + 1 / {others}))"
    share = f"{all_} / ({all_} + {others})"
    earlier = f"{all_} offset 30m / ({all_} offset 30m + {others} offset 30m)"
    least = LEAST_DIFFERENCE[reason]
    worse = at_work(CANARY_WORSE)
    labels = by((*_REVISION_LABELS, catalog.REASON))
    return (
        f"(\n(\n{difference} > {least:g}\n"
        f"and {bad} >= {FEWEST_BAD}\nand {all_} >= {FEWEST_EVENTS}\n"
        f"and {others} >= {FEWEST_EVENTS}\n"
        f"and {difference} / sqrt{variance} > {LEAST_Z:g}\n"
        f"or\n{difference} > {least * STAYS_ABOVE:g}\nand on ({labels}) {worse}\n)\n"
        f"unless {share} < {LEAVES_BELOW:g} * {earlier}\n)"
    )


def _here(series: str, reason: str) -> str:
    return f"{series}{{{matchers({catalog.REASON: reason}, _REVISION_LABELS)}}}"


def _share(bad: str, every: str, reason: str) -> str:
    return first_value(
        f"{_here(bad, reason)} / {_here(every, reason)}",
        _REVISION_LABELS, "humanizePercentage", missing="an unknown share",
    )  # fmt: skip


def _number(reason: str) -> str:
    return first_value(_here(_ALL, reason), _REVISION_LABELS, 'printf "%.0f"', missing="unknown")


def _told(reason: str, text: str) -> str:
    """Return a template of a text for the alerts that have a reason."""
    fixed = {conventions.CAUSE: CANARY_WORSE, catalog.REASON: reason}
    state = f"{conventions.CAUSE_STATE}{{{matchers(fixed, _REVISION_LABELS)}}}"
    return choice(state, _REVISION_LABELS, there=text, missing="")
