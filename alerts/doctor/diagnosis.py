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


def questions(seen: Seen) -> list[str]:
    """Return every expression that checks need, each once.

    Args:
        seen: in which nothing was asked yet.
    """
    return list(dict.fromkeys(expr for check in CHECKS for expr in check.asks(seen)))


def diagnose(seen: Seen) -> Diagnosis:
    """Return what is wrong, and which checks could not be made, for the server does not tell."""
    findings: list[Finding] = []
    skipped: list[NotLookedAt] = []
    for check in CHECKS:
        reason = next(_unknown(check, seen), None)
        if reason is not None:
            skipped.append(NotLookedAt(check, reason))
        else:
            findings += (Finding(check, each) for each in sorted(set(check.find(seen))))
    return Diagnosis(tuple(findings), tuple(skipped))


def _unknown(check: Check, seen: Seen) -> Iterator[str]:
    for part in check.needs:
        if getattr(seen, part) is None:
            yield seen.unknown.get(part, "the server does not tell")
    for expr in check.asks(seen):
        if expr not in seen.values:
            yield seen.unknown.get(expr, "the server refused the question")
