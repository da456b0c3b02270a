"""Others' rules that are scored beside ours: ``--peer PATH`` or ``--peer NAME=PATH``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from alerts.lint import Setting, lint, read_rule_files
from demo.lab.options import OURS, Rules
from exporters.problems import InputError, Problem, problem

GIVEN = "given"
"""What rules are called that are scored instead of ours."""
RESERVED = (OURS, GIVEN)
SUFFIXES = (".yaml", ".yml")
_UNKNOWN = "promql/unknown"
_UNKNOWN_FIX = "nobody serves it in the lab, so what needs it never fires there"
_CHECKED = ("promql/series", _UNKNOWN, "alerts/clash")


def read_peers(texts: Sequence[str]) -> tuple[Rules, ...]:
    """Return the peers of options, each a file or a folder of them, with or without a name.

    Without one a peer is called like its folder, or like its file without the suffix.

    Raises:
        InputError: if a folder has no rule file, or two peers have one name, or one has ours.
    """
    named = [_split(text) for text in texts]
    names = [name for name, _ in named]
    wrong = []
    for text, (name, path) in zip(texts, named, strict=True):
        fix = f"name it: --peer NAME={path}"
        if not name:
            wrong.append(problem(text, "found no name, expected NAME=PATH", fix=fix))
        elif name in RESERVED:
            said = f"found the name {name!r}, by which others than peers are called"
            wrong.append(problem(text, said, fix=fix))
        elif names.count(name) > 1:
            wrong.append(problem(text, f"another peer is called {name!r} too", fix=fix))
    if wrong:
        raise InputError(wrong)
    return tuple(Rules(name, rule_files([path])) for name, path in named)


def _split(text: str) -> tuple[str, Path]:
    name, mark, path = text.partition("=")
    if mark and not Path(text).exists():
        return name, Path(path)
    whole = Path(text)
    return (whole.resolve().name if whole.is_dir() else whole.stem), whole


def rule_files(paths: Sequence[Path]) -> list[Path]:
    """Return rule files: those named, and those in folders that are named, sorted.

    Raises:
        InputError: if a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        files = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES)
        if not files:
            raise InputError([problem(path, "found no rule file, expected .yaml or .yml")])
        found += files
    return found


def doubts_about(rules: Rules) -> Iterator[Problem]:
    """Yield what of a peer's rules the lab has no series for, and what clashes with ours.

    They can be played all the same: what asks for a series that nobody serves never fires.
    """
    try:
        read = read_rule_files(rules.files)
    except InputError as error:
        yield from error.problems
        return
    for each in lint(read, Setting(with_ours=True)):
        if each.check in _CHECKED:
            is_unknown = each.check == _UNKNOWN
            yield replace(each, fix=_UNKNOWN_FIX) if is_unknown else each
