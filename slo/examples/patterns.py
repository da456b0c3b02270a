"""Texts that a regular expression of a matcher matches, so that series can be made up for it.

Not every expression: what Prometheus's RE2 and Python's ``re`` both know, and people write in
matchers. What was made up is held against the expression, so that a text is right or not there.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from itertools import islice

MOST_TEXTS = 24
"""Of one expression; each of its alternatives gives one at least, in their order."""
_LONGEST_REPEAT = 64
_OF_CLASS = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}


def texts_matching(pattern: str) -> list[str]:
    """Return a few texts that a matcher's regular expression matches, anchored as it is.

    Empty if none could be made up, or if it is no expression that Python knows.
    """
    expression = compile_pattern(pattern)
    if expression is None:
        return []
    try:
        made = list(islice(_Reader(pattern).alternatives(), MOST_TEXTS))
    except (re.error, IndexError, ValueError, StopIteration):
        return []
    return [each for each in dict.fromkeys(made) if expression.fullmatch(each)]


@functools.cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return a matcher's regular expression, or None if Python does not know it."""
    try:
        with warnings.catch_warnings():
            # What Python may read otherwise some day, it does not surely read as RE2 does.
            warnings.simplefilter("error")
            return re.compile(pattern)
    except (re.error, Warning, RecursionError, OverflowError):
        return None


class _Reader:
    """Reads an expression from left to right; each part gives a text, or several."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> Iterator[str]:
        """Yield the texts of every alternative up to the end, or to the group's."""
        while True:
            yield from self._sequence()
            if self._peek() != "|":
                return
            self._at += 1

    def _sequence(self) -> list[str]:
        texts = [""]
        while (found := self._peek()) and found not in "|)":
            atoms = self._repeated(self._atom())
            texts = [text + atom for text in texts for atom in atoms][:MOST_TEXTS]
        return texts

    def _atom(self) -> list[str]:
        found = self._take()
        if found == "(":
            self._skip_flags()
            texts = list(self.alternatives())
            if self._take() != ")":
                raise ValueError(f"{self._pattern!r} has a group without an end")
            return texts
        if found == "[":
            return [self._of_set()]
        if found == "\\":
            escaped = self._take()
            return [_OF_CLASS.get(escaped, escaped)]
        return {".": ["a", "0"], "^": [""], "$": [""]}.get(found, [found])

    def _repeated(self, atoms: list[str]) -> list[str]:
        found = self._peek()
        if found and found in "*+?":
            self._at += 1
        elif found == "{":
            end = self._pattern.index("}", self._at)
            fewest = int(self._pattern[self._at + 1 : end].split(",")[0] or 0)
            if fewest > _LONGEST_REPEAT:
                raise ValueError(f"{self._pattern!r} repeats more often than is made up")
            self._at = end + 1
            atoms = [atom * fewest for atom in atoms]
        if self._peek() == "?":  # lazy, which says nothing of what matches
            self._at += 1
        return atoms

    def _of_set(self) -> str:
        end = self._pattern.index("]", self._at + 1)
        inside = self._pattern[self._at : end]
        self._at = end + 1
        if not inside.startswith("^"):
            return _OF_CLASS.get(inside[1:2], inside[1:2]) if inside[0] == "\\" else inside[0]
        one = re.compile(f"[{inside}]")
        return next(each for each in "a0A-_/ " if one.fullmatch(each))

    def _skip_flags(self) -> None:
        if self._peek() == "?":
            self._at = self._pattern.index(":", self._at) + 1

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        found = self._pattern[self._at]
        self._at += 1
        return found
