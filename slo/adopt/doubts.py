"""What is not as it should be: retention, buckets, names, labels, intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exporters import catalog
from exporters.config import SHORTEST_SCRAPE_INTERVAL_SECONDS
from exporters.dialects import read_dialect
from exporters.durations import format_duration
from slo.adopt import names
from slo.adopt.dialects import old_name_doubts
from slo.adopt.found import USUAL_INTERVAL_SECONDS, Bounds, Found
from slo.adopt.objective_file import PERIODS_SECONDS, choose_period_seconds, objective_name
from slo.adopt.placing import Placed
from slo.adopt.proposing import Proposal
from slo.adopt.raw import WANTED_SECONDS, threshold
from slo.adopt.saying import Doubt, counted, some
from slo.burn import format_decimal
from slo.checks.retention import MARGIN_SECONDS, days_to_keep
from slo.intervals import wrong_interval

_INTERVALS = (5, 10, 15, 20, 30, 60, 100)
"""Of rules, in seconds: divisors of 5 minutes (:mod:`slo.intervals`)."""
_MEANING = {
    catalog.GROUP: "our shard group",
    catalog.MODEL: "what users ask for",
    catalog.TIER: "a class of customers",
    catalog.REVISION: "weights and engine version",
    catalog.HOST: "the host of a GPU",
    catalog.UUID: "a GPU",
}
"""Labels of ours that others may use for something else."""


def find_doubts(found: Found, placed: Placed) -> tuple[Doubt, ...]:
    """Return all that is in doubt, sorted: of what was found, and of giving it places."""
    return tuple(
        sorted({
            *placed.notes.doubts,
            *old_name_doubts(found, placed.engines),
            *_evaluated_elsewhere(found),
            *_retention(found),
            *_buckets(found.bounds),
            *_intervals(found),
            *_labels(found, placed),
            *_families(found),
        })
    )  # fmt: skip


def find_missed(proposals: Iterable[Proposal]) -> Iterator[Doubt]:
    """Yield objectives that were written at a target that cells of theirs missed so far."""
    for proposal in proposals:
        for target, models in proposal.targets:
            missed = proposal.missed(target, models)
            if missed:
                yield Doubt(
                    "target missed",
                    f"{objective_name(proposal, target, models)} is written at "
                    f"{format_decimal(target * 100)} %, which {some(e.name for e in missed)} "
                    f"missed over {counted(proposal.history.days_seen, 'day')} with events",
                    "promise less in objectives/raw.yaml, or know that its budget begins spent",
                )


def choose_interval_seconds(found: Found) -> float:
    """Return the interval of the rules: the longest at which something is scraped, as rules can."""
    longest = max(found.intervals_seconds.values(), default=USUAL_INTERVAL_SECONDS)
    fitting = (float(each) for each in _INTERVALS if each >= longest)
    return max(next(fitting, float(_INTERVALS[-1])), SHORTEST_SCRAPE_INTERVAL_SECONDS)


def _evaluated_elsewhere(found: Found) -> Iterator[Doubt]:
    if found.is_victoria_metrics:
        yield Doubt(
            "VictoriaMetrics",
            "the server is one: it evaluates no rules, and vmalert's see what they recorded late",
            "build with --format vmalert: its NEXT.md says how vmalert is started",
        )


def _retention(found: Found) -> Iterator[Doubt]:
    kept, usual = found.retention_seconds, PERIODS_SECONDS[0]
    if kept is None:
        yield Doubt(
            "retention",
            "the server does not tell how long it keeps samples (as VictoriaMetrics and Thanos)",
            f"see that it is more than {format_duration(usual)}, or choose a shorter timeWindow",
        )
    elif kept < usual + MARGIN_SECONDS:
        period = choose_period_seconds(kept)
        chosen = (
            f"objectives were written with {format_duration(period)}"
            if period < usual
            else "every budget will be unknown"
        )
        yield Doubt(
            "retention",
            f"the server keeps samples for {format_duration(kept)}, which is too short for budgets "
            f"over {format_duration(usual)}: {chosen}",
            "start Prometheus with --storage.tsdb.retention.time="
            f"{days_to_keep(usual + MARGIN_SECONDS)}d or more",
        )


def _buckets(bounds: Iterable[Bounds]) -> Iterator[Doubt]:
    for each in bounds:
        having = [count for bound, count in each.by_bound.items() if _is(bound, WANTED_SECONDS)]
        lacking = each.sources - max(having, default=0)
        if not lacking:
            continue
        nearest = threshold(each)
        instead = f'le="{nearest}" is the nearest that all have' if nearest else "there is none"
        fix = (
            "vLLM: --custom-histogram-buckets"
            if "vllm" in each.name
            else "the router's own setting of buckets"
        )
        yield Doubt(
            "missing bucket",
            f"{each.name} has no bound of {WANTED_SECONDS:g} s in {lacking} of {each.sources} "
            f"series, which library:chat asks for; {instead}",
            f"add it ({fix}), or promise what the nearest bound can tell",
        )


def _intervals(found: Found) -> Iterator[Doubt]:
    by_job = found.intervals_seconds
    if not by_job:
        yield Doubt(
            "scrape interval",
            f"nothing tells it; {format_duration(USUAL_INTERVAL_SECONDS)} was taken",
            "correct prometheus.scrape_interval in shardwatch.yaml",
        )
        return
    each = ", ".join(
        f"{job} {format_duration(round(seconds, 1))}" for job, seconds in sorted(by_job.items())
    )
    chosen = choose_interval_seconds(found)
    if len(set(by_job.values())) > 1:
        yield Doubt(
            "scrape interval",
            f"jobs are scraped at several intervals: {each}; rules take the longest",
            "scrape routers and engines at one interval",
        )
    longest = max(by_job.values())
    wrong = wrong_interval(longest)
    if chosen != longest:
        why = wrong[0] if wrong else f"found {format_duration(longest)}"
        yield Doubt(
            "scrape interval",
            f"{why}; {format_duration(chosen)} was taken for the rules",
            f"scrape every {format_duration(chosen)}",
        )


def _labels(found: Found, placed: Placed) -> Iterator[Doubt]:
    series = {
        "engines": [each.labels for each in placed.engines],
        "GPUs": found.gpus,
        "routers": [each.labels for each in found.routers],
    }
    for of, every in series.items():
        lost = sorted({each for labels in every for each in labels if each.startswith("exported_")})
        if lost:
            yield Doubt(
                "labels that collide",
                f"series of {of} have {', '.join(lost)}: a label of the page lost against one of "
                "its target's",
                "this was read as it was meant; honor_labels: true in that job would keep it as it "
                "is",
            )
    for label, meaning in _MEANING.items():
        values = {each.labels[label] for each in placed.engines if label in each.labels}
        if not values or (label == catalog.MODEL and values <= _models(placed)):
            continue
        if label in (catalog.REVISION, catalog.HOST):
            continue  # taken for what we mean
        yield Doubt(
            "labels that collide",
            f"engines' series have the label {label} ({some(values)}), which for us is {meaning}",
            "our exporters set their own, and their jobs keep it (honor_labels); rules of yours "
            "that join both have to choose",
        )
    yield from _external(found.external_labels, placed)


def _external(labels: Mapping[str, str], placed: Placed) -> Iterator[Doubt]:
    regions = {each.region for each in placed.topology.groups}
    ours = {"cluster": {placed.topology.cluster}, "region": regions}
    for label, values in ours.items():
        value = labels.get(label)
        if value is not None and {value} != values:
            yield Doubt(
                "external labels",
                f"the server adds {label}={value!r} to what it sends, and our series have "
                f"{label}={some(values)!r}",
                "ours stay on our series and alerts; see that routes and queries expect them",
            )


def _families(found: Found) -> Iterator[Doubt]:
    if any(each.startswith(names.OURS) for each in found.names):
        yield Doubt(
            "already there",
            "series of shardwatch's own exporters are in the server",
            "if they are of this cluster, keep the topology that they run on",
        )
    if names.RECORDED in found.names:
        yield Doubt(
            "already there",
            f"{names.RECORDED} is recorded in the server already",
            "remove the other build's rules first: two would record the same series",
        )
    if found.router_gauges:
        yield Doubt(
            "router's gauges",
            f"{found.router_gauges} series {names.RUNNING_NAMES[0]} are a router's "
            "(vLLM production-stack), called as engines' are",
            'leave them out of sums over engines: {server=""}',
        )
    if not any(each.dialect != "envoy" for each in found.routers):
        yield Doubt(
            "no router",
            "no router's series are there: what users felt is not seen, only what engines say of "
            "themselves",
            "let Prometheus scrape the router (exporters/router/README.md names those that are "
            "read)",
        )
    if not found.gpus:
        yield Doubt(
            "no GPUs",
            "no series of dcgm-exporter are there: a lost GPU will not be named",
            "run dcgm-exporter or shardwatch exporter gpu --local on the hosts",
        )
        return
    wanted = [each.name for each in read_dialect("dcgm_4_more").families]
    missing = [each for each in wanted if each not in found.names]
    if missing:
        yield Doubt(
            "counters of dcgm-exporter",
            f"{', '.join(missing)} are not served: why clocks are lowered, or that links fail, is "
            "not seen",
            "add them to dcgm-exporter's list (-f; README, Use it on a cluster)",
        )


def _models(placed: Placed) -> set[str]:
    return {each.model for each in placed.topology.groups}


def _is(bound: str, seconds: float) -> bool:
    try:
        return float(bound) == seconds
    except ValueError:
        return False
