"""Scenarios: which faults strike when and where, and what must come of it.

A scenario is a YAML file of ``demo/scenarios/``; its expectations stand there and nowhere else.
Whether a cluster has its places is another matter (:mod:`demo.places`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from demo.conditions import wrong_with_alert, wrong_with_condition
from demo.faults import FAULTS, EngineName, FaultKind
from demo.weektime import read_week_time
from exporters.documents import Document, Place, read_document
from exporters.durations import format_duration
from exporters.fields import Seconds
from exporters.problems import InputError, Problem

FOLDER = Path(__file__).parent / "scenarios"
USUAL_START = "tue 10:00"

_OF_PAGES = {
    "cause": "only a page names a cause",
    "evidence": "only a page names evidence",
    "within_theory": "only a page is held against theory",
}


def _week_time(text: str) -> str:
    read_week_time(text)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Strict):
    """A fault with its place and time, in seconds after the scenario's start."""

    fault: str
    at: Annotated[Seconds, Field(ge=0)]
    length: Seconds | None = None
    """None for an event that passes by itself."""
    place: dict[str, str]
    strength: float | None = None
    """None for the usual one of its kind, or where the kind has none."""


class Expectation(_Strict):
    """An alert that must fire after the first fault, and resolve after the repair."""

    alert: str
    labels: dict[str, str] = {}
    page: bool = False
    """Whether PagerDuty must get it, and its resolve."""
    resolves: bool = True
    """False for a page that may stay open: what the fault began does not end with it."""
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


class Allowed(_Strict):
    """A page that may come beside what is expected: what a fault brings with it."""

    alert: str | None = None
    """None for any."""
    labels: dict[str, str] = {}


