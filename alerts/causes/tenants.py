"""Causes in who asks: one tenant that floods, and paying customers whom limits turn away.

Tenants are in no label. What is seen is the class of customer (tier); which of them it is stands in
the router's log.
"""

from __future__ import annotations

from alerts.causes.cause import Cause
from alerts.causes.places import at_work, by
from alerts.causes.queues import SIGHT as ROUTER_SIGHT
from alerts.sources import ROUTER
from alerts.templates import first_value, matchers
from exporters import catalog
from exporters.durations import format_duration
from slo import conventions
from slo.rules import RecordingRule

TENANT_FLOOD = "TenantFlood"
PAID_THROTTLED = "PaidThrottled"

PAID_TIERS = ("pro", "enterprise", "gov")
FEWEST_LIMITED = 20
"""Requests turned away by their users' limits, within the window that is looked at; with fewer
nothing is said. Chosen."""
FLOOD_LIMITED_RATIO, FLOOD_MORE_RATIO = 0.3, 0.2
"""Of a tier's requests: so many turned away, and so many more than usual, are one tenant's flood.
Chosen: limits turn away 0.4 % at most on a good day, and half of a tier that doubles."""
FLOOD_SHARE_RATIO, FLOOD_TIMES = 0.5, 3
"""A flood that no limit stops: the tier has half of the cell's requests, three times its usual
ones, and has grown three times as much as all others together, whatever share it usually has.
Chosen: batches at night triple one tier, and stay below half; with the day all tiers grow."""
PAID_RATIO = 0.05
"""Of a paid tier's requests within 5 minutes. Chosen: 50 times what it is on a good day."""
PAID_FOR_SECONDS = 60

TIER_LABELS = (*catalog.CELL_LABELS, catalog.TIER)
_TIER = by(TIER_LABELS)
_CELL = by(catalog.CELL_LABELS)
_USUALLY = "3h"
_LONG_SECONDS = 300
_LONG = format_duration(_LONG_SECONDS)
_REQUESTS, _LIMITED = conventions.TIER_REQUESTS_RATE, conventions.TIER_LIMITED_RATE
_USUAL, _LIMITED_USUAL = conventions.TIER_REQUESTS_USUAL, conventions.TIER_LIMITED_USUAL
_WHERE = "({{ $labels.region }}, {{ $labels.model }}, {{ $labels.tier }})"


