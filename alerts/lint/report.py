"""What was looked at and found, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from alerts.lint.grading import SEVERITIES, Table
from exporters.problems import LONGEST_LINE_CHARACTERS, SHOWN_AT_MOST, Problem

BAD_INPUT = "bad-input"
"""The id, in JSON, of what keeps files from being read."""
LONGEST_SHOWN_CHARACTERS = 160
"""Of a line of a file."""


@dataclass(frozen=True)
class Report:
    """What a lint found."""

    table: Table
    """Of its checks."""
    counts: Mapping[str, int]
    """How many of what were looked at: ``{"rules": 12}``."""
    problems: Sequence[Problem] = ()
    """Sorted; those that no check found, too."""
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of each file."""

    @property
    def must_be_mended(self) -> bool:
        """Whether there is an error or a warning."""
        return self.table.must_be_mended(self.problems)


def text_lines(report: Report) -> Iterator[str]:
    """Yield each problem in a line, followed by the line of the file with its place marked."""
    for each in report.problems[:SHOWN_AT_MOST]:
        said = str(replace(each, check=f"{report.table.severity_of(each)} {each.check}"))
        is_short = len(said) <= LONGEST_LINE_CHARACTERS
        yield said if is_short else said[:LONGEST_LINE_CHARACTERS] + "..."
        yield from _shown(each, report.lines.get(each.file, ()))
    if len(report.problems) > SHOWN_AT_MOST:
        yield f"... and {len(report.problems) - SHOWN_AT_MOST} more"


def counted(report: Report) -> str:
    """Return ``1 error, 2 warnings``."""
    counts = Counter(report.table.severity_of(each) for each in report.problems)
    return ", ".join(number_of(counts[each], each) for each in SEVERITIES if counts[each])


def number_of(count: int, what: str) -> str:
    """Return ``1 error`` or ``2 errors``."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def write_json(report: Report) -> str:
    """Return what was looked at and found, as one JSON object."""
    found = [
        {
            "check": each.check or BAD_INPUT,
            "severity": report.table.severity_of(each),
            "file": each.file,
            "line": each.line,
            "column": each.column,
            "path": each.path,
            "message": each.message,
            "fix": each.fix,
        }
        for each in report.problems
    ]
    whole = {**report.counts, "problems": found}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


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
