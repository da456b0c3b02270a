"""What is owed beyond answers: data stays where it belongs, and bills are right.

Users notice none of it. What stands beside the demo's routers tells of it, and services of yours do
that serve series of the same names and labels; elsewhere there are no such series, and no alerts.
"""

from __future__ import annotations

from math import ceil

from alerts.causes.canaries import revision_levels
from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, by, with_reason
from alerts.sources import GOVERNANCE
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

DATA_OUTSIDE = "DataOutsideRegion"
GOV_DATA_OUTSIDE = "GovDataOutsideRegion"
TOKENS_UNBILLED = "TokensUnbilled"

GOV = "gov"
"""The tier whose data may never leave its region."""
OUTSIDE_WINDOW = "5m"
FEWEST_OUTSIDE = 10
"""Requests of other tiers within five minutes, below which nobody need look. Chosen. Of tier gov
one is enough: law or contract know no share."""

METERED_SECONDS = 1800.0
"""What is billed when an answer ends and served while it streams evens out within half an hour (the
library's objective of metering)."""
COMPARED_SECONDS = 600.0
"""For so long, of the half hour, both must have been seen. In fewer minutes the moments at which
each is read make a difference, the more where load rises as a region's users come and the stretch
after it is left out: 5 % of a minute and a half after a start."""
IDLE_RATIO = 0.1
"""Of the most that a cell served within the half hour: below that it was idle. What is served when
traffic begins is billed minutes later, and what is billed after its end was served before. The two
even out over a fall and the rise after it, if all of both was compared. Chosen."""
LONGEST_ANSWER_SECONDS = 300.0
"""So much later than it was served nearly everything is billed. Chosen: reasoning takes minutes."""
WHOLE_RATIO = 0.95
"""Share of the half hour that must have been seen in a cell that was idle. Chosen."""
MOST_UNBILLED_RATIO = 0.02
"""Share of the served tokens, in either direction. Twice what the library's objective allows."""
STAYS_ABOVE_RATIO = 0.01
"""At which bills are wrong still that were."""
MOST_FAILING_RATIO = 0.02
"""Share of a cell's requests that fail, above which nothing is compared. Chosen: no more than what
is told."""
FEWEST_TOKENS = 1_000_000
"""Served within half an hour, below which bills are not compared. Chosen: probes of 16 tokens each
10 s are served and billed to nobody, 3,000 tokens a group; they must be far less than 2 %."""

ROUTERS = Sight("router", catalog.ROUTER_UP.name, (catalog.CLUSTER, catalog.REGION))
_ROUTER = (catalog.CLUSTER, catalog.REGION, catalog.ROUTER)
_CELL = by(catalog.CELL_LABELS)
_HOME_LABELS = (*catalog.CELL_LABELS, catalog.HOME_REGION)
_PHASE_LABELS = (*catalog.CELL_LABELS, catalog.PHASE)
_SERVED, _BILLED = conventions.SERVED_TOKENS_RATE, conventions.BILLED_TOKENS_RATE
_RATIO = conventions.BILLED_RATIO


