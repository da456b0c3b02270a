"""Which alerts of a play wake somebody."""

from __future__ import annotations

from demo.lab.outcome import EXPECTED, STANDING, AlertOutcome, Outcome
from demo.lab.severities import severity_of
from slo import conventions


def first_page(outcome: Outcome) -> AlertOutcome | None:
    """Return the first alert that paged after the fault, expected ones first."""
    paged = [each for each in outcome.alerts if each.paged_seconds is not None and is_page(each)
             and each.role != STANDING]  # fmt: skip
    return min(paged, key=lambda e: (e.role != EXPECTED, e.paged_seconds or 0.0), default=None)


def is_page(alert: AlertOutcome) -> bool:
    """Return whether an alert wakes somebody: by the labels that we, Sloth and others use."""
    return severity_of(alert.labels) == conventions.PAGE
