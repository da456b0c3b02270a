"""Sloth's alerting: which severities there are, and what their alerts carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from exporters.documents import Document, Place
from exporters.problems import Problem
from slo import conventions
from slo.objective import AlertExtras
from slo.sloth.model import Alert, Group, Slo
from slo.spec.extras import (
    ADDED_LABELS,
    Pairs,
    alert_extras,
    sort_pairs,
    wrong_with_label,
    wrong_with_name,
)
from slo.spec.templates import CORRECT_TEMPLATE, TEMPLATE_BROKEN, wrong_with_template

_INSTEAD = {
    conventions.SEVERITY: "route by severity page or ticket, or by a label of another name, as "
    f"--rename-label {conventions.SEVERITY}=NAME of slo import makes it"
}
"""What to do about a label that is lost, where it is more than to rename it."""

_RENAME = "give it another name"


@dataclass
class AlertReader:
    """Reads what the alerts of one SLO carry."""

    document: Document
    group: Group
    slo: Slo
    place: Place
    """Of the SLO."""
    grouping_labels: Collection[str]
    """Which no alert may overwrite."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """New names of labels that shardwatch sets itself, by the old; ``alertname`` is Sloth's name of
    the alerts."""
    problems: list[Problem] = field(default_factory=list)
    lost: set[Problem] = field(default_factory=set)
    """What alerts would have carried in Sloth, and do not here."""

    @property
    def severities(self) -> tuple[str, ...]:
        """Return those that are not disabled."""
        alerting = self.slo.alerting
        return tuple(
            severity
            for severity, alert in (
                (conventions.PAGE, alerting.page_alert),
                (conventions.TICKET, alerting.ticket_alert),
            )
            if not alert.disable
        )

    def read(self) -> tuple[AlertExtras, ...]:
        """Return what each severity's alerts carry; those of a disabled one nothing.

        Sloth's alerts have the labels of the service, of the SLO, of ``alerting``, and of the
        severity; the latter win.
        """
        in_camel = "apiVersion" in self.document.data
        alerting = self.slo.alerting
        named = self.renamed.get(conventions.ALERTNAME)
        page = self._read_severity("pageAlert" if in_camel else "page_alert", alerting.page_alert)
        ticket = self._read_severity(
            "ticketAlert" if in_camel else "ticket_alert", alerting.ticket_alert
        )
        if alerting.name and self.severities and named is None:
            self._lose(
                (*self.place, "alerting", "name"),
                f"found the name {alerting.name!r}, which is lost: burn alerts of all objectives "
                "have one name, and are told apart by the label slo",
                "route and silence by slo, or import with --rename-label "
                f"{conventions.ALERTNAME}=NAME",
            )
        return alert_extras(page, ticket)

    def _read_severity(self, key: str, alert: Alert) -> tuple[Pairs, Pairs]:
        if alert.disable:
            return (), ()
        alerting, place = self.slo.alerting, (*self.place, "alerting")
        labels = {
            **self._labels((*self.place[:-2], "labels"), self.group.labels),
            **self._labels((*self.place, "labels"), self.slo.labels),
            **self._labels((*place, "labels"), alerting.labels),
            **self._labels((*place, key, "labels"), alert.labels),
            **self._named((*place, "name")),
        }
        annotations = {
            **self._annotations((*place, "annotations"), alerting.annotations),
            **self._annotations((*place, key, "annotations"), alert.annotations),
        }
        return sort_pairs(labels), sort_pairs(annotations)

    def _labels(self, place: Place, labels: dict[str, str]) -> dict[str, str]:
        """Return the labels of one layer that alerts can carry."""
        kept = {}
        for old, value in labels.items():
            name, where = self.renamed.get(old, old), (*place, old)
            if name in ADDED_LABELS:
                self._lose(
                    where,
                    f"found the label {name}: {value}, which is lost: shardwatch sets {name} "
                    "itself",
                    _INSTEAD.get(name, _RENAME),
                )
                continue
            if wrong := wrong_with_name(name):
                self.problems.append(self.document.problem(where, wrong, _RENAME))
            elif wrong := wrong_with_label(name, self.grouping_labels):
                check = "label-overwritten"
                self.problems.append(self.document.problem(where, wrong, _RENAME, check))
            self._check_template(where, value)
            kept[name] = value
        return kept

    def _named(self, place: Place) -> dict[str, str]:
        """Return the label that keeps the name of Sloth's alerts, where one is asked for."""
        name = self.slo.alerting.name
        if not name or conventions.ALERTNAME not in self.renamed:
            return {}
        return self._labels(place[:-1], {conventions.ALERTNAME: name})

    def _annotations(self, place: Place, annotations: dict[str, str]) -> dict[str, str]:
        for name, text in annotations.items():
            wrong = wrong_with_name(name)
            if wrong:
                self.problems.append(self.document.problem((*place, name), wrong, _RENAME))
            self._check_template((*place, name), text)
        return annotations

    def _check_template(self, place: Place, text: str) -> None:
        wrong = wrong_with_template(text)
        if wrong:
            found = self.document.problem(place, wrong, CORRECT_TEMPLATE, TEMPLATE_BROKEN)
            self.problems.append(found)

    def _lose(self, place: Place, message: str, fix: str = "") -> None:
        self.lost.add(self.document.problem(place, message, fix))
