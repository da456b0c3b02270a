"""What is refused of a YAML text before nodes are made of it: what is too deep, or grows too large.

An alias stands for a value that is written once and read in many places. Values within values, each
an alias of the last, are a few lines of text and more than any memory holds; libyaml follows depths
by recursion, and dies of some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from exporters.problems import InputError, Problem

MOST_LEVELS = 200
"""Of what is nested in a file. Chosen: boards, the deepest that we know, have some twenty."""
MOST_OF_ALIASES = 100_000
"""Values that aliases of a file may stand for. Chosen: a rule file of thousands of alerts has fewer
in all."""


@dataclass
class _Open:
    """A list or a mapping whose end has not come yet, or a value."""

    anchor: str | None
    values: int = 1
    """It and all in it, aliases written out."""
    levels: int = 1


def require_bounded(text: str, file: str, loader: Any) -> None:
    """Refuse a text that is nested too deeply, or whose aliases stand for too much.

    Args:
        text: in YAML.
        file: its name, for problems.
        loader: PyYAML's, to read it with.

    Raises:
        InputError: with the place of the first.
        yaml.YAMLError: it is no YAML.
    """
    opened: list[_Open] = []
    known: dict[str | None, _Open] = {}
    of_aliases = 0

    def close(ended: _Open) -> None:
        if ended.anchor is not None:
            known[ended.anchor] = ended
        if opened:
            opened[-1].values += ended.values
            opened[-1].levels = max(opened[-1].levels, ended.levels + 1)

    for event in yaml.parse(text, Loader=loader):
        levels = len(opened)
        if isinstance(event, yaml.DocumentStartEvent):
            known = {}
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append(_Open(event.anchor))
            levels += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            close(opened.pop())
        elif isinstance(event, yaml.ScalarEvent):
            close(_Open(event.anchor))
        elif isinstance(event, yaml.AliasEvent):
            if any(each.anchor == event.anchor for each in opened):
                found = f"found the alias *{event.anchor} in what it stands for"
                raise InputError([_problem_at(event, file, found, "write the value out")])
            # What has no anchor is the parser's to refuse, which it does when nodes are made.
            meant = known.get(event.anchor, _Open(None))
            levels += meant.levels
            of_aliases += meant.values
            close(_Open(None, meant.values, meant.levels))
            if of_aliases > MOST_OF_ALIASES:
                found = f"found aliases that stand for more than {MOST_OF_ALIASES} values"
                raise InputError(
                    [_problem_at(event, file, found, "write fewer, or split the file")]
                )
        if levels > MOST_LEVELS:
            fix = f"nest at most {MOST_LEVELS} levels"
            raise InputError([_problem_at(event, file, "nested too deeply", fix)])


def _problem_at(event: yaml.Event, file: str, found: str, fix: str) -> Problem:
    mark = event.start_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Problem(file, line, column, "", found, fix)