class Scenario(_Strict):
    """One story with its expectations."""

    name: str
    engine: EngineName
    story: str
    """What happens, for somebody who has not seen such a cluster yet."""
    starts_at: Annotated[str, AfterValidator(_week_time)] = USUAL_START
    """Weekday and time, UTC, at which the simulated traffic stands when the demo is up."""
    faults: Annotated[list[Fault], Field(min_length=1)]
    strengths: list[float] = []
    """Strengths of the first fault at which all that is expected must be seen; empty: only the
    one that it has."""
    watch: Seconds | None = None
    """How long to watch from the start of the scenario where nothing is expected to end it."""
    shows: list[str] = []
    """PromQL conditions that must be true at some moment: that the faults did strike."""
    expect: list[Expectation] = []
    forbid: list[Forbidden] = []
    allow: list[Allowed] = []
    """Pages that may come. Any other that is not expected fails the scenario."""
    unseen: list[dict[str, str]] = []
    """Labels of cells whose events nobody can count meanwhile: their budgets are not judged."""

    @property
    def first_fault_at(self) -> float:
        """Seconds from the scenario's start to its first fault."""
        return self.first_fault.at

    @property
    def first_fault(self) -> Fault:
        """The fault that strikes first."""
        return min(self.faults, key=lambda each: each.at)

    @property
    def strength(self) -> float | None:
        """The first fault's strength; None where its kind has none."""
        kind = FAULTS[self.first_fault.fault]
        if kind.strength is None or self.first_fault.strength is not None:
            return self.first_fault.strength
        return kind.strength.usual

    @property
    def promised_strengths(self) -> tuple[float, ...]:
        """Strengths of the first fault at which the expectations hold, as they are listed."""
        own = () if self.strength is None else (self.strength,)
        return tuple(self.strengths) or own

    def at_strength(self, strength: float) -> Scenario:
        """Return the scenario with another strength of its first fault."""
        first = self.first_fault
        faults = [
            each.model_copy(update={"strength": strength}) if each is first else each
            for each in self.faults
        ]
        return self.model_copy(update={"faults": faults})

    def hides(self, labels: dict[str, str]) -> bool:
        """Whether the events of a cell with these labels cannot be counted meanwhile."""
        return any(each.items() <= labels.items() for each in self.unseen)


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
        InputError: if it is not one, or names a fault, a kind of place or a strength that cannot
            be.
    """
    document = read_document(path)
    scenario = document.parse(Scenario)
    problems = list(_misfits(document, scenario))
    if problems:
        raise InputError(problems)
    return scenario


def _misfits(document: Document, scenario: Scenario) -> Iterator[Problem]:
    for index, fault in enumerate(scenario.faults):
        yield from _misfits_of_fault(document, ("faults", index), fault, scenario.engine)
    if scenario.first_fault.fault in FAULTS:
        yield from _misfits_of_strengths(document, scenario)
    for index, expected in enumerate(scenario.expect):
        for key, said in _OF_PAGES.items():
            if getattr(expected, key) and not expected.page:
                yield document.problem(("expect", index, key), said)
    yield from _unknown(document, scenario)
    yield from _too_late(document, scenario)
    if "starts_at" in scenario.model_fields_set and scenario.engine != "sim":
        said = "only simulated traffic can stand at a time of the week"
        yield document.problem(("starts_at",), said, "remove it")
    if not scenario.expect and scenario.watch is None:
        yield document.problem(("watch",), "nothing is expected and nothing ends the scenario",
                               "say how long to watch")  # fmt: skip


def _unknown(document: Document, scenario: Scenario) -> Iterator[Problem]:
    """Yield alerts that there are not, and conditions that could never hold."""
    alerts: list[tuple[Place, str | None]] = [
        *((("expect", index, "alert"), each.alert) for index, each in enumerate(scenario.expect)),
        *((("forbid", index, "alert"), each.alert) for index, each in enumerate(scenario.forbid)),
        *((("allow", index, "alert"), each.alert) for index, each in enumerate(scenario.allow)),
    ]
    for place, alert in alerts:
        if alert is not None and (wrong := wrong_with_alert(alert)):
            yield document.problem(place, *wrong)
    conditions: list[tuple[Place, str]] = [
        *((("shows", index), each) for index, each in enumerate(scenario.shows)),
        *((("expect", index, "holds"), each.holds or "")
          for index, each in enumerate(scenario.expect) if each.holds is not None),
    ]  # fmt: skip
    for place, condition in conditions:
        for message, fix in wrong_with_condition(condition):
            yield document.problem(place, message, fix)


def _too_late(document: Document, scenario: Scenario) -> Iterator[Problem]:
    """Yield expectations whose time is not over when the scenario is."""
    if scenario.watch is None:
        return
    for index, expected in enumerate(scenario.expect):
        latest = scenario.first_fault_at + expected.within
        if latest > scenario.watch:
            said = (
                f"found {format_duration(expected.within)} after the first fault, which is "
                f"{format_duration(latest)} after the start, and watch ends at "
                f"{format_duration(scenario.watch)}"
            )
            yield document.problem(("expect", index, "within"), said, "watch longer")


def _misfits_of_fault(
    document: Document, at: Place, fault: Fault, engine: EngineName
) -> Iterator[Problem]:
    kind = FAULTS.get(fault.fault)
    if kind is None or engine not in kind.engines:
        known = sorted(each.name for each in FAULTS.values() if engine in each.engines)
        yield document.problem(
            (*at, "fault"),
            f"found {fault.fault!r}, expected a fault that {engine} knows",
            f"take one of: {', '.join(known)}",
        )
        return
    yield from _misplaced(document, at, fault, kind)
    if kind.repaired != (fault.length is not None):
        word = "needs a length" if kind.repaired else "passes by itself and has no length"
        yield document.problem((*at, "length"), f"{fault.fault} {word}")
    if fault.strength is not None:
        yield from _too_strong(document, (*at, "strength"), fault.strength, kind)


def _misfits_of_strengths(document: Document, scenario: Scenario) -> Iterator[Problem]:
    kind = FAULTS[scenario.first_fault.fault]
    for index, strength in enumerate(scenario.strengths):
        place = ("strengths", index)
        if strength in scenario.strengths[:index]:
            yield document.problem(place, f"found {strength:g} twice", "remove one")
        else:
            yield from _too_strong(document, place, strength, kind)
    own = scenario.strength
    if own is not None and scenario.strengths and own not in scenario.strengths:
        said = f"the first fault's own strength {own:g} is not among them"
        yield document.problem(("strengths",), said, "add it")


def _misplaced(document: Document, at: Place, fault: Fault, kind: FaultKind) -> Iterator[Problem]:
    missing = sorted(kind.needs - fault.place.keys())
    unknown = sorted(fault.place.keys() - kind.needs - kind.allows)
    if missing:
        yield document.problem((*at, "place"), f"missing {', '.join(missing)}", "add it")
    for key in unknown:
        yield document.problem(
            (*at, "place", key),
            f"{fault.fault} has no {key!r}",
            f"take one of: {', '.join(sorted(kind.needs | kind.allows))}",
        )


def _too_strong(
    document: Document, at: Place, strength: float, kind: FaultKind
) -> Iterator[Problem]:
    if kind.strength is None:
        yield document.problem(at, f"{kind.name} has no strength, it is there or not", "remove it")
    elif not kind.strength.lowest <= strength <= kind.strength.highest:
        bounds = f"{kind.strength.lowest:g} to {kind.strength.highest:g}"
        said = f"found {strength:g}, expected {bounds} ({kind.strength.means})"
        yield document.problem(at, said)
