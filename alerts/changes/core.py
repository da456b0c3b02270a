"""What changed between two looks at what runs where. Pure: no clock, no server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from alerts.changes.kinds import KINDS, Cell, Kind

Running = Mapping[str, Mapping[Cell, Mapping[str, str]]]
"""By kind and cell, what each place runs: ``{"revision": {(..., "eu", "chat"): {"g1": "r2"}}}``."""

FORGET_SECONDS = 7 * 86400.0
"""After which a place that is gone is forgotten: names that are never used again would pile up."""


@dataclass(frozen=True)
class Seen:
    """What a place ran when it was last seen."""

    value: str
    at: float
    """UNIX seconds."""


Known = Mapping[str, Mapping[Cell, Mapping[str, Seen]]]
"""The same of all places that were ever seen, and not forgotten."""


@dataclass(frozen=True)
class Change:
    """Places of one cell that run something else now, all the same."""

    kind: Kind
    cell: Cell
    value: str
    before: tuple[str, ...]
    """What they ran, sorted; nothing of new ones."""
    places: tuple[str, ...]
    """Their names, sorted."""
    have: int
    """Places of the cell that run it now, these among them."""
    of: int
    """Places of the cell."""

    @property
    def summary(self) -> str:
        """Return it as a sentence: ``eu chat: 3 of 8 groups now run r2, before r1``."""
        where = " ".join(self.cell[1:])
        before = f", before {', '.join(self.before)}" if self.before else ""
        return (
            f"{where}: {self.have} of {self.of} {self.kind.places} now {self.kind.verb} "
            f"{self.value}{before}"
        )


def changes(before: Known, now: Running) -> list[Change]:
    """Return what changed, sorted by kind, cell and value.

    A place changed if it runs something else than when it was last seen, or if it is new and
    brings what no place of its cell ran. What is gone is no change, nor is more of the same. Of a
    kind that nothing was known of, nothing is.
    """
    found: list[Change] = []
    for kind in KINDS:
        known = before.get(kind.name)
        if known is None:
            continue
        for cell, running in sorted(now.get(kind.name, {}).items()):
            found += _of_cell(kind, cell, known.get(cell, {}), running)
    return found


def remember(before: Known, now: Running, at: float) -> Known:
    """Return what is known after a look at a time (UNIX seconds)."""
    after: dict[str, dict[Cell, dict[str, Seen]]] = {}
    for kind in before.keys() | now.keys():
        known, running = before.get(kind, {}), now.get(kind, {})
        cells = {
            cell: {
                **{
                    place: seen
                    for place, seen in known.get(cell, {}).items()
                    if at - seen.at < FORGET_SECONDS
                },
                **{place: Seen(value, at) for place, value in running.get(cell, {}).items()},
            }
            for cell in known.keys() | running.keys()
        }
        after[kind] = {cell: places for cell, places in cells.items() if places}
    return after


def _of_cell(
    kind: Kind, cell: Cell, known: Mapping[str, Seen], running: Mapping[str, str]
) -> list[Change]:
    had = {each.value for each in known.values()}
    moved: dict[str, list[str]] = {}
    for place, value in running.items():
        seen = known.get(place)
        if (seen.value != value) if seen else (value not in had):
            moved.setdefault(value, []).append(place)
    count = Counter(running.values())
    return [
        Change(
            kind,
            cell,
            value,
            before=tuple(sorted({known[each].value for each in places if each in known})),
            places=tuple(sorted(places)),
            have=count[value],
            of=len(running),
        )
        for value, places in sorted(moved.items())
    ]
