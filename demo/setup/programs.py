"""Prometheus, Alertmanager and what tests need beside them: found, or fetched without root.

``python3 -m demo.setup.programs [NAME...]`` fetches what is missing and says where each is.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.setup.debian_tree import (
    CHROMIUM,
    POSTGRESQL,
    PROMETHEUS,
    VICTORIA_METRICS,
    Tree,
    provide_tree,
)
from demo.setup.telling import Say, end_after, say
from exporters.problems import InputError, Problem, problem
from exporters.programs import program_variable, tools_directory

VERSION = r"^{name}, version (\d+)\.(\d+)"
VICTORIA_VERSION = r"\A\s*\Z|{name}-\S*v(\d+)\.(\d+)"
"""Debian's builds say nothing."""

CHROMIUM_VERSION = r"^\w*\s*(?:Chromium|Chrome) (\d+)\.(\d+)"

POSTGRESQL_VERSION = r"^{name} \(PostgreSQL\) (\d+)\.(\d+)"

FOLDERS = {
    PROMETHEUS.what: ".",
    VICTORIA_METRICS.what: "victoria-metrics",
    CHROMIUM.what: "chromium",
    POSTGRESQL.what: "postgresql",
}
"""Of each tree under ``.tools``."""


@dataclass(frozen=True)
class Program:
    """A program that the demo runs."""

    name: str
    oldest: tuple[int, int]
    """The oldest release that does what we ask of it."""
    also_named: tuple[str, ...] = ()
    """Other names on PATH."""
    tree: Tree = PROMETHEUS
    """What it is fetched with."""
    version: str = VERSION
    """Pattern of what it says of its version; of a build that tells none the groups are None."""
    also_at: str = ""
    """Where Debian installs it beside PATH: a pattern of a path from the root."""

    @property
    def variable(self) -> str:
        """Return the environment variable that names a program to use instead."""
        return program_variable(self.name)

    @property
    def directory(self) -> Path:
        """Return where it is fetched to: ``bin/`` is in there."""
        return tools_directory() / FOLDERS[self.tree.what]


# keep_firing_for came with Prometheus 2.42, routing_key_file with Alertmanager 0.25.
PROGRAMS: Mapping[str, Program] = {
    "prometheus": Program("prometheus", (2, 42)),
    "promtool": Program("promtool", (2, 42)),
    "alertmanager": Program("alertmanager", (0, 25), ("prometheus-alertmanager",)),
    "amtool": Program("amtool", (0, 25)),
}

TEST_PROGRAMS: Mapping[str, Program] = {
    **{
        name: Program(name, (1, 79), tree=VICTORIA_METRICS, version=VICTORIA_VERSION)
        for name in ("victoria-metrics", "vmalert")
    },
    # light-dark() of CSS came with 123.
    "chromium": Program(
        "chromium", (123, 0), ("google-chrome", "chrome"), CHROMIUM, CHROMIUM_VERSION
    ),
    **{
        name: Program(
            name,
            (13, 0),
            tree=POSTGRESQL,
            also_at=f"usr/lib/postgresql/*/bin/{name}",
            version=POSTGRESQL_VERSION,
        )
        for name in ("initdb", "postgres")
    },
}
"""Other servers that rules must work on, the browser that pages are seen in, the database that
reviews of several users are kept in; only tests run them."""

_EVERY = {**PROGRAMS, **TEST_PROGRAMS}

NO_APT = (
    "install {what} ({where}), or work in a container of `debian:12`; then "
    "put {names} on PATH or name them by {variables}"
)
WHERE = {
    PROMETHEUS.what: "macOS: `brew install prometheus alertmanager`; elsewhere the release "
    "archives of prometheus.io/download",
    VICTORIA_METRICS.what: "macOS: `brew install victoriametrics`; elsewhere the release archives "
    "of github.com/VictoriaMetrics/VictoriaMetrics, vmutils among them",
    CHROMIUM.what: "Chromium, or Chrome, of 123 or later",
    POSTGRESQL.what: "macOS: `brew install postgresql`; elsewhere PostgreSQL of 13 or later",
}


