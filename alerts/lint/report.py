"""What was found, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from alerts.lint.table import SEVERITIES, severity_of
from exporters.problems import LONGEST_LINE_CHARACTERS, SHOWN_AT_MOST, Problem

BAD_INPUT = "bad-input"
"""The id, in JSON, of what keeps files from being read."""
LONGEST_SHOWN_CHARACTERS = 160
"""Of a line of a file."""


def text_lines(problems: Sequence[Problem], lines: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each problem in a line, followed by the line of the file with its place marked.

    Args:
        problems: sorted.
        lines: of each file.
    """
    for each in problems[:SHOWN_AT_MOST]:
        said = str(replace(each, check=f"{severity_of(each)} {each.check}"))
        is_short = len(said) <= LONGEST_LINE_CHARACTERS
        yield said if is_short else said[:LONGEST_LINE_CHARACTERS] + "..."
        yield from _shown(each, lines.get(each.file, ()))
    if len(problems) > SHOWN_AT_MOST:
        yield f"... and {len(problems) - SHOWN_AT_MOST} more"


def counted(problems: Sequence[Problem]) -> str:
    """Return ``1 error, 2 warnings``."""
    counts = Counter(severity_of(each) for each in problems)
    said = {"error": "errors", "warning": "warnings", "info": "infos"}
    return ", ".join(
        f"{counts[each]} {each if counts[each] == 1 else said[each]}"
        for each in SEVERITIES
        if counts[each]
    )


def write_json(problems: Sequence[Problem], rules: int) -> str:
    """Return what was looked at and found, as one JSON object.

    Args:
        problems: sorted; those that no check found, too.
        rules: number of rules that were looked at.
    """
    found = [
        {
            "check": each.check or BAD_INPUT,
            "severity": severity_of(each),
            "file": each.file,
            "line": each.line,
            "column": each.column,
            "path": each.path,
            "message": each.message,
            "fix": each.fix,
        }
        for each in problems
    ]
    return json.dumps({"rules": rules, "problems": found}, indent=2, ensure_ascii=False) + "\n"


def _shown(problem: Problem, lines: Sequence[str]) -> Iterator[str]:
    """Yield the line and a mark under its column, shortened around it where it is long."""
    if not 0 < problem.line <= len(lines):
        return
    line, at = lines[problem.line - 1], problem.column - 1
    start = max(0, at - LONGEST_SHOWN_CHARACTERS // 2)
    if len(line) <= LONGEST_SHOWN_CHARACTERS:
        start = 0
    cut = line[start : start + LONGEST_SHOWN_CHARACTERS]
    # Control characters would move the mark, or the terminal.
    plain = "".join(each if each.isprintable() else " " for each in cut)
    yield f"{problem.line:6} | {plain.rstrip()}"
    yield f"{'':6} | {' ' * (at - start)}^"
