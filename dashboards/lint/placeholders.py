"""What stands for Grafana's variables in PromQL, and how to get back to where they stood."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

NAME_MATCHER = '__name__=~".+"'
SERIES, NUMBER = f"{{{NAME_MATCHER}}}", "1"
LABEL = "grafana_variable"
WINDOW, STEP, UNIT, COUNT = "1h", "1s", "m", "5"
"""What stands for durations: long windows of short steps, in which there are always samples."""

_VALUE = re.compile(r"\(\?:(?P<name>\w+)\)\{0\}\.\+\|?")


@dataclass(frozen=True)
class Window:
    """A range in brackets that a function is given: ``rate(x[5m])``."""

    function: str
    text: str
    """Of the window, with variables: ``$__rate_interval``."""
    start: int
    """In the text with variables."""


@dataclass(frozen=True)
class Filled:
    """An expression in which something stands for each variable."""

    text: str
    origins: Sequence[tuple[int, int]]
    """Where pieces begin: in this text, and in the one with variables; ascending."""
    is_open: bool
    """Whether a label, or what is matched, is a variable: labels of the result are not known."""
    guessed: tuple[str, ...]
    """Variables of which nobody can say whether they are numbers, series or functions."""
    windows: tuple[Window, ...] = ()

    def origin(self, offset: int) -> int:
        """Return where a character stands in the text with variables."""
        starts = [start for start, _ in self.origins]
        at = bisect_right(starts, offset) - 1
        if at < 0:
            return 0
        start, origin = self.origins[at]
        following = self.origins[at + 1][1] if at + 1 < len(self.origins) else None
        moved = origin + offset - start
        return moved if following is None else min(moved, max(origin, following - 1))


def variable_of(value: str) -> str | None:
    """Return the variable that a matcher's value in an expression filled stands for, if one."""
    found = _VALUE.fullmatch(value)
    return None if found is None else found["name"]


def any_value(name: str) -> str:
    """Return a regular expression of any value, with the variable's name in it, no times."""
    return f"(?:{name}){{0}}.+"