def find_program(name: str, chosen: Path | None = None) -> Path:
    """Return the program ``name``: the one chosen, or else of PATH, or else of ``.tools/bin``.

    Args:
        name: ``prometheus``, ``promtool``, ``alertmanager``, ``amtool``, ``victoria-metrics``,
            ``vmalert``, ``chromium``, ``initdb`` or ``postgres``.
        chosen: what a user named by an option; without it ``SHARDWATCH_<NAME>`` counts.

    Raises:
        InputError: there is none, or the chosen one does not run or is too old. One on PATH that
            is too old is passed over.
    """
    program = _EVERY[name]
    named = str(chosen) if chosen is not None else os.environ.get(program.variable, "")
    if named:
        wrong = _what_is_wrong(program, Path(named))
        if wrong:
            fix = f"name another one, or unset {program.variable}"
            raise InputError([problem(named, wrong, fix=fix)])
        return Path(named).absolute()
    passed_over: list[Problem] = []
    for path in _candidates(program):
        wrong = _what_is_wrong(program, path)
        if not wrong:
            return path
        passed_over.append(problem(path, wrong))
    message, fix = "is neither on PATH nor under .tools/bin", "run `python3 -m demo.setup.programs`"
    if name in TEST_PROGRAMS:
        message, fix = "is neither on PATH nor under .tools", "run `make setup`"
    raise InputError([*passed_over, problem(name, message, fix=fix)])


def provide_programs(names: Iterable[str] = tuple(PROGRAMS), tell: Say = say) -> dict[str, Path]:
    """Return where each of ``names`` is, after fetching from Debian what was missing.

    Fetched programs go to ``.tools``; what is there already and runs is left alone.

    Raises:
        InputError: a program is missing and cannot be fetched.
    """
    wanted = list(names)
    fetched = [_EVERY[name] for name in wanted if _is_fetched(name, tell)]
    for tree in (PROMETHEUS, VICTORIA_METRICS, CHROMIUM, POSTGRESQL):
        missing = [each for each in fetched if each.tree is tree]
        if missing:
            provide_tree(missing[0].directory, tell, no_apt=_no_apt(missing), tree=tree)
            _verdict.cache_clear()
    return {name: find_program(name) for name in wanted}


def _is_fetched(name: str, tell: Say) -> bool:
    """Tell whether a program comes from us: it is ours already, or no other will do."""
    program = _EVERY[name]
    if os.environ.get(program.variable):
        return False
    for path in _candidates(program):
        if path.is_relative_to(tools_directory()):
            return True
        wrong = _what_is_wrong(program, path)
        if not wrong:
            return False
        tell(f"{path}: {wrong}; passed over")
    return True


def _candidates(program: Program) -> list[Path]:
    on_path = [shutil.which(name) for name in (program.name, *program.also_named)]
    beside = sorted(Path("/").glob(program.also_at), reverse=True) if program.also_at else []
    fetched = program.directory / "bin" / program.name
    there = [Path(each) for each in on_path if each]
    return [*there, *beside, *([fetched] if fetched.exists() else [])]


def _what_is_wrong(program: Program, path: Path) -> str:
    """Return why the program at ``path`` will not do, as a sentence's end; empty if it will."""
    if not path.exists():
        return "there is no such file"
    return _verdict(program, path.absolute(), path.stat().st_mtime_ns)


@functools.cache
def _verdict(program: Program, path: Path, _changed_ns: int) -> str:
    try:
        done = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run: {error}"
    said = done.stdout + done.stderr
    found = re.search(program.version.format(name=program.name), said, re.MULTILINE)
    if done.returncode != 0 or found is None:
        return f"is no {program.name}: {' | '.join(said.splitlines()[:2])}"
    if found[1] is None:
        return ""
    version = (int(found[1]), int(found[2]))
    if version < program.oldest:
        oldest = ".".join(map(str, program.oldest))
        return f"is {program.name} {found[1]}.{found[2]}; {oldest} or later is needed"
    return ""


def _no_apt(programs: Sequence[Program]) -> str:
    what = programs[0].tree.what
    return NO_APT.format(
        what=what,
        where=WHERE[what],
        names=", ".join(each.name for each in programs),
        variables=", ".join(each.variable for each in programs),
    )


def main() -> None:
    """Provide the programs named (default: those of the demo) and say where each is."""
    names = sys.argv[1:] or list(PROGRAMS)
    unknown = [name for name in names if name not in _EVERY]
    if unknown:
        fix = f"choose of {', '.join(_EVERY)}"
        raise InputError([problem(name, "is no program of ours", fix=fix) for name in unknown])
    for name, path in provide_programs(names).items():
        say(f"{name}: {path}")


if __name__ == "__main__":
    end_after(main)
