"""GPUs as dcgm-exporter's series show them: on which host, used by which pod."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from slo.adopt.found import Found, LabelSet, Pod
from slo.adopt.labels import SURE, pod_of, value_of
from slo.adopt.saying import Notes, some

Worker: TypeAlias = tuple[str, str, str, int]
"""Namespace, LeaderWorkerSet, index of the group, index of the worker."""
_UUIDS = ("UUID", "uuid", "gpu_uuid")
_HOSTS = ("Hostname", "hostname")
"""dcgm-exporter's own, before 2026-05 and since."""


@dataclass(frozen=True)
class Gpu:
    """One GPU."""

    uuid: str
    index: int
    """On its host, as the driver counts."""
    host: str
    aliases: frozenset[str]
    """All that the host is called."""
    user: Pod | None
    """The pod that was given it; None if that is not told."""
    worker: Worker | None
    """Namespace, LeaderWorkerSet, index of the group and of the worker, where the GPU's series
    carry the labels of its pod."""
    telemetry: str
    """The page that it is on; empty if nobody tells its address."""


class Gpus:
    """All GPUs, by user and by host.

    Args:
        found: in the server.
        notes: gets what is odd.
    """

    def __init__(self, found: Found, notes: Notes) -> None:
        self.all: dict[str, Gpu] = {}
        """By UUID."""
        twice, shared = set(), set()
        for labels in found.gpus:
            gpu = _read(found, labels)
            known = self.all.setdefault(gpu.uuid, gpu) if gpu.uuid else None
            if known and known.host != gpu.host:
                twice.add(gpu.uuid)
            elif known and known.user != gpu.user:
                shared.add(gpu.uuid)
        if twice:
            notes.doubt(
                "GPUs twice",
                f"{len(twice)} GPUs are shown by two hosts: {some(twice)}",
                "see whether two clusters go to this server under one name, and name one of them "
                "by --where LABEL=VALUE",
            )
        if shared:
            notes.doubt(
                "shared GPUs",
                f"{len(shared)} GPUs are used by several pods (MIG, time slicing): {some(shared)}; "
                "each was given to the first of them",
                "correct members in the topology where that is wrong",
            )
        hosts: dict[str, set[str]] = {}
        for gpu in self.all.values():
            for alias in gpu.aliases:
                hosts.setdefault(alias, set()).add(gpu.host)
        self.ambiguous = {alias for alias, of in hosts.items() if len(of) > 1}
        """What several hosts are called: of it nobody can tell whose it is."""
        self.by_user: dict[Pod, list[Gpu]] = {}
        self._by_alias: dict[str, list[Gpu]] = {}
        for gpu in sorted(self.all.values(), key=lambda each: (each.host, each.index, each.uuid)):
            if gpu.user:
                self.by_user.setdefault(gpu.user, []).append(gpu)
            for alias in gpu.aliases - (self.ambiguous - {gpu.host}):
                self._by_alias.setdefault(alias, []).append(gpu)
        self._used: set[str] = set()

    def on(self, aliases: Iterable[str]) -> list[Gpu]:
        """Return the GPUs of the host that is called one of these, if their users are not told."""
        for alias in aliases:
            gpus = self._by_alias.get(alias, [])
            if gpus and not any(each.user for each in gpus):
                return gpus
        return []

    def host_of(self, aliases: Iterable[str]) -> str:
        """Return what the host that is called one of these calls itself; empty if unknown."""
        for alias in aliases:
            if gpus := self._by_alias.get(alias):
                return gpus[0].host
        return ""

    def page_of(self, host: str) -> str:
        """Return the address of the telemetry of a host; empty if unknown."""
        gpus = self._by_alias.get(host, [])
        return gpus[0].telemetry if gpus else ""

    def use(self, gpus: Iterable[Gpu]) -> None:
        """Note that these have a place."""
        self._used.update(each.uuid for each in gpus)

    def unused(self) -> list[Gpu]:
        """Return those that have none, sorted by host."""
        left = (each for each in self.all.values() if each.uuid not in self._used)
        return sorted(left, key=lambda each: (each.host, each.index))


def aliases_of(names: Iterable[str]) -> frozenset[str]:
    """Return all that a host is called: its names, and those without their domain."""
    given = {each for each in names if each}
    short = {each.partition(".")[0] for each in given if not _is_address(each)}
    return frozenset(given | short)


def host_in(instance: str) -> str:
    """Return the host in a label ``instance``."""
    host, _, port = instance.rpartition(":")
    return host if host and port.isdigit() else instance


def split_evenly(gpus: Sequence[Gpu], parts: int) -> list[list[Gpu]] | None:
    """Return as many parts of GPUs in their order, as vLLM gives them to its data-parallel ranks.

    None if they cannot be of one size.
    """
    if not gpus or len(gpus) % parts:
        return None
    size = len(gpus) // parts
    return [list(gpus[i * size : (i + 1) * size]) for i in range(parts)]


def _read(found: Found, labels: LabelSet) -> Gpu:
    own_pod = pod_of(found, labels) if "exported_pod" in labels else None
    user = _user(found, labels)
    target = found.targets.of(labels)
    instance = labels.get("instance", "")
    exporters_name = target.discovered.get("__meta_kubernetes_pod_name") if target else None
    told = [labels[each] for each in _HOSTS if labels.get(each) and labels[each] != exporters_name]
    told += [labels[each] for each in SURE["host"] if labels.get(each) and each not in _HOSTS]
    told += [value for value in (value_of(found, labels, "host"),) if value != exporters_name]
    if own_pod and own_pod in found.pods:
        told.append(found.pods[own_pod].node)
    names = [each for each in (*told, host_in(instance)) if each]
    guessed = f"http://{instance}/metrics" if host_in(instance) != instance else ""
    return Gpu(
        uuid=next((labels[each] for each in _UUIDS if labels.get(each)), ""),
        index=int(index) if (index := labels.get("gpu", "")).isdecimal() else 0,
        host=names[0] if names else "",
        aliases=aliases_of(names),
        user=user,
        worker=_worker(labels, user),
        telemetry=target.url if target else guessed,
    )


def _user(found: Found, labels: LabelSet) -> Pod | None:
    """Return the pod that uses a GPU, as dcgm-exporter says; None if it says none.

    Where its label lost against that of its target, it stands under ``exported_``; ``pod`` is then
    the exporter's own.
    """
    if pod := labels.get("exported_pod"):
        return labels.get("exported_namespace", labels.get("namespace", "")), pod
    pod = labels.get("pod", "")
    target = found.targets.of(labels)
    own = {
        labels.get("exporter_pod"),
        target.discovered.get("__meta_kubernetes_pod_name") if target else None,
    }
    if not pod or pod in own or "dcgm-exporter" in pod:
        return None
    return labels.get("namespace", ""), pod


def worker_of(pod: Pod, set_index_worker: Sequence[str]) -> Worker | None:
    """Return which worker of which group a pod is; None if its labels do not say all of it."""
    of_set, index, worker = set_index_worker
    is_one = of_set and index and worker.isdecimal()
    return (pod[0], of_set, index, int(worker)) if is_one else None


def _worker(labels: LabelSet, user: Pod | None) -> Worker | None:
    told = [next((labels[n] for n in SURE[field] if labels.get(n)), "") for field in
            ("set", "set_index", "worker")]  # fmt: skip
    return worker_of(user, told) if user else None


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host
