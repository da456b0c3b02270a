"""Causes in shard groups: a group lives or dies as one."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.gpus import GPU_FAULTY, GPU_HUNG, GPU_LOST, GPU_THROTTLED
from alerts.causes.places import IN_CELL, at_work, by, reason_here, with_reason
from alerts.causes.queues import QUEUE_SNOWBALL
from alerts.causes.regions import unless_region_is_down
from alerts.sources import ROUTER
from exporters import catalog
from exporters.groups.peers import FAST_AGAIN_RATIO
from slo import conventions
from slo.rules import RecordingRule

GROUP_DEAD = "ShardGroupDead"
GROUP_STALLED = "ShardGroupStalled"
GROUP_DEGRADED = "ShardGroupDegraded"

SIGHT = Sight("groups", catalog.GROUP_STATE.name, catalog.GROUP_LABELS)

SLOW_WINDOW = "2m"
"""Over which speeds are compared: chosen, dozens of steps and of answers."""
SLOWER_RATIO = 0.9
"""Of its cell's mean of tokens a second: a slow group makes less,"""
FULLER_RATIO = 1.3
"""... though it has this many times the cell's mean of requests. Of two groups that is less than
45 % of the other one's tokens for each request. In an engine that is well, more requests
make more tokens: a step reads all weights once, whatever the batch."""
FEWEST_REQUESTS = 4
"""On average, below which nothing is said of a group's speed. Chosen."""
SLOW_FOR_SECONDS = 120.0
"""After the window has filled. Chosen: the first minutes after a start are slow for cold caches."""

_OUT_OF_ROUTER = "take group {{ .Labels.group }} out of the router, then restart its engine"

_GROUP, _CELL = by(catalog.GROUP_LABELS), by(catalog.CELL_LABELS)

SPEED_LEVELS = (
    RecordingRule(
        conventions.GROUP_SPEED,
        f"max by ({_GROUP}) "
        f'(rate({catalog.GROUP_TOKENS.name}{{{catalog.PHASE}="generation"}}[{SLOW_WINDOW}]))\n'
        f"and on ({_GROUP})\n({catalog.GROUP_CAPACITY.name} == 1)",
    ),
    RecordingRule(
        conventions.GROUP_REQUESTS,
        f"max by ({_GROUP}) (avg_over_time({catalog.GROUP_RUNNING.name}[{SLOW_WINDOW}]))\n"
        f"+ max by ({_GROUP}) (avg_over_time({catalog.GROUP_WAITING.name}[{SLOW_WINDOW}]))\n"
        f"and on ({_GROUP})\n{conventions.GROUP_SPEED}",
    ),
)


def group_causes() -> tuple[Cause, ...]:
    """Return the causes in shard groups."""
    return (
        _cause(
            GROUP_DEAD,
            rank=840,
            # One that service discovery forgot was taken away, or is started again elsewhere.
            state=_in_state("dead", 'reason!~"none|undiscovered"'),
            is_what="dead",
            consequence="It serves nothing, and requests that the router still sends it fail.",
            for_seconds=120,  # an engine that is restarted is dead for as long as it loads
        ),
        _cause(
            GROUP_STALLED,
            rank=820,
            state=_in_state("stalled", 'reason!="none"'),
            is_what="stalled",
            consequence="It has requests and makes no steps, while /health may still answer 200.",
        ),
        _cause(
            GROUP_DEGRADED,
            rank=802,
            state=_slow(),
            is_what="slow",
            consequence=(
                "It makes fewer tokens of more requests than the other groups do: users who are "
                "sent there wait."
            ),
            for_seconds=SLOW_FOR_SECONDS,
            levels=SPEED_LEVELS,
            follows=(QUEUE_SNOWBALL,),
        ),
    )


def _in_state(state: str, reasons: str) -> str:
    """Return an element for each group in a state, with its reason."""
    return (
        f"group by ({_GROUP}, {catalog.REASON}) ({catalog.GROUP_REASON.name}{{{reasons}}} == 1)\n"
        f"and on ({_GROUP})\n"
        f'({catalog.GROUP_STATE.name}{{{catalog.STATE}="{state}"}} == 1)'
    )


def _slow() -> str:
    """Return groups that are slow and none of whose GPUs says why.

    The exporter compares groups at similar load only (:mod:`exporters.groups.peers`): a slow group
    that is sent as much as before fills up, and soon has no peer. Then it is this that tells: more
    requests than the cell's mean, and fewer tokens. From then on it is slow until its requests get
    about as many tokens as others.
    """
    below_peers = (
        f'group by ({_GROUP}) ({catalog.GROUP_REASON.name}{{{catalog.REASON}="below_peers"}} == 1)'
    )
    speed, requests = conventions.GROUP_SPEED, conventions.GROUP_REQUESTS

    def mean(level: str) -> str:
        return f"on ({_CELL}) group_left () avg by ({_CELL}) ({level})"

    before = at_work(GROUP_DEGRADED)
    of_each = f"({speed} / ({requests} >= {FEWEST_REQUESTS}))"
    full_and_slow = (
        f"group by ({_GROUP}) (\n"
        f"{speed} < {mean(f'{SLOWER_RATIO} * {speed}')}\n"
        f"and on ({_GROUP})\n"
        f"(({requests} >= {FEWEST_REQUESTS}) > {mean(f'{FULLER_RATIO} * {requests}')})\nor\n"
        # What it is sent varies, and clients leave: then it is no fuller, and slow all the same.
        f"({of_each} < {mean(f'{FAST_AGAIN_RATIO} * {of_each}')})\nand on ({_GROUP})\n{before}\n)"
    )
    gpus = "|".join((GPU_FAULTY, GPU_HUNG, GPU_LOST, GPU_THROTTLED))
    return (
        f"({with_reason(below_peers, 'below_peers')}\nor on ({_GROUP})\n"
        f"{with_reason(full_and_slow, 'full_and_slow')})\n"
        f"unless on ({_GROUP})\n"
        f'{conventions.CAUSE_STATE}{{{conventions.CAUSE}=~"{gpus}"}}'
    )


def _cause(
    name: str,
    *,
    rank: int,
    state: str,
    is_what: str,
    consequence: str,
    for_seconds: float = 0,
    levels: tuple[RecordingRule, ...] = (),
    follows: tuple[str, ...] = (),
) -> Cause:
    """Return a cause that groups are in a state, with its reason."""
    reason = reason_here(name, catalog.GROUP_LABELS)
    return Cause(
        name=name,
        rank=rank,
        explains=(ROUTER,),
        state=state,
        state_labels=catalog.GROUP_LABELS,
        sight=SIGHT,
        evidence=f"group {{{{ .Labels.group }}}} is {is_what} ({{{{ .Labels.reason }}}})",
        first_step=_OUT_OF_ROUTER,
        labels=catalog.GROUP_LABELS,
        summary=f"Shard group {{{{ $labels.group }}}} is {is_what} {IN_CELL}",
        description=(
            f"Group {{{{ $labels.group }}}} is {is_what}, reason: {reason}. {consequence}"
        ),
        for_seconds=for_seconds,
        levels=levels,
        follows=follows,
        unless=unless_region_is_down(),
    )
