"""Members of groups: which pods and hosts serve an engine, and which GPUs on them are its own.

In Kubernetes dcgm-exporter says which pod has a GPU. The pods of a group are that of its engine,
and the workers of its LeaderWorkerSet: by labels, or by names (``SET-GROUP-WORKER`` beside
``SET-GROUP``). Elsewhere all GPUs of a host belong to the only engine on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from slo.adopt.engines import Engine
from slo.adopt.found import Found, Pod, Source
from slo.adopt.gpus import Gpu, Gpus, Worker, aliases_of, host_in, split_evenly, worker_of
from slo.adopt.labels import Sureness, Told, value_of
from slo.adopt.saying import Notes, counted, some

_WORKER = re.compile(r"(.+)-(\d+)")


@dataclass(frozen=True)
class Place:
    """One member of a group."""

    host: str
    gpus: tuple[str, ...]
    telemetry: str
    """Empty if nothing of it is watched."""
    pod: Pod | None


class Members:
    """Finds the members of every group.

    Args:
        found: in the server.
        engines: all of them, with their names.
        gpus: all of them.
        notes: gets what is worked out and what has no place.
    """

    def __init__(self, found: Found, engines: Sequence[Engine], gpus: Gpus, notes: Notes) -> None:
        self._found = found
        self._gpus = gpus
        self._notes = notes
        known = {*found.pods, *gpus.by_user}
        engines = [_with_namespace(each, known) for each in engines]
        self._workers = self._find_workers(engines)
        self._pages: dict[Source, list[Engine]] = {}
        """The engines of each page, by rank."""
        for each in sorted(engines, key=_rank):
            self._pages.setdefault(each.source, []).append(each)
        self._left: set[Gpu] = set()
        self._servers: dict[Pod, set[Source]] = {}
        """The pages of each pod."""
        for each in engines:
            if each.pod:
                self._servers.setdefault(each.pod, set()).add(each.source)
        self._ambiguous = gpus.ambiguous | _shared_short_names(map(self._names, engines))
        self._tell_ambiguous(engines)
        self._on_host: dict[str, set[Source]] = {}
        for each in engines:
            for alias in self._aliases(each):
                self._on_host.setdefault(alias, set()).add(each.source)

    def all(self) -> dict[str, list[Place]]:
        """Return the members by the name of their group, the engine's own first."""
        places: dict[str, list[Place]] = {}
        for engines in self._pages.values():
            places |= self._of_page(engines)
        self._tell_left()
        return places

    def _of_page(self, engines: Sequence[Engine]) -> dict[str, list[Place]]:
        first = engines[0]
        pods = [first.pod, *self._workers.get(first.pod, ())] if first.pod else []
        seats = [(pod, self._gpus.by_user.get(pod, [])) for pod in pods if pod]
        gpus = [gpu for _, of in seats for gpu in of]
        servers = self._servers.get(first.pod, set()) if first.pod else set()
        if gpus and len(servers) > 1:
            self._leave_shared(gpus, len(servers))
            gpus = []
        elif gpus:
            told = Told(gpus[0].uuid, "pod that dcgm-exporter tells", Sureness.SURE)
            self._notes.tell("GPUs of groups", told)
        else:
            gpus = self._of_host(first)
        self._gpus.use(gpus)
        if len(engines) == 1:
            return {first.name: self._places(first, pods, gpus)}
        parts = split_evenly(gpus, len(engines))
        if gpus and parts is None:
            self._notes.leave(
                "GPU",
                some(each.uuid for each in gpus),
                f"{len(gpus)} GPUs cannot be shared out evenly among the {len(engines)} ranks of "
                f"{first.labels.get('instance', '')}",
                "name the gpus of each group's members in the topology",
            )
        if parts:
            by = "ranks in order have GPUs in order, as vLLM gives them"
            self._notes.tell("GPUs of ranks", Told(parts[0][0].uuid, by, Sureness.GUESS))
        return {
            engine.name: self._places(engine, pods if not parts else (), of)
            for engine, of in zip(engines, parts or [[] for _ in engines], strict=True)
        }

    def _places(
        self, engine: Engine, pods: Iterable[Pod | None], gpus: Sequence[Gpu]
    ) -> list[Place]:
        """Return the members of a group: its pods, or the hosts of its GPUs."""
        seats: dict[Pod | None, list[Gpu]] = {pod: [] for pod in pods}
        for gpu in gpus:
            seats.setdefault(gpu.user or engine.pod, []).append(gpu)
        if not seats:
            seats[engine.pod] = []
        if len(seats) > 1 and not seats.get(engine.pod, gpus):
            self._notes.doubt(
                "member without GPU",
                f"no GPU is shown of the pod {'/'.join(engine.pod or ())} of {engine.name}",
                "see whether a dcgm-exporter runs on its host",
            )
        return [self._place(engine, pod, of) for pod, of in seats.items()]

    def _place(self, engine: Engine, pod: Pod | None, gpus: Sequence[Gpu]) -> Place:
        host = gpus[0].host if gpus else ""
        if not host and pod and pod in self._found.pods:
            host = self._found.pods[pod].node
        if not host and pod in (engine.pod, None):
            host = self._host_of(engine)
        telemetry = self._gpus.page_of(host) if gpus else ""
        return Place(host or (pod[1] if pod else engine.host),
                     tuple(each.uuid for each in gpus), telemetry, pod)  # fmt: skip

    def _host_of(self, engine: Engine) -> str:
        return self._gpus.host_of(self._aliases(engine)) or engine.host

    def _of_host(self, engine: Engine) -> list[Gpu]:
        """Return the GPUs of the engine's host, if nobody else is there and no pod has them."""
        aliases = self._aliases(engine)
        gpus = self._gpus.on(aliases)
        if not gpus:
            return []
        others = set().union(*(self._on_host.get(each, ()) for each in
                               gpus[0].aliases - (self._ambiguous - {gpus[0].host})))  # fmt: skip
        others |= set().union(*(self._on_host.get(each, ()) for each in aliases))
        if len(others) > 1:
            self._leave_shared(gpus, len(others))
            return []
        by = "only engine on the host that dcgm-exporter names"
        self._notes.tell("GPUs of groups", Told(gpus[0].host, by, Sureness.LIKELY))
        return gpus

    def _leave_shared(self, gpus: Sequence[Gpu], servers: int) -> None:
        if any(each in self._left for each in gpus):
            return  # said before, of another of the servers
        self._left.update(gpus)
        self._gpus.use(gpus)
        self._notes.leave(
            "GPU",
            f"{counted(len(gpus), 'GPU')} of host {gpus[0].host}",
            f"{servers} servers run there, and nothing tells which GPU serves which",
            "name the gpus of each group's member in the topology, with telemetry: "
            f"{gpus[0].telemetry}",
        )

    def _aliases(self, engine: Engine) -> list[str]:
        """Return what an engine's host is called: full names first, then those of it alone."""
        names = self._names(engine)
        return [*sorted(names), *sorted(aliases_of(names) - names - self._ambiguous)]

    def _tell_ambiguous(self, engines: Iterable[Engine]) -> None:
        names = [self._names(each) for each in engines]
        unused = {short for each in names for short in aliases_of(each) - each} & self._ambiguous
        if unused:
            self._notes.doubt(
                "short names",
                f"several hosts are called {some(unused)}: they were told apart by full names only",
                "see that engines and dcgm-exporter call each of these hosts by one full name",
            )

    def _names(self, engine: Engine) -> frozenset[str]:
        pod = self._found.pods.get(engine.pod) if engine.pod else None
        instance = host_in(engine.labels.get("instance", ""))
        return frozenset(filter(None, (engine.host, pod.node if pod else "", instance)))

    def _find_workers(self, engines: Sequence[Engine]) -> dict[Pod, list[Pod]]:
        """Return the workers of each engine's pod, in their order: pods without an engine."""
        own = {each.pod for each in engines if each.pod}
        users: dict[Pod, Worker | None] = {
            gpu.user: gpu.worker for gpu in self._gpus.all.values() if gpu.user
        }
        by_labels: dict[tuple[str, str, str], list[tuple[int, Pod]]] = {}
        prefix = "label_leaderworkerset_sigs_k8s_io_"
        for pod, known in self._found.pods.items():
            told = [known.labels.get(f"{prefix}{each}", "")
                    for each in ("name", "group_index", "worker_index")]  # fmt: skip
            users[pod] = worker_of(pod, told) or users.get(pod)
        for pod, worker in users.items():
            if worker:
                by_labels.setdefault(worker[:3], []).append((worker[3], pod))
        by_name: dict[Pod, list[tuple[int, Pod]]] = {}
        for pod in users:
            if (named := _WORKER.fullmatch(pod[1])) and (leader := (pod[0], named[1])) in own:
                by_name.setdefault(leader, []).append((int(named[2]), pod))
        workers: dict[Pod, list[Pod]] = {}
        claims: Counter[Pod] = Counter()
        for engine in engines:
            if not engine.pod or engine.pod in workers:
                continue
            namespace, of_set, index = (
                value_of(self._found, engine.labels, each)
                for each in ("namespace", "set", "set_index")
            )
            labelled = by_labels.get((namespace, of_set, index), []) if of_set else []
            found = sorted(labelled or by_name.get(engine.pod, []))
            workers[engine.pod] = [pod for _, pod in found if pod not in own]
            claims.update(workers[engine.pod])
            if workers[engine.pod]:
                by, sureness = "labels of LeaderWorkerSet", Sureness.SURE
                if not labelled:
                    by, sureness = "names of pods, NAME-GROUP-WORKER", Sureness.LIKELY
                first = Told(workers[engine.pod][0][1], by, sureness)
                self._notes.tell("workers of groups", first)
        return {
            engine: [pod for pod in pods if claims[pod] == 1] for engine, pods in workers.items()
        }

    def _tell_left(self) -> None:
        """Note the GPUs that belong to no group, by pod or host."""
        left: dict[tuple[str, str], list[Gpu]] = {}
        for gpu in self._gpus.unused():
            user = "/".join(gpu.user) if gpu.user else ""
            left.setdefault((user, gpu.host), []).append(gpu)
        for (user, host), gpus in sorted(left.items()):
            what = f"{counted(len(gpus), 'GPU')} of host {host or 'unknown'}"
            if user:
                self._notes.leave(
                    "GPU",
                    what,
                    f"their pod {user} has no engine of vLLM, and is the worker of none, or of "
                    "several",
                    "if it serves a group, add it to the group's members with pod: and gpus:",
                )
            else:
                self._notes.leave(
                    "GPU",
                    what,
                    "no engine runs on it, as far as labels tell",
                    "if it is a worker of a group on several hosts, add it to the group's members; "
                    "vLLM tells nothing of workers",
                )


def _shared_short_names(hosts: Iterable[frozenset[str]]) -> set[str]:
    """Return the short names that hosts without a common full name share."""
    full: dict[str, frozenset[str]] = {}
    for names in hosts:
        for short in aliases_of(names) - names:
            full[short] = full.get(short, names) & names
    return {short for short, common in full.items() if not common}


def _with_namespace(engine: Engine, known: Iterable[Pod]) -> Engine:
    """Return an engine whose labels tell no namespace with that of the only pod of its name."""
    if not engine.pod or engine.pod[0]:
        return engine
    same = [pod for pod in known if pod[1] == engine.pod[1]]
    return replace(engine, pod=same[0]) if len(same) == 1 else engine


def _rank(engine: Engine) -> tuple[int, str]:
    return (int(engine.rank), "") if engine.rank.isdecimal() else (-1, engine.rank)
