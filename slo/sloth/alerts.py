"""Sloth's alerting: which severities there are, and what their alerts carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporters.documents import Document, Place
from exporters.problems import Problem
from slo import conventions
from slo.objective import AlertExtras
from slo.sloth.model import Alert, Group, Slo
from slo.sloth.queries import ReadIndicator
from slo.spec.extras import ADDED_LABELS, sort_pairs, wrong_with_label, wrong_with_name


@dataclass
class ReadExtras:
    """What was read, what is wrong with it, and what of it is lost."""

    severities: list[str] = field(default_factory=list)
    """Those that are not disabled."""
    extras: tuple[AlertExtras, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def read_alert_extras(
    document: Document, group: Group, slo: Slo, place: Place, read: ReadIndicator
) -> ReadExtras:
    """Return what the alerts of an SLO carry.

    Sloth's alerts have the labels of the service, of the SLO, of ``alerting``, and of the severity;
    the latter win.

    Args:
        document: in which the SLO stands.
        group: the SLO's service.
        slo: whose alerts they are.
        place: of the SLO.
        read: its indicator, whose grouping labels no alert may overwrite.
    """
    found = ReadExtras()
    in_camel = "apiVersion" in document.data
    alerting = slo.alerting
    severities: tuple[tuple[str, str, Alert], ...] = (
        (conventions.PAGE, "pageAlert" if in_camel else "page_alert", alerting.page_alert),
        (conventions.TICKET, "ticketAlert" if in_camel else "ticket_alert", alerting.ticket_alert),
    )
    extras = []
    for severity, key, alert in severities:
        if alert.disable:
            continue
        found.severities.append(severity)
        layers = (
            ((*place[:-2], "labels"), group.labels),
            ((*place, "labels"), slo.labels),
            ((*place, "alerting", "labels"), alerting.labels),
            ((*place, "alerting", key, "labels"), alert.labels),
        )
        labels = {}
        for where, layer in layers:
            labels.update(_labels(document, where, layer, read, found))
        annotations = {**alerting.annotations, **alert.annotations}
        for where, layer in (
            ((*place, "alerting", "annotations"), alerting.annotations),
            ((*place, "alerting", key, "annotations"), alert.annotations),
        ):
            wrong = ((name, wrong_with_name(name)) for name in layer)
            found.problems += [
                document.problem((*where, name), each) for name, each in wrong if each
            ]
        extras.append(AlertExtras(severity, sort_pairs(labels), sort_pairs(annotations)))
    found.extras = tuple(each for each in extras if each.labels or each.annotations)
    if alerting.name and found.severities:
        found.notes.append(
            document.problem(
                (*place, "alerting", "name"),
                f"found the name {alerting.name!r}, which is lost: burn alerts of all objectives "
                "have one name, and are told apart by the label slo",
            )
        )
    found.notes = sorted(set(found.notes))
    return found


def _labels(
    document: Document, place: Place, labels: dict[str, str], read: ReadIndicator, found: ReadExtras
) -> dict[str, str]:
    """Return the labels of one layer that alerts can carry."""
    kept = {}
    for name, value in labels.items():
        wrong = wrong_with_name(name)
        if wrong is None and name in ADDED_LABELS:
            found.notes.append(
                document.problem(
                    (*place, name),
                    f"found the label {name}: {value}, which is lost: shardwatch sets {name} "
                    "itself",
                    _INSTEAD.get(name, "give it another name"),
                )
            )
            continue
        wrong = wrong or wrong_with_label(name, read.grouping_labels)
        if wrong:
            found.problems.append(
                document.problem((*place, name), wrong, "give the label another name")
            )
        kept[name] = value
    return kept


_INSTEAD = {conventions.SEVERITY: "route by severity page or ticket, or by a label of another name"}
"""What to do about a label that is lost, where it is more than to rename it."""
