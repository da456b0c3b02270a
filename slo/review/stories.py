"""Incidents: which pages, and which causes beside them, are one story. Pure.

Pages of one story overlap in time, or nearly, and speak of the same place: of cluster, region and
model they share one at least, and none differs. A region that is down joins the stories of its
models. What is no page (causes, tickets) belongs to the story that it overlaps, and makes none by
itself, but a ticket of an objective does: it spends budget, though slowly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from slo import conventions as names
from slo.review.spans import Span

PLACE_LABELS = ("cluster", "region", "model")
GAP_MS = 15 * 60_000
"""A page that comes back so soon is the same story."""
BEFORE_MS = 30 * 60_000
"""So long before its first page a cause may begin a story; one that is older was there anyway."""


@dataclass(eq=False)
class Story:
    """An incident in the making."""

    pages: list[Span]
    """What it is made of: pages, or else tickets of objectives."""
    others: list[Span] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        """Return all of it, sorted by start."""
        return sorted([*self.pages, *self.others], key=lambda each: (each.starts_at_ms, each.keys))

    @property
    def paged_at_ms(self) -> int:
        """Return when its first page came."""
        return min(each.starts_at_ms for each in self.pages)

    @property
    def started_at_ms(self) -> int:
        """Return when its first alert began, a cause's included that is not much older."""
        earliest = self.paged_at_ms - BEFORE_MS
        return min(each.starts_at_ms for each in self.spans if each.starts_at_ms >= earliest)

    @property
    def end(self) -> float:
        """Return when its last page ended, UNIX milliseconds; infinite while one fires."""
        return max(each.end for each in self.pages)

    @property
    def ended_at_ms(self) -> int | None:
        """Return the same; None while one fires."""
        return None if math.isinf(self.end) else int(self.end)

    @property
    def severity(self) -> str:
        """Return ``page`` if it woke anybody."""
        is_page = any(each.labels.get(names.SEVERITY) == names.PAGE for each in self.pages)
        return names.PAGE if is_page else names.TICKET

    @property
    def labels(self) -> dict[str, str]:
        """Return what its pages have in common of place, objective and service."""
        wanted = (*PLACE_LABELS, names.SLO, names.SERVICE)
        values = {name: {each.labels.get(name, "") for each in self.pages} for name in wanted}
        return {name: min(each) for name, each in values.items() if len(each) == 1 and min(each)}


def stories(spans: Iterable[Span]) -> list[Story]:
    """Return the stories of alerts, sorted by start; each alert is in one at most."""
    ordered = sorted(spans, key=lambda each: (each.starts_at_ms, each.keys))
    pages = [each for each in ordered if each.labels.get(names.SEVERITY) == names.PAGE]
    found = _join(pages)
    others = [each for each in ordered if each.labels.get(names.SEVERITY) == names.TICKET]
    left = _add(found, others)
    burns = [each for each in left if names.SLO in each.labels]
    slow = _join(burns)
    _add(slow, [each for each in left if names.SLO not in each.labels])
    return sorted([*found, *slow], key=lambda each: (each.started_at_ms, each.pages[0].keys))


def place_of(labels: Mapping[str, str]) -> dict[str, str]:
    """Return what of an incident's labels say where it was: its objective, if no place does."""
    place = {name: labels[name] for name in PLACE_LABELS if labels.get(name)}
    slo = labels.get(names.SLO)
    return place or ({names.SLO: slo} if slo else {})


def is_same_place(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Tell whether two sets of labels speak of one place, where both say where."""
    shared = [name for name in PLACE_LABELS if one.get(name) and other.get(name)]
    if not shared:
        return bool(one.get(names.SLO)) and one.get(names.SLO) == other.get(names.SLO)
    return all(one[name] == other[name] for name in shared)


def _join(pages: Sequence[Span]) -> list[Story]:
    """Return stories of pages, which are sorted by start."""
    running: list[Story] = []
    ended: list[Story] = []
    for page in pages:
        ended += [each for each in running if each.end + GAP_MS < page.starts_at_ms]
        running = [each for each in running if each.end + GAP_MS >= page.starts_at_ms]
        joined = [each for each in running if _is_of(each, page)]
        running = [each for each in running if each not in joined]
        running.append(Story([*(span for each in joined for span in each.pages), page]))
    return [*ended, *running]


def _add(found: Sequence[Story], others: Iterable[Span]) -> list[Span]:
    """Add to each story what overlaps it; return what belongs to none."""
    left: list[Span] = []
    for span in others:
        story = next((each for each in found if _overlaps(each, span) and _is_of(each, span)), None)
        if story is None:
            left.append(span)
        else:
            story.others.append(span)
    return left


def _overlaps(story: Story, span: Span) -> bool:
    return span.starts_at_ms <= story.end and span.end >= story.paged_at_ms - BEFORE_MS


def _is_of(story: Story, span: Span) -> bool:
    return any(is_same_place(each.labels, span.labels) for each in story.pages)
