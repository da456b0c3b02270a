"""How long before a page of a snowball somebody was warned of it, in every play that has one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.causes.queues import QUEUE_SNOWBALL
from demo.lab.markdown import seconds, table
from demo.lab.outcome import STANDING, AlertOutcome, Outcome
from demo.lab.severities import severity_of
from exporters import catalog
from slo import conventions

_CELL = (catalog.REGION, catalog.MODEL)
_HEAD = ("scenario", "cell", "warned", "page fired", "lead")
_SAID = (
    "Seconds from the ticket of a snowball to the first page that names it as its cause, least "
    "first. Of a storm that is there at once nobody can be warned early; of one that builds up, "
    "somebody must be."
)


@dataclass(frozen=True)
class Lead:
    """The warning of one snowball, and its page. Seconds after the first fault."""

    play: str
    """The play's key."""
    scenario: str
    cell: tuple[str, ...]
    """Region and model."""
    warned: float
    paged: float
    """When the page's alert fired."""

    @property
    def lead(self) -> float:
        """By how much the warning was ahead; below 0 where it came late."""
        return self.paged - self.warned


def leads_of(outcomes: Iterable[Outcome]) -> list[Lead]:
    """Return the leads of all plays by our rules, the least first."""
    found = [each for of in outcomes if of.is_judged for each in _of_play(of)]
    return sorted(found, key=lambda each: (each.lead, each.play, each.cell))


def _of_play(outcome: Outcome) -> Iterator[Lead]:
    alerts = [each for each in outcome.alerts if each.role != STANDING]
    warned = _first(each for each in alerts if each.alert == QUEUE_SNOWBALL)
    paged = _first(each for each in alerts if _names_it(each))
    for cell in sorted(warned.keys() & paged.keys()):
        yield Lead(outcome.key, outcome.scenario, cell, warned[cell], paged[cell])


def _names_it(alert: AlertOutcome) -> bool:
    is_page = severity_of(alert.labels) == conventions.PAGE and alert.paged_seconds is not None
    return is_page and (alert.cause or "").partition(":")[0] == QUEUE_SNOWBALL


def _first(alerts: Iterable[AlertOutcome]) -> dict[tuple[str, ...], float]:
    first: dict[tuple[str, ...], float] = {}
    for each in alerts:
        cell = tuple(each.labels.get(key, "") for key in _CELL)
        first[cell] = min(each.fired_seconds, first.get(cell, each.fired_seconds))
    return first


def snowball_blocks(outcomes: Iterable[Outcome]) -> list[str]:
    """Return heading, explanation and table; nothing where no play has a snowball."""
    rows = [
        (each.play, " ".join(each.cell), seconds(each.warned), seconds(each.paged),
         seconds(each.lead))
        for each in leads_of(outcomes)
    ]  # fmt: skip
    return ["## Warnings of snowballs", _SAID, table(_HEAD, rows)] if rows else []