def tenant_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in who asks.

    Args:
        window_seconds: the base window, over which rates are taken.
    """
    return (_tenant_flood(window_seconds), _paid_throttled(window_seconds))


def tier_rules(window_seconds: float) -> tuple[RecordingRule, ...]:
    """Return the levels of tiers; absent where a router does not tell tiers."""
    window = format_duration(window_seconds)

    def rate(outcome: str) -> str:
        told = f'{catalog.TIER}!~"|{catalog.PROBE_TIER}"{outcome}'
        return f"sum by ({_TIER}) (rate({catalog.ROUTER_REQUESTS.name}{{{told}}}[{window}]))"

    return (
        RecordingRule(_REQUESTS, rate("")),
        RecordingRule(_LIMITED, rate(f',{catalog.OUTCOME}="rate_limited"')),
    )


def usual_rules() -> tuple[RecordingRule, ...]:
    """Return what is usual of the levels of tiers: a median, which no flood moves."""
    return (
        # Recorded, for a state reads it again and again, and a median of hours is dear.
        RecordingRule(_USUAL, f"quantile_over_time(0.5, {_REQUESTS}[{_USUALLY}])"),
        RecordingRule(_LIMITED_USUAL, f"quantile_over_time(0.5, {_LIMITED}[{_USUALLY}])"),
    )


def _tenant_flood(window_seconds: float) -> Cause:
    before = at_work(TENANT_FLOOD)
    fewest = f"{FEWEST_LIMITED} / {window_seconds:g}"
    limited = (
        f"(({_LIMITED} >= {fewest}) / {_REQUESTS} > {FLOOD_LIMITED_RATIO}\nand\n"
        f"{_LIMITED} / {_REQUESTS} - {_LIMITED_USUAL} / {_USUAL} > {FLOOD_MORE_RATIO})"
    )
    still_limited = f"(({_LIMITED} >= {fewest} / 2) / {_REQUESTS} > {FLOOD_LIMITED_RATIO / 2:g})"

    def others(requests: str) -> str:
        return f"(sum by ({_CELL}) ({requests}) - on ({_CELL}) group_right () {requests})"

    # NaN where a cell has no other tier: nobody knows whether all come more often there.
    others_grew = f"clamp_min({others(_REQUESTS)} / {others(_USUAL)}, 1)"
    grown = (
        f"({_REQUESTS} / on ({_CELL}) group_left () sum by ({_CELL}) ({_REQUESTS})"
        f" > {FLOOD_SHARE_RATIO}\nand\n"
        f"({_REQUESTS} >= {fewest}) / {_USUAL} > {FLOOD_TIMES} * {others_grew})"
    )
    still_grown = f"({_REQUESTS} > {FLOOD_TIMES * 2 / 3:g} * {_USUAL})"

    def flood(begins: str, stays: str, reason: str) -> str:
        held = f'{before[:-1]},{catalog.REASON}="{reason}"}}'
        cells = f"group by ({_TIER}) (\n{begins}\nor\n({held}\nand on ({_TIER})\n{stays})\n)"
        return f'label_replace(\n{cells},\n"{catalog.REASON}", "{reason}", "", "")'

    return Cause(
        name=TENANT_FLOOD,
        rank=420,
        explains=(ROUTER,),
        state=(
            f"{flood(limited, still_limited, 'rate_limited')}\nor on ({_TIER})\n"
            f"{flood(grown, still_grown, 'unlimited')}"
        ),
        state_labels=TIER_LABELS,
        sight=ROUTER_SIGHT,
        evidence=(
            "one tenant of tier {{ .Labels.tier }} floods {{ .Labels.model }} in "
            "{{ .Labels.region }} ({{ .Labels.reason }})"
        ),
        first_step="find the tenant in the router's log, and lower its limit",
        labels=TIER_LABELS,
        summary=f"A tenant floods {_WHERE}",
        description=(
            f"Tier {{{{ $labels.tier }}}} sends {_value(_REQUESTS)} requests a second, "
            f"{_value(_LIMITED)} of them turned away by their users' limits. Which tenant it is "
            "stands in the router's log."
        ),
        levels=(*tier_rules(window_seconds), *usual_rules()),
    )


def _paid_throttled(window_seconds: float) -> Cause:
    before = at_work(PAID_THROTTLED)
    paid = f'{{{catalog.TIER}=~"{"|".join(PAID_TIERS)}"}}'
    limited, requests = (f"avg_over_time({of}{paid}[{_LONG}])" for of in (_LIMITED, _REQUESTS))

    def throttled(above: float) -> str:
        return f"(({limited} >= {FEWEST_LIMITED} / {_LONG_SECONDS}) / {requests} > {above:g})"

    return Cause(
        name=PAID_THROTTLED,
        rank=205,
        explains=(ROUTER,),
        state=(
            f"group by ({_TIER}) (\n{throttled(PAID_RATIO)}\nor\n"
            f"({before}\nand on ({_TIER})\n{throttled(PAID_RATIO / 2)})\n)"
        ),
        state_labels=TIER_LABELS,
        sight=ROUTER_SIGHT,
        evidence=(
            "limits turn away requests of paid tier {{ .Labels.tier }} of {{ .Labels.model }} in "
            "{{ .Labels.region }}"
        ),
        first_step="see whether one tenant floods or a limit was set too low",
        labels=TIER_LABELS,
        summary=f"Limits turn away paying customers {_WHERE}",
        description=(
            f"Of {_value(_REQUESTS)} requests a second of tier {{{{ $labels.tier }}}}, "
            f"{_value(_LIMITED)} are turned away by limits."
        ),
        for_seconds=PAID_FOR_SECONDS,
        levels=tier_rules(window_seconds),
    )


def _value(series: str) -> str:
    selector = f"{series}{{{matchers({}, TIER_LABELS)}}}"
    return first_value(selector, TIER_LABELS, 'printf "%.1f"', missing="unknown")
