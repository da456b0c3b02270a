"""All checks over what was seen: what is wrong, in the order of its harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.doctor.finding import Check, Found
from alerts.doctor.seen import Seen
from alerts.doctor.table import CHECKS


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    check: Check
    found: Found


@dataclass(frozen=True)
class NotLookedAt:
    """A check that could not be made."""

    check: Check
    reason: str


@dataclass(frozen=True)
class Diagnosis:
    """All that is known."""

    findings: tuple[Finding, ...]
    """The gravest first."""
    not_looked_at: tuple[NotLookedAt, ...] = ()


PRESENT = 'group by (__name__) ({{__name__=~"{}"}})'.format(
    "|".join(sorted({name for check in CHECKS for name in check.series}))
)
"""The families that checks look at, those which are there."""
_REFUSED = "the server refused the question"
_SCRAPE = {"prometheus_": ": let it scrape itself", "alertmanager_": ": let it scrape those"}
"""What to do where a family is not there, by how its name begins."""


def questions(seen: Seen) -> list[str]:
    """Return every expression that checks need, each once.

    Args:
        seen: in which nothing was asked yet.
    """
    asked = [expr for check in CHECKS for expr in check.asks(seen)]
    return list(dict.fromkeys([*asked, PRESENT]))


def diagnose(seen: Seen) -> Diagnosis:
    """Return what is wrong, and which checks could not be made.

    Those could not which the server does not tell of, and those that find nothing where nothing is.
    """
    findings: list[Finding] = []
    skipped: list[NotLookedAt] = []
    for check in CHECKS:
        reason = next(_unknown(check, seen), None)
        if reason is not None:
            skipped.append(NotLookedAt(check, reason))
        elif found := sorted(set(check.find(seen))):
            findings += (Finding(check, each) for each in found)
        elif why := _unseen(check, seen):
            skipped.append(NotLookedAt(check, why))
    return Diagnosis(tuple(findings), tuple(skipped))


def _unknown(check: Check, seen: Seen) -> Iterator[str]:
    for part in check.needs:
        if getattr(seen, part) is None:
            yield seen.unknown.get(part, "the server does not tell")
    for expr in check.asks(seen):
        if expr not in seen.values:
            yield seen.unknown.get(expr, _REFUSED)


def _unseen(check: Check, seen: Seen) -> str:
    """Return why a check that finds nothing had nothing to look at; empty if it had."""
    if not check.series:
        return ""
    if PRESENT not in seen.values:
        return seen.unknown.get(PRESENT, _REFUSED)
    there = {each.labels.get("__name__") for each in seen.vector(PRESENT)}
    if there.intersection(check.series):
        return ""
    names = " or ".join(check.series[:3])
    do = next((text for begin, text in _SCRAPE.items() if names.startswith(begin)), "")
    return f"Prometheus has no {names}{do}"
