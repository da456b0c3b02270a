"""What the first rules can stand on, before any exporter of ours runs, and what is missed so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exporters.sections import table
from slo.adopt.found import Found
from slo.adopt.raw import Kind, RawIndicator


@dataclass(frozen=True)
class Stands:
    """Something that works on series as they are scraped."""

    what: str
    on: str
    """Names of series."""


@dataclass(frozen=True)
class Missed:
    """Something that nobody sees without one of our exporters."""

    what: str
    exporter: str
    """Which one sees it."""
    why: str
    """Why series as they are scraped do not tell it."""


MISSED = (
    Missed(
        "requests that hang, time out or are aborted, as users felt them",
        "router",
        "vLLM counts a request when it finishes, and an abort nowhere; with a router scraped, raw "
        "objectives stand on what it tells",
    ),
    Missed(
        "tiers of customers, retries, time to first token at the client",
        "router",
        "each router has its own names, or none; ours are one set for all",
    ),
    Missed(
        "the state of a shard group (dead, stalled, degraded, draining, starting) with its reason",
        "groups",
        "no series says which hosts and GPUs serve an engine; /health says 200 for minutes while a "
        "collective hangs",
    ),
    Missed(
        "a stalled engine within 30 s",
        "groups",
        "its gauges freeze and its counters stand still, as an idle engine's do; a probe of one "
        "token tells them apart",
    ),
    Missed(
        "a dead engine as a 0",
        "groups",
        "it serves no page: its series are gone, and sums over the others look well",
    ),
    Missed(
        "a lost GPU as a 0, with its host and group",
        "gpu",
        "dcgm-exporter leaves it out, and knows no group",
    ),
    Missed(
        "XIDs that come twice or are covered by later ones, hung GPUs, hosts gone blind",
        "gpu",
        "DCGM_FI_DEV_XID_ERRORS is the last code, and stays",
    ),
    Missed(
        "outcomes of tool calls, retries of agents, the page cache",
        "tools",
        "OpenTelemetry's error.type has a name for each exception; ours are bounded",
    ),
    Missed(
        "silent corruption, and how the service looks from outside",
        "probe",
        "wrong tokens are counted like right ones",
    ),
    Missed(
        "causes in pages (probable_cause, groups_hit), alerts of causes, boards of groups and GPUs",
        "groups, gpu, router",
        "they read the states above; on raw series pages say what burns, and not why",
    ),
    Missed(
        "one set of names for vLLM 0.6 to 0.33 and Ray",
        "groups",
        "raw rules hold for the names that are there now, and break when vLLM renames them",
    ),
)
"""In the order of harm."""


_WORDS = {Kind.AVAILABILITY: "availability", Kind.TTFT: "time to first token"}


def find_stands(found: Found, indicators: Iterable[RawIndicator]) -> list[Stands]:
    """Return what works on what a server has, without an exporter of ours.

    Args:
        found: in the server.
        indicators: that objectives can be written on.
    """
    stands = [
        Stands(
            f"objective of {_WORDS[each.kind]}, with burn alerts, budgets and the boards of "
            f"objectives, by {', '.join(each.labels)}",
            ", ".join(dict.fromkeys(series.name for series in (*each.part, *each.total))),
        )
        for each in indicators
    ]
    engines = sorted(each for each in found.names if "vllm" in each)
    if engines:
        stands.append(
            Stands(
                "queues, KV cache, preemptions, tokens, latencies of engines, on vLLM's own boards "
                "and queries of yours (shardwatch dashboards lint tells which are dead)",
                f"{len(engines)} names of vLLM",
            )
        )
    gpus = sorted(each for each in found.names if each.startswith("DCGM_FI_"))
    if gpus:
        stands.append(
            Stands(
                "clocks, power, memory, temperature, ECC and the last XID of GPUs that are there, "
                "on dcgm-exporter's own board",
                f"{len(gpus)} names of DCGM_FI_*",
            )
        )
    return stands


def stands_table(stands: Iterable[Stands]) -> str:
    """Return what works, as a table in Markdown."""
    return table(("works without our exporters", "on"), [(each.what, each.on) for each in stands])


def missed_table(missed: Iterable[Missed] = MISSED) -> str:
    """Return what is missed, as a table in Markdown: for the README, and for what build writes."""
    rows = [(each.what, f"`{each.exporter}`", each.why) for each in missed]
    return table(("missed without our exporters", "seen by", "why"), rows)
