"""Boards asked in a play: does the panel show the fault, and how long after it?

Asked is what the panel asks, its board's variables filled in, as a range from some minutes before
the first fault to the end of what was watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboards.asking import EVERYTHING, panel_queries
from demo.lab.outcome import Shown
from demo.lab.showing import FOLDER, Showing, read_showings
from demo.scenario import Scenario, find_scenario, read_scenario, scenario_names
from slo.prometheus import PrometheusClient, PrometheusRefusedError
from slo.series import Series

BEFORE_SECONDS = 300.0
"""For so long before the fault a panel must not have shown it."""


@dataclass(frozen=True)
class Question:
    """What is asked of a panel."""

    board: str
    """Its file name without ending."""
    showing: Showing
    expr: str
    """The panel's, with nothing left to be filled in."""
    strength: float | None
    """The scenario's own: what is expected is of that one."""

    def is_for(self, scenario: Scenario) -> bool:
        """Whether it is asked in a play of a scenario, at the strength that it has there."""
        return (scenario.name, scenario.strength) == (self.showing.scenario, self.strength)


def questions_of(
    scenarios: Iterable[Scenario], boards: Mapping[str, Mapping[str, Any]]
) -> list[Question]:
    """Return what boards are asked in plays of some scenarios, in the order of the files.

    Args:
        scenarios: that are played, at whatever strength.
        boards: as parsed JSON, by file name without ending.

    Raises:
        InputError: if the showings name what there is not.
    """
    simulated = [each for each in map(_shipped, scenario_names()) if each.is_simulated]
    strengths = {each.name: each.strength for each in simulated}
    every = [
        Question(board, each, _expression(boards[board], each), strengths[each.scenario])
        for board, showings in read_showings(boards, simulated, FOLDER).items()
        for each in showings
    ]
    played = list(scenarios)
    return [each for each in every if any(each.is_for(scenario) for scenario in played)]


def _shipped(name: str) -> Scenario:
    return read_scenario(find_scenario(name))


def _expression(board: Mapping[str, Any], showing: Showing) -> str:
    filled = panel_queries(board, {**EVERYTHING, **showing.variables}, may_be_empty=())
    return next(
        each.expr for each in filled if (each.panel, each.ref) == (showing.panel, showing.ref)
    )


@dataclass(frozen=True)
class Span:
    """What of a play is looked at. UNIX seconds."""

    fault_at: float
    """When the first fault strikes."""
    end: float
    step_seconds: float


async def ask(client: PrometheusClient, questions: Iterable[Question], span: Span) -> list[Shown]:
    """Return what panels show of a fault, in the order in which they are asked.

    Args:
        client: of the server that holds the play.
        questions: of its scenario.
        span: of the play.
    """
    return [await _ask(client, each, span) for each in questions]


async def _ask(client: PrometheusClient, question: Question, span: Span) -> Shown:
    """Return what a panel shows; nothing, and why, where its query is refused."""
    before = span.step_seconds * round(BEFORE_SECONDS / span.step_seconds)
    try:
        found = await client.query_range(
            question.expr, span.fault_at - before, span.end, span.step_seconds
        )
    except PrometheusRefusedError as error:
        showing = question.showing
        return Shown(question.board, showing.panel, showing.asked, showing.why, None, str(error))
    return shown(question, found, span)


def shown(question: Question, found: Iterable[Series], span: Span) -> Shown:
    """Return what a panel shows, given what its query gave from before the fault to the end."""
    showing = question.showing
    mine = [each for each in found if showing.labels.items() <= each.labels.items()]
    seconds, said = (_kept if showing.kept else _reached)(showing, mine, span)
    return Shown(question.board, showing.panel, showing.asked, showing.why, seconds, said)


Verdict = tuple[float | None, str]
"""Seconds after the fault, or None and why not."""


def _reached(showing: Showing, series: Sequence[Series], span: Span) -> Verdict:
    """Return when a value was first reached after the fault that was not before."""
    first, values = [], []
    for each in series:
        seconds = _seconds(each, span)
        if (reaching := seconds[_is_reached(showing, each)]).size:
            first.append(float(reaching[0]))
        values.append(each.values[seconds > 0])
    if min(first, default=1.0) <= 0:
        return None, "is so before the fault"
    return (min(first), "") if first else (None, _extreme(showing, values))


def _kept(showing: Showing, series: Sequence[Series], span: Span) -> Verdict:
    """Return 0 if all samples reach a value and there is one at each step after the fault."""
    told: set[int] = set()
    for each in series:
        if not (good := _is_reached(showing, each)).all():
            at = _seconds(each, span)[~good][0]
            return None, f"{each.values[~good][0]:g} at {at:.0f} s"
        told.update(np.rint(_seconds(each, span) / span.step_seconds).astype(int).tolist())
    steps = range(1, int((span.end - span.fault_at) // span.step_seconds) + 1)
    missing = [each for each in steps if each not in told]
    if missing:
        return None, f"nothing at {missing[0] * span.step_seconds:.0f} s"
    return 0.0, ""


def _seconds(series: Series, span: Span) -> np.ndarray[Any, np.dtype[np.float64]]:
    return series.times_ms / 1000 - span.fault_at


def _is_reached(showing: Showing, series: Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    least = -np.inf if showing.at_least is None else showing.at_least
    most = np.inf if showing.at_most is None else showing.at_most
    return (series.values >= least) & (series.values <= most)


def _extreme(showing: Showing, values: Sequence[np.ndarray[Any, Any]]) -> str:
    """Return the value that came nearest."""
    every = np.concatenate([np.empty(0), *values])
    every = every[~np.isnan(every)]
    if not every.size:
        return "no such series"
    highest = showing.at_least is not None
    return f"{every.max() if highest else every.min():g} at the {'most' if highest else 'least'}"
