"""Which alerts of scenarios came, by the strength of the fault: as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from demo.lab.markdown import seconds, table
from demo.lab.outcome import EXPECTED, Outcome

_LEAST_HEAD = ("scenario", "alert", "caught down to", "after", "page", "not at")
_HEAD = ("scenario", "strength", "alert", "fired", "paged")


@dataclass(frozen=True)
class Caught:
    """What became of one alert that a scenario expects, at one strength."""

    scenario: str
    alert: str
    strength: float
    fired_seconds: float | None
    """After the fault; None if it did not fire."""
    paged_seconds: float | None
    """Likewise, until somebody was woken."""


def caughts(outcome: Outcome) -> Iterator[Caught]:
    """Yield what became of each alert that the scenario of a play expects."""
    for name in dict.fromkeys(outcome.expected):
        mine = [e for e in outcome.alerts if e.alert == name and e.role == EXPECTED]
        pages = [e.paged_seconds for e in mine if e.paged_seconds is not None]
        yield Caught(
            scenario=outcome.scenario,
            alert=name,
            strength=outcome.strength or 0.0,
            fired_seconds=min((each.fired_seconds for each in mine), default=None),
            paged_seconds=min(pages, default=None),
        )


def least_table(every: Iterable[Caught]) -> str:
    """Return down to which strength each alert comes, without a gap, and the first without it."""
    return table(_LEAST_HEAD, _least_rows(every))


def strengths_table(every: Iterable[Caught]) -> str:
    """Return when each came at each strength."""
    return table(_HEAD, map(_row, _sorted(every)))


def _least_rows(every: Iterable[Caught]) -> Iterator[tuple[str, ...]]:
    by_alert = sorted(_sorted(every), key=lambda each: (each.scenario, each.alert))
    for (scenario, alert), found in groupby(by_alert, lambda each: (each.scenario, each.alert)):
        least: Caught | None = None
        missed = ""
        for each in found:  # from strong to weak
            if each.fired_seconds is None:
                missed = f"{each.strength:g}"
                break
            least = each
        yield (
            scenario,
            alert,
            f"{least.strength:g}" if least else "",
            seconds(least.fired_seconds) if least else "",
            seconds(least.paged_seconds) if least else "",
            missed,
        )


def _row(of: Caught) -> tuple[str, ...]:
    fired = seconds(of.fired_seconds) or "not"
    return of.scenario, f"{of.strength:g}", of.alert, fired, seconds(of.paged_seconds)


def _sorted(every: Iterable[Caught]) -> list[Caught]:
    return sorted(every, key=lambda each: (each.scenario, -each.strength, each.alert))
