"""``topology.yaml``: which shard groups there are, what they are made of, and where they are read.

The topology is what is expected. Exporters take their targets and every label from here and from
nowhere else; a GPU that it names and nobody can find is a 0, not an absence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from exporters.documents import Document, Place, read_document
from exporters.problems import InputError, Problem
from exporters.secrecy import has_user

_LONGEST = 128
"""Characters of a name."""


def _http_url(text: str) -> str:
    if has_user(text):
        raise ValueError(
            "found who asks in the address itself, expected an address without; name the file of "
            "the password or the token beside it"
        )
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"found {text!r}, expected an http:// or https:// address")
    return text


def _label_value(text: str) -> str:
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(f"found {text!r}, expected plain characters (ASCII) without spaces")
    return text


def _moment(found: Any) -> datetime:
    """Return a time of day, which YAML gives as one and JSON as text."""
    moment = found
    if isinstance(found, str):
        try:
            moment = datetime.fromisoformat(found)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        text = found if isinstance(found, str) else str(found)
        raise ValueError(f"found {text!r}, expected a time with its zone: 2026-12-24T18:00:00Z")
    return moment


def is_name(text: str) -> bool:
    """Tell whether a topology can have a text as a name."""
    return 0 < len(text) <= _LONGEST and all("!" <= character <= "~" for character in text)


LabelValue = Annotated[
    str, StringConstraints(min_length=1, max_length=_LONGEST), AfterValidator(_label_value)
]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
RouterDialect = Literal["demo", "production-stack", "envoy", "envoy-ai-gateway", "llm-d"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Member(_Strict):
    """One host of a group and the GPUs on it that the group uses."""

    host: LabelValue
    gpus: list[LabelValue] = []
    """UUIDs as NVML gives them (``GPU-...``). None for an engine on CPUs, or where nobody knows:
    then they are those that the host's telemetry shows, of its pod if it tells pods."""
    telemetry: HttpUrl | None = None
    """The page of the host's dcgm-exporter, or of its gpu exporter of ours; None where no GPU is
    watched."""
    pod: LabelValue | None = None
    """``NAMESPACE/POD`` in which the member runs, as the host's telemetry calls it."""
    draining_until: Moment | None = None
    """As of a group: the host is taken out of service, and its group with it."""


class Group(_Strict):
    """One vLLM engine and what serves it: it lives or dies as one."""

    name: LabelValue
    region: LabelValue
    model: LabelValue
    revision: LabelValue
    engine: LabelValue = "0"
    metrics: HttpUrl
    """vLLM's ``/metrics``."""
    failure_domain: LabelValue | None = None
    """Groups that fall together; the group itself where none is given."""
    members: Annotated[list[Member], Field(min_length=1)]
    draining_until: Moment | None = None
    """Until when it is out of service on purpose, as an operator says who takes it out of the
    router: it is ``draining`` until then, and what it lacks is nobody's alert."""

    @property
    def drains_until(self) -> float | None:
        """UNIX seconds until which it is out of service on purpose, be it for one of its hosts."""
        said = [self.draining_until, *(member.draining_until for member in self.members)]
        return max((each.timestamp() for each in said if each), default=None)

    @property
    def health(self) -> str:
        """The engine's ``/health``, which stands beside its ``/metrics``."""
        return _beside(self.metrics, "health")

    @property
    def completions(self) -> str:
        """Where the engine takes prompts, likewise."""
        return _beside(self.metrics, "v1/completions")


class VanishedGroup(Group):
    """A group of which service discovery has no target any more, and that is not forgotten yet."""


def _beside(url: str, path: str) -> str:
    parts = urlsplit(url)
    folder = parts.path.rpartition("/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{folder}/{path}", "", ""))


class Served(_Strict):
    """What a router's own name for a model, a target or a cluster means."""

    model: LabelValue
    revision: LabelValue | None = None


