"""What ``ALERTS`` in Prometheus tells of alerts: from its samples to facts. Pure.

Alertmanager does not repeat what fired and resolved while nobody listened; Prometheus remembers it.
Its samples stand at the evaluations of the rule, so a first one is the very ``startsAt`` that
Alertmanager was told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from slo.conventions import ALERTNAME
from slo.review.facts import PROMETHEUS, AlertFact, digest
from slo.review.webhook import shortened
from slo.series import Series
from slo.steps import Times

FIRING = 'ALERTS{alertstate="firing"}'
GAP_MS = 300_000
"""Prometheus forgets a sample after five minutes: samples farther apart are of two alerts."""
_STATE = "alertstate"
_NAME = "__name__"


@dataclass(frozen=True)
class Look:
    """A stretch of time that was asked for. UNIX milliseconds."""

    known_until: int
    """Up to when the looks before have seen."""
    until: int

    @property
    def start(self) -> int:
        """Return from when on samples are wanted: a gap before what is known."""
        return self.known_until - GAP_MS


def firing_facts(
    samples: Sequence[Series],
    look: Look,
    still_firing: Mapping[str, AlertFact],
    external_labels: Mapping[str, str],
) -> list[AlertFact]:
    """Return what a look tells, in a stable order.

    Args:
        samples: of :data:`FIRING` as they were recorded, within the look.
        look: its stretch.
        still_firing: of the looks before, by identity: without an end.
        external_labels: that the server adds to what it tells Alertmanager.
    """
    facts: list[AlertFact] = []
    seen: set[str] = set()
    for series in samples:
        labels = _labels(series.labels, external_labels)
        if not labels.get(ALERTNAME):
            continue
        identity = digest(labels)
        known = still_firing.get(identity)
        for number, (first, last) in enumerate(_stretches(series.times_ms)):
            starts = first
            if known is not None and number == 0 and first <= look.known_until:
                starts = known.starts_at_ms
                seen.add(identity)
            ends = None if last > look.until - GAP_MS else last
            facts.append(AlertFact(PROMETHEUS, labels, starts, ends))
    facts += [
        replace(known, ends_at_ms=max(known.starts_at_ms, look.known_until))
        for identity, known in still_firing.items()
        if identity not in seen
    ]
    return sorted(facts, key=lambda fact: (fact.starts_at_ms, fact.key))


def _labels(recorded: Mapping[str, str], external_labels: Mapping[str, str]) -> dict[str, str]:
    """Return an alert's labels as Alertmanager is told them: its own stand above the server's."""
    own = {name: text for name, text in recorded.items() if name not in (_NAME, _STATE) and text}
    return {shortened(name): shortened(text) for name, text in {**external_labels, **own}.items()}


def _stretches(times_ms: Times) -> Iterator[tuple[int, int]]:
    """Yield the first and the last of samples between which there is no gap."""
    if times_ms.size:
        for part in np.split(times_ms, np.flatnonzero(np.diff(times_ms) > GAP_MS) + 1):
            yield int(part[0]), int(part[-1])
