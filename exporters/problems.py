"""What is wrong with a user's input, said so that it can be mended.

A :class:`Problem` names the file, the place in it, what was found, what was expected and what to
do. Readers collect problems and raise them together as :class:`InputError`; they never print. The
one place that prints is here, called by the command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TextIO

SHOWN_AT_MOST = 100
"""Problems printed in full; the rest are counted, so that a hopeless file stays readable."""

LONGEST_LINE_CHARACTERS = 2000
"""Of a problem printed: the name of a field may be as long as a file."""

EXIT_PROBLEMS_FOUND = 1
"""A check ran and found something (``validate``, ``lint``, a demo that missed its fault)."""

EXIT_BAD_INPUT = 2
"""Input could not be used; nothing was changed."""

EXIT_INTERRUPTED = 130
"""As a shell says of a program that Ctrl-C ended."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong at one place of one file.

    Lines and columns count from 1; 0 means that the place is the file as a whole.
    """

    file: str
    line: int
    column: int
    path: str
    """Where in the document: ``groups[3].members[0].gpus``; empty for the whole of it."""
    message: str
    """What was found and what was expected, in one sentence without a full stop."""
    fix: str = ""
    """What to do about it, in one sentence without a full stop."""
    check: str = ""
    """The id of the check that found it, where it has one: ``tier-cannot-fire``."""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}"
            if self.column:
                place += f":{self.column}"
        check = f" {self.check}:" if self.check else ""
        where = f" {self.path}:" if self.path else ""
        fix = f"; {self.fix}" if self.fix else ""
        return f"{place}:{check}{where} {self.message}{fix}"


class CheckedValueError(ValueError):
    """A value that a check refuses; the problem that is made of it has the check's id."""

    def __init__(self, message: str, check: str) -> None:
        super().__init__(message)
        self.check = check


def check_of(error: object) -> str:
    """Return the id of the check that refused a value; empty if it was none."""
    return error.check if isinstance(error, CheckedValueError) else ""


class InputError(Exception):
    """A user's input cannot be used. Carries every problem found, sorted, without repeats."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        if not self.problems:
            raise ValueError("an InputError needs at least one problem")
        super().__init__("\n".join(map(str, self.problems)))


def problem(file: Path | str, message: str, *, fix: str = "", path: str = "") -> Problem:
    """Return a problem of a file as a whole."""
    return Problem(str(file), 0, 0, path, message, fix)


def exit_with(
    problems: Iterable[Problem], *, code: int = EXIT_BAD_INPUT, to: TextIO | None = None
) -> NoReturn:
    """Print problems, one a line, to standard error (or ``to``) and exit with ``code``."""
    print_problems(problems, to=to)
    raise SystemExit(code)


def print_problems(problems: Iterable[Problem], *, to: TextIO | None = None) -> None:
    """Print problems, one a line, to standard error (or ``to``): those that stop nothing."""
    out = to if to is not None else sys.stderr
    found = sorted(set(problems))
    for each in found[:SHOWN_AT_MOST]:
        line = str(each)
        is_short = len(line) <= LONGEST_LINE_CHARACTERS
        print(line if is_short else line[:LONGEST_LINE_CHARACTERS] + "...", file=out)
    if len(found) > SHOWN_AT_MOST:
        print(f"... and {len(found) - SHOWN_AT_MOST} more", file=out)
