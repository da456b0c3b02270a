"""Where discovered targets belong: which is an engine, of which group, on which hosts.

What a target is, its label ``shardwatch_role`` says: ``engine`` (if there is none), ``worker``,
``telemetry``, ``router`` or ``tools``. A pod of a LeaderWorkerSet whose worker index is not 0 is a
worker: vLLM serves metrics at the leader only. The labels that give each field are ``LABELS``, the
first that is not empty counts. The address is made of ``__scheme__``, the target,
``__metrics_path__`` and ``__param_*``, as Prometheus makes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from exporters.discovery.targets import DiscoveredTarget
from exporters.problems import InputError, problem
from exporters.topology import Group, Member, Router, Tools, Topology

_POD = "__meta_kubernetes_pod_label_"
_SET = f"{_POD}leaderworkerset_sigs_k8s_io_"
"""Labels of LeaderWorkerSet (lws api/leaderworkerset/v1), as Prometheus writes them."""

ROLE: Final = "shardwatch_role"
LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("cluster",),
    "region": (
        "region",
        "__meta_kubernetes_node_label_topology_kubernetes_io_region",
        f"{_POD}topology_kubernetes_io_region",
    ),
    "model": ("model", "model_name", f"{_POD}llm_d_ai_model", f"{_POD}model_aibrix_ai_name"),
    "revision": ("revision", f"{_SET}template_revision_hash", f"{_POD}pod_template_hash"),
    "group": ("group",),
    "set": (f"{_SET}name",),
    "set_index": (f"{_SET}group_index",),
    "worker": (f"{_SET}worker_index",),
    "namespace": ("__meta_kubernetes_namespace",),
    "engine": ("engine",),
    "failure_domain": ("failure_domain",),
    "host": ("host", "node", "__meta_kubernetes_pod_node_name"),
    "gpus": ("gpus",),
    "telemetry": ("telemetry",),
    "name": ("name", "router", "gateway"),
    "dialect": ("dialect",),
    "requests": ("requests",),
}
"""Fields, each with the labels that give it. Without a ``group``, one is made of the
LeaderWorkerSet: ``NAMESPACE/SET-INDEX``. ``gpus`` are UUIDs between commas, ``telemetry`` is an
address. ``name`` and ``dialect`` are for routers and gateways, ``requests`` is an address for
routers."""
_ADDRESS = re.compile(r"[^\s/?#@]+")
UNKNOWN_REVISION = "unknown"
ROLES = ("engine", "worker", "telemetry", "router", "tools")

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Unplaced:
    """A target that has no place in the topology."""

    target: DiscoveredTarget
    reason: str
    """One of ``catalog.UNPLACED_REASONS``."""
    detail: str

    def __str__(self) -> str:
        return f"{self.target.origin}: {self.target.address}: {self.reason}: {self.detail}"


@dataclass(frozen=True)
class Placement:
    """A topology, and what was left out of it."""

    topology: Topology
    unplaced: tuple[Unplaced, ...] = ()


def place(targets: Iterable[DiscoveredTarget], cluster: str | None, origin: str) -> Placement:
    """Return the topology that targets make. Their order does not matter.

    Args:
        targets: of all files, or of the service.
        cluster: its name; that of the targets' labels, if None.
        origin: of the targets, for problems.

    Raises:
        InputError: if they have no group, or no or several clusters.
    """
    placing = _Placing()
    ordered = sorted(targets, key=lambda each: (each.address, each.origin))
    for role in ROLES:  # workers come after the engines that they belong to, and so on
        for target in ordered:
            if _role(target) == role:
                placing.add(target, role)
    for target in ordered:
        role = _role(target)
        if role not in ROLES:
            placing.leave(target, "unknown_role", f"found {role!r}, expected {', '.join(ROLES)}")
    placing.finish()
    if not placing.groups:
        some = "".join(f"; {each}" for each in placing.unplaced[:3])
        found = f"found no group in {len(ordered)} targets{some}"
        raise InputError([problem(origin, found, fix="label the targets of engines")])
    clusters = {name for each in ordered if (name := _field(each, "cluster"))}
    if cluster is None and len(clusters) != 1:
        found = f"found {len(clusters) or 'no'} names of the cluster, expected one"
        raise InputError([problem(origin, found, fix="give 'cluster' beside it")])
    topology = Topology(
        version=1,
        cluster=cluster or clusters.pop(),
        groups=sorted(placing.groups.values(), key=lambda each: each.name),
        routers=sorted(placing.routers.values(), key=lambda each: each.name),
        tools=sorted(placing.tools.values(), key=lambda each: each.name),
    )
    return Placement(topology, tuple(placing.unplaced))


@dataclass
class _Placing:
    """A topology in the making."""

    groups: dict[str, Group] = field(default_factory=dict)
    routers: dict[str, Router] = field(default_factory=dict)
    """By region, like the gateways: a region has one."""
    tools: dict[str, Tools] = field(default_factory=dict)
    unplaced: list[Unplaced] = field(default_factory=list)
    _members: dict[str, list[tuple[int, Member]]] = field(default_factory=dict)
    """By group, with the workers' indices."""
    _pages: dict[str, str] = field(default_factory=dict)
    """Telemetry by host."""
    _telemetry: dict[str, DiscoveredTarget] = field(default_factory=dict)
    """Likewise, the targets."""
    _gpus: set[str] = field(default_factory=set)

    def leave(self, target: DiscoveredTarget, reason: str, detail: str) -> None:
        """Leave a target out."""
        self.unplaced.append(Unplaced(target, reason, detail))

    def add(self, target: DiscoveredTarget, role: str) -> None:
        """Give a target its place, or leave it out."""
        if not _ADDRESS.fullmatch(target.address):
            self.leave(target, "bad_value", "expected HOST:PORT as the target")
            return
        adding: dict[str, Callable[[DiscoveredTarget], None]] = {
            "engine": self._add_engine,
            "worker": self._add_worker,
            "telemetry": self._add_telemetry,
            "router": self._add_router,
            "tools": self._add_tools,
        }
        adding[role](target)

    def finish(self) -> None:
        """Give the groups their members, and the members their telemetry."""
        for name, group in self.groups.items():
            members = [
                each if each.telemetry else each.model_copy(update={"telemetry": page})
                for _, each in sorted(self._members[name], key=lambda each: each[0])
                for page in [self._pages.get(each.host)]
            ]
            self.groups[name] = group.model_copy(update={"members": members})
        hosts = {each.host for group in self.groups.values() for each in group.members}
        for host in sorted(self._pages.keys() - hosts):
            target = self._telemetry[host]
            self.leave(target, "no_host", f"no group is on the host {host!r}")

    def _add_engine(self, target: DiscoveredTarget) -> None:
        name = _group_name(target)
        for reason, value, label in (
            ("no_group", name, "group"),
            ("no_region", _field(target, "region"), "region"),
            ("no_model", _field(target, "model"), "model"),
        ):
            if not value:
                self.leave(target, reason, f"found none of {', '.join(LABELS[label])}")
                return
        if name in self.groups:
            self.leave(target, "repeated", f"the group {name!r} has an engine: "
                       f"{self.groups[name].metrics}")  # fmt: skip
            return
        member = self._member(target)
        group = member and self._make(Group, target, {
            "name": name,
            "region": _field(target, "region"),
            "model": _field(target, "model"),
            "revision": _field(target, "revision") or UNKNOWN_REVISION,
            "engine": _field(target, "engine") or "0",
            "metrics": _url(target),
            "failure_domain": _field(target, "failure_domain") or None,
            "members": [member],
        })  # fmt: skip
        if member and group:
            self.groups[name] = group
            self._members[name] = [(0, member)]
            self._gpus.update(member.gpus)

    def _add_worker(self, target: DiscoveredTarget) -> None:
        name, index = _group_name(target), _field(target, "worker")
        if name not in self.groups:
            self.leave(target, "no_engine", f"the group {name!r} has no engine")
        elif not index.isascii() or not index.isdigit():
            self.leave(target, "bad_value", f"found the worker index {index!r}")
        elif member := self._member(target):
            self._members[name].append((int(index), member))
            self._gpus.update(member.gpus)

    def _add_telemetry(self, target: DiscoveredTarget) -> None:
        host = _field(target, "host") or _host(target)
        if host in self._pages:
            self.leave(target, "repeated", f"the host {host!r} has {self._pages[host]}")
            return
        self._pages[host] = _url(target)
        self._telemetry[host] = target

    def _add_router(self, target: DiscoveredTarget) -> None:
        if not _field(target, "dialect"):
            self.leave(target, "no_dialect", "found no label dialect")
        elif made := self._make(Router, target, {
            "name": _field(target, "name") or target.address,
            "region": _field(target, "region"),
            "dialect": _field(target, "dialect"),
            "metrics": _url(target),
            "requests": _field(target, "requests") or None,
        }):  # fmt: skip
            self._add_once(target, self.routers, made, made.name)

    def _add_tools(self, target: DiscoveredTarget) -> None:
        if made := self._make(Tools, target, {
            "name": _field(target, "name") or _field(target, "region"),
            "region": _field(target, "region"),
            "metrics": _url(target),
        }):  # fmt: skip
            self._add_once(target, self.tools, made, made.region)

    def _add_once(
        self, target: DiscoveredTarget, there: dict[str, Any], made: Router | Tools, key: str
    ) -> None:
        if key in there or made.name in {each.name for each in there.values()}:
            self.leave(target, "repeated", f"there is another {key!r}")
        else:
            there[key] = made

    def _member(self, target: DiscoveredTarget) -> Member | None:
        gpus = [uuid.strip() for uuid in _field(target, "gpus").split(",") if uuid.strip()]
        twice = [uuid for uuid in gpus if uuid in self._gpus or gpus.count(uuid) > 1]
        if twice:
            self.leave(target, "repeated", f"the GPU {twice[0]!r} has another place")
            return None
        return self._make(Member, target, {
            "host": _field(target, "host") or _host(target),
            "gpus": gpus,
            "telemetry": _field(target, "telemetry") or None,
        })  # fmt: skip

    def _make(
        self, model: type[Model], target: DiscoveredTarget, values: dict[str, Any]
    ) -> Model | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            self.leave(target, "bad_value", f"{place}: {first['msg']}")
            return None


def _role(target: DiscoveredTarget) -> str:
    role = target.labels.get(ROLE) or "engine"
    return "worker" if role == "engine" and _field(target, "worker") not in ("", "0") else role


def _field(target: DiscoveredTarget, name: str) -> str:
    return next((value for label in LABELS[name] if (value := target.labels.get(label))), "")


def _group_name(target: DiscoveredTarget) -> str:
    name = _field(target, "group")
    if name:
        return name
    of_set, index = _field(target, "set"), _field(target, "set_index")
    if not of_set or not index:
        return ""
    namespace = _field(target, "namespace")
    return f"{namespace}/{of_set}-{index}" if namespace else f"{of_set}-{index}"


def _host(target: DiscoveredTarget) -> str:
    return target.address.rpartition(":")[0] or target.address


def _url(target: DiscoveredTarget) -> str:
    labels = target.labels
    prefix = "__param_"
    query = urlencode({n[len(prefix) :]: v for n, v in labels.items() if n.startswith(prefix)})
    path = labels.get("__metrics_path__") or "/metrics"
    scheme = labels.get("__scheme__") or "http"
    return f"{scheme}://{target.address}{path}" + (f"?{query}" if query else "")
