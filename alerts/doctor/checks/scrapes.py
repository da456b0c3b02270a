"""What Prometheus scrapes of ours: whether all of it, in time, and once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.doctor.asking import fresh
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen, Target
from alerts.watch.scrapes import SLOW_SHARE
from exporters import catalog
from exporters.durations import format_duration
from exporters.scrape import JOBS, configs_with_targets
from exporters.topology import expected_gpus

SLACK = 1.1
_SERVED = {
    catalog.GROUP_UP.name: catalog.GROUP_LABELS,
    catalog.GPU_UP.name: (catalog.CLUSTER, catalog.HOST, catalog.UUID),
    catalog.ROUTER_UP.name: (catalog.CLUSTER, catalog.REGION, catalog.ROUTER),
    catalog.TOOLS_UP.name: (catalog.CLUSTER, catalog.REGION, catalog.GATEWAY),
}
"""Families of which each source has one series, with the labels that tell the source."""


def doubled(name: str, interval_seconds: float) -> str:
    """Return the expression of what more than one target serves."""
    return f"count by ({', '.join(_SERVED[name])}) ({fresh(name, interval_seconds)}) > 1"


def serving(name: str, interval_seconds: float) -> str:
    """Return the expression of the targets that serve a family."""
    return f"group by (job, instance) ({fresh(name, interval_seconds)})"


def find_job_missing(seen: Seen) -> Iterator[Found]:
    """Yield the exporters that are configured, have something to read, and are not scraped."""
    scraped = {each.job for each in seen.targets or ()}
    by_address = {
        each["job_name"]: each["static_configs"][0]["targets"]
        for each in configs_with_targets(seen.config)
    }
    for job, addresses in by_address.items():
        if job in scraped or not _has_work(seen, job):
            continue
        yield Found(
            job,
            f"{seen.url} has no target of this job",
            f"one at {', '.join(addresses)}",
            f"add the scrape config `{job}` of the prometheus.yml that `shardwatch build` writes, "
            "and reload Prometheus",
        )
    settings = seen.config.file.kubernetes
    for name in settings.exporters if "exporters" in settings.model_fields_set else ():
        job = JOBS[name]
        if job not in scraped | by_address.keys() and _has_work(seen, job):
            yield Found(
                job,
                f"{seen.url} has no target of this job",
                f"its pods in the namespace {settings.namespace}",
                "apply what `shardwatch build --format kubernetes` writes, and see that the "
                "Prometheus selects its PodMonitors and ServiceMonitors",
            )


def find_down(seen: Seen) -> Iterator[Found]:
    """Yield exporters that do not answer, by what Prometheus saw last."""
    for each in _ours(seen):
        if each.is_up is False:
            yield Found(
                f"{each.job} at {each.instance}",
                f"does not answer: {each.error or 'no reason is told'}",
                "a page of metrics",
                f"see that its process runs and that Prometheus's host reaches {each.url}",
            )


def find_interval(seen: Seen) -> Iterator[Found]:
    """Yield scrapes of ours at another interval than rules are built for."""
    expected = seen.interval_seconds
    by_interval: dict[tuple[str, float], list[str]] = defaultdict(list)
    for each in _ours(seen):
        seconds = each.interval_seconds
        if seconds is not None and not expected / SLACK <= seconds <= expected * SLACK:
            by_interval[each.job, seconds].append(each.instance)
    for (job, seconds), instances in sorted(by_interval.items()):
        yield Found(
            f"{job} at {listed(instances)}",
            f"is scraped every {format_duration(seconds)}",
            f"every {format_duration(expected)}, which rules are built for",
            f"write `scrape_interval: {format_duration(expected)}` into its scrape config, or "
            f"`prometheus: {{scrape_interval: {format_duration(seconds)}}}` into "
            f"{seen.config.path.name} and build again",
        )


def find_slow(seen: Seen) -> Iterator[Found]:
    """Yield scrapes of ours that take nearly as long as they may."""
    for each in _ours(seen):
        if each.timeout_seconds and each.took_seconds > SLOW_SHARE * each.timeout_seconds:
            yield Found(
                f"{each.job} at {each.instance}",
                f"its scrape takes {each.took_seconds:.1f} s of the {each.timeout_seconds:g} s "
                "that it may",
                f"less than {SLOW_SHARE * each.timeout_seconds:.1f} s",
                "see what burdens its host or hangs behind it; scrapes that time out are gaps in "
                "every rate",
            )


def find_twice(seen: Seen) -> Iterator[Found]:
    """Yield what is served by two targets: everything summed over it is doubled."""
    urls: dict[str, list[Target]] = defaultdict(list)
    for each in seen.targets or ():
        urls[_place(each.url)].append(each)
    ours = {_place(each.url) for each in _ours(seen)}
    same = [those for place, those in urls.items() if place in ours and len(those) > 1]
    for those in same:
        yield Found(
            listed(_named(each) for each in those),
            f"is scraped {len(those)} times, for {those[0].url}",
            "once",
            "remove one of the two targets from prometheus.yml: every rate and sum over it is "
            "doubled",
        )
    if same:
        return
    for name in _SERVED:
        found = seen.vector(doubled(name, seen.interval_seconds))
        whose = [
            f"{each.labels.get('job', '')} at {each.labels.get('instance', '')}"
            for each in seen.vector(serving(name, seen.interval_seconds))
            if seen.is_scraped(each.labels)
        ]
        if found and len(whose) > 1:
            yield Found(
                listed(whose),
                f"{len(found)} series of {name} are served by more than one of them",
                "one exporter for each source",
                "scrape one of them, or give each a part of the topology: every rate and sum over "
                "these is doubled",
            )


def _ask_served(seen: Seen) -> list[str]:
    return [ask(name, seen.interval_seconds) for name in _SERVED for ask in (doubled, serving)]


def _has_work(seen: Seen, job: str) -> bool:
    topology = seen.config.topology
    has = {
        JOBS["gpu"]: any(True for _ in expected_gpus(topology))
        or any(member.telemetry for group in topology.groups for member in group.members),
        JOBS["router"]: bool(topology.routers),
        JOBS["tools"]: bool(topology.tools),
    }
    return has.get(job, True)


def _ours(seen: Seen) -> list[Target]:
    return [each for each in seen.targets or () if each.job in JOBS.values()]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}?{parts.query}"


def _named(target: Target) -> str:
    return f"{target.job} at {target.instance}"


CHECKS = (
    Check("scrape/job-missing", Harm.BLIND, "An exporter that is configured is not scraped.",
          find_job_missing, needs=("targets",)),
    Check("scrape/target-down", Harm.BLIND, "An exporter that does not answer Prometheus.",
          find_down, needs=("targets",)),
    Check("scrape/twice", Harm.WRONG_DATA, "The same is scraped twice: sums over it are doubled.",
          find_twice, _ask_served, needs=("targets",), series=tuple(_SERVED)),
    Check("scrape/interval", Harm.WRONG_DATA, "An exporter is scraped at another interval than "
          "rules are built for.", find_interval, needs=("targets",)),
    Check("scrape/slow", Harm.LATE, "A scrape of ours takes nearly as long as it may.", find_slow,
          needs=("targets",)),
)  # fmt: skip
