"""Engines: which series is one, where it is, what it serves, and what its group is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from exporters.dialects.vllm_changes import read_changes
from exporters.problems import InputError, Problem, problem
from exporters.topology import is_name
from slo.adopt.clusters import external
from slo.adopt.found import Found, LabelSet, Pod, Source, source_of
from slo.adopt.gpus import host_in
from slo.adopt.labels import SURE, Sureness, Told, pod_of, read_field, value_of
from slo.adopt.saying import Notes, some

_CHANGES = read_changes()
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]]+):\d+")
REPLICAS = ("replica", "prometheus_replica", "prometheus", "rule_replica", "receive", "tenant_id")
"""Labels that tell servers apart which watch the same."""
_OF_SCRAPES = frozenset({"job", "endpoint", "service", "container", "port", "exported_job"})
"""Labels that differ where two jobs scrape one page."""
_DEPLOYMENT = re.compile(r"-[bcdf-hj-np-tv-z2456789]{5,10}-[bcdf-hj-np-tv-z2456789]{5}$")
"""How pods of a Deployment are called: by a hash and at random (k8s.io/apimachinery util/rand)."""


@dataclass(frozen=True)
class Engine:
    """One engine of vLLM."""

    labels: LabelSet
    source: Source
    rank: str
    """Data-parallel; under Ray the replica's id."""
    url: str
    model: str
    region: Told
    pod: Pod | None
    host: str
    """As the engine's labels have it, or in its address."""
    base: str
    """What its group is called before it is told from others: ``NAMESPACE/SET-INDEX``."""
    name: str = ""
    failure_domain: str | None = None

    @property
    def port(self) -> str:
        """The port of its address."""
        return self.labels.get("instance", "").rpartition(":")[2]


@dataclass
class Reading:
    """Reads engines and gives each a name.

    Args:
        found: in the server.
        region: of those that no label gives one; empty if not said.
        notes: gets what is worked out and odd.
    """

    found: Found
    region: str
    notes: Notes
    _external: Told | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._external = external(self.found, "region")

    def read(self, series: Iterable[LabelSet]) -> list[Engine]:
        """Return the engines that have all that a group needs, sorted by name.

        Raises:
            InputError: if no engine says its region and nobody else does, or two clusters are
                called by one name.
        """
        ordered = sorted(series, key=lambda each: sorted(each.items()))
        read = [each for labels in ordered if (each := self._engine(labels))]
        wanted = [labels for labels in ordered if self.region_of(labels) is None]
        if wanted and len(wanted) == len(ordered):
            raise InputError([
                problem(
                    self.found.url,
                    f"found no label of a region on {len(ordered):,} engines; they have "
                    f"{some({label for labels in ordered[:100] for label in labels}, 20)}",
                    fix="say it: --region NAME, of all that have none",
                )
            ])  # fmt: skip
        return sorted(self._named(self._each_once(read)), key=lambda each: each.name)

    def region_of(self, labels: LabelSet) -> Told | None:
        """Return the region of a series; None if nobody tells it."""
        told = read_field(self.found, labels, "region") or self._external
        if self.region and (told is None or not is_name(told.value)):
            told = Told(self.region, "option --region", Sureness.SURE)
        return told

    def _engine(self, labels: LabelSet) -> Engine | None:
        what = _describe(labels)
        model = labels.get("model_name", "")
        region = self.region_of(labels)
        if not model:
            to_do = "it is no engine of vLLM's, or a rule or relabelling drops the label: keep it"
            self.notes.leave("engine", what, "it has no label model_name", to_do)
            return None
        if region is None:
            self.notes.leave("engine", what, "no label tells its region", "give --region NAME")
            return None
        url = self.url_of(labels)
        if not url:
            self.notes.leave(
                "engine",
                what,
                "its address is not known: the server does not tell its targets, and the label "
                "instance is no HOST:PORT",
                "add its group to the topology by hand",
            )
            return None
        replica = labels.get(_CHANGES.replica_label, "")
        host = read_field(self.found, labels, "host")
        if host is None:
            host = Told(host_in(labels.get("instance", "")), "label instance", Sureness.LIKELY)
        self.notes.tell("region of engines", region)
        self.notes.tell("model of engines", Told(model, "label model_name", Sureness.SURE))
        self.notes.tell("host of engines", host)
        return Engine(
            labels=labels,
            source=source_of(labels),
            rank=replica or labels.get(_CHANGES.engine_label, _CHANGES.default_engine),
            url=url,
            model=model,
            region=region,
            pod=pod_of(self.found, labels),
            host=host.value,
            base=self._base_name(labels),
        )

    def url_of(self, labels: LabelSet) -> str:
        """Return the address of the page that a series is of; empty if it is not known."""
        target = self.found.targets.of(labels)
        if target:
            self.notes.tell("address of pages", Told(target.url, "its target", Sureness.SURE))
            return target.url
        instance = labels.get("instance", "")
        if not _ADDRESS.fullmatch(instance):
            return ""
        url = f"http://{instance}/metrics"
        self.notes.tell("address of pages", Told(url, "label instance", Sureness.GUESS))
        return url

    def _base_name(self, labels: LabelSet) -> str:
        """Return what a group is called, and note by what."""
        namespace = value_of(self.found, labels, "namespace")
        of_set, index, leader, pod = (
            read_field(self.found, labels, each) for each in ("set", "set_index", "leader", "pod")
        )
        if of_set and index:
            by = Told(f"{of_set.value}-{index.value}", f"{of_set.by}, {index.by}", index.sureness)
        elif leader:
            by = leader
        elif pod:
            by = replace(pod, label="")
            if _DEPLOYMENT.search(pod.value):
                by = replace(by, by=f"{pod.by}, of a Deployment", sureness=Sureness.GUESS)
        else:
            host = host_in(labels.get("instance", ""))
            by = Told(host, "host in label instance", Sureness.LIKELY)
        name = f"{namespace}/{by.value}" if namespace and (pod or of_set or leader) else by.value
        self.notes.tell("name of groups", replace(by, value=name))
        return name

    def _each_once(self, engines: Iterable[Engine]) -> list[Engine]:
        """Return engines without those that are there twice, and refuse where two are one name."""
        same: dict[tuple[object, ...], list[Engine]] = {}
        for each in engines:
            where = each.pod or each.labels.get("instance", "")
            key = each.region.value, where, each.port, each.rank
            same.setdefault(key, []).append(each)
        scraped_twice, replicas = list[str](), set[str]()
        for several in same.values():
            differing = _differing([each.labels for each in several])
            if not differing:
                continue
            if differing <= _OF_SCRAPES:
                scraped_twice.append(several[0].labels.get("instance", ""))
            elif differing <= {*_OF_SCRAPES, *REPLICAS}:
                replicas |= differing.intersection(REPLICAS)
            else:
                raise InputError([_two_clusters(self.found.url, several[0], several[1], differing)])
        if scraped_twice:
            self.notes.doubt(
                "scraped twice",
                f"{len(scraped_twice)} engines are scraped by several jobs: {some(scraped_twice)}; "
                "sums count them twice",
                "drop one of the jobs",
            )
        if replicas:
            self.notes.doubt(
                "replicas",
                f"the same engines are there once for each {some(replicas)}: sums count them twice",
                "ask a server that keeps them once (Thanos: deduplication), or give "
                f"--where {min(replicas)}=NAME",
            )
        return [several[0] for several in same.values()]

    def _named(self, engines: Sequence[Engine]) -> list[Engine]:
        """Return engines with the names of their groups: told apart by region, rank and port."""
        by_base: dict[str, dict[str, list[Engine]]] = {}
        for each in engines:
            by_base.setdefault(each.base, {}).setdefault(each.region.value, []).append(each)
        named: list[Engine] = []
        for base, by_region in sorted(by_base.items()):
            if len(by_region) > 1:
                self.notes.doubt(
                    "two clusters under one name",
                    f"{base!r} is there in the regions {some(by_region)}: clusters that go to this "
                    "server under one name; its groups were told apart by their regions",
                    "give each cluster a label of its own (external_labels), and adopt each by "
                    "--where",
                )
            for region, several in by_region.items():
                named += _told_apart(f"{region}/{base}" if len(by_region) > 1 else base, several)
        return named


