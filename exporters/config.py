"""``shardwatch.yaml``: the topology, the servers, the objectives, the pager, the links.

Paths in it are relative to the file itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from exporters.access import (
    BasicAuth,
    HttpAccess,
    HttpClientConfig,
    HttpClientConfigs,
    make_access,
    make_accesses,
)
from exporters.discovery.placing import Placement, Unplaced
from exporters.discovery.remembering import Remembered
from exporters.discovery.targets import ask_service, find_files, read_files
from exporters.documents import Document, read_document
from exporters.durations import format_duration
from exporters.fields import HostPort, Seconds
from exporters.kubernetes.settings import Kubernetes
from exporters.notifying import Alertmanager, PagerDuty, Webhook
from exporters.problems import InputError
from exporters.receiver_files import name_problems, secret_problems
from exporters.reloading import stamps
from exporters.topology import HttpUrl, LabelValue, Topology, read_topology

PORTS = {"gpu": 19801, "groups": 19802, "router": 19803, "tools": 19804, "probe": 19805}
"""Default ports of the exporters, on loopback."""

SHORTEST_SCRAPE_INTERVAL_SECONDS = 5.0
"""An exporter may take 3 s where sources hang (``fetching.LONGEST_ANSWER_SECONDS``), and a scrape's
time-out is a part of the interval (:mod:`exporters.scrape`)."""


def _scrape_interval(seconds: float) -> float:
    if seconds < SHORTEST_SCRAPE_INTERVAL_SECONDS:
        raise ValueError(
            f"found {format_duration(seconds)}, expected at least "
            f"{format_duration(SHORTEST_SCRAPE_INTERVAL_SECONDS)}, for exporters wait up to 3s for "
            "sources that hang"
        )
    return seconds


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Discovery(_Strict):
    """A topology that Prometheus's service discovery tells: how, see :mod:`exporters.discovery`."""

    file_sd: list[str] = []
    """Paths of files of targets, whose last part may have ``*``."""
    http_sd: HttpUrl | None = None
    cluster: LabelValue | None = None
    """Its name; that of the targets' label ``cluster``, if None."""
    refresh_interval: Seconds = 60.0
    """Between two questions to the service. Files are read when they change."""
    forget_after: Seconds = 600.0
    """For how long a group of which no target is left is dead; then it is forgotten."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.file_sd) == bool(self.http_sd):
            found = "both file_sd and http_sd" if self.http_sd else "neither file_sd nor http_sd"
            raise ValueError(f"found {found}, expected one of them")
        return self


def _kind_of_topology(value: Any) -> str:
    return "discovery" if isinstance(value, dict | Discovery) else "file"


class Prometheus(_Strict):
    """The server that scrapes the exporters and evaluates the rules."""

    url: HttpUrl
    scrape_interval: Annotated[Seconds, AfterValidator(_scrape_interval)] = 15.0
    """At least 5 s. Also the interval at which the rules' base level is evaluated."""
    http_client_config: HttpClientConfig = HttpClientConfig()
    """How commands ask it."""
    replica: LabelValue | None = None
    """Which of several servers that watch the same it is: its series and what it writes on say so,
    its alerts do not, for those of both are one."""


class Links(_Strict):
    """Bases of the links in alerts, without a slash at the end."""

    grafana: HttpUrl = "http://127.0.0.1:3000"
    runbooks: HttpUrl = "http://127.0.0.1:3000/runbooks"
    reviews: HttpUrl | None = None
    """Of ``shardwatch review serve``, as people reach it; pages and boards lead there, if any."""


class Https(_Strict):
    """How Prometheus asks exporters that are served with TLS."""

    ca_file: Path | None = None
    """Of those who signed the exporters' certificates; the system's, if None."""
    cert_file: Path | None = None
    """Prometheus's own certificate, where exporters ask for one."""
    key_file: Path | None = None
    server_name: str | None = None
    """The name in the exporters' certificates, where it is not that of their addresses."""


class Exporters(_Strict):
    """The addresses at which Prometheus scrapes the exporters, and how.

    The other side of it is each exporter's ``web-config.yml``.
    """

    https: Https | None = None
    """Plain HTTP, if None."""
    basic_auth: BasicAuth | None = None

    gpu: list[HostPort] = [f"127.0.0.1:{PORTS['gpu']}"]
    groups: list[HostPort] = [f"127.0.0.1:{PORTS['groups']}"]
    router: list[HostPort] = [f"127.0.0.1:{PORTS['router']}"]
    tools: list[HostPort] = [f"127.0.0.1:{PORTS['tools']}"]
    probe: list[HostPort] = []
    """None unless said: probes are traffic, which somebody has to want."""


