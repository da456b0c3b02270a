"""What ``slo validate`` says, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from exporters.problems import Problem
from slo.checks.table import severity_of
from slo.objective import Objective

BAD_INPUT = "bad-input"
"""The id, in JSON, of what keeps files from being read and has no id of its own."""


def write_json(
    objectives: Iterable[Objective], problems: Iterable[Problem], more: dict[str, Any] | None = None
) -> str:
    """Return what was checked and found, as one JSON object.

    ``objectives``: their names. ``problems``: each with ``check``, ``severity``, ``file``,
    ``line`` and ``column`` (0 where there is none), ``path`` (an objective's name, or a place in
    the file), ``message``, ``fix``.

    Args:
        objectives: that could be read; none if they could not.
        problems: all of them, whatever found them.
        more: further members of the object.
    """
    content = {
        "objectives": [each.name for each in objectives],
        "problems": [_plain(each) for each in sorted(set(problems))],
        **(more or {}),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def count_severities(problems: Sequence[Problem]) -> str:
    """Return ``1 error, 2 warnings``."""
    errors = sum(severity_of(each) == "error" for each in problems)
    counts = ((errors, "error"), (len(problems) - errors, "warning"))
    return ", ".join(f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n)


def _plain(problem: Problem) -> dict[str, Any]:
    return {
        "check": problem.check or BAD_INPUT,
        "severity": severity_of(problem),
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "fix": problem.fix,
    }
