"""What is wrong with a scenario beyond the shape of its file: each a problem with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from demo.conditions import wrong_with_alert, wrong_with_condition
from demo.fault_kinds import LAB, EngineName, FaultKind
from demo.faults import FAULTS
from exporters.documents import Document, Place
from exporters.durations import format_duration
from exporters.problems import Problem

if TYPE_CHECKING:
    from demo.scenario import Fault, Scenario

_OF_PAGES = {
    "cause": "only a page names a cause",
    "evidence": "only a page names evidence",
    "within_theory": "only a page is held against theory",
}


def misfits(document: Document, scenario: Scenario) -> Iterator[Problem]:
    """Yield what is wrong with a scenario that was read from a file."""
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
    if scenario.users and scenario.engine not in LAB:
        said = "only the lab can play with other users than the usual"
        yield document.problem(("users",), said, "say engine: lab, or remove them")
    if "starts_at" in scenario.model_fields_set and scenario.engine == "vllm":
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
