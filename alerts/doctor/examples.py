"""Alerts as they would reach Alertmanager, for asking where it leads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from alerts.doctor.finding import listed
from alerts.doctor.relabeling import relabel, steps_to_ours
from alerts.doctor.seen import Group, Labels, Rule, Seen
from alerts.lint.report import number_of
from alerts.watchdog import WATCHDOG
from exporters import catalog
from slo import conventions
from slo.objective import Objective

MOST_CELLS = 50
"""Regions and models that examples are made of."""
_OF_OBJECTIVE = re.compile(r"rules/slo-(.+)\.yaml")
_USUAL = {catalog.TIER: "pro", catalog.TOOL: catalog.OTHER}
"""Values of grouping labels that the topology does not tell."""


@dataclass(frozen=True)
class Example:
    """One alert."""

    name: str
    """For people: ``ErrorBudgetBurn of chat-availability (chat in eu)``."""
    labels: Labels
    """With those that Prometheus adds when it sends it."""
    cell: tuple[str, ...]
    """The labels that tell its incident from others."""
    before: Labels = field(default_factory=dict)
    """Its labels in Prometheus, before ``alert_relabel_configs``."""


def kinds(those: Iterable[Example], what: str) -> str:
    """Return how many kinds of alerts there are among some, and the first of them.

    Args:
        those: at least one.
        what: ``pages`` or ``tickets``.
    """
    names = {each.name for each in those}
    return f"{number_of(len(names), 'kind')} of {what}: {listed(names, 3)}"


def examples(seen: Seen, severity: str) -> list[Example]:
    """Return an alert of each kind and cell that ``build`` writes, without those never sent.

    Args:
        seen: with the rules that are built.
        severity: of the alerts.
    """
    return [each for each, is_sent in _of_severity(seen, severity) if is_sent]


def dropped(seen: Seen, severity: str) -> list[Example]:
    """Return those that Prometheus drops instead of sending them."""
    return [each for each, is_sent in _of_severity(seen, severity) if not is_sent]


def watchdog(seen: Seen) -> Example:
    """Return the alert that always fires."""
    labels = next(
        (
            rule.labels
            for group in seen.built
            for rule in group.rules
            if rule.is_alert and rule.name == WATCHDOG
        ),
        {},
    )
    alone = Example(WATCHDOG, {conventions.ALERTNAME: WATCHDOG, **labels}, ())
    sent, _ = next(_sent(seen, [alone]))
    return sent


def cells(seen: Seen) -> list[dict[str, str]]:
    """Return the cells of the topology, each region and model once."""
    cluster = seen.config.topology.cluster
    pairs = sorted({(each.region, each.model) for each in seen.config.topology.groups})
    return [
        {catalog.CLUSTER: cluster, catalog.REGION: region, catalog.MODEL: model}
        for region, model in pairs[:MOST_CELLS]
    ]


def example_of(objective: Objective, cell: Labels) -> dict[str, str]:
    """Return the labels by which an alert of an objective's cell is told from others."""
    known = {**_USUAL, **cell}
    return {
        conventions.SLO: objective.name,
        conventions.SERVICE: objective.service,
        **{name: known.get(name, catalog.OTHER) for name in objective.grouping_labels},
    }


def _of_severity(seen: Seen, severity: str) -> Iterator[tuple[Example, bool]]:
    """Return an alert of each kind and cell, and whether Prometheus sends it."""
    every = (
        example
        for group in seen.built
        for rule in group.rules
        if rule.is_alert and rule.labels.get(conventions.SEVERITY) == severity
        for example in _of_rule(seen, group, rule)
    )
    return _sent(seen, every)


def _of_rule(seen: Seen, group: Group, rule: Rule) -> Iterator[Example]:
    plain = {name: text for name, text in rule.labels.items() if "{{" not in text}
    own = {conventions.ALERTNAME: rule.name, **plain}
    objective = _objective(seen.objectives, group)
    for cell in cells(seen):
        place = f"{cell[catalog.MODEL]} in {cell[catalog.REGION]}"
        if objective is None:
            kind = conventions.ALERTNAME, catalog.REGION
            yield Example(f"{rule.name} ({place})", {**cell, **own}, kind)
        else:
            labels = {**example_of(objective, cell), **own}
            incident = conventions.SLO, *objective.grouping_labels
            yield Example(f"{rule.name} of {objective.name} ({place})", labels, incident)


def _objective(objectives: Sequence[Objective], group: Group) -> Objective | None:
    name = _OF_OBJECTIVE.fullmatch(group.file)
    return next((each for each in objectives if name and each.name == name[1]), None)


def _sent(seen: Seen, found: Iterable[Example]) -> Iterator[tuple[Example, bool]]:
    """Yield each with the labels that it is sent with, and whether it is sent.

    More than once where one Alertmanager of ours gets other labels than another.
    """
    ways = steps_to_ours(seen)
    added = seen.external_labels
    if not seen.server_config:
        # Nobody knows what vmalert adds (-external.label): what its NEXT.md says is taken for it.
        added = {catalog.CLUSTER: seen.config.topology.cluster}
    for each in found:
        whole = {**added, **each.labels}
        told: list[dict[str, str] | None] = []
        for steps in ways:
            labels = relabel(whole, steps)
            if labels in told:
                continue
            told.append(labels)
            sent = whole if labels is None else labels
            yield Example(each.name, sent, each.cell, whole), labels is not None
