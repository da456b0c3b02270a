"""Asks a server for all that adoption needs: in aggregates, one question at a time, each bounded.

The largest answers have one series for each engine, or one for each GPU. What a server does not
tell (VictoriaMetrics its flags, Thanos its targets) is done without, and said.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from exporters.dialects import read_dialect
from exporters.dialects.vllm_changes import read_changes
from exporters.durations import format_duration
from exporters.groups.mapping import MODEL_LABEL
from exporters.problems import InputError, problem
from exporters.router.dialects import DIALECTS
from slo.adopt import names
from slo.adopt.found import (
    USUAL_INTERVAL_SECONDS,
    Bounds,
    Found,
    FoundRouter,
    LabelSet,
    ScrapedTarget,
    Source,
    Targets,
    source_of,
)
from slo.adopt.kubernetes import AskingKubernetes
from slo.adopt.labels import SURE
from slo.adopt.server_says import (
    read_alertmanagers,
    read_external_labels,
    read_targets,
    says_victoria_metrics,
)
from slo.checks.live.asking import Asked
from slo.checks.live.intervals import ask_intervals
from slo.checks.live.retention import ask_retention
from slo.prometheus import (
    PrometheusClient,
    PrometheusError,
    PrometheusRefusedError,
    PrometheusTooLargeError,
    PrometheusUnreachableError,
)
from slo.promql import selectors

MOST_SERIES = 200_000
"""Of one name that is listed: that many engines or GPUs are more than one topology."""
NAMES_SINCE_SECONDS = 3600.0
"""Names that had a sample in this time are looked for. What is listed had one just now."""
_SINCE = format_duration(NAMES_SINCE_SECONDS)
_CHANGES = read_changes()


class Asking:
    """Asks one server.

    Args:
        prometheus: an open client of it.
        url: of it.
        where: labels, each with the value that all series of interest have.
    """

    def __init__(
        self, prometheus: PrometheusClient, url: str, where: Mapping[str, str] | None = None
    ) -> None:
        self._prometheus = prometheus
        self._asked = Asked(prometheus)
        self._url = url
        self._where = where or {}
        self._unasked: list[str] = []

    async def ask(self) -> Found:
        """Return what there is.

        Raises:
            PrometheusError: if the server does not answer, or not as Prometheus does.
            InputError: if it has no engine, or far too many series of a kind.
        """
        await self._prometheus.query("vector(1)")
        there = await self._ask_names()
        engines, router_gauges = await self._ask_engines(there)
        gone = await self._ask_gone(there, engines)
        gpus = await self._ask_gpus(there)
        routers = await self._ask_routers(there)
        tools = await self._list(names.TOOL_NAME, read_dialect("otel_tools").families[0].labels) \
            if names.TOOL_NAME in there else ()  # fmt: skip
        targets = Targets(await self._ask_targets())
        kubernetes = AskingKubernetes(self._asked, self._where, self._unasked)
        return Found(
            url=self._url,
            names=frozenset(there),
            engines=engines,
            gone=gone,
            router_gauges=router_gauges,
            speaks=await self._ask_dialects(there),
            gpus=gpus,
            routers=routers,
            tools=tuple(tools),
            pods=await kubernetes.ask_pods(there),
            nodes=await kubernetes.ask_nodes(there),
            targets=targets,
            external_labels=await self._ask_external_labels(),
            alertmanagers=await self._ask_alertmanagers(),
            is_victoria_metrics=await self._ask_whether_victoria_metrics(),
            retention_seconds=await ask_retention(self._prometheus),
            intervals_seconds=await self._ask_intervals(there, targets, engines, routers),
            bounds=await self._ask_bounds(there),
            unasked=tuple(self._unasked),
        )

    async def _ask_names(self) -> set[str]:
        """Return the names of the kinds that are looked for, and refuse where none is vLLM's."""
        now = time.time()
        any_of_these = names.name_selector(names.ANY_OF_THESE, self._where)
        there = set(
            await self._prometheus.label_values(
                "__name__", [any_of_these], now - NAMES_SINCE_SECONDS, now
            )
        )
        if there.isdisjoint(names.RUNNING_NAMES):
            others = sorted(there)[:5]
            seen = (
                f"; of the names that are looked for it has {', '.join(others)}" if others else ""
            )
            within = f" with {self._where}" if self._where else ""
            raise InputError([
                problem(
                    self._url,
                    f"found no series {names.RUNNING_NAMES[0]}{within} of the last hour, nor Ray's "
                    f"spellings of it: no vLLM is scraped here{seen}",
                    fix="let Prometheus scrape vLLM's /metrics, or name the server that does",
                )
            ])  # fmt: skip
        return there

    async def _ask_engines(self, there: set[str]) -> tuple[tuple[LabelSet, ...], int]:
        """Return the engines, and how many series of routers are called as theirs."""
        found: dict[frozenset[tuple[str, str]], LabelSet] = {}
        routers = 0
        for name in names.RUNNING_NAMES:
            if name not in there:
                continue
            for labels in await self._list(name):
                if _CHANGES.router_label in labels and MODEL_LABEL not in labels:
                    routers += 1
                else:
                    found.setdefault(frozenset(labels.items()), labels)
        if not found:
            raise InputError([
                problem(
                    self._url,
                    "found no engine of vLLM that has had a sample in the last 5 minutes",
                    fix="see whether vLLM is up and its targets are scraped (Status, Targets)",
                )
            ])  # fmt: skip
        return tuple(found.values()), routers

    async def _ask_gone(self, there: set[str], engines: Sequence[LabelSet]) -> tuple[LabelSet, ...]:
        """Return the pages that had an engine within the last hour, and have none now."""
        by = ", ".join(("job", "instance", *SURE["cluster"]))
        pages: list[LabelSet] = []
        try:
            for name in there.intersection(names.RUNNING_NAMES):
                asked = names.selector(name, self._where, [f'{_CHANGES.router_label}=""'])
                by_source = await self._prometheus.query(
                    f"group by ({by}) (max_over_time({asked}[{_SINCE}]))"
                )
                pages += [each.labels for each in by_source]
        except PrometheusRefusedError:
            self._unasked.append("the server does not give an hour of samples: engines that were "
                                 "there a while ago are not known")  # fmt: skip
        there_now = set(map(source_of, engines))
        return tuple(each for each in pages if source_of(each) not in there_now)

    async def _ask_dialects(self, there: set[str]) -> dict[str, frozenset[Source]]:
        """Return the pages by names that tell a dialect, or that are old, in vLLM's spelling."""
        speaks: dict[str, frozenset[Source]] = {}
        for name in sorted({*names.marks(), *names.old_names()}):
            spelled = [
                each
                for base in (name, f"{name}_count")
                for each in names.spellings(base)
                if each in there
            ]
            pages: set[Source] = set()
            for each in spelled:
                asked = names.selector(each, self._where)
                by_source = await self._prometheus.query(f"group by (job, instance) ({asked})")
                pages.update(source_of(sample.labels) for sample in by_source)
            if pages:
                speaks[name] = frozenset(pages)
        return speaks

    async def _ask_gpus(self, there: set[str]) -> tuple[LabelSet, ...]:
        name = next((each for each in names.GPU_NAMES if each in there), None)
        return () if name is None else tuple(await self._list(name))

    async def _ask_routers(self, there: set[str]) -> tuple[FoundRouter, ...]:
        found: dict[tuple[str, frozenset[tuple[str, str]]], FoundRouter] = {}
        for dialect in DIALECTS:
            own = names.labels_of_family(dialect)
            for name in names.router_series(dialect, there):
                for labels in await self._list(name, own):
                    key = dialect, frozenset(labels.items())
                    found.setdefault(key, FoundRouter(dialect, labels))
        return tuple(found.values())

    async def _list(self, name: str, without: Sequence[str] = ()) -> list[LabelSet]:
        """Return the labels of the series of a name, but for its name and some labels.

        Raises:
            InputError: if there are far too many.
        """
        asked = names.selector(name, self._where)
        if without:
            asked = f"group without ({', '.join(without)}) ({asked})"
        count = await self._asked.count(asked)
        if count > MOST_SERIES:
            raise InputError([
                problem(
                    self._url,
                    f"found {count:,} series {name}, expected at most {MOST_SERIES:,} of one "
                    "topology",
                    fix="name a part of them by --where LABEL=VALUE",
                )
            ])  # fmt: skip
        samples = await self._prometheus.query(asked)
        return [{k: v for k, v in each.labels.items() if k != "__name__"} for each in samples]

    async def _ask_targets(self) -> list[ScrapedTarget]:
        missing = "addresses are made of the label instance, and where that is none, not known"
        try:
            told = await self._prometheus.tells("targets?state=active")
        except PrometheusUnreachableError:
            raise
        except PrometheusTooLargeError as error:
            self._unasked.append(f"{error}: {missing}")
        except PrometheusError:
            self._unasked.append(f"the server does not tell its targets: {missing}")
        else:
            if targets := read_targets(told):
                return [each for each in targets if self._is_asked_about(each.labels)]
            self._unasked.append(f"the server scrapes nothing itself: {missing}")
        return []

    def _is_asked_about(self, labels: LabelSet) -> bool:
        """Tell whether series of a target can have what all of interest have."""
        return all(labels.get(label, value) == value for label, value in self._where.items())

    async def _ask_external_labels(self) -> dict[str, str]:
        try:
            return read_external_labels(await self._prometheus.status("config"))
        except PrometheusUnreachableError:
            raise
        except PrometheusError:
            self._unasked.append(
                "the server does not tell its configuration: its external labels are not known"
            )
            return {}

    async def _ask_whether_victoria_metrics(self) -> bool:
        try:
            return says_victoria_metrics(await self._prometheus.status("buildinfo"))
        except PrometheusUnreachableError:
            raise
        except PrometheusError:
            return False

    async def _ask_alertmanagers(self) -> tuple[str, ...]:
        try:
            return read_alertmanagers(await self._prometheus.tells("alertmanagers"))
        except PrometheusUnreachableError:
            raise
        except PrometheusError:
            return ()

    async def _ask_intervals(
        self,
        there: set[str],
        targets: Targets,
        engines: Sequence[LabelSet],
        routers: Sequence[FoundRouter],
    ) -> dict[str, float]:
        """Return how often each job is scraped: as the server says, else as its samples lie."""
        found: dict[str, float] = {}
        for labels in (*engines, *(each.labels for each in routers)):
            target = targets.of(labels)
            if target and target.interval_seconds:
                job = labels.get("job", "")
                found[job] = max(found.get(job, 0.0), target.interval_seconds)
        if found:
            return found
        try:
            for name in there.intersection(names.RUNNING_NAMES):
                [selector] = selectors(names.selector(name, self._where))
                found |= await ask_intervals(self._asked, selector, USUAL_INTERVAL_SECONDS)
        except PrometheusRefusedError:
            usual = format_duration(USUAL_INTERVAL_SECONDS)
            self._unasked.append(f"the server does not give single samples: {usual} is taken for "
                                 "its scrape interval")  # fmt: skip
        return found

    async def _ask_bounds(self, there: set[str]) -> tuple[Bounds, ...]:
        """Return the buckets of all histograms that first tokens are judged by."""
        found = []
        for name in names.first_token_histograms(there):
            buckets = names.selector(f"{name}_bucket", self._where)
            by_bound = await self._prometheus.query(f"count by (le) ({buckets})")
            counts = {each.labels.get("le", ""): int(each.value) for each in by_bound}
            if counts:
                found.append(Bounds(name, max(counts.values()), counts))
        return tuple(found)
