"""Alerts as they were, from facts of two witnesses that each missed something. Pure.

Alertmanager's ends are lost when nobody listens; Prometheus's are seen late and to an evaluation.
So an end that was told is one, and where it was not, the other witness's stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slo.review.facts import ALERTMANAGER, AlertFact

SAME_START_MS = 60_000
"""Witnesses tell one start by the same evaluation; servers that watch the same, by two."""


@dataclass(frozen=True)
class Span:
    """One alert from firing to resolved. UNIX milliseconds."""

    labels: Mapping[str, str]
    starts_at_ms: int
    ends_at_ms: int | None
    """None while it fires."""
    keys: tuple[str, ...]
    """Of the facts that tell of it, sorted."""

    @property
    def end(self) -> float:
        """Return its end; infinite while it fires."""
        return math.inf if self.ends_at_ms is None else self.ends_at_ms


def spans_of(facts: Iterable[AlertFact]) -> list[Span]:
    """Return the alerts that facts tell of, sorted by start; the order of facts changes nothing."""
    by_identity: dict[str, list[AlertFact]] = {}
    for fact in facts:
        by_identity.setdefault(fact.identity, []).append(fact)
    spans = [span for each in by_identity.values() for span in _of_one(each)]
    return sorted(spans, key=lambda span: (span.starts_at_ms, span.keys))


def _of_one(facts: list[AlertFact]) -> list[Span]:
    """Return the alerts with one set of labels."""
    facts = sorted(facts, key=lambda fact: (fact.starts_at_ms, fact.key))
    groups: list[tuple[float, list[AlertFact]]] = []
    for index, fact in enumerate(facts):
        reach = _reach(fact, facts[index + 1 :], facts)
        if groups and fact.starts_at_ms <= groups[-1][0]:
            groups[-1] = max(groups[-1][0], reach), [*groups[-1][1], fact]
        else:
            groups.append((reach, [fact]))
    return [_span(each, reach) for reach, each in groups]


def _reach(fact: AlertFact, later: list[AlertFact], every: list[AlertFact]) -> float:
    """Return up to when a fact speaks of one alert."""
    if fact.ends_at_ms is not None:
        return fact.ends_at_ms
    if fact.witness != ALERTMANAGER:
        return math.inf
    for other in every:
        end = math.inf if other.ends_at_ms is None else other.ends_at_ms
        begins = other.starts_at_ms - SAME_START_MS
        if other.witness != ALERTMANAGER and begins <= fact.starts_at_ms <= end:
            return max(end, fact.starts_at_ms)
    # It began anew, so it had ended: nobody heard when.
    if any(other.starts_at_ms > fact.starts_at_ms + SAME_START_MS for other in later):
        return fact.starts_at_ms + SAME_START_MS
    return math.inf


def _span(facts: list[AlertFact], reach: float) -> Span:
    ends = [fact.ends_at_ms for fact in facts if fact.ends_at_ms is not None]
    latest = max(ends, default=-math.inf)
    is_open = any(fact.ends_at_ms is None and fact.starts_at_ms > latest for fact in facts)
    end = reach if is_open else latest
    return Span(
        facts[0].labels,
        facts[0].starts_at_ms,
        None if math.isinf(end) else int(end),
        tuple(sorted(fact.key for fact in facts)),
    )
