"""Scenarios: which faults strike when and where, and what must come of it.

A scenario is a YAML file of ``demo/scenarios/``; its expectations stand there and nowhere else.
Whether a cluster has its places is another matter (:mod:`demo.places`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from demo.fault_kinds import SIM, EngineName
from demo.faults import FAULTS
from demo.misfits import misfits
from demo.weektime import read_week_time
from exporters.documents import read_document
from exporters.fields import Seconds
from exporters.problems import InputError, Problem

FOLDER = Path(__file__).parent / "scenarios"
USUAL_START = "tue 10:00"


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


class Users(_Strict):
    """How many users a cell has, where it is not as many as usual."""

    region: str
    model: str
    requests_per_hour: Annotated[float, Field(gt=0)]
    """In the mean of the week."""


class Scenario(_Strict):
    """One story with its expectations."""

    name: str
    engine: EngineName
    story: str
    """What happens, for somebody who has not seen such a cluster yet."""
    starts_at: Annotated[str, AfterValidator(_week_time)] = USUAL_START
    """Weekday and time, UTC, at which the simulated traffic stands when the demo is up."""
    users: list[Users] = []
    """Cells with other than the usual users, from long before the scenario on; in the lab alone."""
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
    def is_simulated(self) -> bool:
        """Whether it is of the simulated cluster, which the lab plays."""
        return self.engine in SIM

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
    problems = list(misfits(document, scenario))
    if problems:
        raise InputError(problems)
    return scenario
