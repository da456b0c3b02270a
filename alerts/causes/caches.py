"""Causes in caches: hits that collapse, and KV caches that are too small for what is asked."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, at_work, by
from alerts.causes.queue_signals import HIT_DROP, PREEMPTIONS_RATE, signal_rules
from alerts.causes.usual import CELL, usual
from alerts.sources import ROUTER
from alerts.templates import first_value, listing, matchers
from exporters import catalog
from slo import conventions

CACHE_HIT_COLLAPSE = "CacheHitCollapse"
CACHE_EVICTION_PRESSURE = "CacheEvictionPressure"

KV_CACHE_HIGH_RATIO = 0.9
"""Of the KV cache in use (facts: numbers, llm-d's example thresholds)."""
YOUNG_SECONDS = 30
"""Blocks that were not used for less when they were evicted would have been used again: the mean
pause of a reader before the next turn of a chat is as long. Chosen."""
FEWEST_EVICTIONS = 10
"""Looked at within 5 minutes, below which their age says nothing. Chosen."""
COLLAPSE_FOR_SECONDS = 60
"""An engine that is restarted finds what the tiers below its GPUs kept within this."""
PRESSURE_FOR_SECONDS = 120
"""A batch that is full for a moment is what batches are for."""

_RECENT = "15m"
"""A restart or a new revision within this is the reason of a collapse."""
_LONG = "5m"


def cache_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in caches.

    Args:
        window_seconds: the base window, over which hits are looked at.
    """
    return (_hit_collapse(window_seconds), _eviction_pressure())


def _hit_collapse(window_seconds: float) -> Cause:
    ratio, median = conventions.CELL_CACHE_HIT_RATIO, usual("cache_hits")

    def fell(points: float) -> str:
        return f"({ratio} < on ({CELL}) {median} - {points:g})"

    before = at_work(CACHE_HIT_COLLAPSE)
    fallen = (
        f"group by ({CELL}) (\n{fell(HIT_DROP)}\nor\n"
        f"({before}\nand on ({CELL})\n{fell(HIT_DROP / 2)})\n)"
    )
    # As many revisions as ever, and others: one that was not there before.
    revised = (
        f"group by ({CELL}, {catalog.REVISION}) ({catalog.GROUP_INFO.name})\n"
        f"unless group by ({CELL}, {catalog.REVISION}) ({catalog.GROUP_INFO.name} offset {_RECENT})"
    )
    known = f"group by ({CELL}) ({catalog.GROUP_INFO.name} offset {_RECENT})"
    restarted = (
        f"max_over_time({conventions.CELL_GROUPS}"
        f'{{{catalog.STATE}=~"starting|dead|draining"}}[{_RECENT}]) > 0'
    )

    def reason(of: str, why: str) -> str:
        return f'label_replace(\n{of},\n"{catalog.REASON}", "{why}", "", "")'

    state = (
        reason(f"{fallen}\nand on ({CELL})\n(({revised})\nand on ({CELL})\n{known})", "revision")
        + f"\nor on ({CELL})\n"
        + reason(f"{fallen}\nand on ({CELL})\n({restarted})", "restart")
        + f"\nor on ({CELL})\n"
        + reason(fallen, "unknown")
    )
    return Cause(
        name=CACHE_HIT_COLLAPSE,
        rank=520,
        explains=(ROUTER,),
        state=state,
        state_labels=catalog.CELL_LABELS,
        sight=Sight("groups", catalog.GROUP_STATE.name, catalog.CELL_LABELS),
        evidence=(
            "hits of the prefix caches of {{ .Labels.model }} in {{ .Labels.region }} collapsed "
            "(after: {{ .Labels.reason }})"
        ),
        first_step=(
            "take load off {{ .Labels.model }} in {{ .Labels.region }} until caches are warm; "
            "undo a new prompt template or revision"
        ),
        labels=catalog.CELL_LABELS,
        summary="Prefix cache hits have collapsed " + IN_CELL,
        description=(
            f"{_share(ratio)} of the prompt tokens are found in caches, usually "
            f"{_share(conventions.USUAL, of='cache_hits')}. All others are computed: "
            "more work for the same requests."
        ),
        for_seconds=COLLAPSE_FOR_SECONDS,
        levels=signal_rules(window_seconds),
    )


def _share(series: str, **fixed: str) -> str:
    selector = f"{series}{{{matchers(fixed, catalog.CELL_LABELS)}}}"
    return first_value(selector, catalog.CELL_LABELS, "humanizePercentage", missing="unknown")


def _eviction_pressure() -> Cause:
    group = by(catalog.GROUP_LABELS)
    age = (
        f"rate({catalog.GROUP_CACHE_EVICTED_IDLE.name}[{_LONG}])\n/ "
        f"(increase({catalog.GROUP_CACHE_EVICTIONS.name}[{_LONG}]) >= {FEWEST_EVICTIONS}) * 300"
    )
    before = at_work(CACHE_EVICTION_PRESSURE)

    def pressed(usage: float, preemptions: float, age_seconds: float) -> str:
        return (
            f"({catalog.GROUP_KV_CACHE_USAGE.name} >= {usage:g}\nand on ({group})\n"
            f"(rate({catalog.GROUP_PREEMPTIONS.name}[{_LONG}]) > {preemptions:g}\nor\n"
            f"({age} < {age_seconds:g})))"
        )

    begins = pressed(KV_CACHE_HIGH_RATIO, PREEMPTIONS_RATE, YOUNG_SECONDS)
    stays = pressed(KV_CACHE_HIGH_RATIO - 0.1, PREEMPTIONS_RATE / 2, 2 * YOUNG_SECONDS)
    here = matchers({conventions.CAUSE: CACHE_EVICTION_PRESSURE}, catalog.CELL_LABELS)
    groups = listing(
        f"{conventions.CAUSE_STATE}{{{here}}}",
        catalog.CELL_LABELS,
        "{{ .Labels.group }}",
        missing="unknown",
        sort_by=catalog.GROUP,
    )
    return Cause(
        name=CACHE_EVICTION_PRESSURE,
        rank=510,
        explains=(ROUTER,),
        state=f"group by ({group}) (\n{begins}\nor\n({before}\nand on ({group})\n{stays})\n)",
        state_labels=catalog.GROUP_LABELS,
        sight=Sight("groups", catalog.GROUP_STATE.name, catalog.GROUP_LABELS),
        evidence="the KV cache of group {{ .Labels.group }} is too small for what is asked",
        first_step=(
            "let the router give {{ .Labels.group }} fewer or shorter requests, or lower its "
            "max-num-seqs"
        ),
        labels=catalog.CELL_LABELS,
        summary="KV caches are full, and evict what is still needed " + IN_CELL,
        description=(
            f"In {{{{ $value }}}} groups: {groups}. Requests are preempted and computed again, or "
            f"cached blocks are evicted that were used within {YOUNG_SECONDS} s: work is done "
            "twice."
        ),
        for_seconds=PRESSURE_FOR_SECONDS,
    )
