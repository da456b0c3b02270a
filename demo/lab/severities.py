"""Who is woken by an alert: by the labels that we, Sloth, Pyrra and others use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from slo import conventions
from slo.replay.firing import Firing

SLOTH_SEVERITY = "sloth_severity"
_SAME = {
    conventions.PAGE: conventions.PAGE,
    conventions.TICKET: conventions.TICKET,
    "critical": conventions.PAGE,
    "warning": conventions.TICKET,
    "info": conventions.TICKET,
}
"""Ours, by anyone's."""


def severity_of(labels: Mapping[str, str]) -> str | None:
    """Return an alert's severity in our words; None if it says none that is known."""
    for label in (conventions.SEVERITY, SLOTH_SEVERITY):
        if found := _SAME.get(labels.get(label, "").lower()):
            return found
    return None


def routed_as_ours(firing: Firing) -> Firing:
    """Return an alert with the severity that our Alertmanager knows, if it has another's."""
    severity = severity_of(firing.labels)
    if severity is None or firing.labels.get(conventions.SEVERITY) == severity:
        return firing
    return replace(firing, labels={**firing.labels, conventions.SEVERITY: severity})
