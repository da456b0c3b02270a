"""Places of faults: whether a cluster has them, and what lies in what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from demo.contradictions import contradictions
from demo.engine import EnginePlan
from demo.faults import FAULTS
from demo.scenario import Scenario
from exporters.catalog import TIERS
from exporters.config import PORTS
from exporters.documents import Document, read_document
from exporters.problems import InputError, Problem

EXPORTERS = tuple(PORTS)
"""Exporters that the demo runs, and can restart."""
SERVERS = ("prometheus", "alertmanager")
"""Jobs of the servers that shardwatch's rules and pages need."""
NAMED_AT_MOST = 12
"""Of the places that there are, in a problem: a cluster may have thousands."""

_OUTER = ("uuid", "host", "group")
"""What lies in something else, from the innermost outwards."""


class Places:
    """What a cluster has, by kind of place."""

    def __init__(self, plan: EnginePlan) -> None:
        groups = plan.topology["groups"]
        self._outer: dict[str, dict[str, dict[str, str]]] = {key: {} for key in _OUTER}
        """By kind and name: the places that it lies in."""
        self._gpus = {each["name"]: 0 for each in groups}
        for group in groups:
            of_group = {"region": group["region"], "model": group["model"]}
            self._outer["group"][group["name"]] = of_group
            for member in group["members"]:
                of_host = {**of_group, "group": group["name"]}
                shared = self._outer["host"].get(member["host"], of_host)
                common = dict(shared.items() & of_host.items())
                self._outer["host"][member["host"]] = common
                for uuid in member.get("gpus", ()):
                    self._outer["uuid"][uuid] = {**of_host, "host": member["host"]}
                    self._gpus[group["name"]] += 1
        regions = sorted({each["region"] for each in groups})
        self.known: Mapping[str, Iterable[str]] = {
            **{key: tuple(self._outer[key]) for key in _OUTER},
            "region": regions,
            "model": sorted({each["model"] for each in groups}),
            "tier": TIERS,
            "exporter": EXPORTERS,
            "server": SERVERS,
            **({"tool": sorted(plan.tools)} if plan.tools else {}),
        }
        self._served = {(each["region"], each["model"]) for each in groups}
        self._with_tools = {each["region"] for each in plan.topology.get("tools", ())}

    def resolve(self, place: Mapping[str, str]) -> dict[str, str]:
        """Return a place with all that it lies in: of a GPU its host, group, region and model.

        A host that several groups share lies in none of them.
        """
        full: dict[str, str] = {}
        for key in _OUTER:
            full |= self._outer[key].get(place.get(key, ""), {})
        return full | dict(place)

    def is_without_gpus(self, group: str) -> bool:
        """Whether there is such a group and it has no GPUs."""
        return self._gpus.get(group) == 0

    def misfits(self, place: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        """Yield what is wrong with a place: its key, what was found, what to do."""
        unknown = {
            key
            for key, value in place.items()
            if key in self.known and value not in self.known[key]
        }
        for key in sorted(unknown):
            choice, article = list(self.known[key]), "an" if key == "exporter" else "a"
            more = f" and {len(choice) - NAMED_AT_MOST} more" if len(choice) > NAMED_AT_MOST else ""
            yield (
                key,
                f"found {place[key]!r}, expected {article} {key} of the cluster",
                f"take one of: {', '.join(choice[:NAMED_AT_MOST])}{more}",
            )
        known = {key: value for key, value in place.items() if key not in unknown}
        for inner in _OUTER:
            for outer, value in self._outer[inner].get(known.get(inner, ""), {}).items():
                if known.get(outer, value) != value:
                    found = f"found {known[inner]!r}, which is not in {outer} {known[outer]!r}"
                    yield inner, found, f"its {outer} is {value}"
        region = known.get("region", "")
        if "model" in known and region and (region, known["model"]) not in self._served:
            models = sorted(model for where, model in self._served if where == region)
            found = f"found {known['model']!r}, which no group of region {region} serves"
            yield "model", found, f"take one of: {', '.join(models)}"
        if "tool" in known and region and region not in self._with_tools:
            fix = f"take a region with tools: {', '.join(sorted(self._with_tools)) or 'none'}"
            yield "tool", f"region {region} has no tools", fix
        if "rank" in known and not known["rank"].isdecimal():
            yield "rank", f"found {known['rank']!r}, expected a number from 0 on", ""


def check_places(path: Path, scenario: Scenario, plan: EnginePlan) -> None:
    """Refuse a scenario whose faults strike where the cluster has nothing, or contradict.

    Args:
        path: of the scenario's file, for problems.
        scenario: read from it.
        plan: of the cluster that it would be played on.

    Raises:
        InputError: one problem for each place that is not there; where all are, one for each
            fault that cannot strike because of an earlier one.
    """
    document = read_document(path)
    places = Places(plan)
    problems = list(_nowhere(document, scenario, places))
    if not problems:
        problems = [
            document.problem(("faults", index, "place"), message, fix)
            for index, message, fix in contradictions(scenario.faults, places.resolve)
        ]
    if problems:
        raise InputError(problems)


def _nowhere(document: Document, scenario: Scenario, places: Places) -> Iterator[Problem]:
    for index, fault in enumerate(scenario.faults):
        for key, message, fix in places.misfits(fault.place):
            yield document.problem(("faults", index, "place", key), message, fix)
        group = fault.place.get("group", "")
        if FAULTS[fault.fault].needs_gpus and places.is_without_gpus(group):
            said = f"{fault.fault} strikes a GPU, and group {group} has none"
            yield document.problem(("faults", index, "place", "group"), said)
