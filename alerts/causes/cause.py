"""What a cause is: a state, which explains pages, and an alert, which mostly is a ticket.

The burn wakes people, the cause tells them why: only a cause that users will miss capacity or trust
for, whatever an objective says, is a page itself.

A cause's state is recorded once, after the levels that it reads and before its alert in the same
group and at the scrape interval. Alertmanager does not tell again when an annotation changes, so a
page waits one evaluation where none is at work yet (:mod:`alerts.probable_cause`).

There is one element for each piece of evidence, with the place as labels. While the exporter that
saw it does not answer, and the place is not seen by another, it holds: a restart repairs nothing,
and neither does a blackout.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.causes.places import at_work, evidence_here, first_step_here, users_hit
from alerts.links import cause_link_annotations
from alerts.sources import EventSource
from exporters.config import Links
from exporters.scrape import JOBS
from slo import conventions
from slo.rules import AlertingRule, RecordingRule

HELD_FOR = "6h"
"""For no longer are causes held while an exporter is away: with many of them one always is, and a
place that was taken out meanwhile would be at fault for ever. Chosen."""


@dataclass(frozen=True)
class Sight:
    """How it is known whether a place can be seen at all."""

    exporter: str
    """Which sees it, one of :data:`exporters.scrape.JOBS`."""
    expr: str
    """PromQL that has an element for each place that is seen: often a family's name."""
    labels: tuple[str, ...]
    """Which tell places apart: of ``expr`` and of the cause's state."""


@dataclass(frozen=True)
class Cause:
    """One cause."""

    name: str
    """Of the alert, of the label ``cause``, and of the runbook."""
    rank: int
    """The higher, the more it explains: a lost GPU makes its group dead, and not the reverse. No
    two causes have the same."""
    explains: tuple[EventSource, ...]
    """Objectives whose events are seen there; none for a cause that explains no burn."""
    state: str
    """PromQL: one element for each piece of evidence, with ``region`` and ``model`` of the cell
    that is hit where it has them, and the value 1."""
    state_labels: tuple[str, ...]
    """The labels of ``state`` that tell where it is; a cell that has one must match it."""
    sight: Sight
    evidence: str
    """Template of the evidence in a page; ``.Labels`` are those of ``state``."""
    first_step: str
    """Template of what to do first, a short sentence; ``.Labels`` as in ``evidence``."""
    labels: tuple[str, ...]
    """The labels of its alert, some of the state's: one alert a host, not one a GPU, for thousands
    would cost Alertmanager seconds."""
    summary: str
    """Template of the alert, as ``description``; ``$value`` is the number of pieces of evidence."""
    description: str
    severity: str = conventions.TICKET
    for_seconds: float = 0
    levels: tuple[RecordingRule, ...] = ()
    """Rules that ``state`` reads, in their order: what is long, or read more than once. Causes may
    share some, which are recorded once."""
    follows: tuple[str, ...] = ()
    """Causes that bring this one about, whatever their rank, where they were at work before it."""
    incident: str = ""
    """Of a page, whose incident it is, the cell's or the region's; empty for one of its own."""
    apart: str = ""
    """PromQL of the places where its page, if it begins there now, is an incident of its own all
    the same: what joins one that has been open for long wakes nobody."""
    facts: tuple[tuple[str, str], ...] = ()
    """More of what a page shows (:data:`alerts.messages.facts.FACTS`): annotations, templates."""
    unless: str = ""
    """PromQL that takes places out of the alert, and not out of the state: ``unless on (...) ...``.
    For what something larger tells, of which there would be thousands."""

    @property
    def recorded(self) -> str:
        """Return the selector of its recorded state."""
        return at_work(self.name)


def cause_levels(every: Iterable[Cause]) -> tuple[RecordingRule, ...]:
    """Return the levels of causes, each once, in their order.

    Raises:
        ValueError: if two record the same series with the same labels, and not the same value.
    """
    found: dict[tuple[str, tuple[tuple[str, str], ...]], RecordingRule] = {}
    for rule in (rule for cause in every for rule in cause.levels):
        key = (rule.record, tuple(sorted(rule.labels.items())))
        if found.setdefault(key, rule) != rule:
            raise ValueError(f"two causes record {rule.record}, each in a way of its own")
    return tuple(found.values())


def cause_state_rule(cause: Cause) -> RecordingRule:
    """Return the rule that records a cause's state: its rank, where it is at work."""
    sight = cause.sight
    on = ", ".join(sight.labels)
    return RecordingRule(
        conventions.CAUSE_STATE,
        f"{cause.rank} * (\n{cause.state}\n)\n"
        # A state over a range is known for a while longer than the places are seen: not twice then.
        f"or on ({', '.join(cause.state_labels)})\n"
        f"({cause.recorded}\nunless on ({on})\n{sight.expr})\n"
        f"and on () (count({_down_for_less(JOBS[sight.exporter])}) > 0)",
        {conventions.CAUSE: cause.name},
    )


def _down_for_less(job: str) -> str:
    """Return the exporters that are down, and were not for as long as causes are held."""
    up = f'up{{job="{job}"}}'
    return f"{up} == 0 and max_over_time({up}[{HELD_FOR}]) == 1"


def cause_alerts(cause: Cause, links: Links) -> tuple[AlertingRule, ...]:
    """Return the alert of a cause, made of its state; what a burn says of it, it says as well.

    It is two rules where its page may be an incident of its own: of one place only one of them
    fires, and it stays that one until it ends.
    """
    if not cause.apart:
        return (_alert(cause, links, cause.incident, ""),)
    on = ", ".join(cause.labels)
    alert = f'{conventions.ALERTNAME}="{cause.name}",{conventions.INCIDENT}'
    apart = (
        f'(\n{cause.apart}\nunless on ({on})\nALERTS{{{alert}="{cause.incident}"}}\n'
        f'or on ({on})\nALERTS{{{alert}=""}}\n)'
    )
    return (
        _alert(cause, links, cause.incident, f"unless on ({on})\n{apart}"),
        _alert(cause, links, "", f"and on ({on})\n{apart}"),
    )


def _alert(cause: Cause, links: Links, incident: str, where: str) -> AlertingRule:
    hit = users_hit(cause.labels)
    return AlertingRule(
        cause.name,
        "\n".join(
            filter(
                None,
                (f"count by ({', '.join(cause.labels)}) ({cause.recorded})", cause.unless, where),
            )
        ),
        {
            conventions.SEVERITY: cause.severity,
            **({conventions.INCIDENT: incident} if incident else {}),
        },
        {
            "summary": cause.summary,
            "description": cause.description,
            **({"users_hit": hit} if hit else {}),
            "evidence": evidence_here(cause.name, cause.labels, cause.evidence),
            "first_step": first_step_here(cause.name, cause.labels, cause.first_step),
            **dict(cause.facts),
            **cause_link_annotations(links, cause.name, cause.labels),
        },
        cause.for_seconds,
    )
