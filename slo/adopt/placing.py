"""Gives everything that was found its place in a topology, or says why it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from exporters.discovery.placing import UNKNOWN_REVISION
from exporters.problems import InputError, problem
from exporters.router.dialects import DIALECTS
from exporters.topology import Group, Router, Tools, Topology
from slo.adopt.clusters import choose_cluster, without_others
from slo.adopt.engines import Engine, Reading
from slo.adopt.found import Found, LabelSet
from slo.adopt.gpus import Gpus
from slo.adopt.labels import Sureness, Told, read_field, value_of
from slo.adopt.members import Members, Place
from slo.adopt.saying import Notes, counted
from slo.adopt.unanswered import find_unanswered

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Placed:
    """What was found, in its places."""

    topology: Topology
    engines: tuple[Engine, ...]
    """Those of the groups, in their order."""
    notes: Notes
    where: Mapping[str, str]
    """What tells the series of the cluster from those of others in the same server."""

    @property
    def region_label(self) -> str:
        """Return the label that tells the region of each engine's series; empty if none does."""
        labels = {each.region.label for each in self.engines}
        return labels.pop() if len(labels) == 1 else ""


def place(found: Found, *, cluster: str = "", region: str = "") -> Placed:
    """Return the topology of what was found.

    Args:
        found: in the server.
        cluster: its name, or which of several; empty if labels are to say.
        region: of what no label gives one; empty if labels are to say.

    Raises:
        InputError: if that is not said and no label says it, or two clusters are called the same,
            or no engine can be placed.
    """
    notes = Notes()
    name, series, where = choose_cluster(found, cluster, notes)
    if len(series) < len(found.engines):
        found = without_others(found, name)
    notes.left_out += find_unanswered(found)
    reading = Reading(found, region, notes)
    engines = reading.read(series)
    members = Members(found, engines, Gpus(found, notes), notes).all()
    groups, placed = [], []
    for engine in engines:
        if group := _group(found, engine, members[engine.name], notes):
            groups.append(group)
            placed.append(engine)
    if not groups:
        some = "".join(f"; {each.what}: {each.why}" for each in notes.left_out[:3])
        raise InputError([
            problem(found.url, f"found {len(series)} engines and none that can be placed{some}",
                    fix="give them the labels that are missing, where they are scraped")
        ])  # fmt: skip
    topology = Topology(
        version=1,
        cluster=name,
        groups=groups,
        routers=_routers(found, reading),
        tools=_tools(found, reading),
    )
    return Placed(topology, tuple(placed), notes, where)


def _group(found: Found, engine: Engine, places: Sequence[Place], notes: Notes) -> Group | None:
    revision = read_field(found, engine.labels, "revision")
    if revision is None:
        revision = Told(UNKNOWN_REVISION, "no label", Sureness.GUESS)
    notes.tell("revision of groups", revision)
    return _make(Group, notes, "engine", engine.labels.get("instance", ""), {
        "name": engine.name,
        "region": engine.region.value,
        "model": engine.model,
        "revision": revision.value,
        "engine": engine.rank,
        "metrics": engine.url,
        "failure_domain": engine.failure_domain,
        "members": [
            {
                "host": each.host,
                "gpus": list(each.gpus),
                "telemetry": each.telemetry or None,
                "pod": "/".join(each.pod) if each.pod and all(each.pod) else None,
            }
            for each in places
        ],
    })  # fmt: skip


def _routers(found: Found, reading: Reading) -> list[Router]:
    notes, made = reading.notes, dict[str, Router]()
    envoys = [each for each in found.routers if each.dialect == "envoy"]
    if envoys:
        notes.leave(
            "router",
            counted(len(envoys), "Envoy"),
            "nothing tells which of them stand before the engines, and which model their clusters "
            "are",
            "add those that do under routers, with dialect: envoy and names: "
            "(exporters/router/README.md)",
        )
    for each in found.routers:
        if each.dialect == "envoy":
            continue
        address = _address(reading, each.labels, "router")
        if address is None:
            continue
        url, region = address
        base = (
            value_of(found, each.labels, "pod") or each.labels.get("instance", "") or each.dialect
        )
        name = base if base not in made else f"{region}/{base}"
        known = made.get(name)
        if known and known.metrics == url:
            continue  # scraped by two jobs, or of two kinds of series
        router = _make(Router, notes, "router", base, {
            "name": name, "region": region, "dialect": each.dialect, "metrics": url,
        })  # fmt: skip
        if router:
            made[name] = router
            lacking = DIALECTS[each.dialect].missing(names_models=False, names_revisions=False)
            told = Told(name, f"series of the dialect {each.dialect}", Sureness.SURE)
            notes.tell("routers", told)
            if lacking:
                notes.doubt(
                    "router",
                    f"routers of the dialect {each.dialect} do not tell: {', '.join(lacking)}",
                    "what follows of it is in exporters/router/README.md",
                )
    return sorted(made.values(), key=lambda each: each.name)


def _tools(found: Found, reading: Reading) -> list[Tools]:
    notes, made = reading.notes, dict[str, Tools]()
    for labels in found.tools:
        address = _address(reading, labels, "tools")
        if address is None:
            continue
        url, region = address
        if region in made:
            if made[region].metrics != url:
                notes.leave(
                    "tools",
                    url,
                    f"the region {region!r} has the gateway {made[region].metrics} already",
                    "let the agents of a region send to one gateway",
                )
            continue
        name = value_of(found, labels, "pod") or labels.get("job", "") or region
        name = name if name not in {each.name for each in made.values()} else f"{region}/{name}"
        tools = _make(Tools, notes, "tools", url, {"name": name, "region": region, "metrics": url})
        if tools:
            made[region] = tools
            notes.tell("tools", Told(name, "gen_ai.execute_tool.duration", Sureness.SURE))
    return sorted(made.values(), key=lambda each: each.name)


def _address(reading: Reading, labels: LabelSet, kind: str) -> tuple[str, str] | None:
    """Return address and region of a router's or gateway's page; None if it was left out."""
    instance = labels.get("instance", "")
    region = reading.region_of(labels)
    if region is None:
        reading.notes.leave(kind, instance, "no label tells its region", "give --region NAME")
        return None
    url = reading.url_of(labels)
    if not url:
        reading.notes.leave(kind, instance, "its address is not known", "add it by hand")
        return None
    reading.notes.tell(f"region of {kind}", region)
    return url, region.value


def _make(
    model: type[Model], notes: Notes, kind: str, what: str, values: dict[str, Any]
) -> Model | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        to_do = (
            "say it by --region NAME, which takes its place"
            if at == "region"
            else "correct the label where it is scraped, or add it by hand under another name"
        )
        notes.leave(kind, what, f"{at}: {said}", to_do)
        return None