def governance_causes(window_seconds: float, scrape_interval_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in what is owed beyond answers.

    Args:
        window_seconds: the base window.
        scrape_interval_seconds: at which its levels are recorded.
    """
    return (
        _data_outside(
            GOV_DATA_OUTSIDE,
            rank=340,
            tiers=f'="{GOV}"',
            enough="> 0",
            whose="a government's data",
            severity=conventions.PAGE,
        ),
        _data_outside(
            DATA_OUTSIDE,
            rank=330,
            tiers=f'!~"{GOV}|{catalog.PROBE_TIER}"',
            enough=f">= {FEWEST_OUTSIDE}",
            whose="data",
            severity=conventions.TICKET,
        ),
        _tokens_unbilled(window_seconds, scrape_interval_seconds),
    )


def counted_from_birth(selector: str, window: str) -> str:
    """Return PromQL of how much counters beside routers grew within a window, their birth included.

    Many a client makes a series with its first event, so that its first sample is 1: ``increase``
    does not see that one. So a series that was not there a window ago counts for what it says.
    Only where its router was seen then: what comes into sight again brings along what is old.

    Args:
        selector: of a family of :data:`alerts.sources.GOVERNANCE`.
        window: as PromQL writes it.
    """
    seen = f"{catalog.ROUTER_UP.name} offset {window} == 1"
    return (
        f"({selector}\nunless\n{selector} offset {window}\nand on ({by(_ROUTER)})\n{seen})\n"
        f"or\nincrease({selector}[{window}])"
    )


def _data_outside(
    name: str, *, rank: int, tiers: str, enough: str, whose: str, severity: str
) -> Cause:
    """Return the cause that requests are served outside the region that their data belongs to."""
    tier = f"{catalog.TIER}{tiers}"
    requests = f"{catalog.RESIDENCY_REQUESTS.name}{{{tier}}}"
    served = f"sum by ({by(_HOME_LABELS)}) ({counted_from_birth(requests, OUTSIDE_WINDOW)})"
    # Over the same window: what is served at home must not be forgotten before what is not.
    at_home = (
        f"label_replace(group by ({_CELL}) ({served}), "
        f'"{catalog.HOME_REGION}", "$1", "{catalog.REGION}", "(.+)")'
    )
    here = f"{catalog.RESIDENCY_REQUESTS.name}{{{tier},{matchers({}, _HOME_LABELS)}}}"
    number = first_value(
        f"sum({counted_from_birth(here, OUTSIDE_WINDOW)})".replace("\n", " "),
        _HOME_LABELS, 'printf "%.0f"', missing="an unknown number",
    )  # fmt: skip
    return Cause(
        name=name,
        rank=rank,
        explains=(GOVERNANCE,),
        state=(
            f"group by ({by(_HOME_LABELS)}) (\n"
            f"{served} {enough}\n"
            f"unless on ({by(_HOME_LABELS)})\n{at_home}\n)"
        ),
        state_labels=_HOME_LABELS,
        sight=ROUTERS,
        evidence=(
            f"requests about {whose} of region {{{{ .Labels.home_region }}}} are served in region "
            "{{ .Labels.region }}"
        ),
        first_step=(
            "send {{ .Labels.model }} of region {{ .Labels.home_region }} home, or turn it away"
        ),
        labels=_HOME_LABELS,
        summary=(
            f"{whose[0].upper()}{whose[1:]} of region {{{{ $labels.home_region }}}} is served in "
            "region {{ $labels.region }} ({{ $labels.model }})"
        ),
        description=(
            f"Requests within {OUTSIDE_WINDOW} whose data belongs to region "
            f"{{{{ $labels.home_region }}}}: {number}."
            + (" None may leave it." if severity == conventions.PAGE else "")
        ),
        severity=severity,
    )


def _tokens_unbilled(window_seconds: float, scrape_interval_seconds: float) -> Cause:
    base, window = format_duration(window_seconds), format_duration(METERED_SECONDS)
    cell, phase = _CELL, by(_PHASE_LABELS)
    billed = (
        f"sum by ({phase}) (rate({catalog.BILLED_TOKENS.name}[{base}]))\n"
        # Of a stretch in which one of the two was not seen, its rate is that of a part.
        f"unless on ({catalog.CLUSTER}, {catalog.REGION}) {_seen_unequally(base)}\n"
        # Bills of a part of the routers, or of the stretch, are no bills of the cell.
        f"unless on ({catalog.CLUSTER}, {catalog.REGION}) "
        f"min_over_time({catalog.ROUTER_UP.name}[{base}]) == 0\n"
        # Work for users who have given up is served, and billed to nobody.
        f"unless on ({cell}) ({_failing()} > {MOST_FAILING_RATIO:g})"
    )
    served = f"sum by ({phase}) (rate({catalog.GROUP_TOKENS.name}[{base}]))"
    # With a phase, as what it is multiplied with.
    seen = f"0 * {_BILLED} + on ({cell}) group_left () avg by ({cell}) ({catalog.GROUP_UP.name})"
    # So many a second, on average over the moments at which both could be seen.
    enough = f"avg_over_time({_SERVED}[{window}]) >= {FEWEST_TOKENS / METERED_SECONDS:g}"
    moments = f"count_over_time({_SERVED}[{window}])"
    compared = f"{moments} >= {ceil(COMPARED_SECONDS / scrape_interval_seconds)}"
    # What an engine served whose page did not answer is not counted, twice as much at the most.
    unseen = f"2 * (1 - avg_over_time({conventions.CELL_SEEN}[{window}]))"
    here = matchers({}, _PHASE_LABELS)
    share = first_value(
        f"{_RATIO}{{{here}}}", _PHASE_LABELS, "humanizePercentage", missing="an unknown share"
    )
    return Cause(
        name=TOKENS_UNBILLED,
        rank=310,
        explains=(GOVERNANCE,),
        state=(
            f"{_passes(f'1 - {_RATIO}', 'unbilled')}\nor\n"
            f"{_passes(f'{_RATIO} * (1 - {unseen}) - 1', 'overbilled')}"
        ),
        state_labels=catalog.CELL_LABELS,
        sight=ROUTERS,
        evidence=(
            "tokens of {{ .Labels.model }} in region {{ .Labels.region }} are "
            f"{{{{ .Labels.{catalog.REASON} }}}}"
        ),
        first_step=(
            "keep the meters' records of {{ .Labels.model }} in region {{ .Labels.region }}: bills "
            "can be mended from them"
        ),
        labels=(*_PHASE_LABELS, catalog.REASON),
        summary=f"Tokens are {{{{ $labels.{catalog.REASON} }}}} " + IN_CELL,
        description=(
            f"Within {window} {share} of the tokens of phase {{{{ $labels.phase }}}} that engines "
            "served were billed."
        ),
        levels=(
            *revision_levels(window_seconds),
            RecordingRule(_BILLED, f"({billed})\nand\n{served}"),
            RecordingRule(_SERVED, f"{served}\nand\n{_BILLED}"),
            RecordingRule(conventions.CELL_SEEN, seen),
            RecordingRule(
                _RATIO,
                f"sum_over_time({_BILLED}[{window}]) / sum_over_time({_SERVED}[{window}])\n"
                f"and\n{enough}\nand\n{compared}\n"
                f"unless\n{_not_evened_out(moments, scrape_interval_seconds)}",
            ),
        ),
    )


def _seen_unequally(window: str) -> str:
    """Return the regions whose routers and engines were not read as often as each other."""
    region = by((catalog.CLUSTER, catalog.REGION))
    billed, served = (
        f"{operator} by ({region}) (count_over_time({up.name}[{window}]))"
        for operator, up in (("min", catalog.ROUTER_UP), ("max", catalog.GROUP_UP))
    )
    # One more or less is that their scrapes have not the same moment.
    return f"abs(\n{billed} - on ({region}) {served}\n) > 1"


def _not_evened_out(moments: str, scrape_interval_seconds: float) -> str:
    """Return the cells that were idle about the window, and not within it alone and seen whole.

    Args:
        moments: the number of moments that were compared.
        scrape_interval_seconds: between them.
    """
    tokens, late = conventions.CELL_TOKENS_RATE, format_duration(LONGEST_ANSWER_SECONDS)
    window = format_duration(METERED_SECONDS)
    with_before = format_duration(METERED_SECONDS + LONGEST_ANSWER_SECONDS)
    little = f"{IDLE_RATIO:g} * max_over_time({tokens}[{window}])"
    whole = f"{moments} >= {ceil(WHOLE_RATIO * METERED_SECONDS / scrape_interval_seconds)}"
    return (
        f"(\nmin_over_time({tokens}[{with_before}]) < {little}\n"
        f"unless (\n{whole}\n"
        f"and min_over_time({tokens}[{late}] offset {window}) >= {little}\n"
        f"and min_over_time({tokens}[{late}]) >= {little}\n)\n)"
    )


def _failing() -> str:
    """Return the share of a cell's requests that fail."""
    of_requests = f'{{{catalog.REASON}="error"}}'
    bad, every = (
        f"sum by ({_CELL}) ({each}{of_requests})"
        for each in (conventions.REVISION_BAD_EVENTS, conventions.REVISION_EVENTS)
    )
    return f"{bad} / {every}"


def _passes(value: str, reason: str) -> str:
    matched = f'{conventions.CAUSE}="{TOKENS_UNBILLED}",{catalog.REASON}="{reason}"'
    phase = by(_PHASE_LABELS)
    return with_reason(
        f"group by ({phase}) (\n{value}\n> {MOST_UNBILLED_RATIO:g}\n"
        f"or\n{value}\n> {STAYS_ABOVE_RATIO:g}\n"
        f"and on ({phase})\n{conventions.CAUSE_STATE}{{{matched}}}\n)",
        reason,
    )
