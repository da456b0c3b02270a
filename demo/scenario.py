"""Scenarios: which faults strike when and where, and what must come of it.

A scenario is a YAML file of ``demo/scenarios/``; its expectations stand there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from demo.faults import FAULTS, EngineName
from exporters.config import Seconds
from exporters.documents import Document, read_document
from exporters.problems import InputError, Problem

EXPORTERS = ("gpu", "groups", "router", "tools")
"""Exporters that the demo runs, and can restart."""

FOLDER = Path(__file__).parent / "scenarios"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Strict):
    """A fault with its place and time, in seconds after the scenario's start."""

    fault: str
    at: Annotated[Seconds, Field(ge=0)]
    length: Seconds | None = None
    """None for an event that passes by itself."""
    place: dict[str, str]


class Expectation(_Strict):
    """An alert that must fire after the first fault, and resolve after the repair."""

    alert: str
    labels: dict[str, str] = {}
    page: bool = False
    """Whether PagerDuty must get it, and its resolve."""
    cause: str | None = None
    """What the page must name as the probable cause."""
    evidence: list[str] = []
    """Keys of the place really hit (``host``, ``uuid``) whose values the page must name."""
    holds: str | None = None
    """A PromQL condition that must be true at the moment the alert is first seen firing."""
    within: Seconds
    """After the fault: firing in Prometheus, or for a page received by PagerDuty."""
    within_theory: Seconds | None = None
    """For a page: at most this long after the time that burn arithmetic allows."""


class Forbidden(_Strict):
    """An alert that must not fire, or with ``page`` must not be received by PagerDuty."""

    alert: str | None = None
    """None for any."""
    labels: dict[str, str] = {}
    page: bool = False
    text: str | None = None
    """Only pages that hold this text anywhere."""


class Scenario(_Strict):
    """One story with its expectations."""

    name: str
    engine: EngineName
    story: str
    """What happens, in a sentence for the timeline."""
    faults: Annotated[list[Fault], Field(min_length=1)]
    watch: Seconds | None = None
    """How long to watch from the start of the scenario where nothing is expected to end it."""
    shows: list[str] = []
    """PromQL conditions that must be true at some moment: that the faults did strike."""
    expect: list[Expectation] = []
    forbid: list[Forbidden] = []

    @property
    def first_fault_at(self) -> float:
        """Seconds from the scenario's start to its first fault."""
        return min(each.at for each in self.faults)


def scenario_names() -> list[str]:
    """Return the names of the scenarios that come with shardwatch, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_scenario(name: str) -> Path:
    """Return the file of a scenario: one that comes with shardwatch, by name, or any by path.

    Raises:
        InputError: if there is neither.
    """
    for path in (FOLDER / f"{name}.yaml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(scenario_names())
    message = "no such scenario, neither a file nor one by that name"
    raise InputError([Problem(name, 0, 0, "", message, f"take one of: {known}")])


def read_scenario(path: Path) -> Scenario:
    """Return the scenario in a file.

    Raises:
        InputError: if it is not one, or names a fault or a place that cannot be.
    """
    document = read_document(path)
    scenario = document.parse(Scenario)
    problems = list(_misfits(document, scenario))
    if problems:
        raise InputError(problems)
    return scenario


def check_places(path: Path, scenario: Scenario, topology: dict[str, Any]) -> None:
    """Refuse a scenario whose faults strike where the cluster has nothing.

    Args:
        path: of the scenario's file, for problems.
        scenario: read from it.
        topology: the content of the cluster's ``topology.yaml``.

    Raises:
        InputError: one problem for each place that is not there.
    """
    known = {
        "group": [each["name"] for each in topology["groups"]],
        "region": sorted({each["region"] for each in topology["groups"]}),
        "exporter": EXPORTERS,
    }
    document = read_document(path)
    problems = [
        document.problem(
            ("faults", index, "place", key),
            f"found {value!r}, expected a {key} of the cluster",
            f"take one of: {', '.join(known[key])}",
        )
        for index, fault in enumerate(scenario.faults)
        for key, value in fault.place.items()
        if key in known and value not in known[key]
    ]
    if problems:
        raise InputError(problems)


def _misfits(document: Document, scenario: Scenario) -> Iterator[Problem]:
    for index, fault in enumerate(scenario.faults):
        place = ("faults", index)
        kind = FAULTS.get(fault.fault)
        if kind is None or scenario.engine not in kind.engines:
            known = sorted(k.name for k in FAULTS.values() if scenario.engine in k.engines)
            yield document.problem(
                (*place, "fault"),
                f"found {fault.fault!r}, expected a fault that {scenario.engine} knows",
                f"take one of: {', '.join(known)}",
            )
            continue
        missing = sorted(kind.needs - fault.place.keys())
        unknown = sorted(fault.place.keys() - kind.needs - kind.allows)
        if missing:
            yield document.problem((*place, "place"), f"missing {', '.join(missing)}", "add it")
        for key in unknown:
            yield document.problem(
                (*place, "place", key),
                f"{fault.fault} has no {key!r}",
                f"take one of: {', '.join(sorted(kind.needs | kind.allows))}",
            )
        if kind.repaired != (fault.length is not None):
            word = "needs a length" if kind.repaired else "passes by itself and has no length"
            yield document.problem((*place, "length"), f"{fault.fault} {word}")
    for index, expected in enumerate(scenario.expect):
        if expected.cause and not expected.page:
            yield document.problem(("expect", index, "cause"), "only a page names a cause")
    if not scenario.expect and scenario.watch is None:
        yield document.problem(("watch",), "nothing is expected and nothing ends the scenario",
                               "say how long to watch")  # fmt: skip
