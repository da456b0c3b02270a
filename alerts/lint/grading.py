"""Checks of a lint: ids, how grave each is, and what that makes of the problems that they find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from exporters.problems import Problem

Severity = Literal["error", "warning", "info"]
"""An error keeps a rule or a panel from doing what it is for. A warning is for somebody to judge.
An info changes no exit code."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Check:
    """One thing that is looked at."""

    id: str
    """Stable: comments that suppress it and scripts name it."""
    severity: Severity
    about: str
    """What it finds and what that does to users, in a line."""


@dataclass(frozen=True)
class Table:
    """Every check of a lint."""

    checks: Sequence[Check]
    readme: str
    """Where users find what each is about."""
    ignoring: str
    """The id of the check of comments that suppress others."""

    @cached_property
    def by_id(self) -> Mapping[str, Check]:
        """All of them by id."""
        return {each.id: each for each in self.checks}

    def severity_of(self, problem: Problem) -> Severity:
        """Return how grave a problem is. One that no check found kept something from being read."""
        check = self.by_id.get(problem.check)
        return "error" if check is None else check.severity

    def must_be_mended(self, problems: Iterable[Problem]) -> bool:
        """Tell whether there is an error or a warning among problems."""
        return any(self.severity_of(each) != "info" for each in problems)
