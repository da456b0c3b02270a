"""Alerts as facts: what one witness told of one alert, and how two tellings become one.

Merging is commutative, associative and idempotent: whatever arrives twice, late, or beside another
leaves the same record. An end that was told stands against none, and the later of two stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

ALERTMANAGER = "alertmanager"
PROMETHEUS = "prometheus"


@dataclass(frozen=True)
class AlertFact:
    """One alert, as one witness told it."""

    witness: str
    labels: Mapping[str, str]
    starts_at_ms: int
    """UNIX milliseconds."""
    ends_at_ms: int | None
    """None while it fires."""
    evidence: tuple[tuple[str, str], ...] = ()
    """Annotations, sorted; empty where the witness knows none."""

    @property
    def identity(self) -> str:
        """Return what all tellings of alerts with these labels have in common."""
        return digest(dict(self.labels))

    @property
    def key(self) -> str:
        """Return what tells the alert from all others of this witness."""
        return digest([self.identity, self.starts_at_ms, self.witness])


def digest(content: Any) -> str:
    """Return 32 hexadecimal digits of anything that JSON can tell; equal for what is equal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def later_end(one: int | None, other: int | None) -> int | None:
    """Return the end of an alert of which two were told."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def merge(facts: Iterable[AlertFact]) -> dict[str, AlertFact]:
    """Return the alerts that facts tell of, by key; of the same alert the end is merged.

    The evidence is that of any of its tellings: it is kept apart, each by its content.
    """
    merged: dict[str, AlertFact] = {}
    for fact in facts:
        key = fact.key
        known = merged.get(key)
        if known is not None:
            fact = replace(fact, ends_at_ms=later_end(known.ends_at_ms, fact.ends_at_ms))  # noqa: PLW2901 - it becomes both
        merged[key] = fact
    return merged
