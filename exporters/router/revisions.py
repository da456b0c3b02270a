"""Revisions of a router's series: those of the topology, and a few that its page alone names.

A canary runs a revision that the topology may not know yet, and it is told from the baseline by
nothing else. So a router that calls revisions by their names is believed, but only for so many at a
time. One that has no room is ``other``, and stays that for as long as the page has it: counters
under ``other`` may not fall because a part of them got a name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import TypeAlias

from exporters import catalog

MOST_LEARNT = 4
"""Of a model at a router: a canary or two, and what they replace."""

Told: TypeAlias = tuple[str, str]
"""A model, and a revision of it that the topology does not know."""

_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:+-]{0,63}")


class Revisions:
    """The revisions that one router's series may have.

    Args:
        known: by model, those of the topology.
        learns: whether the router calls them by names that can be believed.
    """

    def __init__(self, known: Mapping[str, tuple[str, ...]], *, learns: bool) -> None:
        self._known = known
        self._learns = learns
        self._learnt: dict[Told, None] = {}
        self._folded: set[Told] = set()

    def of_topology(self, model: str) -> tuple[str, ...]:
        """Return the revisions of a model that the topology has; none if it has no such model."""
        return self._known.get(model, ())

    def of(self, model: str) -> tuple[str, ...]:
        """Return the revisions of a model that can be told by name, learnt ones last."""
        return (
            *self.of_topology(model),
            *(revision for of, revision in self._learnt if of == model),
        )

    def begin(self, told: Container[str]) -> bool:
        """Begin a page with these revisions; return whether one is gone that was there before."""
        gone = [each for each in (*self._learnt, *self._folded) if each[1] not in told]
        for each in gone:
            self._learnt.pop(each, None)
            self._folded.discard(each)
        return bool(gone)

    def learn(self, model: str, revision: str) -> bool:
        """Return whether a revision that is new may be told by its name as long as it is there."""
        told = (model, revision)
        if told in self._folded or not self._has_room(model) or not _is_name(revision):
            self._folded.add(told)
            return False
        self._learnt[told] = None
        return True

    def _has_room(self, model: str) -> bool:
        learnt = sum(1 for of, _ in self._learnt if of == model)
        return self._learns and model in self._known and learnt < MOST_LEARNT

    def take_over(self, earlier: Revisions) -> None:
        """Go on with what was learnt, but for what the topology knows by now."""
        for model, revision in earlier._learnt:
            if model in self._known and revision not in self._known[model]:
                self._learnt[model, revision] = None
        self._folded = set(earlier._folded)


def _is_name(revision: str) -> bool:
    return revision != catalog.OTHER and _REVISION.fullmatch(revision) is not None
