"""One shard group, from its state down to its caches: all that is known of the one chosen."""

from __future__ import annotations

from dashboards.queries.cells import STATE_RANKS
from dashboards.queries.query import SHOWN_ROWS, Query
from dashboards.queries.selecting import (
    GPU_LEGEND,
    GROUP,
    bucket_rates,
    buckets,
    by,
    equals,
    in_group,
    mean,
    quantile,
    ranked,
    rate,
    rows,
)
from exporters import catalog
from exporters.catalog import Family

_GPU_PLACE = (catalog.HOST, catalog.UUID)
_MEMBER = by(_GPU_PLACE)

# --- what it is, and how it is --------------------------------------------------------------------


def _now(family: Family, legend: str) -> Query:
    return Query(f"max({in_group(family.name)})", legend)


def _state() -> str:
    return " or ".join(
        f"({in_group(catalog.GROUP_STATE.name, equals(catalog.STATE, state))} == 1) * {rank}"
        for state, rank in STATE_RANKS.items()
    )


STATE = Query(f"max({_state()})", "state")
STATE_OVER_TIME = Query(f"max by ({catalog.GROUP}) ({_state()})", "{{group}}")
CAPACITY = _now(catalog.GROUP_CAPACITY, "capacity")
GPUS_LACKING = Query(
    f"sum({in_group(catalog.GROUP_GPUS_EXPECTED.name)})"
    f" - sum({in_group(catalog.GROUP_GPUS_UP.name)})",
    "lacking",
)
SINCE_STEP = _now(catalog.GROUP_SECONDS_SINCE_STEP, "since a step")
RUNNING = _now(catalog.GROUP_RUNNING, "running")
WAITING = _now(catalog.GROUP_WAITING, "waiting")
KV_CACHE_USAGE = _now(catalog.GROUP_KV_CACHE_USAGE, "in use")
SPEED_TO_PEERS = Query(
    f"max({in_group(catalog.GROUP_SPEED_TO_PEERS.name)})", "to peers", may_be_empty=True
)
"""Absent where fewer than three others can be compared."""
WHAT_IT_IS = rows(
    f"max by ({GROUP}, {catalog.REVISION}, {catalog.ENGINE}, {catalog.FAILURE_DOMAIN})"
    f" ({in_group(catalog.GROUP_INFO.name)})"
    f" * on ({GROUP}) group_left ({catalog.REASON})"
    f" max by ({GROUP}, {catalog.REASON}) ({in_group(catalog.GROUP_REASON.name)} == 1)"
)

# --- members --------------------------------------------------------------------------------------

MEMBERS = Query(f"max by ({catalog.STATE}) ({in_group(catalog.GROUP_MEMBERS.name)})", "{{state}}")


_MEMBER_STATES = " or ".join(
    f"max by ({_MEMBER})"
    f" ({in_group(catalog.GPU_STATE.name, equals(catalog.STATE, state))} == 1) * {rank}"
    for rank, state in enumerate(reversed(catalog.GPU_STATES))
)
MEMBER_STATES = rows(_MEMBER_STATES)
"""0 is healthy; see :data:`dashboards.signs.GPU_STATES`."""


def member_rows(family: Family) -> Query:
    """Return a number of each GPU of the group, of those that are worst where there are many."""
    here = f"max by ({_MEMBER}) ({in_group(family.name)})"
    return Query(f"{here} and on ({_MEMBER}) topk({SHOWN_ROWS}, {_MEMBER_STATES})")


def spread(family: Family) -> list[Query]:
    """Return the highest, the middle and the lowest of the group's GPUs, a line each.

    A group is as fast as its slowest member, which stands out here.
    """
    selector = in_group(family.name)
    return [
        Query(f"max({selector})", "highest"),
        Query(f"quantile(0.5, {selector})", "middle"),
        Query(f"min({selector})", "lowest"),
    ]


def hottest() -> Query:
    """Return the temperatures of the GPUs that were hottest at any step of the graph."""
    here = f"max by ({_MEMBER}) ({in_group(catalog.GPU_TEMPERATURE.name)})"
    return ranked("topk", here, GPU_LEGEND)


# --- requests -------------------------------------------------------------------------------------


