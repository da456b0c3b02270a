"""How long before an objective pages somebody was warned of a snowball, in every play with both."""

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
BUILDS_UP_SECONDS = 180.0
"""A storm builds up if the budget that a page stands for really lasts at least so long: the two
minutes of the bar, and a minute in which a queue can be seen (its alert waits 30 s, and a scrape
and an evaluation come every 15 s). Chosen by this sum, not by plays."""
_HEAD = ("scenario", "cell", "warned", "page fired", "budget lasted", "lead")
_SAID = (
    "Seconds from the ticket of a snowball to the first page of an objective in its cell, whatever "
    "cause that names, least first. *Budget lasted* is how long it really took until so much was "
    "spent as the fastest page tier stands for. A storm "
    f"that spends it within {BUILDS_UP_SECONDS:g} s is there at once, and nobody can be warned two "
    "minutes before its page; of one that builds up, somebody must be."
)


@dataclass(frozen=True)
class Lead:
    """The warning of one snowball, and its page. Seconds after the first fault."""

    play: str
    """The play's key."""
    cell: tuple[str, ...]
    """Region and model."""
    warned: float
    paged: float
    """When the first page of an objective there fired."""
    gone: float | None
    """Until so much of a budget was really spent there as a page stands for; None if never."""

    @property
    def builds_up(self) -> bool:
        """Whether there was time to warn of it."""
        return self.gone is None or self.gone >= BUILDS_UP_SECONDS

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
    pages = [each for each in alerts if _is_of_objective(each)]
    paged = _first(pages)
    for cell in sorted(warned.keys() & paged.keys()):
        gone = [
            each.budget_gone_seconds
            for each in pages
            if _cell_of(each) == cell and each.budget_gone_seconds is not None
        ]
        yield Lead(outcome.key, cell, warned[cell], paged[cell], min(gone, default=None))


def _is_of_objective(alert: AlertOutcome) -> bool:
    is_page = severity_of(alert.labels) == conventions.PAGE and alert.paged_seconds is not None
    return is_page and conventions.SLO in alert.labels


def _cell_of(alert: AlertOutcome) -> tuple[str, ...]:
    return tuple(alert.labels.get(key, "") for key in _CELL)


def _first(alerts: Iterable[AlertOutcome]) -> dict[tuple[str, ...], float]:
    first: dict[tuple[str, ...], float] = {}
    for each in alerts:
        cell = _cell_of(each)
        first[cell] = min(each.fired_seconds, first.get(cell, each.fired_seconds))
    return first


def snowball_blocks(outcomes: Iterable[Outcome]) -> list[str]:
    """Return heading, explanation and table; nothing where no play has a snowball."""
    rows = [
        (each.play, " ".join(each.cell), seconds(each.warned), seconds(each.paged),
         seconds(each.gone), seconds(each.lead))
        for each in leads_of(outcomes)
    ]  # fmt: skip
    return ["## Warnings of snowballs", _SAID, table(_HEAD, rows)] if rows else []