class Router(_Strict):
    """What stands before the groups of a region, or one replica of it."""

    name: LabelValue
    region: LabelValue
    dialect: RouterDialect
    metrics: HttpUrl
    requests: HttpUrl | None = None
    """Where it takes users' requests: ``/v1`` of OpenAI's API. Probes go through it if it is there,
    one of each model of the region."""
    names: dict[LabelValue, Served] = {}
    """What it calls models, targets or upstream clusters, where it does not use our names."""

    @property
    def completions(self) -> str | None:
        """Where it takes prompts, if it is known."""
        return f"{self.requests.rstrip('/')}/completions" if self.requests else None


class Tools(_Strict):
    """A gateway to external tools: code execution, browsing, MCP servers."""

    name: LabelValue
    region: LabelValue
    metrics: HttpUrl


class Topology(_Strict):
    """A cluster. Names of groups, routers and gateways are unique; so are GPU UUIDs.

    A region may have several routers, whose series add up, and one gateway: its series carry the
    region only.
    """

    version: Literal[1]
    cluster: LabelValue
    groups: Annotated[list[Group], Field(min_length=1)]
    routers: list[Router] = []
    tools: list[Tools] = []


@dataclass(frozen=True)
class GpuPlace:
    """One expected GPU and where it stands."""

    uuid: str
    host: str
    group: Group


def expected_gpus(topology: Topology) -> Iterator[GpuPlace]:
    """Yield every GPU that the topology names, in its order."""
    for group in topology.groups:
        for member in group.members:
            for uuid in member.gpus:
                yield GpuPlace(uuid, member.host, group)


def read_topology(path: Path) -> Topology:
    """Return the topology in a YAML or JSON file.

    Raises:
        InputError: if the file is not one, or names something twice; with file, line and path.
    """
    document = read_document(path)
    topology = document.parse(Topology)
    problems = list(_repeats(document, topology))
    if problems:
        raise InputError(problems)
    return topology


def _repeats(document: Document, topology: Topology) -> Iterator[Problem]:
    places: dict[str, list[tuple[str, Place]]] = {
        "group": [],
        "router": [],
        "gateway": [],
        "GPU": [],
    }
    for g, group in enumerate(topology.groups):
        places["group"].append((group.name, ("groups", g, "name")))
        for m, member in enumerate(group.members):
            places["GPU"] += [
                (uuid, ("groups", g, "members", m, "gpus", i)) for i, uuid in enumerate(member.gpus)
            ]
    places["router"] = [(r.name, ("routers", i, "name")) for i, r in enumerate(topology.routers)]
    places["gateway"] = [(t.name, ("tools", i, "name")) for i, t in enumerate(topology.tools)]
    places["gateway of the region"] = [
        (t.region, ("tools", i, "region")) for i, t in enumerate(topology.tools)
    ]
    for kind, named in places.items():
        seen: Counter[str] = Counter()
        for name, place in named:
            seen[name] += 1
            if seen[name] > 1:
                yield document.problem(place, f"found a second {kind} {name!r}, expected each once",
                                       "rename or remove one of them")  # fmt: skip
    served = {(group.region, group.model) for group in topology.groups}
    for i, router in enumerate(topology.routers):
        for name, meant in router.names.items():
            if (router.region, meant.model) not in served:
                yield document.problem(("routers", i, "names", name, "model"),
                                       f"found {meant.model!r}, which no group of the region "
                                       f"{router.region!r} serves",
                                       "take the model of one of its groups")  # fmt: skip
    pages: dict[tuple[str, str], str] = {}
    for g, group in enumerate(topology.groups):
        for m, member in enumerate(group.members):
            if not member.telemetry:
                continue
            page = pages.setdefault((group.region, member.host), member.telemetry)
            if page != member.telemetry:
                yield document.problem(("groups", g, "members", m, "telemetry"),
                                       f"found {member.telemetry!r} for the host {member.host!r}, "
                                       f"which has {page!r} elsewhere",
                                       "correct one of them, or the host's name")  # fmt: skip
