"""A file as its reader sees it: lines, and where in them a value's words stand."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from exporters.documents import Document, Place

Position = tuple[int, int]


@dataclass(frozen=True)
class Source:
    """The text of a file and the places of what it holds."""

    document: Document
    lines: tuple[str, ...]

    @cached_property
    def _positions(self) -> list[Position]:
        return sorted(set(self.document.positions.values()))

    def position(self, place: Place) -> Position:
        """Return line and column of a place, or of the nearest enclosing one."""
        known = place
        while known and known not in self.document.positions:
            known = known[:-1]
        return self.document.positions.get(known, (1, 1))

    def end(self, place: Place) -> Position:
        """Return where the next key or item begins, after one that holds no others."""
        after = bisect_right(self._positions, self.position(place))
        following = self._positions[after : after + 1]
        return following[0] if following else (len(self.lines) + 1, 1)

    def end_of_all(self, place: Place) -> Position:
        """Return where the first thing begins that is after a place and all that it holds."""
        inside = [
            position
            for each, position in self._within(place[:-1])
            if each[: len(place)] == place
        ]
        last = max(inside, default=self.position(place))
        after = bisect_right(self._positions, last)
        following = self._positions[after : after + 1]
        return following[0] if following else (len(self.lines) + 1, 1)

    def _within(self, place: Place) -> list[tuple[Place, Position]]:
        """Return the places within one, for those who ask for several of its items."""
        if place not in self._of_places:
            self._of_places[place] = [
                (each, position)
                for each, position in self.document.positions.items()
                if each[: len(place)] == place
            ]
        return self._of_places[place]

    @cached_property
    def _of_places(self) -> dict[Place, list[tuple[Place, Position]]]:
        return {}

    def find(self, place: Place, text: str, word: str, offset: int = 0) -> Position:
        """Return where a word of a value stands, or the place of the value if it is not found.

        YAML may have folded the value or escaped it, so that the word is looked for: its first
        occurrences in the value up to ``offset`` are counted, and as many of the file's passed.

        Args:
            place: of the value.
            text: the value.
            word: that stands in it at ``offset``.
            offset: in characters.
        """
        if not word:
            return self.position(place)
        wanted = text.count(word, 0, offset)
        first, column = self.position(place)
        last, last_column = self.end(place)
        # After the key: `expr: expr_total` asks for the second.
        start = column - 1 + len(str(place[-1])) if place else 0
        for number in range(first, min(last, len(self.lines)) + 1):
            line = self.lines[number - 1]
            stop = last_column - 1 if number == last else len(line)
            at = line.find(word, start, stop)
            while at >= 0:
                if wanted == 0:
                    return number, at + 1
                wanted -= 1
                at = line.find(word, at + len(word), stop)
            start = 0
        return self.position(place)
