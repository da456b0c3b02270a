"""A file as its reader sees it: lines, and where in them a value's words stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from exporters.documents import Document, Place

Position = tuple[int, int]
"""Line and column, both from 1."""
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""As YAML counts lines."""


def split_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a YAML file, without their ends."""
    return tuple(_BREAK.split(text))


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

    def end_of_item(self, place: Place) -> Position:
        """Return where the first thing begins that is after an item of a list."""
        *around, index = place
        following = self.document.positions.get((*around, int(index) + 1))
        if following is not None:
            return following
        last = max(
            position
            for each, position in self.document.positions.items()
            if each[: len(place)] == place
        )
        after = bisect_right(self._positions, last)
        return (*self._positions, (len(self.lines) + 1, 1))[after]

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
