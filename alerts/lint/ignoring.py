"""Comments that suppress a check: ``# shardwatch:ignore labels/value they are few``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerts.lint.grading import Table
from exporters.problems import Problem

_COMMENT = re.compile(r"shardwatch:ignore\b[ \t]*(?P<check>\S*)[ \t]*(?P<reason>[^\n]*)")


LONGEST_CHARACTERS = 1000
"""Of a comment."""


@dataclass(frozen=True)
class Ignored:
    """A comment that suppresses a check, and where it stands."""

    check: str
    reason: str
    line: int
    column: int


def comments_in(text: str, mark: str, end: str = "\n") -> Iterator[tuple[int, str, str]]:
    """Yield each comment of a text: its offset, the check that it names, and the reason.

    Args:
        text: to look through.
        mark: with which a comment begins: ``#``.
        end: with which it ends.
    """
    at = text.find(mark)
    while at >= 0:
        said, _, _ = text[at + len(mark) : at + LONGEST_CHARACTERS].partition(end)
        found = _COMMENT.match(said.lstrip())
        if found is not None:
            yield at, found["check"], found["reason"].strip()
        at = text.find(mark, at + len(mark))


def without_ignored(
    ignored: Sequence[Ignored], problems: Iterable[Problem], table: Table, whole: Problem
) -> Iterator[Problem]:
    """Yield the problems that no comment suppresses, and what is wrong with comments.

    Args:
        ignored: the comments.
        problems: of what they belong to.
        table: of the checks that there are.
        whole: some problem of what they belong to: file and path are taken from it.
    """
    used: set[Ignored] = set()
    for each in problems:
        found = [one for one in ignored if one.check == each.check and one.reason]
        used.update(found)
        if not found:
            yield each
    for one in ignored:
        wrong = _wrong_with(one, table)
        if wrong is None and one not in used:
            wrong = f"ignores {one.check}, which finds nothing here", "remove the comment"
        if wrong is not None:
            yield Problem(whole.file, one.line, one.column, whole.path, *wrong, table.ignoring)


def _wrong_with(comment: Ignored, table: Table) -> tuple[str, str] | None:
    if comment.check not in table.by_id:
        return f"ignores {comment.check!r}, which is no check", f"see {table.readme}"
    if not comment.reason:
        return f"ignores {comment.check} without a reason", "say why after its name"
    return None