def _rate_by(family: Family, label: str) -> Query:
    expr = f"sum by ({label}) ({rate(in_group(family.name))})"
    return Query(expr, f"{{{{{label}}}}}")


def _rate(family: Family, legend: str) -> Query:
    return Query(f"sum({rate(in_group(family.name))})", legend)


WAITING_BY_REASON = Query(
    f"max by ({catalog.REASON}) ({in_group(catalog.GROUP_WAITING_BY_REASON.name)})",
    "{{reason}}",
)
FINISHED = _rate_by(catalog.GROUP_FINISHED, catalog.FINISH_REASON)
REJECTED = _rate_by(catalog.GROUP_REJECTED, catalog.REASON)
PREEMPTIONS = _rate(catalog.GROUP_PREEMPTIONS, "preempted")

# --- speed ----------------------------------------------------------------------------------------

TOKENS = _rate_by(catalog.GROUP_TOKENS, catalog.PHASE)
STEPS = _rate(catalog.GROUP_STEPS, "steps")


def latency_heat(family: Family) -> Query:
    """Return the buckets of one of the group's histograms, for a heat map."""
    return Query(bucket_rates(in_group(buckets(family))))


def latency(family: Family, share: str) -> Query:
    """Return a quantile of one of the group's histograms; nothing while it serves nothing."""
    legend = f"p{share.removeprefix('0.').ljust(2, '0')}"
    return Query(quantile(share, in_group(buckets(family))), legend)


def _mean(family: Family) -> str:
    return mean(in_group(f"{family.name}_sum"), in_group(f"{family.name}_count"))


PHASES = (
    Query(_mean(catalog.GROUP_QUEUE_TIME), "in the queue"),
    Query(
        f"clamp_min({_mean(catalog.GROUP_TIME_TO_FIRST_TOKEN)}"
        f" - {_mean(catalog.GROUP_QUEUE_TIME)}, 0)",
        "prefill",
    ),
    Query(
        f"clamp_min({_mean(catalog.GROUP_END_TO_END)}"
        f" - {_mean(catalog.GROUP_TIME_TO_FIRST_TOKEN)}, 0)",
        "decode",
    ),
)
"""Where the time of a request goes, on average. Time to first token begins at tokenisation, the
queue included; end to end and queue are of finished requests (facts: vLLM's histograms)."""

# --- caches ---------------------------------------------------------------------------------------

CACHE_HITS = _rate_by(catalog.GROUP_CACHE_HIT_TOKENS, catalog.CACHE_TIER)
CACHE_MISSES = _rate(catalog.GROUP_CACHE_MISSED_TOKENS, "computed")
PREFIX_HIT_RATIO = Query(
    f"sum({rate(in_group(catalog.GROUP_PREFIX_HIT_TOKENS.name))})"
    f" / (sum({rate(in_group(catalog.GROUP_PREFIX_QUERIED_TOKENS.name))}) > 0)",
    "hits",
)
MISSED_GPU_SECONDS = Query(
    f"clamp_max(sum({rate(in_group(catalog.GROUP_CACHE_MISSED_GPU_SECONDS.name))}),"
    f" scalar(sum({in_group(catalog.GROUP_GPUS_EXPECTED.name)})))",
    "GPUs busy with misses, at most",
)
"""Whatever the bound says, it is no more than there are."""
HOST_CACHE_USAGE = Query(
    f"max({in_group(catalog.GROUP_HOST_CACHE_USAGE.name)})", "host's tier", may_be_empty=True
)

# --- probes ---------------------------------------------------------------------------------------

PROBES = _rate_by(catalog.PROBE_REQUESTS, catalog.OUTCOME)
PROBE_PROMPTS = (
    Query(f"max({in_group(catalog.PROBE_COMPARED.name)})", "compared"),
    Query(f"max({in_group(catalog.PROBE_DISAGREEING.name)})", "disagreeing"),
    Query(f"max({in_group(catalog.PROBE_DRIFTING.name)})", "drifting"),
)
PROBE_FIRST_TOKEN = Query(
    quantile("0.99", in_group(buckets(catalog.PROBE_TIME_TO_FIRST_TOKEN))),
    "first token p99",
)
