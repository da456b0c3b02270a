"""Running ``promtool test rules``, and reading from what it prints which expectations failed."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from exporters.problems import InputError, problem

LONGEST_SECONDS = 600
_FAILED = re.compile(
    r'expr: ("(?:[^"\\]|\\.)*"), time: ([^,\s]+),\s*exp: ?(.*?)\n\s*got: ?([^\n]*)', re.DOTALL
)


@dataclass(frozen=True)
class Failure:
    """An expectation that was not met."""

    case: str
    what: str
    """What was expected, as the expression's comment says it."""
    at: str
    """A duration since the test's start."""
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"{self.case}: {self.what} at {self.at}: expected {self.expected}, found {self.found}"
        )


def run_tests(promtool: Path, test_file: Path) -> list[Failure]:
    """Return the expectations of a file that are not met.

    Raises:
        InputError: if promtool cannot run the tests at all, with what it says.
    """
    try:
        done = subprocess.run(
            [str(promtool), "test", "rules", test_file.name],
            cwd=test_file.parent, capture_output=True, text=True, check=False,
            timeout=LONGEST_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError([problem(promtool, f"does not run: {error}")]) from None
    if done.returncode == 0:
        return []
    said = done.stdout + done.stderr
    failures = read_failures(said)
    if not failures:
        raise InputError([problem(test_file, f"promtool says: {' '.join(said.split())}")])
    return failures


def read_failures(said: str) -> list[Failure]:
    """Return the failures that promtool's output tells of, in its order."""
    return [_failure(*found) for found in _FAILED.findall(said)]


def said_by(expr: str) -> tuple[str, str]:
    """Return the case and what is expected, as an expression's comment says them."""
    comment = expr.partition("\n")[0].removeprefix("# ")
    case, _, what = comment.partition(": ")
    return case, what


def _failure(quoted: str, at: str, expected: str, found: str) -> Failure:
    case, what = said_by(json.loads(quoted))
    return Failure(case, what, at, _samples(expected), _samples(found))


def _samples(text: str) -> str:
    """Return samples of an expression without labels as its number, or that there are none."""
    listed = " ".join(text.split())
    if listed in ("", "nil"):
        return "none"
    labels, _, number = listed.rpartition(" ")
    try:
        return f"{float(number):g}" if labels == "{}" else listed
    except ValueError:
        return listed