def _told_apart(base: str, several: Sequence[Engine]) -> list[Engine]:
    """Return engines of one base name with a name each, by what is another for each of them."""
    ways: tuple[tuple[Callable[[Engine], str], Callable[[Engine], str | None]], ...] = (
        (lambda _: base, lambda _: None),
        # Data-parallel ranks of one server, or of one LeaderWorkerSet, fall together.
        (lambda each: f"{base}-dp{each.rank}", lambda _: base),
        (lambda each: f"{base}:{each.port}", lambda _: None),
        (lambda each: f"{base}:{each.port}-dp{each.rank}", lambda each: f"{base}:{each.port}"),
        (
            lambda each: f"{base}:{'/'.join(each.pod or each.source)}:{each.port}-dp{each.rank}",
            lambda _: base,
        ),
    )
    for name, domain in ways:
        if len({name(each) for each in several}) == len(several):
            return [replace(each, name=name(each), failure_domain=domain(each)) for each in several]
    raise AssertionError("engines that are there twice were left out before")


def _two_clusters(url: str, one: Engine, other: Engine, differing: Iterable[str]) -> Problem:
    labels = sorted(set(differing) - {"instance", *SURE["host"]}) or sorted(differing)
    pairs = "; ".join(
        f"{label} is {one.labels.get(label, '')!r} and {other.labels.get(label, '')!r}"
        for label in labels[:3]
    )
    return problem(
        url,
        f"found the engine {one.base!r} twice ({pairs}): two clusters go to this server under one "
        "name",
        fix=f"choose one by --where {labels[0]}={one.labels.get(labels[0]) or 'VALUE'}",
    )


def _differing(several: Sequence[LabelSet]) -> frozenset[str]:
    every = {name for labels in several for name in labels}
    return frozenset(
        name for name in every if len({labels.get(name, "") for labels in several}) > 1
    )


def _describe(labels: LabelSet) -> str:
    job, instance = source_of(labels)
    return f"{instance or 'without instance'} of job {job or 'without name'}"
