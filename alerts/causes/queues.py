"""Causes in queues: a snowball, told early, and the queue that stays when its trigger is gone."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import IN_CELL, at_work, with_reason
from alerts.causes.queue_signals import (
    AMPLIFICATION,
    DEGRADATION,
    GOODPUT,
    GROWTH,
    PERSISTENCE,
    REFUSAL,
    SHORT_OF_CAPACITY,
    signal,
    signal_rules,
)
from alerts.causes.usual import CELL
from alerts.sources import ROUTER
from alerts.templates import first_value, matchers
from exporters import catalog
from slo import conventions

SNOWBALL_FOR_SECONDS = 30.0
"""What queued while a GPU was lost drains for some seconds after it is back, and looks like the
beginning of a snowball. Chosen: a quarter of the warning that there must be. Its state, which pages
name, waits for nothing."""

QUEUE_SNOWBALL = "QueueSnowball"
QUEUE_METASTABLE = "QueueMetastable"

SIGHT = Sight("router", catalog.ROUTER_IN_FLIGHT.name, catalog.CELL_LABELS)

_BAD = f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}=~"{GROWTH}|{GOODPUT}"}} > 0'


def queue_causes(window_seconds: float) -> tuple[Cause, ...]:
    """Return the causes in queues.

    Args:
        window_seconds: the base window, over which rates are taken.
    """
    levels = signal_rules(window_seconds)
    evidence = "the queue of {{ .Labels.model }} in {{ .Labels.region }} "
    waiting = _value(conventions.CELL_WAITING, 'printf "%.0f"')
    amplification = _value(conventions.QUEUE_AMPLIFICATION, 'printf "%.2f"')
    return (
        Cause(
            name=QUEUE_SNOWBALL,
            rank=210,
            explains=(ROUTER,),
            state=_snowball_state(),
            state_labels=catalog.CELL_LABELS,
            sight=SIGHT,
            evidence=evidence + "does not drain before clients give up ({{ .Labels.reason }})",
            first_step=(
                "let the router take fewer requests of {{ .Labels.model }} and no retries; "
                "then look what brought them"
            ),
            labels=catalog.CELL_LABELS,
            summary="The queue grows faster than it drains " + IN_CELL,
            description=(
                f"{waiting} requests wait, and more come than end: what comes now is answered "
                "after its client has given up, and asked again. Attempts for each first one: "
                f"{amplification}."
            ),
            for_seconds=SNOWBALL_FOR_SECONDS,
            levels=levels,
        ),
        Cause(
            name=QUEUE_METASTABLE,
            rank=220,
            explains=(ROUTER,),
            follows=(QUEUE_SNOWBALL,),
            state=_metastable_state(),
            state_labels=catalog.CELL_LABELS,
            sight=SIGHT,
            evidence=evidence + "stays though its trigger is gone ({{ .Labels.reason }})",
            first_step=(
                "shed load, do not just scale: drop retries of {{ .Labels.model }}, cap its queue, "
                "drain"
            ),
            labels=catalog.CELL_LABELS,
            summary="The queue stays though its trigger is gone " + IN_CELL,
            description=(
                f"No more first attempts than usual, and {waiting} requests wait, with "
                f"{amplification} attempts for each first one: engines work for clients who have "
                "given up. Shed load, do not just scale: drop retries, cap the queue, drain."
            ),
            severity=conventions.PAGE,
            incident=conventions.OF_CELL,
            levels=levels,
        ),
    )


def _snowball_state() -> str:
    """Return the cells whose queue snowballs, with what drives it.

    It begins where the queue outgrows the clients' patience, or where retries are many and rise
    while less ends well; not where capacity is missing, which has causes of its own. It lasts as
    long as either is bad.
    """
    retries = f"{signal(AMPLIFICATION, '> 1')}\nand on ({CELL})\n{signal(GOODPUT)}"
    begins = f"({signal(GROWTH)}\nor\n({retries}))\nunless on ({CELL})\n({SHORT_OF_CAPACITY})"
    return _by_reason(f"({begins})\nor\n({at_work(QUEUE_SNOWBALL)}\nand on ({CELL})\n({_BAD}))")


def _metastable_state() -> str:
    """Return the cells whose queue stays: there is one, it persists, and something feeds it.

    Without a queue that grows or requests that are refused, fewer good ends are those of fewer
    requests: engines make as many steps for a few as for many.
    """
    queue = f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}=~"{GROWTH}|{REFUSAL}"}} > 0'
    feeds = f'{conventions.QUEUE_SIGNAL}{{{catalog.SIGNAL}=~"{AMPLIFICATION}|{DEGRADATION}"}} > 0'
    return _by_reason(
        f"{signal(PERSISTENCE)}\nand on ({CELL})\n({signal(GOODPUT)})\nand on ({CELL})\n({queue})"
        f"\nand on ({CELL})\n({feeds})"
    )


def _by_reason(cells: str) -> str:
    """Return cells with what drives their queue: caches, retries, or load alone."""
    plain = f"group by ({CELL}) (\n{cells}\n)"
    degraded, retried = signal(DEGRADATION), signal(AMPLIFICATION)

    by_cache = with_reason(f"{plain}\nand on ({CELL})\n{degraded}", "capacity_degraded")
    by_retries = with_reason(f"{plain}\nand on ({CELL})\n{retried}", "retries")
    by_load = with_reason(plain, "load")
    return f"{by_cache}\nor on ({CELL})\n{by_retries}\nor on ({CELL})\n{by_load}"


def _value(series: str, shown: str) -> str:
    selector = f"{series}{{{matchers({}, catalog.CELL_LABELS)}}}"
    return first_value(selector, catalog.CELL_LABELS, shown, missing="unknown")