class ConfigFile(_Strict):
    """The file as it is written."""

    topology: Annotated[
        Annotated[Path, Tag("file")] | Annotated[Discovery, Tag("discovery")],
        Discriminator(_kind_of_topology),
    ]
    """A file, or how to find the targets."""
    prometheus: Prometheus
    objectives: Annotated[list[str], Field(min_length=1)]
    """``library:NAME``, or paths of OpenSLO files or folders of them."""
    alertmanager: Alertmanager = Alertmanager()
    pagerduty: PagerDuty | None = None
    """Of all that ``alertmanager`` gives nobody else."""
    webhook: Webhook | None = None
    """Gets every alert, pages and tickets alike: the SLO reviews, or anything else."""
    links: Links = Links()
    exporters: Exporters = Exporters()
    http_client_config: HttpClientConfigs = HttpClientConfigs()
    """How exporters ask their sources."""
    kubernetes: Kubernetes = Kubernetes()


@dataclass(frozen=True)
class Config:
    """A configuration read: the file's content, the topology it names, the folder it stands in."""

    path: Path
    file: ConfigFile
    topology: Topology
    document: Document
    """For problems that later readers find at a place of the file, such as an objective."""
    unplaced: tuple[Unplaced, ...] = ()
    """Targets of service discovery that have no place in the topology."""
    topology_error: InputError | None = None
    """Why the service that tells the topology did not; the topology is empty then."""
    remembered: Remembered = field(default_factory=Remembered)
    """The groups that were discovered; none of a topology that is a file."""

    def resolve(self, path: Path | str) -> Path:
        """Return a path of the file, which is relative to the file's folder, as one to open."""
        return self.path.parent / path

    @cached_property
    def accesses(self) -> Mapping[str, HttpAccess]:
        """How exporters ask each kind of source.

        Raises:
            InputError: if a secret or a certificate cannot be read, which only exporters need.
        """
        return make_accesses(self.file.http_client_config, self.document, self.path.parent)

    @cached_property
    def prometheus_access(self) -> HttpAccess:
        """How commands ask Prometheus.

        Raises:
            InputError: if a secret or a certificate cannot be read, which only they need.
        """
        place = "prometheus", "http_client_config"
        config = self.file.prometheus.http_client_config
        return make_access(config, self.document, self.path.parent, place)

    @property
    def topology_files(self) -> list[Path]:
        """The files that the topology stands in, sorted; none if a service tells it."""
        return _topology_files(self.path, self.file.topology)

    @property
    def generated_from(self) -> list[Path]:
        """The files that everything generated is made of, for its header."""
        return [self.path, *self.topology_files]

    def read_topology(self) -> Placement:
        """Return the topology as it is now.

        Raises:
            InputError: if it cannot be used.
        """
        return _read_topology(self.path, self.file.topology, self.remembered)

    @property
    def topology_stamp(self) -> Hashable:
        """What changes when the topology may have: its files, or a group is to be forgotten."""
        return stamps(self.topology_files), self.remembered.overdue


def read_config(
    path: Path, *, needs_routing_key: bool = True, needs_service: bool = True
) -> Config:
    """Return the configuration in ``path`` with the topology that it names.

    Args:
        path: of ``shardwatch.yaml``.
        needs_routing_key: whether the secrets of receivers must be there, such as PagerDuty's key;
            exporters run where they are not.
        needs_service: whether a service that tells the topology must answer now; exporters ask
            again.

    Raises:
        InputError: if either file is missing or wrong, or a secret of a receiver cannot be read or
            is none.
    """
    document = read_document(path)
    file = document.parse(ConfigFile)
    source = file.topology
    remembered = Remembered(source.forget_after if isinstance(source, Discovery) else 0.0)
    error = None
    try:
        placement = _read_topology(path, source, remembered)
    except InputError as found:
        if needs_service or not (isinstance(source, Discovery) and source.http_sd):
            raise
        error, placement = found, Placement(_empty_topology(source.cluster))
    wrong = [
        *name_problems(file.alertmanager, document),
        *(secret_problems(file, document, path.parent) if needs_routing_key else ()),
    ]
    if wrong:
        raise InputError(wrong)
    return Config(path, file, placement.topology, document, placement.unplaced, error, remembered)


def _empty_topology(cluster: str | None) -> Topology:
    """Return what is known of a cluster before a service has told of it: nothing."""
    return Topology.model_construct(version=1, cluster=cluster or "unknown", groups=[])


def _read_topology(path: Path, source: Path | Discovery, remembered: Remembered) -> Placement:
    if isinstance(source, Path):
        return Placement(read_topology(path.parent / source))
    if source.http_sd:
        return remembered.place(ask_service(source.http_sd), source.cluster, source.http_sd)
    files = _topology_files(path, source)
    return remembered.place(read_files(files), source.cluster, ", ".join(source.file_sd))


def _topology_files(path: Path, source: Path | Discovery) -> list[Path]:
    if isinstance(source, Path):
        return [path.parent / source]
    return find_files(source.file_sd, path.parent)
