"""Sections of the Shard group board: requests, time, caches, probes."""

from __future__ import annotations

from dashboards.layout import Band
from dashboards.panels import About, heatmap, row, time_series
from dashboards.queries import groups
from exporters import catalog

_NOTHING = "It serves nothing"
_UNREAD = "Its page cannot be read"


def what_it_is_asked() -> tuple[Band, ...]:
    """Return requests, queue and refusals (ids 19 to 23)."""
    return (
        Band(1, (row(19, "What it is asked"),)),
        Band(8, (
            time_series(
                About(
                    20, "Batch and queue",
                    "Requests in the batch and in the queue. Running that stands still while "
                    "steps do is a stall; waiting that only grows is more than it can take.",
                    "short", _UNREAD, lowest=0,
                ),
                [groups.RUNNING, groups.WAITING],
            ),
            time_series(
                About(
                    21, "Why they wait",
                    "The queue by reason: no capacity, or deferred until their KV cache has come.",
                    "short", "Its engine does not tell", lowest=0,
                ),
                [groups.WAITING_BY_REASON],
            ),
            time_series(
                About(
                    22, "Requests finished",
                    "Requests per second that the engine finished, by reason. Aborts are invisible "
                    "to it: the router counts them.",
                    "reqps", _UNREAD, lowest=0,
                ),
                [groups.FINISHED],
            ),
            time_series(
                About(
                    23, "Refused and preempted",
                    "Requests per second refused because the queue was full, by the limit that "
                    "did it, and preempted for lack of KV cache.",
                    "reqps", _UNREAD, lowest=0,
                ),
                [groups.REJECTED, groups.PREEMPTIONS],
            ),
        )),
    )  # fmt: skip


def what_takes_its_time() -> tuple[Band, ...]:
    """Return speed, phases and latencies (ids 24 to 31)."""
    return (
        Band(1, (row(24, "What takes its time"),)),
        Band(8, (
            time_series(
                About(
                    25, "Tokens",
                    "Tokens per second, prompt (cached ones included) and generated.",
                    "short", _UNREAD, lowest=0,
                ),
                [groups.TOKENS],
            ),
            time_series(
                About(
                    26, "Steps",
                    "Steps of the engine per second: its heart. None while requests run is a "
                    "stall; few are long steps, of large prompts or a slow member.",
                    "ops", _UNREAD, lowest=0,
                ),
                [groups.STEPS],
            ),
            time_series(
                About(
                    27, "Where a request's time goes",
                    "Mean seconds in the queue, until the first token after that, and until the "
                    "last one. Of requests that finished: one that hangs is in none of them.",
                    "s", _NOTHING, lowest=0,
                ),
                list(groups.PHASES),
                stacked=True,
            ),
        )),
        Band(8, (
            heatmap(
                About(
                    28, "Time to first token",
                    "Tokenisation to first token, as the engine saw it: how many requests a second "
                    "took how long.",
                    "s", _NOTHING,
                ),
                groups.latency_heat(catalog.GROUP_TIME_TO_FIRST_TOKEN),
                cell_unit="reqps", cells="requests",
            ),
            time_series(
                About(
                    29, "Time for each token",
                    "Between two streamed outputs: half are faster than p50, one in a hundred is "
                    "slower than p99.",
                    "s", _NOTHING, lowest=0,
                ),
                [
                    groups.latency(catalog.GROUP_INTER_TOKEN_LATENCY, "0.5"),
                    groups.latency(catalog.GROUP_INTER_TOKEN_LATENCY, "0.99"),
                ],
            ),
            time_series(
                About(
                    30, "Time in the queue",
                    "Of finished requests. More than a few seconds, and users give up before their "
                    "turn comes.",
                    "s", _NOTHING, lowest=0,
                ),
                [
                    groups.latency(catalog.GROUP_QUEUE_TIME, "0.5"),
                    groups.latency(catalog.GROUP_QUEUE_TIME, "0.99"),
                ],
            ),
            time_series(
                About(
                    31, "End to end",
                    "Tokenisation to last token, of finished requests: long answers take long.",
                    "s", _NOTHING, lowest=0,
                ),
                [
                    groups.latency(catalog.GROUP_END_TO_END, "0.5"),
                    groups.latency(catalog.GROUP_END_TO_END, "0.99"),
                ],
            ),
        )),
    )  # fmt: skip


def what_it_caches() -> tuple[Band, ...]:
    """Return the KV cache and what it saves (ids 32 to 36)."""
    return (
        Band(1, (row(32, "What its caches save"),)),
        Band(8, (
            time_series(
                About(
                    33, "KV cache over time",
                    "Share of the GPUs' KV cache in use, and of the host's tier where there is "
                    "one.",
                    "percentunit", _UNREAD, lowest=0, highest=1,
                ),
                [groups.KV_CACHE_USAGE, groups.HOST_CACHE_USAGE],
            ),
            time_series(
                About(
                    34, "Prompt tokens, by where they were found",
                    "Tokens per second found in each tier of the caches, and those that had to be "
                    "computed.",
                    "short", _UNREAD, lowest=0,
                ),
                [groups.CACHE_HITS, groups.CACHE_MISSES],
                stacked=True,
            ),
            time_series(
                About(
                    35, "Prefix cache hit ratio",
                    "Prompt tokens found in the GPUs' prefix cache over those looked up. It is 0 "
                    "after a restart, and the group is slow until it is warm.",
                    "percentunit", "No prompts", lowest=0, highest=1,
                ),
                [groups.PREFIX_HIT_RATIO],
            ),
            time_series(
                About(
                    36, "Cost of misses",
                    "GPUs' worth of time that goes into prompt tokens that no tier had, at most: "
                    "prefill shares its batch with decoding.",
                    "short", _NOTHING, lowest=0,
                ),
                [groups.MISSED_GPU_SECONDS],
            ),
        )),
    )  # fmt: skip


def what_probes_say() -> tuple[Band, ...]:
    """Return the probes from outside, closed at first (ids 37 to 40)."""
    return (
        Band(1, (row(37, "What probes from outside say", collapsed=True),)),
        Band(8, (
            time_series(
                About(
                    38, "Probes",
                    "Known prompts sent to the group, per second, by how they ended.",
                    "reqps", "No probe exporter", lowest=0,
                ),
                [groups.PROBES],
            ),
            time_series(
                About(
                    39, "First token of probes",
                    "One probe in a hundred waited longer for its first token.",
                    "s", "No probe was answered", lowest=0,
                ),
                [groups.PROBE_FIRST_TOKEN],
            ),
            time_series(
                About(
                    40, "Answers of probes",
                    "Prompts that can be compared with other groups of the revision; those that "
                    "this group answers otherwise from early on, which is a corrupt GPU or other "
                    "weights; and those that drift late, which is numeric noise.",
                    "short", "No probe exporter", decimals=0, lowest=0,
                ),
                list(groups.PROBE_PROMPTS),
            ),
        )),
    )  # fmt: skip
