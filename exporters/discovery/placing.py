"""Where discovered targets belong: which is an engine, of which group, on which hosts.

What a target is, its label ``shardwatch_role`` says: ``engine`` (if there is none), ``worker``,
``telemetry``, ``router`` or ``tools``. A pod of a LeaderWorkerSet whose worker index is not 0 is a
worker: vLLM serves metrics at the leader only. Which labels give each field stands in
:mod:`exporters.discovery.labels`.

A group whose leader is gone is no group less: as long as there is one of its workers it is placed,
with the engine that it had, or with one that nobody can reach, so that it is dead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from exporters.discovery.labels import (
    LABELS,
    field_of,
    group_name_of,
    host_of,
    role_of,
    url_of,
)
from exporters.discovery.targets import DiscoveredTarget
from exporters.problems import InputError, problem
from exporters.topology import Group, Member, Router, Tools, Topology, VanishedGroup

_ADDRESS = re.compile(r"[^\s/?#@]+")
UNKNOWN_REVISION = "unknown"
NO_LEADER = "http://no-leader.invalid/metrics"
"""Of a group whose engine nobody knows; nobody ever has that name (RFC 6761)."""
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
    vanished: tuple[str, ...] = ()
    """Groups of which no target is left, and that are in it because they were known."""


def place(
    targets: Iterable[DiscoveredTarget],
    cluster: str | None,
    origin: str,
    known: Mapping[str, Group] | None = None,
) -> Placement:
    """Return the topology that targets make. Their order does not matter.

    Args:
        targets: of all files, or of the service.
        cluster: its name; that of the targets' labels, if None.
        origin: of the targets, for problems.
        known: groups as they were before, by name: those that are gone are kept.

    Raises:
        InputError: if they have no group, or no or several clusters.
    """
    placing = _Placing(known or {})
    ordered = sorted(targets, key=lambda each: (each.address, each.origin))
    for role in ROLES:  # workers come after the engines that they belong to, and so on
        for target in ordered:
            if role_of(target) == role:
                placing.add(target, role)
    for target in ordered:
        role = role_of(target)
        if role not in ROLES:
            placing.leave(target, "unknown_role", f"found {role!r}, expected {', '.join(ROLES)}")
    vanished = placing.keep_known()
    placing.finish()
    if not placing.groups:
        some = "".join(f"; {each}" for each in placing.unplaced[:3])
        found = f"found no group in {len(ordered)} targets{some}"
        raise InputError([problem(origin, found, fix="label the targets of engines")])
    clusters = {name for each in ordered if (name := field_of(each, "cluster"))}
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
    return Placement(topology, tuple(placing.unplaced), vanished)


@dataclass
class _Placing:
    """A topology in the making."""

    known: Mapping[str, Group]
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

    def keep_known(self) -> tuple[str, ...]:
        """Add the groups that are known and not there; return their names."""
        vanished = tuple(sorted(self.known.keys() - self.groups.keys()))
        for name in vanished:
            group = VanishedGroup.model_construct(**dict(self._known_group(name)))
            self.groups[name] = group
            self._members[name] = [(i, self._left_of(m)) for i, m in enumerate(group.members)]
        return vanished

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
        name = group_name_of(target)
        if self._lacks_place(target):
            return
        if name in self.groups:
            self.leave(target, "repeated", f"the group {name!r} has an engine: "
                       f"{self.groups[name].metrics}")  # fmt: skip
            return
        member = self._member(target)
        group = member and self._group(target, url_of(target), member)
        if member and group:
            self.groups[name] = group
            self._members[name] = [(0, member)]
            self._gpus.update(member.gpus)

    def _lacks_place(self, target: DiscoveredTarget) -> bool:
        """Return whether the target says too little, and leave it out if so."""
        for reason, value, label in (
            ("no_group", group_name_of(target), "group"),
            ("no_region", field_of(target, "region"), "region"),
            ("no_model", field_of(target, "model"), "model"),
        ):
            if not value:
                self.leave(target, reason, f"found none of {', '.join(LABELS[label])}")
                return True
        return False

    def _group(self, target: DiscoveredTarget, metrics: str, member: Member) -> Group | None:
        return self._make(Group, target, {
            "name": group_name_of(target),
            "region": field_of(target, "region"),
            "model": field_of(target, "model"),
            "revision": field_of(target, "revision") or UNKNOWN_REVISION,
            "engine": field_of(target, "engine") or "0",
            "metrics": metrics,
            "failure_domain": field_of(target, "failure_domain") or None,
            "members": [member],
        })  # fmt: skip

    def _add_worker(self, target: DiscoveredTarget) -> None:
        name, index = group_name_of(target), field_of(target, "worker")
        if not index.isascii() or not index.isdigit():
            self.leave(target, "bad_value", f"found the worker index {index!r}")
        elif member := self._member(target):
            if name not in self.groups and not self._add_without_leader(target, name, member):
                return
            self._members[name].append((int(index), member))
            self._gpus.update(member.gpus)

    def _add_without_leader(self, target: DiscoveredTarget, name: str, member: Member) -> bool:
        """Add the group of a worker without an engine; return whether enough is known of it."""
        group, members = None, []
        if name in self.known:
            group = self._known_group(name)
            members = [(0, self._left_of(group.members[0]))]
        elif name and field_of(target, "region") and field_of(target, "model"):
            group = self._group(target, NO_LEADER, member)
        else:
            self.leave(target, "no_engine", f"the group {name!r} has no engine")
        if group:
            self.groups[name], self._members[name] = group, members
        return group is not None

    def _known_group(self, name: str) -> Group:
        """Return a group as it was; its engine is gone, be there another at its address."""
        fields = dict(self.known[name])  # of one that had vanished as well
        if fields["metrics"] in {each.metrics for each in self.groups.values()}:
            fields["metrics"] = NO_LEADER
        return Group.model_construct(**fields)

    def _left_of(self, member: Member) -> Member:
        """Return what a member that is gone still has: not the GPUs that others have now."""
        gpus = [uuid for uuid in member.gpus if uuid not in self._gpus]
        page = member.telemetry if gpus or not member.gpus else None
        self._gpus.update(gpus)
        return member.model_copy(update={"gpus": gpus, "telemetry": page})

    def _add_telemetry(self, target: DiscoveredTarget) -> None:
        host = field_of(target, "host") or host_of(target)
        if host in self._pages:
            self.leave(target, "repeated", f"the host {host!r} has {self._pages[host]}")
            return
        self._pages[host] = url_of(target)
        self._telemetry[host] = target

    def _add_router(self, target: DiscoveredTarget) -> None:
        if not field_of(target, "dialect"):
            self.leave(target, "no_dialect", "found no label dialect")
        elif made := self._make(Router, target, {
            "name": field_of(target, "name") or target.address,
            "region": field_of(target, "region"),
            "dialect": field_of(target, "dialect"),
            "metrics": url_of(target),
            "requests": field_of(target, "requests") or None,
        }):  # fmt: skip
            self._add_once(target, self.routers, made, made.name)

    def _add_tools(self, target: DiscoveredTarget) -> None:
        if made := self._make(Tools, target, {
            "name": field_of(target, "name") or field_of(target, "region"),
            "region": field_of(target, "region"),
            "metrics": url_of(target),
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
        gpus = [uuid.strip() for uuid in field_of(target, "gpus").split(",") if uuid.strip()]
        twice = [uuid for uuid in gpus if uuid in self._gpus or gpus.count(uuid) > 1]
        if twice:
            self.leave(target, "repeated", f"the GPU {twice[0]!r} has another place")
            return None
        pod = (field_of(target, "namespace"), field_of(target, "pod"))
        return self._make(Member, target, {
            "host": field_of(target, "host") or host_of(target),
            "gpus": gpus,
            "telemetry": field_of(target, "telemetry") or None,
            "pod": "/".join(pod) if all(pod) else None,
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
